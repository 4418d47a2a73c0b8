"""A run as other programs know it: one record a second and laps; to and from the coach's own nouns.

Cadence is in steps per minute here; files that count strides of one leg are converted where they are read and written.
"""

import dataclasses
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field
from datetime import datetime, timedelta
from typing import Final

from coach.model.arrays import FloatArray, np
from coach.model.documents import FieldValues
from coach.model.earth import distance_sd_m
from coach.model.frozen import dataclass
from coach.model.links import SensorUse
from coach.model.metrics import LiveMetrics
from coach.model.metrics_table import Use, names_for
from coach.model.runs import Lap, Run, RunPlace, RunState, RunSummary, Sport
from coach.model.strides import GaitState, Stride

# Fields that LiveMetrics and a record share under one name.
SHARED: Final = names_for(Use.EXPORT)
_SIDE_WINDOW_S: Final = 2.0


@dataclass(frozen=True, slots=True)
class Record:
    """One moment. t_s: seconds since the activity started. values: by LiveMetrics name, and
    foot_strike_angle_left_deg, foot_strike_angle_right_deg; unknown ones are absent."""

    t_s: float
    values: Mapping[str, float] = field(default_factory=dict)
    latitude_deg: float | None = None
    longitude_deg: float | None = None
    altitude_m: float | None = None


@dataclass(frozen=True, slots=True)
class Activity:
    """started_at: aware UTC. duration_s: without pauses. pauses: (start, end) [s] within the activity.

    sport: as the file names it; None where it does not. kind: what it was, and reason: why it does not count as a run.
    is_cut: the file broke off, and this is what was whole. has_others: the file holds more than this activity.
    sensors: what was worn. sources: as a run's. algorithm: identity of what computed the numbers; "" where unknown.
    utc_offset_s: local time less UTC where the run was; None: unknown. is_by_positions: its distance was
    summed from positions; the file had none.
    """

    started_at: datetime
    records: tuple[Record, ...]
    laps: tuple[Lap, ...] = ()
    pauses: tuple[tuple[float, float], ...] = ()
    duration_s: float = 0.0
    distance_m: float | None = None
    name: str = ""
    is_indoor: bool = False
    sport: str | None = None
    is_cut: bool = False
    kind: Sport = Sport.RUNNING
    reason: str = ""
    has_others: bool = False
    sensors: tuple[SensorUse, ...] = ()
    utc_offset_s: float | None = None
    sources: Mapping[str, str] = field(default_factory=dict)
    algorithm: str = ""
    is_by_positions: bool = False

    @property
    def end_s(self) -> float:
        """Seconds from start to the last thing known."""
        last = self.records[-1].t_s if self.records else 0.0
        return max([last, *(lap.end_s or 0.0 for lap in self.laps), *(end for _, end in self.pauses)])


def activity_of(
    run: Run, seconds: Sequence[LiveMetrics], strides: Sequence[Stride] = (), summary: RunSummary | None = None
) -> Activity:
    """Return a run of ours for export; what was trimmed away is left out."""
    start_s = run.trim_start_s or 0.0
    end_s = math.inf if run.trim_end_s is None else run.trim_end_s
    inside = [s for s in seconds if start_s <= s.t_s <= end_s]
    sides = {"left": _side_angles(strides, True), "right": _side_angles(strides, False)}
    far_m = inside[0].distance_m or 0.0 if inside and start_s > 0 else 0.0
    records = tuple(_record(s, start_s, far_m, sides) for s in inside)
    laps = tuple(
        _moved(lap, start_s, end_s)
        for lap in run.laps
        if (lap.end_s is None or lap.end_s > start_s) and lap.start_s < end_s
    )
    pauses = tuple((max(a, start_s) - start_s, b - start_s) for a, b in run.pauses if b > start_s and a < end_s)
    duration_s = summary.duration_s if summary else run.duration_s or (records[-1].t_s if records else 0.0)
    distance_m = summary.distance_m if summary else run.distance_m
    started_at = run.started_at + timedelta(seconds=start_s)
    is_indoor = run.place is RunPlace.TREADMILL
    return Activity(
        started_at,
        records,
        laps,
        pauses,
        duration_s,
        distance_m,
        run.title,
        is_indoor,
        sensors=run.sensors,
        algorithm=summary.algorithm if summary else "",
    )


