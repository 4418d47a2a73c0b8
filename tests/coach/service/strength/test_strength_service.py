"""The programme in use: moves, pauses, taps and locks keep the rules; the calendar keeps local times."""

import contextlib
import time
import uuid
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coach.coaching.pain import pain_state
from coach.errors import UserError
from coach.model.daily_life import DailyActivity, DailyWishes, TalkTest
from coach.model.pain import Lock, PainEntry, PainMoment
from coach.model.reminders import Reminder
from coach.model.runner import RunnerProfile
from coach.model.strength import Decision, Heed, SessionEvent, SessionState, Track
from coach.model.strength_tests import TestResult
from coach.service.strength.facts import strength_week
from coach.service.strength.programme import Programme
from coach.service.strength.wording import parse_days, parse_time, parse_track
from coach.storage.store import Store
from tests.support.signs import answer_signs

START = datetime(2026, 3, 1, 12, tzinfo=UTC)


class World:
    """A programme on its own database with a clock to set."""

    def __init__(self, folder: Path) -> None:
        self.now = START
        self.folder = folder
        self.store = Store(folder / "coach.sqlite")
        self.published: list[tuple[str, dict]] = []
        self.made = Programme(self.store, self.judge, self.publish, folder / "secrets", lambda: self.now)
        self.plans = self.made.plans
        answer_signs(self.store, START)

    def judge(self):
        return pain_state(self.store.pain.list(), self.store.pain.red_flags(), self.now)

    def publish(self, event: str, data) -> None:
        self.published.append((event, dict(data)))

    def create(self, days: str = "mon,thu"):
        return self.made.create("home", days, "18:30", "Europe/London", date(2026, 3, 2))

    def tap(self, session_id: str, kind: str, at: datetime | None = None, **facts) -> SessionEvent:
        return SessionEvent(uuid.uuid4().hex, session_id, kind, at or self.now, **facts)

    def do(self, n_exercises: int = 99, is_ended: bool = True) -> str:
        one = self.plans.next_session(self.plans.plan())
        self.now = max(self.now, one.due_at)
        one = self.plans.session(one.session_id)
        taps = [self.tap(one.session_id, "begin", pain=1)]
        for p in one.exercises[:n_exercises]:
            facts = {"slot": p.slot, "exercise_id": p.exercise_id}
            taps += [
                self.tap(one.session_id, "set", number=n + 1, reps=p.reps, hold_s=p.hold_s, **facts)
                for n in range(p.n_sets)
            ]
            taps.append(self.tap(one.session_id, "effort", rpe=7, pain=0, **facts))
        if is_ended:
            taps.append(self.tap(one.session_id, "end", pain=2))
        self.plans.log(taps)
        return one.session_id


@pytest.fixture
def world(tmp_path: Path):
    made = World(tmp_path)
    yield made
    made.store.close()


def test_a_session_is_kept_with_its_pain_and_survives_another_process(world: World) -> None:
    world.create()
    done = world.do()
    other = Programme(world.store, world.judge, world.publish, world.folder, lambda: world.now)
    one = other.plans.session(done)
    assert one.state is SessionState.DONE
    assert (one.log.pain_before, one.log.pain_after) == (1, 2)
    moments = [entry.moment for entry in world.store.pain.list()]
    assert moments == [PainMoment.BEFORE_SESSION, PainMoment.AFTER_SESSION]
    assert world.judge().level == 2, "the coach's gates see the session's pain too"


def test_a_session_left_alone_ends_by_itself_with_what_was_done(world: World) -> None:
    world.create()
    session = world.do(n_exercises=2, is_ended=False)
    assert world.plans.session(session).state is SessionState.PLANNED
    world.now += timedelta(hours=7)
    one = world.plans.session(session)
    assert one.state is SessionState.PARTIAL
    assert len(one.log.exercises) == 2


def test_a_tap_taken_back_does_not_count(world: World) -> None:
    world.create()
    one = world.plans.plan().sessions[0]
    p = one.exercises[0]
    world.now = one.due_at
    tap = world.tap(one.session_id, "set", slot=p.slot, exercise_id=p.exercise_id, number=1, reps=8)
    world.plans.log([tap])
    world.plans.log([world.tap(one.session_id, "undo", of=tap.event_id)])
    assert world.plans.session(one.session_id).log is None


