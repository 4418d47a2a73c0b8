"""Write a run's numbers as messages with schemas, by topic, so that Foxglove and others show names and units.

Channels: /metrics (one message a second), /strides/SITE, /cues, /position (foxglove.LocationFix, drawn on Foxglove's
map). Messages are JSON, each with a JSON Schema; what is unknown is left out. The raw log holds the sensors' own bytes
and stays as it is. Source: MCAP specification 1.0, https://mcap.dev/spec; LocationFix: docs.foxglove.dev, "message
schemas".
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final

from coach.interchange.activity import Activity
from coach.model.cues import CueDecision
from coach.model.metrics import LiveMetrics
from coach.model.metrics_table import METRICS
from coach.model.plain import to_plain
from coach.model.strides import Stride

_NS: Final = 1_000_000_000
_LEFT_OUT: Final = ("unknown",)  # reasons, the same every second
_KINDS: Final = ((bool, "boolean"), (int | float, "number"), (str, "string"), (Mapping, "object"), (Sequence, "array"))
_TIME: Final = {
    "type": "object",
    "title": "time",
    "properties": {"sec": {"type": "integer"}, "nsec": {"type": "integer"}},
}
_FIX: Final = {
    "title": "foxglove.LocationFix",
    "type": "object",
    "properties": {
        "timestamp": _TIME,
        "frame_id": {"type": "string"},
        "latitude": {"type": "number", "description": "degrees"},
        "longitude": {"type": "number", "description": "degrees"},
        "altitude": {"type": "number", "description": "metres"},
        "position_covariance": {"type": "array", "items": {"type": "number"}},
        "position_covariance_type": {"type": "integer", "description": "0: unknown"},
    },
}
Rows = list[tuple[float, dict[str, object]]]


def topics_of(
    started_at: datetime,
    seconds: Iterable[LiveMetrics],
    strides: Iterable[Stride],
    decisions: Iterable[CueDecision],
    places: Activity | None,
) -> dict[str, tuple[Mapping[str, object], Rows]]:
    """Return the schema and rows by topic. places: positions, its records' times on the run's clock;
    None: there are none."""
    named: dict[str, tuple[str, Rows]] = {"/metrics": ("running_coach.Metrics", _rows(seconds, "t_s"))}
    by_site: dict[str, list[Stride]] = {}
    for stride in strides:
        by_site.setdefault(stride.wear_site.value, []).append(stride)
    for site, found in by_site.items():
        named[f"/strides/{site}"] = ("running_coach.Stride", _rows(found, "initial_contact_s"))
    named["/cues"] = ("running_coach.CueDecision", _rows(decisions, "t_s"))
    topics: dict[str, tuple[Mapping[str, object], Rows]] = {
        topic: (_schema_of(name, rows), rows) for topic, (name, rows) in named.items()
    }
    return topics | {"/position": (_FIX, _fixes(places, started_at) if places else [])}


def _rows(nouns: Iterable[object], time: str) -> Rows:
    found: Rows = []
    for noun in nouns:
        plain = to_plain(noun)
        found.append(
            (float(getattr(noun, time)), {k: v for k, v in plain.items() if v is not None and k not in _LEFT_OUT})
        )
    return sorted(found, key=lambda row: row[0])


def _fixes(places: Activity, started_at: datetime) -> Rows:
    found: Rows = []
    start_ns = round(started_at.timestamp() * 1e6) * 1000
    for record in places.records:
        if record.latitude_deg is None or record.longitude_deg is None:
            continue
        sec, nsec = divmod(start_ns + round(record.t_s * _NS), _NS)
        fix: dict[str, object] = {
            "timestamp": {"sec": sec, "nsec": nsec},
            "frame_id": "runner",
            "latitude": record.latitude_deg,
            "longitude": record.longitude_deg,
            "position_covariance": [0.0] * 9,
            "position_covariance_type": 0,
        }
        found.append((record.t_s, fix if record.altitude_m is None else {**fix, "altitude": record.altitude_m}))
    return found


def _schema_of(name: str, rows: Rows) -> dict[str, object]:
    """Return a JSON Schema of the rows, with the unit of each metric."""
    properties: dict[str, object] = {}
    for _, row in rows:
        for field, value in row.items():
            properties.setdefault(field, _property(field, value))
    return {"title": name, "type": "object", "properties": properties}


def _property(field: str, value: object) -> dict[str, object]:
    kind = next((word for type_, word in _KINDS if isinstance(value, type_)), "string")
    found: dict[str, object] = {"type": kind}
    if kind == "object":
        found["additionalProperties"] = True
    if kind == "array":
        found["items"] = {}
    metric = METRICS.get(field)
    if metric is not None and metric.scale is not None and metric.scale.factor == 1.0:
        found["description"] = metric.scale.unit
    return found
