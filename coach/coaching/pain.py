"""Decide what pain answers and red flags allow today.

Sources: pain-monitoring model of Silbernagel and Thomee in its stricter reading (0-2 go on; 3-5 no load; above 5 stop;
must settle by next morning; must not rise week to week), proven for the Achilles tendon and borrowed for the back;
a change of 2 points matters (Ostelo 2008). Red flags: `red_flags.toml`. Training and education, never a diagnosis.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final, TypeVar

from coach.coaching.red_flags import OpenSigns, open_signs
from coach.model.frozen import dataclass
from coach.model.pain import ASK_SIGNS_FROM, CLINICIAN_FROM, Lock, PainEntry, PainMoment, PainState, RedFlagAnswers

GO_ON: Final = 2  # pain-monitoring model: up to here all goes on
STOP_ABOVE: Final = 5  # pain-monitoring model: above this all stops
SETTLING: Final = timedelta(hours=10)  # a night; chosen by eye, 2026-11-20
FRESH: Final = timedelta(hours=36)  # an answer older than this does not speak for today; chosen by eye, 2026-11-20
KNOWN: Final = timedelta(days=7)  # week is compared with week; an older answer belongs to neither
RISE: Final = 1.0  # points between the means of two weeks, half of what matters: stricter; chosen by eye, 2026-11-20
_SET_BACK: Final = timedelta(days=1)  # by a time zone or summer time that was set wrong; more is another's entry
Reported = TypeVar("Reported", PainEntry, RedFlagAnswers)
_AT_REST: Final = {PainMoment.BEFORE_RUN, PainMoment.NEXT_MORNING, PainMoment.NOW, PainMoment.BEFORE_SESSION}
_PROVOKED: Final = {PainMoment.DURING_RUN, PainMoment.AFTER_RUN, PainMoment.AFTER_SESSION}
_CALF_QUIET_DAYS: Final = 7  # a week without pain before landing cues; by judgement
_CALF_HURT_DAYS: Final = 28  # a month in which pain still counts as recent; by judgement


@dataclass(frozen=True, slots=True)
class _Answer:
    """One number for one place of the body."""

    at: datetime
    moment: PainMoment
    level: int


def pain_state(entries: Iterable[PainEntry], red_flags: Sequence[RedFlagAnswers], now: datetime) -> PainState:
    """Judge the whole history at `now` (aware UTC). Later entries are left aside, so any past day can be judged."""
    answers = sorted((e for e in entries if e.at <= now), key=lambda e: e.at)
    back = [_Answer(e.at, e.moment, e.back) for e in answers if e.back is not None]
    calf = [_Answer(e.at, e.moment, e.calf) for e in answers if e.calf is not None]
    return _judge(back, calf, open_signs(red_flags, now, answers), now)


def pain_state_now(entries: Iterable[PainEntry], red_flags: Sequence[RedFlagAnswers], now: datetime) -> PainState:
    """Return `pain_state` of this moment. What seems to be of the next day was reported before the clock was set back:
    it counts as of now, since a strong pain or an open sign would else be unknown until the clock is there again."""
    return pain_state(by_now(entries, now), by_now(red_flags, now), now)


def by_now(reported: Iterable[Reported], now: datetime) -> list[Reported]:
    """Return, in order, what was reported until `now`, with what a clock that was ahead calls the next day's at
    `now`."""
    known = sorted((one for one in reported if one.at - now <= _SET_BACK), key=lambda one: one.at)
    return [one if one.at <= now else replace(one, at=now) for one in known]


def tapped(state: PainState, level: int, is_calf: bool = False) -> PainState:
    """Return the state after one tap during a run: it can only become stricter until the run ends."""
    back = state.level if is_calf else max(level, state.level or 0)
    calf = max(level, state.calf_level or 0) if is_calf else state.calf_level
    words = f"Pain {level} during this run"
    worst = max(back or 0, calf or 0)
    return replace(
        state,
        level=back,
        calf_level=calf,
        allows_cues=state.allows_cues and worst <= STOP_ABOVE,
        allows_load_cues=state.allows_load_cues and worst <= GO_ON,
        allows_strike_training=state.allows_strike_training and not calf,
        easier_track=state.easier_track or worst > STOP_ABOVE,
        advises_clinician=state.advises_clinician or worst >= CLINICIAN_FROM,
        reasons=(words, *state.reasons),
        words=_run_words(worst),
    )


def _run_words(worst: int) -> str:
    if worst > STOP_ABOVE:
        return f"Pain is above 5: walk from here. The coach says no more today.{_severe(worst)}"
    if worst > GO_ON:
        return "Pain is 3 to 5: run on if you like, gently. The coach asks for nothing that adds load."
    return "Pain is low: go on."


def _severe(worst: int | None) -> str:
    """Return what else pain of 7 and more, and of 8 and more, asks for."""
    if (worst or 0) < ASK_SIGNS_FROM:
        return ""
    clinician = " Pain of 8 or more is a reason to ask a doctor or physiotherapist."
    return f"{clinician if (worst or 0) >= CLINICIAN_FROM else ''} Please go through the warning signs."


def _judge(back: list[_Answer], calf: list[_Answer], flags: OpenSigns, now: datetime) -> PainState:
    level, calf_level = _level(back, now), _level(calf, now)
    worst = max((n for n in (level, calf_level) if n is not None), default=None)
    is_rising = _is_rising(back, now) or _is_rising(calf, now)
    is_settled = _is_settled(back, now) and _is_settled(calf, now)
    is_high = (worst or 0) > STOP_ABOVE
    is_fresh = bool(back) and now - back[-1].at <= FRESH
    is_free = flags.lock is Lock.NONE
    lasts = _lasts_a_week(back, now) or _lasts_a_week(calf, now)
    allows_cues = is_free and not is_high and not is_rising
    reasons = _reasons(flags, level, calf_level, is_rising, is_settled, is_fresh, lasts)
    return PainState(
        lock=flags.lock,
        level=level,
        calf_level=calf_level,
        is_rising=is_rising,
        is_settled=is_settled,
        allows_cues=allows_cues,
        allows_load_cues=allows_cues and is_fresh and is_settled and worst is not None and worst <= GO_ON,
        allows_strike_training=is_free and _is_calf_quiet(calf, now),
        advises_clinician=bool(flags.signs) or lasts or (worst or 0) >= CLINICIAN_FROM,
        reasons=reasons,
        words=_words(flags, worst, is_rising, is_settled, is_fresh, lasts),
        signs=flags.signs,
        easier_track=is_high or is_rising,
        asked_at=flags.asked_at,
        further=flags.further,
    )


def _level(answers: list[_Answer], now: datetime) -> int | None:
    """Return what counts today: the last answer at rest, or worse where pain was provoked and no night has passed."""
    known = [a for a in answers if now - a.at <= KNOWN]
    rest = [a for a in known if a.moment in _AT_REST]
    counts = [a.level for a in rest[-1:]]
    provoked = [a for a in known if a.moment not in _AT_REST]
    counts += [a.level for a in provoked if not any(r.at >= a.at + SETTLING for r in rest)]
    return max(counts, default=None)


def _is_settled(answers: list[_Answer], now: datetime) -> bool:
    """Whether what the last run or session provoked had gone by next morning; after a night, unknown counts as not."""
    provoked = [a for a in answers if a.moment in _PROVOKED and now - a.at <= KNOWN]
    if not provoked:
        return True
    last = provoked[-1].at
    bout = [a for a in provoked if last - a.at <= SETTLING]
    worst = max(a.level for a in bout)
    before = [a.level for a in answers if a.moment in _AT_REST and a.at <= bout[0].at and bout[0].at - a.at <= SETTLING]
    after = [a.level for a in answers if a.moment in _AT_REST and a.at >= last + SETTLING]
    if after:
        return after[-1] <= max([GO_ON, *before[-1:]])
    return worst <= GO_ON or now < last + SETTLING


def _daily_worst(answers: list[_Answer], start: datetime, end: datetime) -> list[int]:
    days: dict[object, int] = {}
    for answer in answers:
        if start < answer.at <= end:
            day = answer.at.date()
            days[day] = max(days.get(day, 0), answer.level)
    return list(days.values())


def _is_rising(answers: list[_Answer], now: datetime) -> bool:
    """Whether this week's mean of daily worst lies clearly above last week's and above the go-on band."""
    week = timedelta(days=7)
    this, last = _daily_worst(answers, now - week, now), _daily_worst(answers, now - 2 * week, now - week)
    if len(this) < 2 or len(last) < 2:
        return False
    mean = sum(this) / len(this)
    return mean > GO_ON and mean - sum(last) / len(last) >= RISE


def _lasts_a_week(answers: list[_Answer], now: datetime) -> bool:
    """Whether pain has stayed above 5, or has been rising, for a week."""
    high_since: datetime | None = None
    for answer in answers:
        high_since = (high_since or answer.at) if answer.level > STOP_ABOVE else None
    if high_since is not None and now - answers[-1].at <= KNOWN and now - high_since >= timedelta(days=7):
        return True
    return _is_rising(answers, now) and _is_rising(answers, now - timedelta(days=7))


def _is_calf_quiet(calf: list[_Answer], now: datetime) -> bool:
    if not calf or now - calf[-1].at > FRESH:
        return False
    recent = (a.level for a in calf if now - a.at <= timedelta(days=_CALF_QUIET_DAYS))
    month = (a.level for a in calf if now - a.at <= timedelta(days=_CALF_HURT_DAYS))
    return max(recent, default=0) == 0 and max(month, default=0) <= GO_ON


def _reasons(
    flags: OpenSigns, level: int | None, calf: int | None, rising: bool, settled: bool, fresh: bool, lasts: bool
) -> tuple[str, ...]:
    reasons = [f"You reported: {sign}" for sign in flags.words]
    if flags.asks_again:
        reasons.append(flags.asks_again)
    for place, value in (("Back pain", level), ("Calf or Achilles pain", calf)):
        if value is not None:
            reasons.append(f"{place} {value} of 10: {_band(value)}")
    if rising:
        reasons.append("Pain has risen from last week to this week")
    if not settled:
        reasons.append("Pain from the last run or session was not back down the next morning, or has not been asked")
    if not fresh:
        reasons.append("Your back has not been asked about in the last day and a half")
    if lasts:
        reasons.append("This has lasted a week")
    return tuple(reasons)


def _band(level: int) -> str:
    if level > STOP_ABOVE:
        return "above 5, no cues today"
    return "3 to 5, nothing that adds load" if level > GO_ON else "0 to 2, go on"


def _words(flags: OpenSigns, worst: int | None, rising: bool, settled: bool, fresh: bool, lasts: bool) -> str:
    if flags.lock is Lock.EMERGENCY:
        return (
            "Get medical help now: call your emergency number (999 in the UK, 112 in Europe, 911 in North America) "
            "or go to an emergency department. Coaching and sessions stay locked until you have been seen."
        )
    if flags.lock is Lock.URGENT:
        return (
            "Please see a doctor or physiotherapist in the next days. Do not run until then: coaching and sessions "
            "stay locked until you enter the date on which you were seen."
        )
    if flags.lock is Lock.NOT_ASKED:
        walk = "Pain is 6 or more: no run and no weights today. " if (worst or 0) > STOP_ABOVE else ""
        clinician = "Pain of 8 or more is a reason to ask a doctor. " if (worst or 0) >= CLINICIAN_FROM else ""
        return f"{walk}{clinician}{flags.asks_again}: go through them first. Until then the coach only listens."
    ask = " Please talk to a clinician about it." if lasts else ""
    if (worst or 0) > STOP_ABOVE:
        severe = " Pain of 8 or more is a reason to ask a doctor." if (worst or 0) >= CLINICIAN_FROM else ""
        return f"Pain is 6 or more: no run and no weights today. Walk if that feels fine.{severe}{ask}"
    if rising:
        return f"Pain is rising from week to week: take the easier track. The coach gives no cues.{ask}"
    if (worst or 0) > GO_ON:
        return (
            "Pain is 3 to 5: you may run, gently, and avoid long descents. The coach asks for nothing that adds load."
        )
    if not settled:
        return "Pain had not settled by the morning after: the coach asks for nothing that adds load."
    if worst is None or not fresh:
        return "Say how your back is today: until then the coach asks for nothing that adds load."
    first = " Ask a clinician before you start: see your answers." if flags.signs else ""
    return f"Pain is low: go on.{first}"