def test_taps_that_come_days_later_still_count(world: World) -> None:
    world.create()
    one = world.plans.plan().sessions[0]
    world.now = one.due_at + timedelta(days=3)
    assert world.plans.session(one.session_id).state is SessionState.MISSED
    p = one.exercises[0]
    facts = {"slot": p.slot, "exercise_id": p.exercise_id, "number": 1, "reps": 8}
    world.plans.log([world.tap(one.session_id, "set", one.due_at, **facts)])
    assert world.plans.session(one.session_id).state is SessionState.PARTIAL


def test_a_move_that_breaks_48_hours_is_refused(world: World) -> None:
    world.create()
    world.do()
    second = world.plans.next_session(world.plans.plan())
    with pytest.raises(UserError, match="48 hours"):
        world.plans.move(second.session_id, world.now + timedelta(hours=20))
    with pytest.raises(UserError, match="over"):
        world.plans.move(second.session_id, world.now - timedelta(hours=20))
    to = second.due_at + timedelta(hours=30)
    moved = world.plans.move(second.session_id, to)
    assert [one.due_at for one in moved.sessions if one.number == 2] == [to]
    third = next(one for one in moved.sessions if one.number == 3)
    assert third.due_at - to >= timedelta(hours=48)


def test_do_now_puts_the_next_session_at_this_moment_and_only_that_one(world: World) -> None:
    made = world.create()
    world.now = START + timedelta(hours=2)
    first, second = made.sessions[:2]
    with pytest.raises(UserError, match="comes first"):
        world.plans.do_now(second.session_id)
    now = world.plans.do_now(first.session_id)
    assert now.sessions[0].due_at == world.now
    world.do()
    with pytest.raises(UserError, match="48 hours"):
        world.plans.do_now(second.session_id)


def test_a_pause_needs_a_resume_or_an_end(world: World) -> None:
    world.create()
    world.do()
    paused = world.plans.pause("flu")
    assert "flu" in paused.held_because
    with pytest.raises(UserError, match="flu"):
        world.plans.do_now(world.plans.plan().sessions[1].session_id)
    world.now += timedelta(days=20)
    assert world.plans.plan().held_because
    resumed = world.plans.resume()
    assert not resumed.held_because
    assert world.plans.next_session(resumed).due_at > world.now
    with pytest.raises(UserError, match="before it begins"):
        world.plans.pause("?", date(2026, 5, 2), date(2026, 5, 1))


def test_a_closed_session_can_neither_be_skipped_nor_moved(world: World) -> None:
    world.create()
    done = world.do()
    for act in (lambda: world.plans.skip(done, "x"), lambda: world.plans.move(done, world.now + timedelta(days=9))):
        with pytest.raises(UserError, match="done"):
            act()


def test_changing_the_wish_moves_what_lies_ahead_only(world: World) -> None:
    made = world.create()
    world.do()
    changed = world.plans.change(days=(2, 5), track=Track.LADDER)
    assert changed.sessions[0].due_at == made.sessions[0].due_at
    ahead = [one.due_at.astimezone(ZoneInfo("Europe/London")).weekday() for one in changed.sessions[1:]]
    assert set(ahead) == {2, 5}
    with pytest.raises(UserError):
        world.plans.change(days=(0, 1))


def test_a_new_plan_takes_the_place_of_the_old_and_an_end_leaves_none(world: World) -> None:
    first = world.create()
    second = world.create("tue,fri")
    assert first.plan_id != second.plan_id
    world.plans.end()
    assert world.plans.show() is None
    with pytest.raises(UserError, match="coach plan create"):
        world.made.show()


def test_the_week_of_the_programme_follows_what_was_done(world: World) -> None:
    assert strength_week(world.store) is None
    world.create()
    for _ in range(3):
        world.do()
    assert strength_week(world.store) == 2


def test_the_calendar_keeps_half_past_six_on_both_sides_of_the_clock_change(world: World) -> None:
    world.create()
    path = world.folder / "strength.ics"
    assert world.made.export_ics(path) == 16
    lines = path.read_bytes().decode().replace("\r\n ", "").split("\r\n")
    starts = [line for line in lines if line.startswith("DTSTART;TZID=Europe/London:")]
    assert len(starts) == 16
    assert {line[-6:] for line in starts} == {"183000"}
    offsets = {
        datetime.strptime(line.split(":")[1], "%Y%m%dT%H%M%S").replace(tzinfo=ZoneInfo("Europe/London")).utcoffset()
        for line in starts
    }
    assert len(offsets) == 2
    assert lines.count("BEGIN:VALARM") == 16
    assert "BEGIN:VTIMEZONE" in lines
    assert len({line for line in lines if line.startswith("UID:")}) == 16
    assert "TZOFFSETTO:+0100" in lines
    with pytest.raises(UserError, match="cannot write"):
        world.made.export_ics(world.folder / "none" / "x.ics")