def _moved(lap: Lap, start_s: float, end_s: float) -> Lap:
    ends = None if lap.end_s is None else min(lap.end_s, end_s) - start_s
    return Lap(lap.number, max(0.0, lap.start_s - start_s), ends, lap.kind)


def _record(
    metrics: LiveMetrics,
    start_s: float,
    far_m: float,
    sides: Mapping[str, tuple[FloatArray, FloatArray] | None],
) -> Record:
    values = {name: float(value) for name in SHARED if (value := getattr(metrics, name)) is not None}
    if "distance_m" in values:
        values["distance_m"] -= far_m
    for side, angles in sides.items():
        if angles is not None:
            place = int(np.searchsorted(angles[0], metrics.t_s, side="right")) - 1
            if place >= 0 and metrics.t_s - angles[0][place] <= _SIDE_WINDOW_S:
                values[f"foot_strike_angle_{side}_deg"] = float(angles[1][place])
    return Record(metrics.t_s - start_s, values)


def _side_angles(strides: Sequence[Stride], is_left: bool) -> tuple[FloatArray, FloatArray] | None:
    known = [
        (s.initial_contact_s, s.foot_strike_angle_deg)
        for s in strides
        if s.wear_site.is_left is is_left and s.foot_strike_angle_deg is not None
    ]
    if not known:
        return None
    table = np.array(sorted(known))
    return table[:, 0], table[:, 1]


def moved(activity: Activity, by_s: float) -> Activity:
    """Return the activity's records, later by some seconds: on the clock of a run that began otherwise."""
    records = tuple(dataclasses.replace(record, t_s=record.t_s + by_s) for record in activity.records)
    return dataclasses.replace(activity, records=records)


def seconds_of(activity: Activity) -> list[LiveMetrics]:
    """Return an imported activity as the coach's metrics of each second."""
    return [
        dataclasses.replace(
            LiveMetrics(record.t_s, _state(record), uncertainty=_uncertainty(record, activity)), **_shared(record)
        )
        for record in rising(activity.records)
    ]


def _uncertainty(record: Record, activity: Activity) -> dict[str, float]:
    """Return the uncertainty of a distance that was summed from positions; what a file states has none with it."""
    far_m = record.values.get("distance_m") if activity.is_by_positions else None
    return {} if far_m is None else {"distance_m": distance_sd_m(far_m)}


def _shared(record: Record) -> FieldValues:
    return {name: value for name, value in record.values.items() if name in SHARED}


def _state(record: Record) -> GaitState | None:
    cadence = record.values.get("cadence_spm")
    if cadence is None:
        return None
    # Between walking (below about 130 steps a minute) and running (above about 140); chosen by eye, 2026-11-20.
    return GaitState.RUNNING if cadence >= 135 else GaitState.WALKING if cadence >= 60 else GaitState.STANDING


def rising(records: Iterable[Record]) -> list[Record]:
    """Return the records whose times rise; one whose clock went back, or that has the time of another, is left out."""
    kept: list[Record] = []
    for record in records:
        if not kept or record.t_s > kept[-1].t_s:
            kept.append(record)
    return kept


def run_of(activity: Activity, run_id: str, source: str) -> Run:
    """Return an imported activity as a run of ours; its numbers come with its summary."""
    return Run(
        run_id,
        activity.started_at,
        RunState.FINISHED,
        activity.name,
        activity.duration_s,
        activity.distance_m,
        RunPlace.TREADMILL if activity.is_indoor else RunPlace.OUTDOOR,
        source=source,
        laps=activity.laps or (Lap(1, 0.0, activity.end_s),),
        pauses=activity.pauses,
        sport=activity.kind,
        sport_reason=activity.reason,
        sources=activity.sources,
    )
