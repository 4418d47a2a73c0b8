"""Decide what pain in a guided session asks for there and then: go on, ease or end.

The bands are those of the plan (`tracks.toml`: 0-2 go on, 3-5 ease, above 5 end), the pain-monitoring model in its
stricter reading. Pain of 3 to 5 that was there before and has not grown is no reason to leave an exercise out: the
session has been eased for it already.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from coach.model.pain import ASK_SIGNS_FROM, CLINICIAN_FROM
from coach.model.strength import Dose, Heed, SessionAdvice, SessionEvent

LEVELS: Final = range(11)
_SIGNS: Final = " Please go through the warning signs now."
_CLINICIAN: Final = " Pain of 8 or more is a reason to ask a doctor or physiotherapist."


def heed(kind: str, pain: int, before: int | None, dose: Dose) -> SessionAdvice:
    """Say what to do. kind: of the tap ("begin", "effort" or "end"). before: pain at the beginning, 0-10."""
    asks_signs = pain >= ASK_SIGNS_FROM
    after = (_CLINICIAN if pain >= CLINICIAN_FROM else "") + (_SIGNS if asks_signs else "")
    if pain > dose.pain_hold:
        return SessionAdvice(Heed.END, _END[kind].format(pain=pain) + after, asks_signs)
    if pain <= dose.pain_go_on:
        return SessionAdvice()
    if kind == "effort" and before is not None and pain <= before:
        return SessionAdvice(words=f"Pain {pain}, no more than before: go on gently.")
    return SessionAdvice(Heed.EASE, _EASE[kind].format(pain=pain))


def newest(events: Sequence[SessionEvent], taps: Sequence[SessionEvent], dose: Dose) -> SessionAdvice:
    """Return what the newest number for pain among `events` asks for. taps: all of the session that are in force."""
    answers = [e for e in events if e.kind in _END and e.pain is not None]
    if not answers:
        return SessionAdvice()
    last = max(answers, key=lambda e: (e.at, e.event_id))
    before = [t.pain for t in taps if t.kind == "begin" and t.pain is not None]
    assert last.pain is not None  # only such are answers
    return heed(last.kind, last.pain, before[-1] if before else None, dose)


def table(dose: Dose) -> Mapping[str, Sequence[SessionAdvice]]:
    """Return all answers by kind and number, so that a phone without a network obeys by the same rules.

    "effort_as_before": for pain that is no more than at the beginning.
    """
    made = {kind: [heed(kind, n, None, dose) for n in LEVELS] for kind in _END}
    return {**made, "effort_as_before": [heed("effort", n, n, dose) for n in LEVELS]}


_END: Final[Mapping[str, str]] = {
    "begin": "Pain is {pain}: no session today, and no run. Walk if that feels fine; the session waits for you.",
    "effort": "Pain is {pain}: stop the session here. What you have done is kept. Walk if that feels fine.",
    "end": "Pain is {pain}: no run and no weights until it has settled. Walk if that feels fine.",
}
_EASE: Final[Mapping[str, str]] = {
    "begin": "Pain is {pain}: nothing gets harder today. Leave out what makes it worse.",
    "effort": "Pain is {pain}: leave out the rest of this exercise and go to the next one.",
    "end": "Pain is {pain}: it should be gone by tomorrow morning. Say then how it is.",
}
