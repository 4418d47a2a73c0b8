"""Read from a recording what it says of its run beside the sensors' bytes: place, shoes, plan, pain.

A run that was recorded elsewhere (on the phone alone, on another machine) is a run like any other only if all of this
comes in with it: without the plan it moves no block, without the taps tomorrow's gates know nothing of today's pain.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final

from coach.interchange.merging import overlap_s
from coach.model.cues import CueDecision
from coach.model.pain import PainEntry, PainMoment, RedFlagAnswers
from coach.model.plain import Noun, from_plain
from coach.model.recordings import RecordingHeader, RunEvent
from coach.model.runs import Run, RunFilter, RunPlace, RunPlan, RunState
from coach.model.samples import Notification
from coach.recording.reader import Recording
from coach.storage.store import Store

_SAME_MOMENT: Final = timedelta(seconds=2)  # two entries of one moment and level are one; chosen by judgement
_LONGEST: Final = timedelta(days=2)
_SAME_SHARE: Final = 0.5  # of the shorter recording's time; chosen by judgement
_CUE_APART_S: Final = 1.0  # a cue worked out again is the logged one if it comes within two ticks


def run_of(header: RecordingHeader, recording: str) -> Run:
    """Return the run of a recording with this header, unfinished. recording: its file's name.

    What the header's settings do not hold, or hold otherwise than the run's nouns, stays at its default: an older
    program wrote fewer of them.
    """
    settings = header.settings
    return Run(
        header.run_id,
        header.started_at,
        RunState.RECORDING,
        recording=recording,
        sensors=header.sensors,
        place=_noun(RunPlace, settings.get("place")) or RunPlace.NOT_SAID,
        shoes=str(settings.get("shoes") or "")[:80],
        slope_pct=_noun(float, settings.get("slope_pct")),
        notes=str(settings.get("notes") or "")[:2000],
        plan=_noun(RunPlan, settings.get("plan")),
    )


def length_s(recording: Recording) -> float:
    """Return the time of the last thing in a recording [s]."""
    return max((item.t_s for item in recording.sound_items()), default=0.0)


def same_time(store: Store, started_at: datetime, end_s: float) -> Run | None:
    """Return the run that shares most, and more than half of the shorter one's time,
    with the `end_s` after `started_at`."""
    until = started_at + timedelta(seconds=max(end_s, 1.0))
    best: tuple[float, Run] | None = None
    for entry in store.runs.list(RunFilter(since=started_at - _LONGEST, until=until, sport=None), limit=None):
        start_s = (entry.run.started_at - started_at).total_seconds()
        run_s = (entry.run.duration_s or 0.0) + sum(b - a for a, b in entry.run.pauses)
        common_s = overlap_s(start_s, start_s + run_s, 0.0, end_s)
        if common_s > _SAME_SHARE * min(run_s, end_s) and (best is None or common_s > best[0]):
            best = (common_s, entry.run)
    return best[1] if best else None


def keep_answers(store: Store, header: RecordingHeader, items: Iterable[Notification | RunEvent], run_id: str) -> int:
    """Keep the pain answers and warning signs that came with a recording, once each; gives how many were new.

    run_id: the run that taps belong to, which is another than the header's where two recordings are one run.
    """
    answers = header.settings.get("answers") or {}
    entries = list(_noun(tuple[PainEntry, ...], answers.get("pain")) or ())
    taps: list[PainEntry] = []
    for item in items:
        if isinstance(item, RunEvent) and item.kind == "pain":
            taps += _tap(header, item, run_id)
        elif isinstance(item, RunEvent) and item.kind == "pain_undone":
            del taps[-1:]
    entries += taps
    known = store.pain.list(since=header.started_at - timedelta(days=2))
    new = [one for one in entries if not any(_is_same(one, other) for other in known)]
    for one in new:
        store.pain.add(one)
    flags = _noun(tuple[RedFlagAnswers, ...], answers.get("red_flags")) or ()
    kept = {(one.at, one.signs) for one in store.pain.red_flags()}
    for flag in flags:
        if (flag.at, flag.signs) not in kept:
            store.pain.add_red_flags(flag)
    return len(new)


def unlike_cues(logged: Sequence[CueDecision], again: Sequence[CueDecision]) -> list[str]:
    """Return, in words, each spoken cue that only one of the two knows: as logged during the run,
    and as worked out again."""
    left = [cue for cue in again if cue.is_spoken]
    unlike: list[str] = []
    for cue in (one for one in logged if one.is_spoken):
        same = next((o for o in left if o.rule_id == cue.rule_id and abs(o.t_s - cue.t_s) <= _CUE_APART_S), None)
        if same is None:
            unlike.append(f"{cue.rule_id} at {cue.t_s:.0f} s was spoken in the run and is not found again")
        else:
            left.remove(same)
    return unlike + [f"{cue.rule_id} at {cue.t_s:.0f} s is found and was not spoken in the run" for cue in left]


def _tap(header: RecordingHeader, event: RunEvent, run_id: str) -> list[PainEntry]:
    level = event.data.get("level")
    if not isinstance(level, int) or not 0 <= level <= 10:
        return []
    back, calf = (None, level) if event.data.get("is_calf") else (level, None)
    at = _noun(datetime, event.data.get("at")) or header.started_at + timedelta(seconds=event.t_s)
    return [PainEntry(at, PainMoment.DURING_RUN, back, calf, run_id)]


def _is_same(one: PainEntry, other: PainEntry) -> bool:
    is_alike = (one.moment, one.back, one.calf) == (other.moment, other.back, other.calf)
    return is_alike and abs(one.at - other.at) <= _SAME_MOMENT


def _noun(kind: type[Noun], value: object) -> Noun | None:
    if value is None:
        return None
    try:
        return from_plain(kind, value)
    except ValueError:
        return None
