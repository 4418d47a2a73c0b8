"""The runner as page and command line handle it: profile, pain answers, red flags, and what they allow now."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, replace
from datetime import date, datetime, timedelta
from typing import Any, Final

from coach.coaching.loader import load_red_flags
from coach.coaching.pain import pain_state, pain_state_now
from coach.coaching.programme import FOCUSES
from coach.errors import UserError
from coach.language.locales import LOCALES
from coach.model.pain import PainEntry, PainMoment, PainState, RedFlag, RedFlagAnswers
from coach.model.runner import RunnerProfile
from coach.model.runs import Run
from coach.model.time_zones import zone, zone_or_utc
from coach.storage.store import Store
from coach.wall_clock import utc_now

_ASKED_WITHIN: Final = timedelta(hours=36)  # of the run's end: as long as an answer speaks for a day (coaching.pain)
_LOOK_BACK: Final = timedelta(days=42)  # six weeks hold every rule about pain
_RANGES: Final[Mapping[str, tuple[float, float, str]]] = {
    "birth_year": (1900, 2026, ""),
    "height_m": (1.0, 2.3, "m"),
    "mass_kg": (25, 250, "kg"),
    "leg_length_m": (0.5, 1.3, "m"),
    "running_years": (0, 90, "years"),
    "weekly_km": (0, 400, "km"),
    "weekly_runs": (0, 21, "runs"),
}
_CHOICES: Final[Mapping[str, tuple[object, ...]]] = {
    "sex": (None, "female", "male", "other"),
    "units": ("metric", "imperial"),
    "language": ("", *LOCALES),
}


class RunnerService:
    """Thread-safe: keeps nothing but the store. clock: aware UTC time."""

    def __init__(self, store: Store, clock: Callable[[], datetime] = utc_now) -> None:
        self._store = store
        self._clock = clock

    # Profile

    def profile(self) -> RunnerProfile:
        """Return what is known of the runner; an empty profile before."""
        return self._store.runner.get()

    def change(self, **changes: Any) -> RunnerProfile:
        """Change fields of the profile by name.

        Raises:
            UserError: a field does not exist or a value cannot be; nothing is changed then.
        """
        known = {field.name for field in fields(RunnerProfile)}
        unknown = sorted(set(changes) - known)
        if unknown:
            raise UserError(f"a runner has no {', '.join(unknown)}; known are {', '.join(sorted(known))}")
        needed = {field.name for field in fields(RunnerProfile) if field.default is not None}
        empty = sorted(name for name in needed & set(changes) if changes[name] is None)
        if empty:
            names = ", ".join(empty)
            raise UserError(f"{names} cannot be empty")
        profile = replace(self.profile(), **changes)
        _check(profile)
        profile = _with_strike_start(self.profile(), profile, self._today(profile))
        self._store.runner.save(profile)
        return profile

    # Pain

    def report_pain(
        self,
        moment: PainMoment | str,
        back: int | None = None,
        calf: int | None = None,
        run_id: str | None = None,
        session_id: str | None = None,
        note: str = "",
    ) -> PainState:
        """Keep one answer, 0-10; gives what is allowed now.

        Raises:
            UserError: no number was given, or one outside 0-10, or an unknown moment.
        """
        if back is None and calf is None:
            raise UserError("give a number from 0 to 10 for the back, or for calf and Achilles")
        for level in (back, calf):
            if level is not None and not 0 <= level <= 10:
                raise UserError(f"pain goes from 0 to 10, not {level}")
        try:
            which = PainMoment(moment)
        except ValueError as error:
            known = ", ".join(m.value for m in PainMoment)
            raise UserError(f"pain is asked at: {known}; not at {moment}") from error
        self._store.pain.add(PainEntry(self._clock(), which, back, calf, run_id, session_id, note[:500]))
        return self.pain_state()

    def pain_entries(self, since: datetime | None = None, run_id: str | None = None) -> Sequence[PainEntry]:
        """Return the answers, oldest first."""
        return self._store.pain.list(since=since, run_id=run_id)

    def is_asked_about(self, run: Run) -> bool:
        """Whether the morning after a run has come and nobody has answered yet; see `is_asked_about`."""
        return is_asked_about(self._store, run, self._clock())

    def pain_state(self, at: datetime | None = None) -> PainState:
        """Return what pain and red flags allow at a moment, by default now."""
        judge, now = (pain_state_now, self._clock()) if at is None else (pain_state, at)
        return judge(self._store.pain.list(since=now - _LOOK_BACK), self._store.pain.red_flags(), now)

    # Red flags

    def red_flags(self) -> Mapping[str, RedFlag]:
        """Return every sign that is asked about, by id."""
        return load_red_flags()

    def red_flag_answers(self) -> Sequence[RedFlagAnswers]:
        """Return all answers so far, oldest first; empty: never asked."""
        return self._store.pain.red_flags()

    def answer_red_flags(self, signs: Sequence[str], seen_on: date | None = None) -> PainState:
        """Keep one answer. seen_on: date of a clinician's look at the signs that are open.

        Raises:
            UserError: an unknown sign, or a date in the future.
        """
        unknown = sorted(set(signs) - set(load_red_flags()))
        if unknown:
            raise UserError(f"there is no sign {', '.join(unknown)} in the list of red flags")
        if seen_on is not None and seen_on > self._today(self.profile()):
            raise UserError(f"{seen_on} is in the future: give the date on which you were seen")
        self._store.pain.add_red_flags(RedFlagAnswers(self._clock(), tuple(dict.fromkeys(signs)), seen_on))
        return self.pain_state()

    def _today(self, profile: RunnerProfile) -> date:
        return self._clock().astimezone(zone_or_utc(profile.time_zone)).date()


def is_asked_about(store: Store, run: Run, now: datetime) -> bool:
    """Whether the morning after a run has come and nobody has answered yet how back and calf feel.

    Raises:
        StorageError: the database cannot be read.
    """
    ended_at = run.started_at + timedelta(seconds=run.duration_s or 0.0)
    here = zone_or_utc(store.runner.get().time_zone)
    is_morning = now.astimezone(here).date() > ended_at.astimezone(here).date() and now - ended_at < _ASKED_WITHIN
    return is_morning and all(entry.moment is not PainMoment.NEXT_MORNING for entry in store.pain.list(since=ended_at))


def _with_strike_start(old: RunnerProfile, new: RunnerProfile, today: date) -> RunnerProfile:
    """Return the profile with the day on which strike training was asked for: its weeks count from there."""
    if new.wants_strike_training and not (old.wants_strike_training and new.strike_training_since):
        return replace(new, strike_training_since=new.strike_training_since or today)
    return new if new.wants_strike_training else replace(new, strike_training_since=None)


def _check(profile: RunnerProfile) -> None:
    for name, (low, high, unit) in _RANGES.items():
        value = getattr(profile, name)
        if value is not None and not low <= value <= high:
            raise UserError(f"{name} goes from {low} to {high} {unit}".rstrip() + f", not {value}")
    for name, choices in _CHOICES.items():
        if getattr(profile, name) not in choices:
            raise UserError(f"{name} is one of {', '.join(str(c) for c in choices if c)}")
    if profile.focus_wish is not None and profile.focus_wish not in FOCUSES:
        raise UserError(f"there is no focus {profile.focus_wish}; known are {', '.join(FOCUSES)}")
    zone(profile.time_zone)
