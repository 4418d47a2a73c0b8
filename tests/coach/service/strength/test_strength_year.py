"""A year of the programme through the real scheduler and database, with a fast clock.

Sixteen sessions, two clock changes, a move, skips, an illness, a week of pain above 5, a lock, restarts in between, a
clock set back, two processes: the log is what the rules say, and every reminder comes exactly once.
"""

import itertools
import time
import uuid
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine

from coach.coaching.pain import pain_state
from coach.model.pain import PainEntry, PainMoment, RedFlagAnswers
from coach.model.strength import SessionEvent, SessionState
from coach.model.strength_tests import TestResult
from coach.service.strength.programme import Programme
from coach.storage.store import Store
from tests.support.signs import answer_signs

LONDON = ZoneInfo("Europe/London")
STEP = timedelta(days=2)


class Year:
    """The world around the programme: a clock, up to two processes, and a runner."""

    def __init__(self, folder, traveller) -> None:
        self.folder = folder
        self.clock = traveller
        self.delivered: list[str] = []
        self.programmes: list[Programme] = []
        self.stores: list[Store] = []
        self.boot(2)

    def boot(self, n: int) -> None:
        for _ in range(n):
            store = Store(self.folder / "coach.sqlite")

            def judge(store: Store = store):
                return pain_state(store.pain.list(), store.pain.red_flags(), datetime.now(UTC))

            made = Programme(store, judge, self.publish, self.folder / "secrets", pulse_s=3600)
            self.stores.append(store)
            self.programmes.append(made)
            made.start()

    def publish(self, event: str, data) -> None:
        if event == "reminder" and "key" in data:
            self.delivered.append(data["key"])

    def shut(self) -> None:
        for programme, store in zip(self.programmes, self.stores, strict=True):
            programme.stop()
            store.close()
        self.programmes, self.stores = [], []

    def restart(self, n_processes: int = 2) -> None:
        self.shut()
        self.boot(n_processes)

    @property
    def now(self) -> datetime:
        return datetime.now(UTC)

    @property
    def one(self) -> Programme:
        return self.programmes[0]

    def settle(self) -> None:
        """Let both schedulers do what is due, as their pulses would."""
        for programme in self.programmes:
            programme.reminders.refresh()
            programme.reminders._scheduler.wakeup()
        kept = self.one.push.kept
        for _ in range(2000):
            if not [r for r in kept.waiting() if r.due_at <= self.now]:
                return
            time.sleep(0.002)
        raise AssertionError(f"not delivered at {self.now}: {[r.key for r in kept.waiting() if r.due_at <= self.now]}")

    def go(self, to: datetime) -> None:
        """Move the clock forward, from one reminder to the next and at least every two days."""
        while self.now < to:
            ahead = [r.due_at for r in self.one.push.kept.waiting() if r.due_at > self.now]
            self.clock.move_to(min(to, self.now + STEP, *ahead))
            self.settle()

    def pain(self, moment: PainMoment, back: int) -> None:
        self.stores[0].pain.add(PainEntry(self.now, moment, back))
        self.one.plans.refresh()

    def next(self):
        return self.one.plans.next_session(self.one.plans.plan())

    def do(self, pain: int = 0, leave_out: int = 0) -> str:
        """Go to the next session's time and do it as prescribed; leave out its last exercises to stop early."""
        session = self.next()
        self.go(session.due_at)
        assert self.one.plans.why_not(session.session_id) == ""
        session = self.one.plans.session(session.session_id)
        taps = [self.tap(session.session_id, "begin", pain=pain)]
        for p in session.exercises[: len(session.exercises) - leave_out]:
            for number in range(1, p.n_sets + 1):
                what = {"reps": p.reps, "hold_s": p.hold_s, "load_kg": p.load_kg}
                taps.append(self.tap(session.session_id, "set", p.slot, p.exercise_id, number=number, **what))
            taps.append(self.tap(session.session_id, "effort", p.slot, p.exercise_id, rpe=7, pain=pain))
        taps.append(self.tap(session.session_id, "end", pain=pain))
        assert self.one.plans.log(taps).n_new == len(taps)
        assert self.programmes[-1].plans.log(taps).n_new == 0, (
            "the same taps again, to the other process, change nothing"
        )
        self.settle()
        return session.session_id

    def tap(self, session_id: str, kind: str, slot: str = "", exercise_id: str = "", **more) -> SessionEvent:
        return SessionEvent(uuid.uuid4().hex, session_id, kind, self.now, slot, exercise_id, **more)


@pytest.mark.slow
def test_a_whole_year(tmp_path) -> None:
    with time_machine.travel(datetime(2026, 2, 27, 9, tzinfo=UTC), tick=False) as traveller:
        year = Year(tmp_path, traveller)
        try:
            live_through(year)
        finally:
            year.shut()