def test_answers_are_gated_judged_and_become_part_of_the_pain_history(world: World) -> None:
    world.create()
    world.now = datetime(2026, 3, 2, 12, tzinfo=UTC)
    with pytest.raises(UserError, match="how strong your pain"):
        world.made.tests.answer([TestResult("b", "biering_sorensen", "week_0", world.now, 60)])
    world.made.tests.answer([TestResult("a", "pain_now", "week_0", world.now, 3)])
    world.made.tests.answer([TestResult("b", "biering_sorensen", "week_0", world.now, 60)])
    assert world.store.pain.list()[-1].back == 3
    with pytest.raises(UserError, match="no test"):
        world.made.tests.answer([TestResult("c", "moon", "week_0", world.now, 1)])
    states = {view.milestone.id: view.state for view in world.made.tests.milestones()}
    assert states == {"week_0": "done", "week_4": "ahead", "week_8": "ahead", "month_3": "ahead", "month_6": "ahead"}
    world.made.tests.answer([TestResult("d", "pain_now", "week_4", world.now + timedelta(days=28), 1)])
    assert [change.verdict for change in world.made.tests.changes()] == ["better"]


def test_daily_life_is_checked_and_added_up(world: World) -> None:
    today = world.now.date()
    world.made.daily.add(DailyActivity("a", today, "Walking", 30, TalkTest.LIGHT))
    world.made.daily.add(DailyActivity("b", today - timedelta(days=20), "Dancing", 60, TalkTest.HARD))
    assert world.made.daily.minutes_by_talk(today) == {"light": 30}
    assert len(world.made.daily.activities(today)) == 2
    with pytest.raises(UserError):
        world.made.daily.add(DailyActivity("c", today, "Walking", 0, TalkTest.LIGHT))
    with pytest.raises(UserError):
        world.made.daily.set_wishes(DailyWishes(sitting_every_min=1))


def test_high_pain_from_a_run_steps_the_next_session_back(world: World) -> None:
    world.create()
    world.do()
    world.store.pain.add(PainEntry(world.now + timedelta(hours=1), PainMoment.DURING_RUN, 7))
    world.now += timedelta(hours=2)
    plan = world.plans.plan()
    assert plan.offers_track is Track.LADDER
    legs = next(p for p in world.plans.next_session(plan).exercises if p.slot == "legs")
    assert legs.exercise_id == "supported_reverse_lunge"


def test_words_become_values_or_say_what_can_be() -> None:
    assert parse_days("Mon, Thu") == (0, 3)
    assert parse_days("thursday monday") == (0, 3)
    assert parse_time("07:05").minute == 5
    assert parse_track("gym") is Track.GYM
    for bad in (lambda: parse_days("mon,someday"), lambda: parse_time("7pm"), lambda: parse_track("moon")):
        with pytest.raises(UserError):
            bad()


@given(st.text(max_size=30))
def test_any_text_is_a_value_or_a_settings_error(text: str) -> None:
    for read in (parse_days, parse_time, parse_track):
        with contextlib.suppress(UserError):
            read(text)


def test_pain_above_five_before_a_session_is_answered_with_an_end_and_a_clinician(world: World) -> None:
    world.create()
    one = world.plans.next_session(world.plans.plan())
    world.now = one.due_at
    answer = world.plans.log([world.tap(one.session_id, "begin", pain=9)], one.exercises)
    assert answer.advice.do is Heed.END
    assert answer.advice.asks_signs
    assert "doctor or physiotherapist" in answer.advice.words
    assert world.plans.pain().lock is Lock.NOT_ASKED, "pain of 7 and more asks the signs again"


