"""The parameters of a shoe sensor's event detection and of its uncertainty, each with unit, source and effect.

"Fitted" means: straight lines through the medians of 78 recordings of 13 treadmill runners at 2.5, 3.5 and 4.5 m/s with
a force plate (RBDS, Fukuchi 2017, doi:10.7717/peerj.3298; virtual sensors on the shoe; five of them land on mid- or
forefoot), each runner one vote. `python -m tests.validation.leave_one_out` fits them without each runner in turn.
"Geometry" means lengths on a shoe. The others are windows, chosen on the same recordings.
"""

from typing import Final

from coach.model.frozen import dataclass
from coach.model.units import GRAVITY_MPS2


@dataclass(frozen=True, slots=True)
class FootParams:
    """Parameters of one foot's strides; times in seconds unless the name says otherwise."""

    least_rate_hz: float = 190.0  # interpolated to at least that: the jerk of 52 Hz blurs a landing by 40 ms
    # Below it only contacts and stride times are given: at 25 Hz a fifth of the angles and lengths lay outside their
    # 95 %, some by a half; from 52 Hz on all holds.
    too_slow_hz: float = 45.0
    slow_below_hz: float = 90.0  # below it the low-pass before sampling spreads the landing

    # Phase transitions: crossings of fixed pitch rates, toes-down positive. In the reference recordings swing turns at
    # 3-13 rad/s (jogging in place to running), mid-stance at 0-2, push-off at 4-13. Chosen by eye on them, 2026-11-20.
    swing_radps: float = -2.0  # a swing has begun
    swing_end_radps: float = -1.0  # it has ended
    push_radps: float = 3.0  # the heel has lifted
    least_swing_rad: float = 0.25  # jogging on the spot turns 0.3 rad, running 1.5 rad and more
    shortest_swing_s: float = 0.08  # running swings the foot for 0.2 s and more; shorter is a shock or noise
    refractory_s: float = 0.3  # a landing forefoot lowers its heel by 0.1-0.3 rad: that is no swing
    least_push_rad: float = 0.25  # push-off turns 0.5 rad and more above push_radps, a landing's ringing less than 0.1
    slap_s: float = 0.08  # from swing's end: the rearfoot slap (toes-down) is over
    calm_s: float = 0.03  # the foot rests at least this long between slap and push; shorter is ringing
    latest_heel_off_s: float = 1.2  # from swing's end; slow walking's stance is 0.9 s, longer is standing
    latest_toe_off_s: float = 0.6  # from heel-off
    standing_after_s: float = 0.8  # from swing's end: a foot still flat is standing; walking lifts the heel after 0.6 s

    # The preliminary contact, at once. Shares and times without a source: chosen by eye, 2026-11-20, among candidates
    # on two runners with a force plate, one by virtual sensors, one by a mean stride that may be 15 ms off.
    contact_before_s: float = 0.015  # a landing may begin that early before swing's end
    # How far after it a landing is searched: at once where a shock like the usual ones is seen, then further.
    search_windows_s: tuple[float, float, float] = (0.07, 0.14, 0.21)
    least_shock_share: float = 0.35  # of the usual shock; ripples of a swinging leg are a fifth of it
    onset_rise_share: float = 0.45  # of the whole rise to the landing peak: more than any ripple before the landing
    least_rise_mps2: float = 0.8 * GRAVITY_MPS2  # softer is no landing; slow walking gives 2 g
    onset_share: float = 0.10  # of the rise
    # The sole touches before the shoe's top shows it: it crosses the onset 6 ms after (virtual sensors of real feet on
    # force plates, 50 N) to 20 ms after (foot-worn sensors against a force plate, mean stride, known to +-15 ms).
    onset_lead_s: float = 0.010
    slap_share: float = 0.2  # of the toes-down rise: the heel is on the ground when the slap has begun
    slap_from_radps: float = 2.0  # rises between which a slap
    slap_clear_radps: float = 6.0  # becomes clear; rearfoot runners reach 8-13
    before_slap_s: float = 0.025  # before the force's onset the foot turns as it comes down, on top of that it slaps
    slap_within_s: float = 0.03  # of the force's onset, or it is another movement
    # A landing begins with a corner. Between two samples it is drawn as a straight line, which comes to an onset early:
    # by a fifth of the interval on average, for a rise of 27 ms as seen on force plates and any moment between them.
    corner_share: float = 0.2
    chosen_at_hz: float = 200.0  # rate of the recordings on which the numbers above were chosen

    # Mid-stance, and what is a stride.
    rest_after_contact_s: float = 0.05  # the slap is over; the shortest contacts last 0.09 s
    rest_s: float = 0.02  # the shortest rest between landing and push is 0.03 s
    shortest_stride_s: float = 0.4  # 300 steps per minute
    longest_stride_s: float = 2.0  # 60 steps per minute: slower than a stroll
    shortest_rest_s: float = 0.07  # from contact to heel-off; the shortest sprint contacts are 0.09 s
    shortest_contact_s: float = 0.08  # just below the shortest sprint contacts

    before_swing_end_s: float = 0.07  # a landing is searched from here before the end of swing to mid-stance

    # Where the landing is: the sole near the ground, and the jerk there.
    heel_m: float = -0.12  # geometry: the heel behind the sensor on the laces
    sole_m: float = -0.08  # geometry: the sole below it
    near_ground_m: float = 0.032  # the sole that near to where it rests is landing
    energy_from: float = 0.1  # of the landing's squared jerk: leaves out what shook before
    energy_to: float = 0.6  # and a real shoe's ringing after it
    energy_to_slow: float = 0.8  # the same below slow_below_hz

    # Cues of initial contact, about the centroid of the landing's jerk.
    rise_share: float = 0.25  # of the landing peak of upward acceleration
    rise_before_s: float = 0.045  # that peak is searched from here before the centroid
    rise_after_s: float = 0.030  # to here after it
    rise_search_s: float = 0.050  # the acceleration's minimum lies so long before its peak at most
    brake_before_s: float = 0.030  # the hardest braking of the ball of the foot
    brake_after_s: float = 0.035  # is searched between these about the centroid
    lift_before_s: float = 0.014  # the centroid: when the foot's elevation is read
    lift_from_deg: float = 0.0  # a forefoot lands level: less lift says no more
    lift_to_deg: float = 18.0  # beyond it a heel strikes like any heel
    line_s: float = 0.0031  # fitted: the peak is searched about rise + line_s
    line_s_per_deg: float = -0.00132  # fitted: + that per degree of lift
    line_brake_share: float = 0.349  # fitted: + that share of (brake - rise)
    peak_width_s: float = 0.010  # standard deviation of the search about the line
    peak_window_s: float = 0.010  # furthest from the line
    brake_share: float = 0.266  # fitted: contact lies that share of the distance from the peak to the braking,
    lead_s: float = 0.0080  # fitted: less that
    lead_slow_s: float = 0.0042  # fitted at 52 Hz: the same below slow_below_hz
    steady_strides: int = 24  # whose median distance from contact to braking replaces the single one
    steady_least: int = 6  # landings, or the single one is used

    # The push-off turns about the metatarsal joints; the tip of the shoe leaves the ground last.
    pivot_forward_m: float = 0.068  # the joints before a sensor on the laces, until this foot's own are known
    pivot_up_m: float = -0.061  # and below it; both medians of RBDS
    pivot_share: float = 0.7  # of the distance from there to what this foot shows: half of its error is the sensor's
    pivot_least: int = 3  # push-offs
    tip_m: float = 0.06  # geometry: the tip before the joints
    tip_mps: float = 0.2  # the tip is off the ground when it rises that fast
    ball_mps: float = 0.6  # and the joints when they do
    push_top_s: float = 0.15  # after heel-off: the push-off is fastest within it
    toe_off_s: float = 0.0035  # fitted: toe-off lies so long after the tip,
    toe_off_ball_share: float = -0.241  # fitted: and that share of (ball - tip)

    # The foot's own axes.
    push_yaw_deg: float = 7.0  # metatarsal axis against the mediolateral axis; first fitted to five runners
    angle_bias_deg: float = 0.45  # fitted
    largest_angle_deg: float = 60.0  # runners land at -20 to 40; more is a gyroscope read in a wrong unit; by judgement

    # Which landings are on the ground, by the median of the last. Chosen between synthetic pedalling, leg swings,
    # stairs and a shoe in a hand (tests/coach/gait/foot/other_motions.py) and 94 recordings of runners and walkers.
    ground_landings: int = 5
    least_impact_g: float = 1.9  # slow walkers 2.0-4.7, a leg swing or a carried shoe 1.5-1.7, smooth stairs 1.7
    sure_impact_g: float = 6.0  # above it nothing but the ground can be; a hand swings a shoe at 2.8
    rest_radps: float = 2.5  # below that impact the foot must rest at mid-stance: medians of slow runners 0.2-1.0
    rest_mps2: float = 6.0  # and show gravity alone: medians of slow runners 0.8-2, a swung shoe 8.5
    rest_half_s: float = 0.01  # rest is the mean over that long before and after mid-stance
    on_the_spot_m: float = 0.35  # a stride shorter than that is no running; the slowest jogs have 0.5

    # A strap that holds: the foot rolls evenly over its rest, a loose sensor rings on it. Standard deviation of the
    # turn rate from loose_from_s (and half a sampling interval) after contact, at most loose_before_s before
    # mid-stance, to loose_after_s after it; loose_share of the last landings stay below it. 96 recordings of firm
    # straps, real shoes among them: up to 1.18 at 200 Hz, 1.36 at 104, 1.11 at 52. A wobble of 8 deg at 7-14 Hz about
    # any axis, set off by each landing and decaying in 0.15 s: 94 % of 156 at 200 Hz, 97 at 104, 91 at 52 Hz, as
    # `tests.validation.straps` prints.
    loose_radps: float = 1.5
    loose_slow_radps: float = 1.25  # below slow_below_hz, where a rest is two or three readings
    loose_share: float = 0.6  # two readings of a ringing sensor may be alike by chance
    loose_from_s: float = 0.07  # after contact; by then a firm landing is over
    loose_from_slow_s: float = 0.085  # the same below slow_below_hz: earlier, slow jogs' landings count (1.5 rad/s)
    loose_before_s: float = 0.07  # mid-stance
    loose_after_s: float = 0.03  # mid-stance; then the heel lifts
    loose_landings: int = 15  # twelve seconds
    loose_least: int = 8  # with fewer one turn on the spot makes half of them

    # Lost packets. A hole is filled by straight lines; what rests on it is lent by the rhythm of the strides before.
    longest_hole_s: float = 0.2  # eight readings at 52 Hz, a notification of a Movesense, and one more
    brief_loss_s: float = 0.025  # so short a hole blurs an event, a longer one hides it
    landing_before_s: float = 0.030  # contact rests on the readings from here before it
    landing_after_s: float = 0.060  # to here after the centroid of its jerk
    toe_off_half_s: float = 0.030  # and toe-off on those so near to it
    push_lost_share: float = 0.25  # of the time from mid-stance: with more lost no toe-off is given
    rhythm_strides: int = 9  # median of the last stride times and speeds
    rhythm_least: int = 2  # stride times: one may itself hold a hole, so
    rhythm_share_first: float = 0.09  # with fewer than that strides must fit twice as well; by judgement
    rhythm_sure: int = 5  # before a landing after a loss may be refused for not fitting them; by judgement
    rhythm_share: float = 0.18  # of a stride time, by root of their number: further off it is another rhythm
    most_interpolated: int = 6  # strides; over a longer gap a runner may have walked
    interpolated_contact_sd_s: float = 0.025  # of a contact by rhythm, by root of the strides interpolated
    # A length with a hole is its own and the one expected by the speeds before, each by what it is sure of. 3,800 such
    # strides of RBDS with 5 and 10 % of the packets lost: own lengths off by 1.2 % (median; nine in ten within 4.5 %)
    # with 50 ms lost, 2.2 and 7.5 % with 100, 4 and 11 % with 150; with the landing in a hole 8 and 20 %.
    holed_sd_per_s: float = 0.5  # share of a length, per second that was lost
    holed_landing_sd_share: float = 0.12  # added where the next landing lies in a hole
    stride_speed_sd_share: float = 0.025  # of speed from stride to stride

    # Uncertainty. The errors of a foot's events are the same in all its strides: a mean of many strides has them, too.
    # Standard uncertainties whose twofold holds 95 % of the strides of runners left out of the fit, and a quarter more,
    # because thirteen runners hide the worst ones (docs/accuracy.md).
    contact_sd_s: float = 0.0038
    toe_off_sd_s: float = 0.0062  # the same for toe-off
    contact_time_sd_s: float = 0.0073  # and contact time
    angle_sd_deg: float = 3.0  # the push-off axis differs from the mediolateral one by 5 deg between feet
    real_shoe_sd_s: float = 0.006  # no real shoe has run on a plate yet; the one mean stride says 15 ms (biomac)
    stride_time_sd_s: float = 0.0028  # contacts of one foot scatter by 1.6 ms; 95 % of strides within twice it
    slow_sd_intervals: float = 0.25  # of the sampling interval, added below slow_below_hz
    # Of the upward velocity that had to be taken out, over the stride: what a sensor misses of a landing forwards is
    # about what it misses upwards; it is taken out evenly over the stride, on average a third before the landing.
    sink_sd_share: float = 0.33
    length_sd_share: float = 0.02  # against motion capture: 0.3 % in straight running, 3 % in tight turns
    clearance_sd_m: float = 0.015  # virtual sensors close to 5-7 mm; real ones worse, by judgement
    eversion_sd_deg: float = 3.0  # soft mounting on the shoe: excursion agrees only fairly, Digit Biomark 2018;2:74
    eversion_rate_sd_share: float = 0.15  # peak rate agrees better than excursion, same source
    impact_sd_share: float = 0.15  # a heel's peak needs 500 Hz to be seen whole (Mitschke 2017); by judgement
    strike_margin_sd: float = 0.6  # of the angle's: so near a class's edge it is uncertain; one stride in ten is then


