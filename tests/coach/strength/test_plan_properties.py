"""Whatever happens: no plan breaks the 48 hours, raises load after pain above 2, or schedules while locked."""

import itertools
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from coach.model.pain import Lock
from coach.model.strength import LongRun, PlanPause, SessionState, StrengthPlan, Track
from coach.strength.loader import load_tracks
from coach.strength.rhythm import is_before_long_run, local_day
from tests.coach.strength.makers import DOSE, START, done, open_sessions, pain_state, plan, wish
from tests.support.common import examples

PAIRS = [(a, b) for a in range(7) for b in range(a + 2, 7) if a + 7 - b >= 2]
ZONES = ("Europe/London", "America/New_York", "Pacific/Auckland", "Asia/Kolkata", "America/St_Johns", "UTC")

wishes = st.builds(
    wish,
    track=st.sampled_from(list(Track)),
    days=st.sampled_from(PAIRS),
    at=st.times(time(0), time(23, 59)),
    tz=st.sampled_from(ZONES),
    start=st.dates(START, START + timedelta(days=365)),
    long_runs=st.lists(st.builds(LongRun, st.integers(0, 6), st.times(time(5), time(20))), max_size=2).map(tuple),
)
levels = st.one_of(st.none(), st.integers(0, 10))
step = st.tuples(
    st.sampled_from(["do", "do", "do", "skip", "wait", "move", "pause", "lock"]),
    st.one_of(st.none(), st.integers(0, 10)),  # pain entered in the session
    st.one_of(st.none(), st.floats(5, 10)),  # effort
    levels,  # pain state afterwards
    st.integers(0, 70),  # hours
    st.booleans(),  # settled
)


def moments(made: StrengthPlan) -> list[datetime]:
    found = [one.log.done_at for one in made.sessions if one.log]
    return sorted(found + [one.due_at for one in open_sessions(made) if one.log is None])


def check(made: StrengthPlan, level: int | None, now: datetime) -> None:
    there = moments(made)
    assert all(b - a >= timedelta(hours=48) for a, b in itertools.pairwise(there))
    for one in open_sessions(made):
        day = local_day(one.due_at, made.wish.tz)
        assert not any(p.start <= day and (p.until is None or day <= p.until) for p in made.pauses)
        if (level or 0) > 2:
            assert not is_before_long_run(one.due_at, made.wish, DOSE)
        assert one.exercises


def never_harder(made: StrengthPlan) -> None:
    """After pain above 2, no open session asks for more than was asked the last time."""
    tracks, _ = load_tracks()
    order = {slot.id: slot.versions for slot in tracks[made.wish.track].slots}
    for one in open_sessions(made):
        for p in one.exercises:
            past = [
                (log, item)
                for log in (s.log for s in made.sessions if s.log)
                for item in log.exercises
                if item.slot == p.slot and item.sets
            ]
            if not past:
                continue
            log, item = past[-1]
            levels = (item.pain, log.pain_before, log.pain_after, log.pain_next_morning, log.pain_level)
            if max((x for x in levels if x is not None), default=0) <= 2:
                continue
            asked = next(a for a in log.prescribed if a.slot == p.slot)
            versions = order[p.slot]
            assert versions.index(p.exercise_id) <= versions.index(asked.exercise_id)
            assert p.n_sets <= asked.n_sets
            assert p.target_rpe <= asked.target_rpe
            if p.exercise_id == asked.exercise_id:
                assert (p.load_kg or 0) <= (item.sets[-1].load_kg or asked.load_kg or 0)
                assert (p.reps or 0) <= (asked.reps or 0)
                assert (p.hold_s or 0) <= (asked.hold_s or 0)


@settings(max_examples=examples(150))
@given(wanted=wishes, story=st.lists(step, max_size=14))
def test_no_story_breaks_the_rules(wanted, story) -> None:
    now = datetime.combine(wanted.start, time(0), tzinfo=UTC) - timedelta(days=1)
    made = plan(wanted, now=now)
    check(made, 0, now)
    for what, pain, rpe, level, hours, settled in story:
        state = pain_state(level, is_settled=settled)
        sessions, pauses = list(made.sessions), made.pauses
        ahead = open_sessions(made)
        if what == "lock":
            state = replace(state, lock=Lock.URGENT)
        elif not ahead:
            now += timedelta(days=1)
        elif what == "do":
            at = max(now, ahead[0].due_at) + timedelta(minutes=hours)
            finished = done(ahead[0], pain, rpe, at, extra=2, pain_level=level)
            sessions = [finished if s.number == ahead[0].number else s for s in sessions]
            now = at
        elif what == "skip":
            skipped = replace(ahead[0], state=SessionState.SKIPPED)
            sessions = [skipped if s.number == ahead[0].number else s for s in sessions]
        elif what == "move":
            moved = replace(ahead[0], due_at=ahead[0].due_at + timedelta(hours=hours), is_moved=True)
            sessions = [moved if s.number == ahead[0].number else s for s in sessions]
        elif what == "pause":
            today = local_day(now, wanted.tz)
            pauses = (*pauses, PlanPause(today, today + timedelta(days=hours // 5), "illness"))
        else:
            now += timedelta(hours=4 * hours)
        made = plan(wanted, sessions, state, pauses, now)
        if what == "lock":
            assert not open_sessions(made)
            assert made.held_because
        check(made, level, now)
        never_harder(made)


@given(wanted=wishes)
def test_planning_again_without_news_changes_nothing(wanted) -> None:
    now = datetime.combine(wanted.start, time(0), tzinfo=UTC)
    once = plan(wanted, now=now)
    assert plan(wanted, once.sessions, now=now) == once