def live_through(year: Year) -> None:
    answer_signs(year.stores[0], year.now)
    made = year.one.create("home", "mon,thu", "18:30", "Europe/London", date(2026, 3, 2))
    assert len([s for s in made.sessions if s.due_at]) == 16
    first = year.do()  # 1, Monday 2 March
    year.restart()
    year.do()  # 2, Thursday

    third = year.next()
    year.one.plans.move(third.session_id, third.due_at + timedelta(days=1))  # 3, moved to Tuesday
    year.do()
    fourth = year.next()
    assert fourth.due_at.astimezone(LONDON).date() == date(2026, 3, 12)
    year.one.plans.skip(fourth.session_id, "late at work")  # 4
    year.do(leave_out=2)  # 5, stopped early

    sixth = year.next()  # 6 is forgotten: offered again a day later, then missed
    year.go(sixth.due_at + timedelta(hours=50))
    again = [key for key in year.delivered if sixth.session_id in key]
    assert [key.split(":")[0] for key in again] == ["session", "session_again"]
    assert year.one.plans.session(sixth.session_id).state is SessionState.MISSED

    year.do()  # 7, Monday 23 March
    year.one.plans.pause("illness", until=date(2026, 4, 5))  # over the night the clocks go forward, 29 March
    n_before = len([key for key in year.delivered if key.startswith("session")])
    year.go(datetime(2026, 4, 5, 12, tzinfo=UTC))
    assert len([key for key in year.delivered if key.startswith("session")]) == n_before
    back = year.next()
    assert back.due_at.astimezone(LONDON) == datetime(2026, 4, 6, 18, 30, tzinfo=LONDON)
    assert {p.decision.value for p in back.exercises} >= {"back_two"}
    year.do()  # 8

    for _ in range(9):  # more than a week of pain above 5
        year.go(year.now + timedelta(hours=12))
        year.pain(PainMoment.NEXT_MORNING, 7)
        year.go(year.now + timedelta(hours=12))
    hurt = year.one.plans.plan()
    assert hurt.offers_track == "ladder"
    assert any("doctor" in sentence for sentence in hurt.advice)
    assert {p.decision.value for p in year.next().exercises} <= {"step_back", "start", "back_two"}

    year.stores[0].pain.add_red_flags(RedFlagAnswers(year.now, ("numb_saddle",)))
    year.stores[0].pain.add_red_flags(RedFlagAnswers(year.now, ()))
    year.go(datetime(2026, 4, 20, 6, tzinfo=UTC))
    year.pain(PainMoment.NEXT_MORNING, 0)
    year.go(datetime(2026, 5, 1, 6, tzinfo=UTC))
    year.pain(PainMoment.NEXT_MORNING, 0)
    year.restart()

    before = list(year.delivered)
    year.clock.move_to(year.now - timedelta(days=2))  # the clock is set back
    year.settle()
    year.go(year.now + timedelta(days=2))
    assert Counter(year.delivered).most_common(1)[0][1] == 1
    assert set(before) <= set(year.delivered)

    while (one := year.next()) is not None and one.number <= 16:
        year.do()
    year.restart(n_processes=1)
    milestone = year.one.tests.milestones()[2]
    year.one.tests.answer([TestResult("r1", "pain_now", milestone.milestone.id, year.now, 1)])
    while year.now < datetime(2027, 2, 27, tzinfo=UTC):
        one = year.next()
        if one.number % 5 == 0:
            year.go(one.due_at + timedelta(hours=50))  # leave one out now and then
        else:
            year.do()
        if one.number == 20:
            year.restart(n_processes=1)
    check_the_log(year, first)


def check_the_log(year: Year, first: str) -> None:
    plan = year.one.plans.plan()
    block = [one for one in plan.sessions if one.number <= 16]
    assert len(block) == 16
    states = Counter(one.state for one in block)
    assert states[SessionState.SKIPPED] == 1
    assert states[SessionState.PARTIAL] == 1
    assert states[SessionState.PLANNED] == states[SessionState.WAITING] == 0
    done = sorted(one.log.done_at for one in plan.sessions if one.log)
    assert all(b - a >= timedelta(hours=48) for a, b in itertools.pairwise(done))
    assert {one.due_at.astimezone(LONDON).strftime("%H:%M") for one in plan.sessions} == {"18:30"}
    changes = {at.astimezone(LONDON).utcoffset() for at in done}
    assert changes == {timedelta(0), timedelta(hours=1)}, "sessions lie on both sides of both clock changes"

    assert Counter(year.delivered).most_common(1)[0][1] == 1, "nothing is delivered twice"
    for one in plan.sessions:
        mine = [key for key in year.delivered if key.startswith("session") and one.session_id in key]
        if one.log is not None:
            assert sum(key.startswith("session:") for key in mine) == 1, one
        if one.state is SessionState.SKIPPED:
            assert mine == []
    mornings = [key for key in year.delivered if key.startswith("morning:session:")]
    n_without_answer = sum(f"morning:session:{one.session_id}" in mornings for one in plan.sessions if one.log)
    assert n_without_answer >= len(done) - 3
    tests = [key.split(":")[1] for key in year.delivered if key.startswith("tests:")]
    assert sorted(set(tests)) == sorted(tests)
    assert {"week_0", "week_4", "month_3", "month_6"} <= set(tests)
    assert first in {one.session_id for one in plan.sessions}
