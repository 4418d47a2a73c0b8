"""A run: recorded running, and what to say of it afterwards."""

import math
import re
from collections.abc import Mapping
from dataclasses import field
from datetime import date, datetime
from enum import StrEnum
from typing import Final

from coach.model.frozen import dataclass
from coach.model.links import SensorUse
from coach.model.parts import AverageStride, Split
from coach.model.samples import StreamReport

# Both become names of files. 120 characters: our own ids have 20, and a cut adds 3.
_RUN_ID: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,119}", re.ASCII)
_RECORDING: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,139}", re.ASCII)


def check_run_id(run_id: str) -> None:
    """Raise ValueError where `run_id` could not be a file's name: letters, digits, `_`, `-` and `.`, no `..`."""
    if not _RUN_ID.fullmatch(run_id) or ".." in run_id:
        raise ValueError(f"{run_id[:80]!r} is no id of a run")


def run_id_of(started_at: datetime, drawn: str) -> str:
    """Return a new run's id. drawn: a few letters by chance, for two runs that begin in the same second."""
    return f"{started_at:%Y%m%d-%H%M%S}-{drawn}"


class RunState(StrEnum):
    """RECOVERED: the program ended during the run, and the run was made of what was kept until then."""

    RECORDING = "recording"
    PAUSED = "paused"
    FINISHED = "finished"
    RECOVERED = "recovered"

    @property
    def is_over(self) -> bool:
        """Whether the run has ended."""
        return self in (RunState.FINISHED, RunState.RECOVERED)


class RunPlace(StrEnum):
    """Where a run was. NOT_SAID is a place of its own: such runs are compared with one another only."""

    TREADMILL = "treadmill"
    OUTDOOR = "outdoor"
    NOT_SAID = "not_said"


class Sport(StrEnum):
    """What an activity was. Records, baselines, trends and the longest run rest on RUNNING alone."""

    RUNNING = "running"
    WALKING = "walking"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Lap:
    """A stretch the runner marked. warm_up and cool_down stretches stay out of baselines."""

    number: int
    start_s: float
    end_s: float | None
    kind: str = "lap"


@dataclass(frozen=True, slots=True)
class RunPlan:
    """How this run is to be coached: chosen before it starts. focus: rule focus or None for a run without cues.

    eligible_share: share of the time in which cues may speak (the fading schedule). block_run: number within the
    retraining block, None outside one. is_baseline: this run builds the baseline, without cues. distance_limit_m: 10 %
    beyond the longest run of 30 days; None where too few runs are known. place: whose runs it is compared with; None
    in plans made before places were distinguished. n_own: how many of them there are.
    """

    focus: str | None
    eligible_share: float
    block_run: int | None
    is_baseline: bool
    is_retention: bool
    reason: str
    seed: int = 0
    distance_limit_m: float | None = None
    place: RunPlace | None = None
    n_own: int = 0


