"""How each step measure of one runner depends on speed and grade, and how it scatters: priors of the baseline."""

from collections.abc import Mapping
from typing import Final

from coach.model.frozen import dataclass


@dataclass(frozen=True, slots=True)
class MeasureKind:
    """How one measure behaves. is_log: modelled as a logarithm, so SDs are shares. slope, slope_sd: prior of the change
    per unit of log speed; grade_sd: prior per percent of grade; run_sd: usual spread between runs; window_sd: between
    windows of 20 s; drift_sd: wandering in 30 days; by_height: divided by the runner's height before modelling;
    by_shoes: runs in other shoes say nothing of it.
    """

    is_log: bool
    slope: float
    slope_sd: float
    grade_sd: float
    run_sd: float
    window_sd: float
    drift_sd: float
    by_height: bool = False
    by_shoes: bool = False


# Slopes: cadence +3 spm for +15 % speed at 165 spm (de Ruiter 2020), so step length takes the rest; contact time and
# impact chosen by eye from published speed series. Spreads: within-run CV below 2.5 % (preprint 202601.2214); the rest
# chosen by eye, 2026-11-20, and corrected by each runner's own runs as they come in. Shoes: the impact peak differed by
# 6 to 11 % between two pairs (PMC6269547), thicker soles landed flatter (doi:10.3389/fspor.2022.824183).
KINDS: Final[Mapping[str, MeasureKind]] = {
    "step_length_m": MeasureKind(True, 0.87, 0.10, 0.010, 0.012, 0.020, 0.010, by_height=True),
    "cadence_spm": MeasureKind(True, 0.13, 0.10, 0.010, 0.012, 0.015, 0.010),
    "contact_time_ms": MeasureKind(True, -0.60, 0.20, 0.010, 0.020, 0.020, 0.015),
    "impact_g": MeasureKind(True, 0.80, 0.40, 0.020, 0.040, 0.060, 0.030, by_shoes=True),
    "foot_strike_angle_deg": MeasureKind(False, 0.0, 6.0, 0.30, 0.80, 1.00, 0.70, by_shoes=True),
    "axial_rotation_deg": MeasureKind(True, 0.20, 0.30, 0.020, 0.060, 0.060, 0.050),
    "step_time_asymmetry_pct": MeasureKind(False, 0.0, 2.0, 0.10, 0.50, 0.60, 0.40),
}
