"""The parameters of an ankle sensor's event detection, each with unit, source and effect.

"Fitted" means: on 13 treadmill runners at 2.5, 3.5 and 4.5 m/s with a force plate (RBDS, Fukuchi 2017,
doi:10.7717/peerj.3298; virtual sensors near the ankle). Each runner left out of
the fit: contact 5.8 ms root mean square between recordings, toe-off 6.2, contact time 7.7; lags of any twelve differ
by less than 3 ms.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ShankParams:
    """Parameters of running events of the shank; times in seconds unless the name says otherwise."""

    least_rate_hz: float = 190.0  # interpolated to at least that: the jerk of 52 Hz blurs a landing by 40 ms
    too_slow_hz: float = 45.0  # below it only contacts are given: at 25 Hz contact times were up to 0.5 s off
    too_slow_sd_intervals: float = 0.5  # of the sampling interval, added to contacts below that
    rate_smoothing_s: float = 0.06  # of the turn rate (Hann): passes the swing (3 Hz), not the landing's shock
    swing_radps: float = 4.0  # a forward swing turns faster; runners reach 6-12, pedalling at 60-120 rpm 2.7-5.5
    swing_before_s: float = 0.25  # within it before the rate's zero crossing the swing must have been that fast
    swings_apart_s: float = 0.35  # two swings of one leg; sprinters need 0.42
    landing_before_s: float = 0.01  # the landing lies 24 +- 11 ms after the zero crossing of the turn rate, in
    landing_after_s: float = 0.11  # 156 of 156 recordings; jerk is looked at in this window about the crossing
    energy_from: float = 0.05  # the landing is the mean time of squared jerk between these shares of its sum:
    energy_to: float = 0.70  # leaves out what shook before, and the slow end of the shock
    rise_share: float = 0.25  # of the landing peak of the force along the shank, from the least before it:
    rise_before_s: float = 0.06  # within so long before the peak
    contact_rise_share: float = 0.37  # contact lies that share of the way from the mean time of jerk to that rise,
    contact_lag_s: float = 0.0249  # less that; both fitted
    slow_below_hz: float = 90.0  # below it the low-pass before sampling spreads the landing:
    contact_lag_slow_s: float = 0.0218  # the same lag, fitted at 52 Hz
    stance_before_push_s: float = 0.10  # no runner has left the ground that soon after the zero crossing
    push_to: float = 0.55  # of the stride: by then the recovery swing has begun
    # After its minimum the turn rate rises through this; the least recovery of 78 recordings reaches 4.2. Higher levels
    # scatter less (4: 5.6 ms between runners, 3.5: 6.1, 3: 6.8) and leave more slow runners without.
    recovery_radps: float = 3.5
    recovery_within_s: float = 0.25  # of the minimum
    recovery_lag_s: float = -0.0080  # that moment after toe-off; fitted,
    recovery_lag_share: float = 0.1415  # + this share of the time since contact; fitted
    steepest_lag_s: float = 0.0236  # where it does not rise that far: the steepest rise after toe-off; fitted
    steepest_sd_s: float = 0.015  # at 2.5 m/s, where it is needed; RBDS
    usual_stride_s: float = 0.70  # stands in for the first stride's own
    jerk_smoothing_s: float = 0.04  # without gyroscope: landings are the largest bursts of jerk
    burst_share: float = 0.25  # of the 97th percentile of smoothed squared jerk: fainter bursts are no landings
    bursts_apart_s: float = 0.5  # of one leg; 240 steps per minute, the fastest of runs, is that
    usual_width_s: float = 0.020  # from a tenth to half of a burst's energy, 20 +- 5 ms; soft real landings up to 37
    burst_half_s: float = 0.05  # half the window of the mean time about a burst
    burst_wait_s: float = 0.25  # a landing comes up to 0.2 s after the late swing's burst and takes its place
    jerk_lag_s: float = 0.0300  # mean time of the burst after contact; fitted
    longest_loss_s: float = 0.2  # that a stride may rest on: a lost notification of eight readings at 52 Hz
    # Standard uncertainties: of left-out runners' strides, times 1.2, because thirteen runners hide the worst ones.
    # That of contact time is both together.
    contact_sd_s: float = 0.0075
    toe_off_sd_s: float = 0.0085  # the same for toe-off
    jerk_contact_sd_s: float = 0.0090  # of contacts without gyroscope, between the same runners
    least_impact_g: float = 2.0  # of running; runners' ankles reach more than 3.5 g
    # Largest change between readings over its RMS, median of five contacts: synthetic pedalling at 60-120 rpm 1.5-1.9;
    # runners at 52 Hz 2.9-3.2, at 200 Hz and real walks 3.3-5.8.
    least_sharpness: float = 2.1
    impact_before_s: float = 0.05  # the shock is looked for from here before contact
    impact_after_s: float = 0.12  # to here after it
    sharpness_half_s: float = 0.35  # and compared with this long on both sides
