"""Who the virtual runner is: body, gait at the start, how it tires, and how it answers cues.

Default values are those of a recreational runner at an easy pace: contact time and duty factor after the JEB table and
Malisoux 2023 (doi:10.1177/23259671231204629), cadence after Drozda 2024 (doi:10.1016/j.gaitpost.2024.06.015), strike
angle after Altman & Davis 2012.
"""

from coach.model.frozen import dataclass


@dataclass(frozen=True, slots=True)
class VirtualBody:
    """Parameters of a virtual runner.

    contact_time_s: time on the ground per step. strike_angle_deg: toes-up angle at contact. eversion_deg: roll from
    contact to its largest. tires_after_s: when fatigue sets in; shuffle_pct_per_min: loss of step length per minute
    from then on, at the same speed, down to at most shuffle_most_pct. answer: 0 ignores cues, 1 does all that was
    asked. variability: standard deviation of step time as a share (about 1.5 % in steady running, Jordan 2007).
    swing_hump_share, swing_dip_share: rate at which the toes turn down in swing at its second hump, and between the
    two, as shares of push-off's; 9 in 10 feet of 13 treadmill runners (RBDS, Fukuchi 2017, doi:10.7717/peerj.3298)
    .43-1.04 (at 2.5 m/s some have one hump only) and .1-.6. shank_rate_share: how fast the shanks turn against those
    runners' medians; 9 in 10 of them .85-1.2. trunk_lean_deg, axial_rotation_deg (peak to peak),
    vertical_oscillation follows from the physics of flight.
    """

    speed_mps: float = 2.9
    cadence_spm: float = 166.0
    contact_time_s: float = 0.262
    strike_angle_deg: float = 13.0
    eversion_deg: float = 9.0
    toe_out_deg: float = 6.0
    clearance_m: float = 0.24
    landing_speed_mps: float = 1.0
    swing_hump_share: float = 0.65
    swing_dip_share: float = 0.33
    shank_rate_share: float = 1.0
    tires_after_s: float = 60.0
    shuffle_pct_per_min: float = 3.0
    shuffle_most_pct: float = 9.0
    answer: float = 0.8
    answer_pct: float = 6.0
    variability: float = 0.012
    trunk_lean_deg: float = 7.0
    axial_rotation_deg: float = 12.0
    lateral_drop_deg: float = 8.0
    resting_bpm: float = 62.0
    running_bpm: float = 148.0
    standing_s: float = 1.5
    seed: int = 7
