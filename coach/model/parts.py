"""What is said of parts of a run: splits and the average stride."""

from collections.abc import Mapping
from dataclasses import field

from coach.model.frozen import dataclass
from coach.model.sites import WearSite


@dataclass(frozen=True, slots=True)
class Split:
    """One kilometre, mile or lap of a run; the last one may be shorter. values: means by RunSummary name."""

    number: int
    start_s: float
    end_s: float
    distance_m: float | None
    values: Mapping[str, float] = field(default_factory=dict)
    foot_strike_share: Mapping[str, float] | None = None
    kind: str = "split"


@dataclass(frozen=True, slots=True)
class AverageStride:
    """The runner's mean stride on one side, with its events; *_pct: share of the stride since initial contact.

    spread: standard deviation between strides, by field name.
    """

    wear_site: WearSite
    n_strides: int
    stride_time_s: float
    contact_time_s: float | None = None
    mid_stance_pct: float | None = None
    toe_off_pct: float | None = None
    other_contact_pct: float | None = None
    other_toe_off_pct: float | None = None
    foot_strike_angle_deg: float | None = None
    eversion_deg: float | None = None
    foot_clearance_m: float | None = None
    stride_length_m: float | None = None
    spread: Mapping[str, float] = field(default_factory=dict)
