"""The parameters of a trunk sensor's step detection, each with unit, source and effect.

"RBDS": 39 recordings of 13 treadmill runners at 2.5, 3.5 and 4.5 m/s with a force plate (Fukuchi 2017,
doi:10.7717/peerj.3298; virtual sensors on the pelvis), each runner one vote. "Belts": walks and jogs of 38 people with
a real sensor on the belt (SisFall, Sucerquia 2017, doi:10.3390/s17010198).
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TrunkParams:
    """Parameters of running steps of the trunk; forces in body weights, times in seconds, shares of the step time T."""

    coarse_smoothing_s: float = 0.16  # of the force in which steps are looked for: bridges the dip after the impact
    coarse_most_share: float = 0.44  # of T, at most: above 170 steps per minute 0.16 s would level the steps out
    longest_lobe: float = 0.9  # of T: a longer one is two steps
    weak_apart: float = 0.5  # of T: a weak step's middle is that far from its neighbours'
    weak_swing: float = 0.2  # body weights: above what standing sways, chosen by eye, 2026-11-29
    contact_smoothing_s: float = 0.04
    contact_level: float = 0.5
    rise_s: float = 0.012  # it is passed so long after contact: sacrum +1, RBDS +15, two others +11 and +17
    lobe_share: float = 0.6  # of T: the force smoothed over it has one lobe a step, without impact dip
    lobe_level: float = 0.2  # the lobe is how long that force stays above it
    contact_time_s: float = -0.143  # contact time = this
    contact_per_lobe: float = 2.26  # + this x lobe
    contact_per_step: float = -0.52  # + this x T; RBDS, between least squares (slope 0.77) and fixed effects (0.98)
    most_duty: float = 0.9  # of T: a longer contact means that the lobe was cut off by its level
    lobe_known_share: float = 0.7  # of a window's steps: where fewer have a lobe, the force swings too little for it
    fall_share: float = 0.120  # of T: then toe-off is that long after the coarse force falls through body weight
    contact_time_sd_s: float = 0.018  # between runners; RBDS, left-out runners 17.5 ms
    coarse_sd_s: float = 0.030  # of contact time by `fall_share`; RBDS 28 ms
    initial_contact_sd_s: float = 0.015  # RBDS
    shape_share: float = 0.12  # of T: smoothing of the force by which running is told from walking
    unloaded: float = 0.35  # a runner's force falls below it and
    loaded: float = 1.5  # rises above it: he flies and lands (belts)
    quick_step_s: float = 0.43  # 140 steps per minute: brisk walkers reach 138 with forces down to 0.1, so steps
    unloaded_slow: float = 0.0  # slower than that must fall below this (belts: quick walks 0-9 % called running)
    near_steps: int = 4  # running is decided over so many steps on both sides:
    near_share: float = 0.6  # most must look like a run's; one soft step in a run stays one
    edge_share: float = 0.8  # of the steps on one side, at a run's first and last ones
    alternates: float = 0.36  # see `alternation`: 1 % of RBDS windows below 0.52, rope jumping below 0.33
    alternates_to_run: float = 0.6  # of the first few steps, which scatter more: rope jumping reaches 0.5, runs 0.93
    alternation_share: float = 0.25  # of T: smoothing of what is compared