@dataclass(frozen=True, slots=True)
class Run:
    """One run as stored.

    started_at: aware UTC. recording: plain file name in the recordings folder. pauses: (start, end) [s]. trim_start_s,
    trim_end_s: what lies outside is left out of everything said about the run; None: nothing. sport_reason: why an
    imported activity that names no sport is not counted as a run; "" where its file, its data or the runner said what
    it was. sources: which device an imported number came from, by metric, where a file names several.
    """

    run_id: str
    started_at: datetime
    state: RunState
    title: str = ""
    duration_s: float | None = None
    distance_m: float | None = None
    place: RunPlace = RunPlace.NOT_SAID
    shoes: str = ""
    slope_pct: float | None = None
    notes: str = ""
    recording: str | None = None
    source: str = "recorded"
    sensors: tuple[SensorUse, ...] = ()
    laps: tuple[Lap, ...] = ()
    plan: RunPlan | None = None
    pauses: tuple[tuple[float, float], ...] = ()
    trim_start_s: float | None = None
    trim_end_s: float | None = None
    sport: Sport = Sport.RUNNING
    sport_reason: str = ""
    sources: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Raise ValueError where id or recording could lead out of a folder."""
        check_run_id(self.run_id)
        if self.recording and (not _RECORDING.fullmatch(self.recording) or ".." in self.recording):
            raise ValueError(f"{self.recording[:80]!r} is no name of a recording")


@dataclass(frozen=True, slots=True)
class Finding:
    """One sentence about a run, with the reason and the numbers it rests on."""

    id: str
    words: str
    reason: str
    weight: float
    numbers: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RunSummary:
    """Averages of the running part of a run. None where unknown.

    uncertainty: by field, the standard deviation of the mean; the part of it that scatters within the run. Under
    "shared_" and the field's name, the part that is the same in all strides of a run, as the sensors state it: it stays
    in a mean, and cancels where a runner is compared with himself by the same sensors.

    drift_pct: change of each metric from the first to the last third at matched speed. by_speed: for each metric, the
    moments of its robust 10 s averages against speed (n, speed_mps, value, speed_ss, cross_ss, value_ss), from which
    trends at matched speed are made without reading the run again. best_s: shortest time of each distance in metres.
    splits, mile_splits, lap_splits: by kilometre, mile and lap; lap_splits is empty where there is one lap only.
    algorithm: identity of the algorithm that computed strides and summary; "" where it is not known.
    """

    duration_s: float
    moving_s: float
    distance_m: float | None
    n_strides: int
    n_steps: int
    n_gaps: int
    n_missing: int
    n_clipped: int
    n_cues: int = 0
    cadence_spm: float | None = None
    contact_time_ms: float | None = None
    flight_time_ms: float | None = None
    duty_factor: float | None = None
    peak_force_bw: float | None = None
    step_length_m: float | None = None
    stride_length_m: float | None = None
    speed_mps: float | None = None
    foot_strike_angle_deg: float | None = None
    foot_strike: str | None = None
    foot_strike_share: Mapping[str, float] | None = None
    eversion_deg: float | None = None
    impact_g: float | None = None
    n_impacts: int | None = None
    impacts_per_km: float | None = None
    contact_time_balance_pct: float | None = None
    step_time_asymmetry_pct: float | None = None
    stride_time_cv_pct: float | None = None
    vertical_oscillation_mm: float | None = None
    vertical_ratio_pct: float | None = None
    trunk_lean_deg: float | None = None
    axial_rotation_deg: float | None = None
    lateral_drop_deg: float | None = None
    heart_rate_bpm: float | None = None
    heart_rate_max_bpm: float | None = None
    power_w: float | None = None
    foot_strike_type: float | None = None
    pronation_deg: float | None = None
    drift_pct: Mapping[str, float] = field(default_factory=dict)
    uncertainty: Mapping[str, float] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()
    streams: tuple[StreamReport, ...] = ()
    by_speed: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    best_s: Mapping[str, float] = field(default_factory=dict)
    splits: tuple[Split, ...] = ()
    mile_splits: tuple[Split, ...] = ()
    lap_splits: tuple[Split, ...] = ()
    average_strides: tuple[AverageStride, ...] = ()
    algorithm: str = ""

    def total_uncertainty(self, name: str) -> float | None:
        """Return the standard uncertainty of a mean against the truth: both parts together;
        None where none is known."""
        parts = [self.uncertainty.get(key) for key in (name, f"shared_{name}")]
        known = [part for part in parts if part is not None]
        return math.hypot(*known) if known else None


@dataclass(frozen=True, slots=True)
class RunEntry:
    """A run with what was said of it. In lists the summary comes without findings, streams, splits and strides."""

    run: Run
    summary: RunSummary | None = None


@dataclass(frozen=True, slots=True)
class RunFilter:
    """Which runs to list; None: any. since, until: aware times, until excluded. words: found in title or notes.

    sport: only runs unless another one, or None for every activity, is asked for.
    """

    since: datetime | None = None
    until: datetime | None = None
    place: RunPlace | None = None
    shoes: str | None = None
    focus: str | None = None
    source: str | None = None
    words: str = ""
    min_distance_m: float | None = None
    is_deleted: bool = False
    sport: Sport | None = Sport.RUNNING


@dataclass(frozen=True, slots=True)
class Shoe:
    """A pair of shoes by its name. start_m: distance it had before the first run kept here."""

    name: str
    since: date | None = None
    retired_on: date | None = None
    start_m: float = 0.0
    notes: str = ""
