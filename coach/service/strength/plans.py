"""The strength programme in use: change the plan by the runner's wishes and taps."""

import threading
import uuid
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any, Final

from coach.errors import UserError
from coach.language.phrases import ENGLISH, Phrases
from coach.model.pain import Lock, PainEntry, PainMoment, PainState
from coach.model.strength import (
    Heed,
    PlanPause,
    PlanWish,
    Prescription,
    SessionAdvice,
    SessionAnswer,
    SessionEvent,
    SessionState,
    StrengthPlan,
    StrengthSession,
)
from coach.service.strength.session_log import SessionLogs
from coach.service.strength.wording import calendar_entries, calendar_file, parse_days, parse_time, parse_track
from coach.storage.store import Store
from coach.storage.strength import Strength
from coach.strength.engine import Knowledge, make_plan, why_not_now
from coach.strength.heeding import newest
from coach.strength.loader import load_exercises, load_tracks
from coach.strength.logbook import check_event, in_force
from coach.strength.rhythm import check_wish, local_day
from coach.wall_clock import utc_now

_OPEN: Final = (SessionState.PLANNED, SessionState.WAITING)


class StrengthService:
    """One runner's programme. Thread-safe. pain_state: asked at every step, the one that the run's coach uses too."""

    def __init__(
        self,
        store: Store,
        pain_state: Callable[[], PainState],
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._kept = Strength(store.database)
        self._store = store
        self._pain_state = pain_state
        self._clock = clock
        self._lock = threading.RLock()
        self._logs = SessionLogs(store, clock)
        self._listeners: list[Callable[[], None]] = []
        tracks, dose = load_tracks()
        self.knowledge: Final = Knowledge(load_exercises(), tracks, dose)

    def on_change(self, listener: Callable[[], None]) -> None:
        """Have `listener` called after every change (the reminders refresh themselves)."""
        self._listeners.append(listener)

    def refresh(self) -> None:
        """Work out the plan again: something that it or its reminders rest on has changed elsewhere (a pain answer,
        a red flag)."""
        with self._lock:
            self.show()
            self._notify()

    def now(self) -> datetime:
        """Return the moment, aware UTC."""
        return self._clock()

    def pain(self) -> PainState:
        """Return the pain state of this moment."""
        return self._pain_state()

    def create(
        self,
        track: str,
        days: str | Collection[int],
        at: str | time,
        tz: str,
        start: date | None = None,
        **more: Any,
    ) -> StrengthPlan:
        """Begin a new programme; one that was there ends, its log stays. more: other fields of PlanWish.

        Raises:
            UserError: the wish cannot be kept, or the warning signs have not been answered; the words say what can.
        """
        pain = self.pain()
        if pain.lock is Lock.NOT_ASKED:
            raise UserError(f"{pain.words} Page: Warning signs. Command line: `coach signs`")
        now = self._clock()
        wish = PlanWish(
            track=parse_track(track),
            days=parse_days(days) if isinstance(days, str) else tuple(days),
            at=parse_time(at) if isinstance(at, str) else at,
            tz=tz,
            start=date.min,
            **more,
        )
        check_wish(wish)
        wish = replace(wish, start=start or local_day(now, tz))
        with self._lock:
            plan_id = uuid.uuid4().hex[:8]
            first = make_plan(plan_id, wish, (), self.pain(), (), min(now, _midnight(wish)), self.knowledge)
            self._kept.add_plan(plan_id, wish, now)
            self._kept.put_sessions(plan_id, first.sessions)
            return self._changed()

    def show(self) -> StrengthPlan | None:
        """Return the current plan; None before there is one."""
        with self._lock:
            current = self._kept.current_plan()
            if current is None:
                return None
            plan_id, wish = current
            known = self._logs.sessions(plan_id)
            pauses = self._kept.pauses(plan_id)
            plan = make_plan(plan_id, wish, known, self.pain(), pauses, self._clock(), self.knowledge)
            if list(plan.sessions) != known:
                self._kept.put_sessions(plan_id, plan.sessions)
            return plan

    def plan(self) -> StrengthPlan:
        """Return the current plan; raises UserError where there is none."""
        plan = self.show()
        if plan is None:
            raise UserError("there is no strength plan yet: make one with `coach plan create` or on the page")
        return plan

    def end(self) -> None:
        """Give up the programme; its log stays."""
        with self._lock:
            self._kept.end_plan(self.plan().plan_id)
            self._notify()

    def change(self, **fields: Any) -> StrengthPlan:
        """Change fields of the wish: track, days, at, tz, kit, long_runs, maintenance_per_week, activities."""
        with self._lock:
            plan = self.plan()
            wish = replace(plan.wish, **fields)
            check_wish(wish)
            self._kept.set_wish(plan.plan_id, wish)
            return self._changed()

    def session(self, session_id: str) -> StrengthSession:
        """Return one session of the present plan; raises UserError where there is none."""
        for one in self.plan().sessions:
            if one.session_id == session_id:
                return one
        raise UserError(f"the plan has no session {session_id}")

    def next_session(self, plan: StrengthPlan) -> StrengthSession | None:
        """Return the session that comes next, or is due, or has begun."""
        return next((one for one in plan.sessions if one.state is SessionState.PLANNED), None)

    def why_not(self, session_id: str) -> str:
        """Return why a session cannot be done now, as a sentence; "" where it can."""
        plan = self.plan()
        one = self.session(session_id)
        if one.state not in _OPEN:
            return f"This session is {one.state.value}."
        if plan.held_because:
            return plan.held_because
        following = self.next_session(plan)
        if following is not None and following.session_id != session_id and following.number < one.number:
            return f"Session {following.number} comes first: do it, move it or skip it."
        return why_not_now(plan, self.pain(), self._clock(), self.knowledge.dose, session_id)

    def move(self, session_id: str, to: datetime) -> StrengthPlan:
        """Move a session; later ones make room. Raises UserError where the rules speak against it."""
        with self._lock:
            plan, one = self.plan(), self.session(session_id)
            if one.state is not SessionState.PLANNED:
                raise UserError(f"session {one.number} is {one.state.value}: only planned sessions can be moved")
            if to < self._clock() - timedelta(minutes=1):
                raise UserError("that time is over: choose one to come")
            wanted = replace(one, due_at=to.astimezone(UTC), is_moved=True)
            others = [wanted if o.session_id == session_id else o for o in plan.sessions]
            tried = make_plan(plan.plan_id, plan.wish, others, self.pain(), plan.pauses, self._clock(), self.knowledge)
            placed = next(o for o in tried.sessions if o.session_id == session_id)
            if placed.due_at != wanted.due_at:
                raise UserError(f"session {one.number} cannot be then. {placed.reason}".strip())
            self._kept.put_sessions(plan.plan_id, [wanted])
            return self._changed()

    def skip(self, session_id: str, reason: str) -> StrengthPlan:
        """Leave a session out, with the runner's reason."""
        with self._lock:
            one = self.session(session_id)
            if one.state not in _OPEN or one.log is not None:
                raise UserError(f"session {one.number} is {one.state.value}: only open sessions can be skipped")
            skipped = replace(one, state=SessionState.SKIPPED, skip_reason=reason.strip()[:200])
            self._kept.put_sessions(self.plan().plan_id, [skipped])
            return self._changed()

    def do_now(self, session_id: str) -> StrengthPlan:
        """Put a session at this moment; raises UserError where it cannot be done now."""
        with self._lock:
            broken = self.why_not(session_id)
            if broken:
                raise UserError(broken)
            plan, one = self.plan(), self.session(session_id)
            now = self._clock().replace(second=0, microsecond=0)
            day = one.slot_day or local_day(now, plan.wish.tz)
            moved = replace(one, state=SessionState.PLANNED, due_at=now, slot_day=day, is_moved=True)
            self._kept.put_sessions(plan.plan_id, [moved])
            return self._changed()

    def pause(self, reason: str, start: date | None = None, until: date | None = None) -> StrengthPlan:
        """Plan nothing from a day on (today), until a day (both included) or until `resume`."""
        with self._lock:
            plan = self.plan()
            first = start or local_day(self._clock(), plan.wish.tz)
            if until is not None and until < first:
                raise UserError("a pause cannot end before it begins")
            kept = [pause for pause in plan.pauses if pause.until is not None or pause.start > first]
            self._kept.set_pauses(plan.plan_id, [*kept, PlanPause(first, until, reason.strip()[:200])])
            return self._changed()

    def resume(self) -> StrengthPlan:
        """End the pause in force today."""
        with self._lock:
            plan = self.plan()
            today = local_day(self._clock(), plan.wish.tz)
            yesterday = today - timedelta(days=1)
            kept: list[PlanPause] = []
            for pause in plan.pauses:
                is_in_force = pause.start <= today and (pause.until is None or pause.until >= today)
                if not is_in_force:
                    kept.append(pause)
                elif pause.start < today:
                    kept.append(replace(pause, until=yesterday))
            self._kept.set_pauses(plan.plan_id, kept)
            return self._changed()

    def log(self, events: Sequence[SessionEvent], shown: Sequence[Prescription] = ()) -> SessionAnswer:
        """Keep taps of a guided session and answer what they ask for; sending them again changes nothing.

        shown: the exercises as the phone shows them when the session begins; they stay what was prescribed.

        Raises:
            UserError: a tap says what cannot be, or names a session that is not there; then none is kept.
        """
        with self._lock:
            known = {one.session_id for one in self.plan().sessions}
            now = self._clock()
            for event in events:
                check_event(event)
                if event.session_id not in known:
                    raise UserError(f"the plan has no session {event.session_id}")
            self._check_names([*events, *shown])
            new = self._kept.add_events([replace(event, at=min(event.at, now)) for event in events])
            self._keep_pain(new)
            for session_id in {event.session_id for event in new if event.kind == "end"}:
                self._kept.set_pain_level(session_id, self.pain().level)
            begun = {event.session_id for event in new if event.kind == "begin"}
            would = {name: self._would_be(name) for name in begun}
            for session_id in begun if shown else ():
                one = self.session(session_id)
                self._kept.put_sessions(self.plan().plan_id, [replace(one, exercises=tuple(shown))])
            if new:
                self._changed()
            return SessionAnswer(len(new), self._advice(events, bool(begun)), self._is_changed(would))

    def _check_names(self, named: Sequence[SessionEvent | Prescription]) -> None:
        """Raise UserError for an exercise or a place in a session that nobody knows."""
        slots = {slot.id for track in self.knowledge.tracks.values() for slot in track.slots}
        for one in named:
            if one.exercise_id and one.exercise_id not in self.knowledge.exercises:
                raise UserError(f"there is no exercise {one.exercise_id}")
            if one.slot and one.slot not in slots:
                raise UserError(f"no session has a place {one.slot}")

    def _would_be(self, session_id: str) -> tuple[Prescription, ...]:
        """Return what would be prescribed for a session now, had it not begun."""
        plan = self.plan()
        known = [replace(o, is_begun=False) if o.session_id == session_id else o for o in plan.sessions]
        fresh = make_plan(plan.plan_id, plan.wish, known, self.pain(), plan.pauses, self._clock(), self.knowledge)
        return next(one.exercises for one in fresh.sessions if one.session_id == session_id)

    def _is_changed(self, would: Mapping[str, Sequence[Prescription]]) -> bool:
        """Whether what a session asks for differs from what the phone shows, while nothing of it is done."""
        for session_id, asked in would.items():
            one = self.session(session_id)
            if one.log is None and one.is_begun and [_dose(p) for p in asked] != [_dose(p) for p in one.exercises]:
                return True
        return False

    def _advice(self, events: Sequence[SessionEvent], is_beginning: bool) -> SessionAdvice:
        taps = in_force(self._kept.events(sorted({event.session_id for event in events})))
        advice = newest(events, taps, self.knowledge.dose)
        pain = self.pain()
        if is_beginning and advice.do is not Heed.END and pain.lock is not Lock.NONE:  # as after a rise of 3
            return SessionAdvice(Heed.END, pain.words, asks_signs=True)
        return advice

    def _keep_pain(self, new: Sequence[SessionEvent]) -> None:
        moments = {"begin": PainMoment.BEFORE_SESSION, "end": PainMoment.AFTER_SESSION}
        for event in new:
            if event.kind not in moments:
                continue
            level = event.pain if event.kind == "begin" else self._worst(event)
            if level is not None:
                entry = PainEntry(event.at, moments[event.kind], level, session_id=event.session_id)
                self._store.pain.add(entry)

    def _worst(self, end: SessionEvent) -> int | None:
        """Return the worst pain that a session provoked: after it, or during one of its exercises."""
        taps = in_force(self._kept.events([end.session_id]))
        pains = {(e.slot, e.exercise_id): e.pain for e in taps if e.kind == "effort" and e.pain is not None}
        return max((n for n in (end.pain, *pains.values()) if n is not None), default=None)

    def export_ics(self, path: Path) -> int:
        """Write the sessions that have a time as a calendar file with alarms; returns how many."""
        plan = self.plan()
        try:
            path.write_bytes(calendar_file(plan, self.knowledge, self._clock()))
        except OSError as error:
            raise UserError(f"cannot write {path}: {error.strerror}. Choose another path") from error
        return len(calendar_entries(plan, self.knowledge, self._clock()))

    def calendar(self, say: Phrases = ENGLISH) -> bytes:
        """Return the calendar file as bytes, in the language of `say`."""
        return calendar_file(self.plan(), self.knowledge, self._clock(), say)

    def _changed(self) -> StrengthPlan:
        plan = self.plan()
        self._notify()
        return plan

    def _notify(self) -> None:
        for listener in self._listeners:
            listener()


def _dose(one: Prescription) -> tuple[object, ...]:
    """Return what an exercise asks of the runner, leaving its reason aside."""
    return one.slot, one.exercise_id, one.n_sets, one.reps, one.hold_s, one.load_kg


def _midnight(wish: PlanWish) -> datetime:
    return datetime.combine(wish.start, time(0), tzinfo=UTC) - timedelta(days=1)
