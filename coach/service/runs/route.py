"""Find where a run went. Positions come from its imported file, or from the fixes
that a phone logged, and are kept once read."""

import contextlib
from pathlib import Path
from typing import Final

from coach.errors import InterchangeError, PacketError
from coach.interchange.activity import Activity, Record
from coach.interchange.formats import ACTIVITY_FORMATS, read_activities
from coach.interchange.route import route_of
from coach.model.arrays import np
from coach.model.history import RunRoute
from coach.model.runs import Run
from coach.model.samples import FloatArray, Notification, PositionSample
from coach.packets.phone_position import decode_position
from coach.recording.folder import inside
from coach.recording.reader import read_recording
from coach.storage.store import Store

COLOURED: Final = ("speed_mps", "step_length_m", "cadence_spm", "heart_rate_bpm", "pain_rise")


def original_of(run: Run, imports: Path) -> tuple[Activity, float] | None:
    """Return what a run was imported or merged from, and how many seconds after the run it began;
    else what a phone logged.

    None where there is neither.
    """
    for kind in ACTIVITY_FORMATS:
        path = inside(imports, f"{run.run_id}.{kind}")
        if path.is_file():
            originals = read_activities(path.read_bytes(), kind)
            found = min(originals, key=lambda one: abs(one.started_at - run.started_at))
            return found, (found.started_at - run.started_at).total_seconds()
    return _logged(run, imports.parent)


def _logged(run: Run, recordings: Path) -> tuple[Activity, float] | None:
    """Return positions that a phone logged during the run, the newest fix of each second; None where there are none."""
    sensors = {use.sensor_id for use in run.sensors if use.profile_id == "phone_position"}
    path = inside(recordings, run.recording) if run.recording and sensors else None
    if path is None or not path.is_file():
        return None
    fixes: dict[int, PositionSample] = {}
    for item in read_recording(path).sound_items():
        if isinstance(item, Notification) and item.sensor_id in sensors:
            with contextlib.suppress(PacketError):
                fixes[round(item.t_s)] = decode_position(item.payload, item.t_s)
    records = tuple(Record(f.t_s, {}, f.latitude_deg, f.longitude_deg, f.altitude_m) for _, f in sorted(fixes.items()))
    return (Activity(run.started_at, records), 0.0) if records else None


def track_of(activity: Activity, moved_s: float = 0.0) -> dict[str, FloatArray]:
    """Return the times (moved), positions and heights of an activity, each (n,), NaN where unknown."""
    records = [r for r in activity.records if r.latitude_deg is not None or r.altitude_m is not None]
    return {
        "t_s": np.array([r.t_s + moved_s for r in records], dtype=np.float64),
        **{
            name: np.array([getattr(r, name) for r in records], dtype=np.float64)
            for name in ("latitude_deg", "longitude_deg", "altitude_m")
        },
    }


def is_unread(store: Store, imports: Path, run_id: str) -> bool:
    """Return whether a run's route is yet to be read from its file or log, which takes seconds for hours of them."""
    run = store.runs.get(run_id)
    if store.runs.data.track(run_id) is not None:
        return False
    is_logged = run.recording is not None and any(use.profile_id == "phone_position" for use in run.sensors)
    return is_logged or any(inside(imports, f"{run_id}.{kind}").is_file() for kind in ACTIVITY_FORMATS)


def route_of_run(store: Store, imports: Path, run_id: str) -> RunRoute | None:
    """Return the route of a run with the measures that colour it; None where no positions are known."""
    run = store.runs.get(run_id)
    track = store.runs.data.track(run_id)
    if track is None:
        try:
            original = original_of(run, imports)
        except (InterchangeError, OSError):
            return None
        track = track_of(*original) if original else track_of(Activity(run.started_at, ()))
        if original or is_unread(store, imports, run_id):
            store.runs.data.keep_track(run_id, track)  # also that there is none: it is not looked for again
    names = ("t_s", "distance_m", *COLOURED)
    measures = store.runs.data.second_columns(run_id, names)
    return route_of(track, measures, (run.trim_start_s, run.trim_end_s))
