"""The parameters of a trunk sensor's step detection, each with unit, source and effect.

"RBDS": 39 recordings of 13 treadmill runners at 2.5, 3.5 and 4.5 m/s with a force plate (Fukuchi 2017,
doi:10.7717/peerj.3298; virtual sensors on the pelvis), each runner one vote. "Belts": walks and jogs of 38 people with
a real sensor on the belt (SisFall, Sucerquia 2017, doi:10.3390/s17010198).
"""

from coach.model.frozen import dataclass


@dataclass(frozen=True, slots=True)
class TrunkParams:
    """Parameters of running steps of the trunk; forces in body weights, times in seconds, shares of the step time T."""

    coarse_smoothing_s: float = 0.16  # of the force in which steps are looked for: bridges the dip after the impact
    coarse_most_share: float = 0.44  # of T, at most: above 170 steps per minute 0.16 s would level the steps out
    longest_lobe: float = 0.9  # of T: a longer one is two steps
    weak_apart: float = 0.5  # of T: a weak step's middle is that far from its neighbours'
    weak_swing: float = 0.2  # body weights: above what standing sways, chosen by eye, 2026-11-29
    contact_smoothing_s: float = 0.04  # of the force whose rise is contact: leaves the impact its edge
    contact_level: float = 0.5  # body weights: well above flight, on the steep part of the rise
    rise_s: float = 0.012  # it is passed so long after contact: sacrum +1, RBDS +15, two others +11 and +17
    # Longer contacts rise more slowly, so contact lies earlier still. Fitted to RBDS, contact and toe-off alike:
    late_s: float = -0.0527  # this
    late_per_contact: float = 0.242  # + this x the window's contact time
    late_least_s: float = 0.15  # of contact times: shorter and
    late_most_s: float = 0.35  # longer ones count as these; runners there had 0.18 to 0.33
    lobe_share: float = 0.6  # of T: the force smoothed over it has one lobe a step, without impact dip
    lobe_level: float = 0.2  # a force that swings enough for a lobe falls below it between two steps
    foot_level: float = 0.6  # the lobe's width at its foot and near its
    top_level: float = 1.3  # top say how its flanks lean, whatever the pelvis's own swing adds
    # Contact time, fitted to RBDS, errors within a runner counted twice (slope 0.89, by least squares 0.83):
    contact_time_s: float = -0.084  # this
    contact_per_foot: float = 3.92  # + this x width at the foot
    contact_per_top: float = -2.69  # + this x width near the top
    contact_per_step: float = -0.284  # + this x T
    most_duty: float = 0.9  # of T: a longer contact means that the lobe was cut off by its level
    lobe_known_share: float = 0.7  # of a window's steps: where fewer have a lobe, the force swings too little for it
    fall_share: float = 0.120  # of T: then toe-off is that long after the coarse force falls through body weight
    # Standard uncertainties, between runners and from step to step; RBDS, each runner left out of the fit.
    contact_time_sd_s: float = 0.020  # 16.8 ms between runners, 11 in one
    coarse_sd_s: float = 0.030  # of contact time by `fall_share`: 28 ms between runners
    initial_contact_sd_s: float = 0.017  # 14.3 and 5 ms
    toe_off_sd_s: float = 0.020  # 11.9 and 11 ms make 16; never less than contact time's (`analyzer`)
    step_time_sd_s: float = 0.006  # of steps that all come out alike; what alternates between the feet adds to it
    # A knock on the sensor. Trunks of runners reach 9.3 g and, but for one moment, 7.7 rad/s in 50 recordings; jumping
    # markers of virtual pelves, the only knocks here, 28 g and 60 rad/s.
    knock_g: float = 12.0  # a larger specific force is a knock; by judgement between the two
    knock_radps: float = 12.0  # and so is a faster turn; the same
    knock_half_s: float = 0.02  # so long before and after it the readings are none: the knock swings in and out
    # Lost readings. A step on a hole longer than `window.LONGEST_LOSS_S` gives contact and step time only. Of holes of
    # 0.2 s cut into 50 recordings 98 % of the steps are found, within 10 and 12 ms of the whole recording's (95 %).
    longest_hole_s: float = 0.3  # 71 % of the steps, as near; over 0.4 s a third is found and lies 50 ms off
    holed_near_s: float = 0.06  # a contact that near to a hole lies in the middle of those about it: reach of its rise
    holed_rhythm_share: float = 0.4  # of T: by so much less or more than two steps these may be apart; by judgement
    shape_share: float = 0.12  # of T: smoothing of the force by which running is distinguished from walking
    unloaded: float = 0.35  # a runner's force falls below it and
    loaded: float = 1.5  # rises above it: he flies and lands (belts)
    quick_step_s: float = 0.43  # 140 steps per minute: brisk walkers reach 138 with forces down to 0.1, so steps
    unloaded_slow: float = 0.0  # slower than that must fall below this (belts: quick walks 0-9 % called running)
    fast_step_s: float = 0.29  # 207 steps per minute: nobody walks so fast, and a sacrum at 237 uphill showed 0.43-0.64
    unloaded_fast: float = 0.65  # at the least and 1.29-1.50 at the most, so that
    loaded_fast: float = 1.28  # a faster step needs no more than this
    near_steps: int = 4  # running is decided over so many steps on both sides:
    near_share: float = 0.6  # most must look like a run's; one soft step in a run stays one
    edge_share: float = 0.8  # of the steps on one side, at a run's first and last ones
    alternates: float = 0.36  # see `alternation`: 1 % of RBDS windows below 0.52, rope jumping below 0.33
    alternates_to_run: float = 0.6  # of the first few steps, which scatter more: rope jumping reaches 0.5, runs 0.93
    alternation_share: float = 0.25  # of T: smoothing of what is compared
