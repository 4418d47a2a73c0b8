"""Red-flag answers in, the signs still open and the lock they make out.

A sign stays open until the runner gives the date of a clinician's look at it. A slip of the finger can be taken back
for ten minutes; signs that lock nothing whenever they no longer hold. Sources: `red_flags.toml`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from coach.coaching.loader import load_red_flags
from coach.model.pain import Lock, RedFlag, RedFlagAnswers, SignKind

_SLIP: Final = timedelta(minutes=10)
_ONE_DAY: Final = timedelta(days=1)  # dates are local, times UTC: they may differ by one day


@dataclass(frozen=True, slots=True)
class Openings:
    """signs: ids still open, the gravest first. words: what was asked. lock: what they lock."""

    lock: Lock
    signs: tuple[str, ...]
    words: tuple[str, ...]


def open_signs(answers: Sequence[RedFlagAnswers], now: datetime) -> Openings:
    """Fold all answers up to `now`. An id that is not in `red_flags.toml` is treated as urgent: never lost."""
    told: dict[str, datetime] = {}
    for answer in sorted((a for a in answers if a.at <= now), key=lambda a: a.at):
        told = {s: at for s, at in told.items() if s in answer.signs or (_flag(s).locks and answer.at - at > _SLIP)}
        for sign in answer.signs:
            told.setdefault(sign, answer.at)
        if answer.seen_on is not None:
            told = {s: at for s, at in told.items() if not _is_cleared(s, at, answer.seen_on, answer.at)}
    ordered = sorted(told, key=lambda s: (_GRAVITY[_flag(s).kind], s))
    return Openings(_lock(ordered), tuple(ordered), tuple(_flag(s).asks for s in ordered))


def _is_cleared(sign: str, told_at: datetime, seen_on: date, answered_at: datetime) -> bool:
    if seen_on > answered_at.date() + _ONE_DAY:
        return False
    return _flag(sign).is_lasting or seen_on >= told_at.date() - _ONE_DAY


def _lock(signs: list[str]) -> Lock:
    flags = [_flag(s) for s in signs]
    if any(f.locks and f.kind is SignKind.EMERGENCY for f in flags):
        return Lock.EMERGENCY
    return Lock.URGENT if any(f.locks for f in flags) else Lock.NONE


def _flag(sign: str) -> RedFlag:
    return load_red_flags().get(sign) or RedFlag(sign, SignKind.URGENT, sign.replace("_", " "), True, False, ())


_GRAVITY: Final = {SignKind.EMERGENCY: 0, SignKind.URGENT: 1, SignKind.RUNNER: 2, SignKind.ASK_FIRST: 3}
