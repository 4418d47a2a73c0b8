"""What is said of many runs, and how runs are listed and shown: trends, comparisons, records, pages, series."""

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from enum import StrEnum

from coach.model.arrays import TimeArray
from coach.model.cues import CueDecision, CueResponse
from coach.model.frozen import dataclass
from coach.model.pain import PainEntry
from coach.model.parts import AverageStride, Split
from coach.model.runs import RunEntry
from coach.model.samples import FloatArray


@dataclass(frozen=True, slots=True)
class TrendMarks:
    """What trends of one measure need of many runs, oldest first: arrays (n_runs,), NaN where unknown.

    started_at: UTC, datetime64. run_speed_mps: mean speed of each run. The others: moments of the measure against speed
    (`RunSummary.by_speed`).
    """

    run_ids: tuple[str, ...]
    started_at: TimeArray
    run_speed_mps: FloatArray
    n: FloatArray
    speed_mps: FloatArray
    value: FloatArray
    speed_ss: FloatArray
    cross_ss: FloatArray
    value_ss: FloatArray


@dataclass(frozen=True, slots=True)
class RunDay:
    """The little of a run that a calendar shows."""

    run_id: str
    started_at: datetime
    distance_m: float | None
    duration_s: float | None


@dataclass(frozen=True, slots=True)
class TrendPoint:
    """One run's value of a metric at the matched speed; se: its standard error. is_measured_there: the run itself
    covered that speed, so that the value is not carried there by the slope of other runs."""

    run_id: str
    started_at: datetime
    value: float
    se: float
    speed_mps: float
    n: int
    is_measured_there: bool


@dataclass(frozen=True, slots=True)
class Trend:
    """A metric over many runs at one speed.

    slope: change of the metric per m/s, with its standard error. per_week: change per week by robust regression, with
    its 95 % interval; None with fewer than three runs.
    """

    metric: str
    speed_mps: float | None
    points: tuple[TrendPoint, ...] = ()
    slope: float | None = None
    slope_se: float | None = None
    per_week: float | None = None
    per_week_low: float | None = None
    per_week_high: float | None = None


@dataclass(frozen=True, slots=True)
class Difference:
    """A metric in two runs at their common speed. se: of the difference; is_clear: beyond what chance would do."""

    metric: str
    first: float
    second: float
    difference: float
    se: float | None
    is_clear: bool
    is_at_matched_speed: bool


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two runs side by side. speed_mps: the speed at which they are compared."""

    first_id: str
    second_id: str
    speed_mps: float | None
    differences: tuple[Difference, ...] = ()


@dataclass(frozen=True, slots=True)
class PersonalBest:
    """A best of all runs. kind: "distance", "duration" or a distance in metres whose shortest time `value` is [s]."""

    kind: str
    value: float
    run_id: str
    started_at: datetime


@dataclass(frozen=True, slots=True)
class ShoeUse:
    """Shoes and how far they went, with what they had before."""

    name: str
    distance_m: float
    n_runs: int
    is_retired: bool = False


@dataclass(frozen=True, slots=True)
class RunPage:
    """One page of the list of runs. n_total: runs that fit the filter. unreadable: ids of runs whose rows are damaged,
    and which are therefore left out, where this page lacks one."""

    entries: tuple[RunEntry, ...]
    n_total: int
    page: int
    n_pages: int
    unreadable: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DownsampledSeries:
    """Measures of a run over time, downsampled to means of equal steps. values: one list per name, None where unknown.

    step_s: seconds that each point covers.
    """

    t_s: tuple[float, ...]
    step_s: float
    values: Mapping[str, tuple[float | None, ...]]


@dataclass(frozen=True, slots=True)
class RunRoute:
    """Where a run went, in metres east and north of its middle, one value a point; None where unknown.

    breaks: places at which the line begins again. values: measures by name. up_m, down_m: climb; *_sd_m: standard
    uncertainties; None where no heights are known.
    """

    t_s: tuple[float | None, ...]
    east_m: tuple[float | None, ...]
    north_m: tuple[float | None, ...]
    altitude_m: tuple[float | None, ...]
    distance_m: tuple[float | None, ...]
    breaks: tuple[int, ...]
    values: Mapping[str, tuple[float | None, ...]]
    up_m: float | None = None
    up_sd_m: float | None = None
    down_m: float | None = None
    down_sd_m: float | None = None


@dataclass(frozen=True, slots=True)
class RunDetail:
    """One run with all that is said of it. usual: (value, spread) of each measure at this run's speed in other runs."""

    entry: RunEntry
    splits: tuple[Split, ...]
    laps: tuple[Split, ...]
    strides: tuple[AverageStride, ...]
    cues: tuple[CueDecision, ...]
    responses: tuple[CueResponse, ...]
    pain: tuple[PainEntry, ...]
    usual: Mapping[str, tuple[float, float]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CalendarDay:
    """One day that has runs; date as ISO text in the runner's zone."""

    day: str
    n_runs: int
    distance_m: float
    duration_s: float
    run_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of an imported file. run_ids: runs made or filled; is_merged: laid over a run that was recorded;
    is_cut: the file broke off, and what was left of it came in."""

    kind: str
    run_ids: tuple[str, ...]
    is_merged: bool = False
    n_runs: int = 0
    n_rows: int = 0
    is_cut: bool = False


class Outcome(StrEnum):
    """What became of one file or workout of an import. APART: kept as a walk or another activity."""

    TAKEN = "taken"
    APART = "apart"
    MERGED = "merged"
    HERE = "here"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class KeptImport:
    """What became of a file. mark: digest of its name, size and time; of a zip's member: name, size and checksum."""

    mark: str
    outcome: Outcome
    run_ids: tuple[str, ...] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ImportedFile:
    """One line of an import's report. name: below the folder or zip it came from. reason: why it was refused or kept
    apart, or what is missing of it."""

    name: str
    outcome: Outcome
    run_ids: tuple[str, ...] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ImportStatus:
    """The state of an import. progress: share of the bytes that were read, 0 to 1. files: the last ones, newest first.
    counts: files by outcome."""

    is_running: bool
    progress: float
    current: str
    counts: Mapping[str, int]
    files: tuple[ImportedFile, ...] = ()
    failure: str = ""