@dataclass(frozen=True, slots=True)
class AlignmentParams:
    """Parameters of finding a shoe sensor's mounting in its first seconds; chosen by eye on the same recordings."""

    block_s: float = 0.5  # most of a running stride: a block of swing and stance is movement, one of standing is not
    learn_blocks: int = 12  # 6 s of movement: eight or nine strides
    least_blocks: int = 4  # at the end of a recording two seconds must do
    rest_blocks: int = 6  # quiet blocks kept before movement
    most_blocks: int = 60  # half a minute is held back at most
    quiet_radps: float = 0.1  # about 5 deg/s, with any consumer gyroscope's bias
    steady_radps: float = 0.02  # ten times a consumer gyroscope's noise: a foot that shifts its weight is not quiet
    quiet_mps2: float = 0.4  # SD of one axis: standing, with any sensor's noise; by judgement
    moving_radps: float = 1.5  # root mean square of a block; running is 5, walking 2.5
    # The axes of swing and of push-off, from swings; windows in seconds.
    rest_from_s: float = 0.05  # after swing's end; the foot comes to rest within
    rest_until_s: float = 0.20  # and no later: then the heel lifts
    clear_swing_rad: float = 0.7  # swing turns 0.8 rad and more, the slap of a landing rearfoot 0.5 rad
    lands_from_s: float = 0.02  # before swing's end
    lands_until_s: float = 0.21  # after it: slow jogging puts the foot down late
    smoothed_s: float = 0.025  # turning energy; the rest between landing and push lasts 0.05 s and more
    heel_off_within_s: float = 0.4  # of mid-stance; walking lifts the heel after 0.3 s
    least_rest_ratio: float = 2.0  # of turning energy before the swing against after it, to be sure of the sign
    least_strides: int = 16  # fewer say too little: one turn of the runner is a tenth of them
    own_strides: float = 64.0  # a memory of less than a minute: a clip that slips is followed
    own_least: int = 4  # push-offs
    refine_share: float = 0.5  # of the way at each refinement: halves what one bad minute can do, by judgement
    trust_standing_cos: float = 0.87  # standing and running agree within 30 deg, or the shoe was not worn yet


PARAMS: Final = FootParams()
ALIGNMENT: Final = AlignmentParams()