def test_pain_in_an_exercise_is_answered_by_its_number_and_by_what_was_before(world: World) -> None:
    world.create()
    one = world.plans.next_session(world.plans.plan())
    world.now = one.due_at
    place = {"slot": one.exercises[0].slot, "exercise_id": one.exercises[0].exercise_id}
    world.plans.log([world.tap(one.session_id, "begin", pain=4)], one.exercises)

    def heed_of(pain: int) -> Heed:
        world.now += timedelta(seconds=10)
        return world.plans.log([world.tap(one.session_id, "effort", pain=pain, **place)]).advice.do

    assert [heed_of(n) for n in (2, 4, 5, 6)] == [Heed.GO_ON, Heed.GO_ON, Heed.EASE, Heed.END]
    assert heed_of(7) is Heed.END
    world.plans.log([world.tap(one.session_id, "set", number=1, reps=8, **place)])
    world.plans.log([world.tap(one.session_id, "end", pain=3)])
    [after] = [e.back for e in world.store.pain.list() if e.moment is PainMoment.AFTER_SESSION]
    assert after == 7, "the worst that the session provoked is what tomorrow rests on"


def test_a_tap_sent_again_is_answered_as_the_first_time(world: World) -> None:
    world.create()
    one = world.plans.next_session(world.plans.plan())
    world.now = one.due_at
    tap = world.tap(one.session_id, "begin", pain=7)
    first, second = world.plans.log([tap], one.exercises), world.plans.log([tap], one.exercises)
    assert (first.n_new, second.n_new) == (1, 0)
    assert first.advice == second.advice


def test_what_was_prescribed_is_what_the_phone_showed(world: World) -> None:
    world.create()
    world.do()
    world.now += timedelta(hours=12)
    world.store.pain.add(PainEntry(world.now, PainMoment.NEXT_MORNING, 0))
    one = world.plans.next_session(world.plans.plan())
    world.now = one.due_at
    shown = world.plans.session(one.session_id).exercises
    answer = world.plans.log([begin := world.tap(one.session_id, "begin", pain=6)], shown)
    assert answer.is_changed, "with pain above 5 another session would be prescribed"
    assert world.plans.session(one.session_id).exercises == shown
    first = shown[0]
    world.plans.log(
        [world.tap(one.session_id, "set", slot=first.slot, exercise_id=first.exercise_id, number=1, reps=8)]
    )
    assert world.plans.session(one.session_id).log.prescribed == shown
    assert not world.plans.log([begin], shown).is_changed


def test_a_beginning_taken_back_shows_the_session_that_suits_the_pain(world: World) -> None:
    world.create()
    world.do()
    world.now += timedelta(hours=12)
    world.store.pain.add(PainEntry(world.now, PainMoment.NEXT_MORNING, 2))
    one = world.plans.next_session(world.plans.plan())
    world.now = one.due_at
    shown = world.plans.session(one.session_id).exercises
    begin = world.tap(one.session_id, "begin", pain=4)
    assert world.plans.log([begin], shown).is_changed
    world.plans.log([world.tap(one.session_id, "undo", of=begin.event_id)])
    eased = world.plans.session(one.session_id).exercises
    assert eased != shown
    assert not {Decision.PROGRESS, Decision.GO_ON} & {p.decision for p in eased}
    again = world.plans.log([world.tap(one.session_id, "begin", pain=4)], eased)
    assert not again.is_changed
    assert again.advice.do is Heed.EASE


@pytest.mark.parametrize("facts", [{"exercise_id": "nonsense"}, {"slot": "zzz"}])
def test_taps_of_exercises_that_nobody_knows_are_refused(world: World, facts: dict) -> None:
    world.create()
    one = world.plans.next_session(world.plans.plan())
    with pytest.raises(UserError):
        world.plans.log([world.tap(one.session_id, "set", number=1, reps=8, **facts)])


def test_a_time_zone_that_this_computer_does_not_know_stops_no_reminder(world: World) -> None:
    """As from an archive of another system: whether it is night is then judged in UTC."""
    world.now = datetime(2026, 3, 2, 12, tzinfo=UTC)
    world.store.runner.save(RunnerProfile(time_zone="Mars/Olympus_Mons"))
    due = world.now - timedelta(hours=3)
    late = Reminder("late", "late", due, due + timedelta(hours=9), "Title", "Body", "/x")
    world.made.push.kept.sync("another", [late], world.now)
    world.made.start()
    until = time.monotonic() + 10.0
    while not world.made.push.kept.all(("delivered",)):
        assert time.monotonic() < until, "it was never delivered"
        time.sleep(0.02)
    world.made.stop()
