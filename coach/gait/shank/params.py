"""The parameters of an ankle sensor's event detection, each with unit, source and effect.

"Fitted" means: on 13 treadmill runners at 2.5, 3.5 and 4.5 m/s with a force plate (RBDS, Fukuchi 2017,
doi:10.7717/peerj.3298; virtual sensors near the ankle). Each runner left out of the fit: contact 5.6 ms root mean
square between recordings, toe-off 6.1, contact time 7.4. Fitted on any twelve of them the contact's lag differs by
2.6 ms, the recovery's by 5.5 and its share by 0.02, which belong together (docs/accuracy.md).
"""

from coach.model.frozen import dataclass


@dataclass(frozen=True, slots=True)
class ShankParams:
    """Parameters of running events of the shank; times in seconds unless the name says otherwise."""

    least_rate_hz: float = 190.0  # interpolated to at least that: the jerk of 52 Hz blurs a landing by 40 ms
    too_slow_hz: float = 45.0  # below it only contacts are given: at 25 Hz contact times were up to 0.5 s off
    too_slow_sd_intervals: float = 0.5  # of the sampling interval, added to contacts below that
    rate_smoothing_s: float = 0.06  # of the turn rate (Hann): passes the swing (3 Hz), not the landing's shock
    swing_radps: float = 4.0  # a forward swing turns faster; runners reach 6-12, pedalling at 60-120 rpm 2.7-5.5
    swing_before_s: float = 0.25  # within it before the rate's zero crossing the swing must have been that fast
    swing_quiet_s: float = 0.2  # before a swing's end nothing shakes as the landing does: shows the sign; by judgement
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
    usual_stride_s: float = 0.70  # used for the first stride, which has none
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

    # Walking, and what is a stride.
    walk_shock_s: float = 0.036  # six trials of two people, see `events`
    walk_contact_sd_s: float = 0.015  # 106 strides of the two people
    walk_turn_s: float = 0.016  # the same trials
    walk_toe_off_sd_s: float = 0.055  # the same strides; averages are near, single strides are not
    shortest_stride_s: float = 0.45  # 267 steps per minute
    longest_stride_s: float = 1.6  # 75 steps per minute: a stroll
    # Sum over axes: 17-21 in running, 6.6-8.5 in walking at 1.25-1.4 m/s (the trials above).
    run_sd_mps2: float = 12.0
    run_stride_s: float = 0.95  # slower than 126 steps per minute is no run
    walk_apart: float = 0.6  # of a stride: two shocks nearer to each other are of one
    walk_swing: float = 0.75  # of the mean force: below it, a leg swings
    soft_s: float = 0.07  # smoothing (Hann) of the force whose rhythm and turns are looked at; by judgement
    walk_smoothing_s: float = 0.17  # of the force along the leg: leaves the swing, takes the shock out; by judgement
    # Of a stride: nearer to the window's end a swing's shock has not come. By judgement, as the next three.
    walk_edge: float = 0.12
    walk_shock_in: tuple[float, float] = (0.08, 0.36)  # of a stride after the swing: where the contact's shock is
    walk_turn_in: float = 0.24  # of a stride before the swing: where the force turns fastest, at toe-off
    walk_missed: float = 1.5  # strides from one swing to the next: longer, one between was not seen
    walk_known_s: float = 0.12  # after the shock no later one can belong to the same contact
    walk_near_s: float = 0.05  # a stride's events are that near to where they usually are
    span_s: float = 6.0  # four walking or eight running strides: enough for the axis and the rhythm
    hop_s: float = 0.2  # by so much later than it could be a contact is known
    warm_up_s: float = 4.2  # three whole walking strides: the first answer looks back to the first contact
    same_contact_s: float = 0.15  # a contact found again in a later window moves by less
    still_mps2: float = 0.6  # SD over a second and a half below which a leg is standing
    still_s: float = 1.5  # longer than a stride of a run, of which a leg is never still
    margin_s: float = 0.1  # events move by less between two looks
    change_after: int = 2  # footfalls of another kind before the state changes
    missed_share: float = 1.4  # of the usual stride time: a longer run's stride holds a contact that was not seen
    scatter_strides: int = 20  # a quarter of a minute
    least_for_scatter: int = 6  # a deviation of fewer is off by a third
    usual_scatter_s: float = 0.010  # of contact time from stride to stride; 65 of 78 recordings of runners stay below
    stride_time_sd_s: float = 0.006  # RBDS: 99 % of the strides lie within twice it
    impact_sd_g: float = 0.3  # placement and soft tissue; by judgement, no force truth is of the shank
    walk_contact_time_sd_s: float = 0.060  # 106 walking strides of two people with a force plate, 2026-11-28
