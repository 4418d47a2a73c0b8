"""Cut a run in two: new runs with their own raw logs and numbers."""

import dataclasses
import re
from collections.abc import Sequence
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Final, TypeVar

from coach.errors import UserError
from coach.model.cues import CueDecision
from coach.model.metrics import LiveMetrics
from coach.model.plain import to_plain
from coach.model.recordings import RunEvent
from coach.model.runs import Lap, Run
from coach.model.samples import Notification
from coach.model.strides import Stride, TrunkStep
from coach.recording.folder import inside
from coach.recording.reader import read_recording
from coach.recording.writer import RecordingWriter
from coach.storage.store import Store
from coach.wall_clock import utc_now

_CONTACT_TIMES = ("initial_contact_s", "toe_off_s", "mid_stance_s")
Timed = TypeVar("Timed", Stride, TrunkStep)
_PART: Final = re.compile(r"(.+)-[ab]\d*")  # as `_free_ids` names them


def split_run(store: Store, recordings: Path, run_id: str, at_s: float) -> tuple[Run, Run]:
    """Make the two parts and keep them hidden, not yet summed up. The whole is left as it is.

    Killed at any moment, there is the whole run and nothing else to be seen: each part has its hidden row first, and
    the next start takes back what is half made (`half_made`).

    Raises:
        UserError: the cut lies outside the run.
    """
    run = store.runs.get(run_id)
    end_s = max((metrics.t_s for metrics in store.runs.data.seconds(run_id)), default=run.duration_s or 0.0)
    if not 1.0 <= at_s <= end_s - 1.0:
        raise UserError(f"cut the run between its first and its last second, not at {at_s:.0f} s")
    first, second = _free_ids(store, run_id)
    return _part(store, recordings, run, 0.0, at_s, first), _part(store, recordings, run, at_s, end_s + 60.0, second)


def half_made(store: Store) -> list[str]:
    """Return ids of hidden parts that were never summed up: the cut was cut off. Their whole run is still there."""
    parts = [(run_id, _PART.fullmatch(run_id)) for run_id in store.runs.hidden_without_summary()]
    return [run_id for run_id, part in parts if part is not None and store.runs.knows(part[1])]


def _free_ids(store: Store, run_id: str) -> tuple[str, str]:
    """Return ids for two parts; those of parts that were joined again and deleted are not free."""
    for number in count(1):
        ids = tuple(f"{run_id}-{letter}{number if number > 1 else ''}" for letter in "ab")
        if not any(_is_known(store, one) for one in ids):
            break
    return ids[0], ids[1]


def _is_known(store: Store, run_id: str) -> bool:
    try:
        store.runs.get(run_id)
    except UserError:
        return False
    return True


def _part(store: Store, recordings: Path, run: Run, start_s: float, end_s: float, part_id: str) -> Run:
    part = dataclasses.replace(
        run,
        run_id=part_id,
        started_at=run.started_at + timedelta(seconds=start_s),
        laps=_laps(run.laps, start_s, end_s),
        pauses=tuple(
            (max(a, start_s) - start_s, min(b, end_s) - start_s) for a, b in run.pauses if b > start_s and a < end_s
        ),
        trim_start_s=None,
        trim_end_s=None,
        recording=None,
    )
    store.runs.create(part, deleted_at=utc_now())
    _copy(store, run.run_id, part.run_id, start_s, end_s)
    if run.recording and inside(recordings, run.recording).is_file():
        name = _cut_log(recordings, run.recording, part, start_s, end_s)
        part = store.runs.change(part.run_id, recording=name)
    return part


def _laps(laps: Sequence[Lap], start_s: float, end_s: float) -> tuple[Lap, ...]:
    kept = [lap for lap in laps if lap.start_s < end_s and (lap.end_s is None or lap.end_s > start_s)]
    return tuple(
        Lap(
            number,
            max(0.0, lap.start_s - start_s),
            None if lap.end_s is None else min(lap.end_s, end_s) - start_s,
            lap.kind,
        )
        for number, lap in enumerate(kept, start=1)
    )


def _cut_log(recordings: Path, name: str, part: Run, start_s: float, end_s: float) -> str:
    whole = read_recording(inside(recordings, name))
    header = dataclasses.replace(whole.header, run_id=part.run_id, started_at=part.started_at)
    writer = RecordingWriter(recordings, header)
    for item in whole.items():
        if not start_s <= item.t_s < end_s:
            continue
        if isinstance(item, Notification):
            writer.write(item._replace(t_s=item.t_s - start_s))
        else:
            writer.write_event(_event(dataclasses.replace(item, t_s=item.t_s - start_s), start_s))
    return writer.close().name


def _event(event: RunEvent, start_s: float) -> RunEvent:
    """Return the event moved; a time of its own in its data (a cue, a link, a late tap) is moved, too."""
    times = {name: event.data[name] for name in ("t_s", "tapped_s") if isinstance(event.data.get(name), int | float)}
    if times:
        moved = {name: max(0.0, t_s - start_s) for name, t_s in times.items()}
        return dataclasses.replace(event, data={**to_plain(event.data), **moved})
    return event


def _copy(store: Store, whole_id: str, part_id: str, start_s: float, end_s: float) -> None:
    runs = store.runs
    contacts = [_moved(s, start_s) for s in runs.data.strides(whole_id) if start_s <= s.initial_contact_s < end_s]
    steps = [_moved(s, start_s) for s in runs.data.steps(whole_id) if start_s <= s.initial_contact_s < end_s]
    seconds = _seconds(runs.data.seconds(whole_id), start_s, end_s)
    decisions = [
        _cue(decision, start_s) for decision in runs.data.decisions(whole_id) if start_s <= decision.t_s < end_s
    ]
    known = {decision.cue_id for decision in decisions}
    responses = [response for response in runs.data.responses(whole_id) if response.cue_id in known]
    runs.data.add(part_id, [*contacts, *steps], seconds, decisions, responses)


def _moved(stride: Timed, by_s: float) -> Timed:
    times = {name: getattr(stride, name, None) for name in _CONTACT_TIMES}
    return dataclasses.replace(stride, **{name: t_s - by_s for name, t_s in times.items() if t_s is not None})


def _seconds(seconds: Sequence[LiveMetrics], start_s: float, end_s: float) -> list[LiveMetrics]:
    inside = [s for s in seconds if start_s <= s.t_s < end_s]
    far_m = next((s.distance_m for s in reversed(seconds) if s.t_s < start_s and s.distance_m is not None), 0.0)
    return [
        dataclasses.replace(s, t_s=s.t_s - start_s, distance_m=None if s.distance_m is None else s.distance_m - far_m)
        for s in inside
    ]


def _cue(decision: CueDecision, by_s: float) -> CueDecision:
    return dataclasses.replace(decision, t_s=decision.t_s - by_s)
