"""Decide which warning signs are open, and the lock they make, from the runner's answers.

A sign that locks stays open until the runner gives the date of a clinician's look at it. A slip of the finger can be
taken back for ten minutes; signs that lock nothing whenever they no longer hold. A weak sign alone asks further; the
rule by which weak signs lock together is, with its source, in `red_flags.toml`. Answers hold for four weeks and until
pain of 7 or a rise of 3: before and after that the state is "not asked", which is never taken for "no sign".
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Final

from coach.coaching.loader import load_red_flags, load_sign_combination
from coach.model.frozen import dataclass
from coach.model.pain import ASK_SIGNS_FROM, Lock, PainEntry, RedFlag, RedFlagAnswers, SignKind

VALID_FOR: Final = timedelta(days=28)  # half a training block; chosen by judgement, stricter than "once"
ASK_AGAIN_RISE: Final = 3  # points above the week before: beyond the 2 that matter (Ostelo 2008); chosen by judgement
_SAME_BOUT: Final = timedelta(hours=24)  # signs answered in a flare are not asked again for the same flare; judgement
_SLIP: Final = timedelta(minutes=10)  # to notice a slip of the finger; by judgement
_ONE_DAY: Final = timedelta(days=1)  # dates are local, times UTC: they may differ by one day
_WEEK: Final = timedelta(days=7)  # before an answer, with which a rise is compared


@dataclass(frozen=True, slots=True)
class OpenSigns:
    """What the answers add up to.

    lock: what they lock. signs: ids still open, the gravest first. words: what was asked. asked_at: newest answer to
    the questions. asks_again: why they must be asked now, "" where the answers hold. further: what a weak sign asks.
    """

    lock: Lock
    signs: tuple[str, ...]
    words: tuple[str, ...]
    asked_at: datetime | None
    asks_again: str
    further: tuple[str, ...]


def open_signs(answers: Sequence[RedFlagAnswers], now: datetime, pain: Iterable[PainEntry] = ()) -> OpenSigns:
    """Fold all answers up to `now`. An id that is not in `red_flags.toml` is treated as urgent: never lost.

    pain: reports of the last five weeks, in which strong pain or a steep rise asks for the signs again.
    """
    past = sorted((a for a in answers if a.at <= now), key=lambda a: a.at)
    reported: dict[str, datetime] = {}
    for answer in past:
        reported = _after(reported, answer)
    ordered = sorted(reported, key=lambda s: (_GRAVITY[_flag(s).kind], s))
    # A date alone closes signs; it answers none of the questions.
    asked_at = max((a.at for a in past if a.signs or a.seen_on is None), default=None)
    asks_again = _asks_again(asked_at, now, pain)
    lock = _lock(ordered)
    if lock is Lock.NONE and asks_again:
        lock = Lock.NOT_ASKED
    further = tuple(_flag(s).asks_further for s in ordered if _flag(s).is_weak and not lock.is_sign_open)
    return OpenSigns(lock, tuple(ordered), tuple(_flag(s).asks for s in ordered), asked_at, asks_again, further)


def _after(reported: Mapping[str, datetime], answer: RedFlagAnswers) -> dict[str, datetime]:
    """Return the open signs, each with the time of its report, after one more answer."""
    is_together = _lock_together([_flag(s) for s in reported])
    left = {
        sign: at
        for sign, at in reported.items()
        if sign in answer.signs
        or (answer.at - at > _SLIP and (_flag(sign).locks or (_flag(sign).is_weak and is_together)))
    }
    for sign in answer.signs:
        left.setdefault(sign, answer.at)
    if answer.seen_on is None:
        return left
    return {sign: at for sign, at in left.items() if not _is_cleared(sign, at, answer.seen_on, answer.at)}


def _asks_again(asked_at: datetime | None, now: datetime, pain: Iterable[PainEntry]) -> str:
    """Return why the signs must be asked now; "" where the last answers hold."""
    if asked_at is None:
        return "The warning signs have not been asked yet"
    if now - asked_at >= VALID_FOR:
        return "The warning signs were last asked four weeks ago or longer"
    reports = sorted((e for e in pain if e.at <= now), key=lambda e: e.at)
    for place in ("back", "calf"):
        levels = [(e.at, level) for e in reports if (level := getattr(e, place)) is not None]
        for at, level in levels:
            if at <= asked_at or _is_same_bout(levels, at, level, asked_at):
                continue
            if level >= ASK_SIGNS_FROM:
                return f"Pain was {ASK_SIGNS_FROM} or more since the warning signs were asked"
            week = [before for when, before in levels if at - _WEEK <= when < at]
            if week and level - sum(week) / len(week) >= ASK_AGAIN_RISE:
                return f"Pain rose by {ASK_AGAIN_RISE} or more since the warning signs were asked"
    return ""


def _is_same_bout(levels: Sequence[tuple[datetime, int]], at: datetime, level: int, asked_at: datetime) -> bool:
    """Whether the signs were answered after pain as strong as this had been reported, less than a day before it."""
    return any(when <= asked_at and at - when < _SAME_BOUT and before >= level for when, before in levels)


def _is_cleared(sign: str, reported_at: datetime, seen_on: date, answered_at: datetime) -> bool:
    if seen_on > answered_at.date() + _ONE_DAY:
        return False
    return _flag(sign).is_lasting or seen_on >= reported_at.date() - _ONE_DAY


def _lock(signs: Sequence[str]) -> Lock:
    flags = [_flag(s) for s in signs]
    if any(f.locks and f.kind is SignKind.EMERGENCY for f in flags):
        return Lock.EMERGENCY
    return Lock.URGENT if _lock_together(flags) or any(f.locks for f in flags) else Lock.NONE


def _lock_together(flags: Sequence[RedFlag]) -> bool:
    return sum(f.is_weak for f in flags) >= load_sign_combination().n_weak_that_lock


def _flag(sign: str) -> RedFlag:
    return load_red_flags().get(sign) or RedFlag(sign, SignKind.URGENT, sign.replace("_", " "), True, False, ())


_GRAVITY: Final = {SignKind.EMERGENCY: 0, SignKind.URGENT: 1, SignKind.RUNNER: 2, SignKind.ASK_FIRST: 3}
