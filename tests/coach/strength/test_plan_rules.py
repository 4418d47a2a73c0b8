"""The rules of the programme, one test a rule: placing, progress, hold, step back, absence."""

import itertools
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from coach.errors import UserError
from coach.model.pain import Lock
from coach.model.strength import Decision, LongRun, PlanPause, SessionState, Track
from coach.model.time_zones import zone
from coach.strength.engine import MAINTENANCE_AHEAD, estimate_s, why_not_now
from coach.strength.rhythm import check_wish
from tests.coach.strength.makers import (
    DOSE,
    KNOWLEDGE,
    NOW,
    do_next,
    done,
    open_sessions,
    pain_state,
    plan,
    prescription,
    wish,
)


def test_sixteen_sessions_keep_their_local_time_across_the_clock_change() -> None:
    made = plan()
    assert len(made.sessions) == 16
    local = [one.due_at.astimezone(zone("Europe/London")) for one in made.sessions]
    assert {at.time() for at in local} == {time(18, 30)}
    assert [at.weekday() for at in local] == [0, 3] * 8
    assert {at.utcoffset() for at in local} == {timedelta(0), timedelta(hours=1)}
    assert [one.week for one in made.sessions] == [1 + n // 2 for n in range(16)]


def test_a_day_of_23_hours_still_leaves_48_hours() -> None:
    made = plan(wish(days=(4, 6)))  # Friday to Sunday, over the night the clocks go forward
    gaps = [b.due_at - a.due_at for a, b in zip(made.sessions, made.sessions[1:], strict=False)]
    assert min(gaps) == timedelta(hours=48)
    moved = [one for one in made.sessions if "clocks change" in one.reason]
    assert [one.due_at.astimezone(zone("Europe/London")).time() for one in moved] == [time(19, 30)]


@pytest.mark.parametrize("days", [(0, 1), (0, 6), (2,), (0, 2, 4), ()])
def test_days_that_cannot_keep_48_hours_are_refused_with_what_can(days: tuple[int, ...]) -> None:
    with pytest.raises(UserError, match="mon,thu"):
        plan(wish(days=days))


def test_a_wish_in_an_unknown_zone_is_refused_and_one_that_was_kept_is_planned_in_utc() -> None:
    with pytest.raises(UserError, match="Europe/London"):
        check_wish(wish(tz="Europe/Atlantis"))
    assert [one.due_at for one in plan(wish(tz="Europe/Atlantis")).sessions] == [
        one.due_at for one in plan(wish(tz="UTC")).sessions
    ]


def test_a_plan_may_begin_in_the_past_and_counts_what_was_missed() -> None:
    made = plan(now=NOW + timedelta(days=30))
    assert len(made.sessions) == 16
    assert all(one.due_at for one in made.sessions)
    assert {one.state for one in made.sessions} == {SessionState.PLANNED, SessionState.MISSED}


@pytest.mark.parametrize("track", list(Track))
def test_a_session_has_five_or_six_exercises_and_lasts_about_half_an_hour(track: Track) -> None:
    for one in plan(wish(track)).sessions:
        assert 5 <= len(one.exercises) <= 6
        assert 20 <= estimate_s(one.exercises, KNOWLEDGE) / 60 <= 45
        assert all(2 <= p.n_sets <= 3 and 60 <= p.rest_s <= 120 and 6 <= p.target_rpe <= 8 for p in one.exercises)
        assert all(8 <= p.reps <= 12 if p.reps else 10 <= p.hold_s <= 30 for p in one.exercises)


def test_two_ripe_sessions_in_a_row_make_an_exercise_harder() -> None:
    made = plan()
    assert prescription(made, "legs").exercise_id == "reverse_lunge"
    seen = []
    for _ in range(5):
        made = do_next(made, rpe=7)
        seen.append((prescription(made, "legs").exercise_id, prescription(made, "legs").reps))
    assert seen == [
        ("reverse_lunge", 10),
        ("reverse_lunge", 12),
        ("reverse_lunge", 12),
        ("forward_lunge", 8),
        ("forward_lunge", 10),
    ]
    assert prescription(made, "squat").load_kg == 4.0
    assert prescription(made, "squat").decision is Decision.GO_ON


def test_a_load_grows_by_five_percent_of_what_was_lifted() -> None:
    made = plan()
    while prescription(made, "squat").load_kg is None:
        made = do_next(made)
    loads = []
    for _ in range(6):
        made = do_next(made)
        loads.append(prescription(made, "squat").load_kg)
    assert sorted(set(loads)) == [4.0, 4.2]
    assert prescription(made, "squat").n_sets == 3


def test_without_reserve_or_without_an_answer_nothing_grows() -> None:
    for how in ({"rpe": 9}, {"rpe": None}, {"pain": None}):
        made = plan()
        for _ in range(4):
            made = do_next(made, **how)
        assert prescription(made, "legs").exercise_id == "reverse_lunge"
        assert prescription(made, "legs").reps == 8


@pytest.mark.parametrize("pain", [3, 4, 5])
def test_pain_from_three_to_five_holds_everything(pain: int) -> None:
    made = do_next(plan())
    before = {p.slot: p for p in open_sessions(made)[0].exercises}
    made = do_next(made, pain=pain)
    for p in (p for one in open_sessions(made) for p in one.exercises if p.slot in before):
        assert (p.exercise_id, p.n_sets, p.reps, p.hold_s) == (
            before[p.slot].exercise_id,
            before[p.slot].n_sets,
            before[p.slot].reps,
            before[p.slot].hold_s,
        )
    held = [p for p in open_sessions(made)[0].exercises if p.slot in before and p.decision is Decision.HOLD]
    assert held
    assert f"pain was {pain}" in held[0].reason


def test_pain_above_five_goes_one_version_back_and_offers_the_ladder() -> None:
    made = do_next(plan(), pain=6, pain_now=pain_state(6))
    lunge = prescription(made, "legs")
    assert (lunge.exercise_id, lunge.decision) == ("supported_reverse_lunge", Decision.STEP_BACK)
    assert made.offers_track is Track.LADDER
    assert any("Walk" in sentence for sentence in made.advice)


def test_pain_that_has_not_settled_by_next_morning_goes_one_version_back() -> None:
    made = do_next(plan(), pain=1, pain_next_morning=4)
    assert prescription(made, "legs").exercise_id == "supported_reverse_lunge"
    assert "next morning" in prescription(made, "legs").reason


def test_more_than_ten_days_away_goes_two_steps_back() -> None:
    made = do_next(do_next(plan()))
    late = made.sessions[1].log.done_at + timedelta(days=11)
    made = plan(made.wish, made.sessions, now=late)
    lunge = prescription(made, "legs")
    assert (lunge.exercise_id, lunge.decision) == ("half_squat_hold", Decision.BACK_TWO)
    assert "days away" in lunge.reason


def test_two_steps_back_from_a_load_are_two_loads() -> None:
    made = plan()
    while (prescription(made, "squat").load_kg or 0) < 4.5:
        made = do_next(made)
    before = prescription(made, "squat").load_kg
    made = do_next(made)
    last = max(one.log.done_at for one in made.sessions if one.log)
    made = plan(made.wish, made.sessions, now=last + timedelta(days=20))
    assert prescription(made, "squat").load_kg == pytest.approx(before / 1.05**2, abs=0.15)


def test_a_session_not_done_within_48_hours_is_missed_and_the_rest_stays() -> None:
    made = plan()
    first = made.sessions[0].due_at
    assert plan(made.wish, made.sessions, now=first + timedelta(hours=47)).sessions[0].state is SessionState.PLANNED
    later = plan(made.wish, made.sessions, now=first + timedelta(hours=49))
    assert later.sessions[0].state is SessionState.MISSED
    assert [one.due_at for one in later.sessions] == [one.due_at for one in made.sessions]


def test_a_session_done_late_pushes_the_next_one_so_that_48_hours_remain() -> None:
    made = plan(wish(days=(0, 2)))
    late = done(made.sessions[0], at=made.sessions[0].due_at + timedelta(hours=26))
    after = plan(made.wish, (late, *made.sessions[1:]), now=late.log.done_at)
    assert after.sessions[1].due_at - late.log.done_at >= timedelta(hours=48)
    assert "48 hours" in after.sessions[1].reason
    assert after.sessions[2].due_at == made.sessions[2].due_at


def test_a_move_stays_where_it_was_put() -> None:
    made = plan()
    there = made.sessions[2].due_at + timedelta(days=1)
    moved = replace(made.sessions[2], due_at=there, is_moved=True)
    after = plan(made.wish, [moved if s.number == 3 else s for s in made.sessions])
    assert after.sessions[2].due_at == there
    assert after.sessions[2].reason == "Moved by you."
    assert after.sessions[3].due_at - there >= timedelta(hours=48)


def test_with_pain_no_session_lies_in_the_day_before_a_long_run() -> None:
    wanted = wish(days=(2, 5), long_runs=(LongRun(6, time(9)),))
    calm = plan(wanted)
    sore = plan(wanted, pain=pain_state(3))
    assert {one.due_at.astimezone(zone(wanted.tz)).weekday() for one in calm.sessions} == {2, 5}
    assert {one.due_at.astimezone(zone(wanted.tz)).weekday() for one in sore.sessions} == {2, 6}
    assert "long run" in sore.sessions[1].reason


def test_long_runs_every_day_leave_no_day_and_that_is_said() -> None:
    wanted = wish(long_runs=tuple(LongRun(day, time(9)) for day in range(7)))
    made = plan(wanted, pain=pain_state(4))
    assert {one.state for one in made.sessions} == {SessionState.WAITING}
    assert "no day is free" in made.sessions[0].reason


@pytest.mark.parametrize("lock", [Lock.URGENT, Lock.EMERGENCY])
def test_a_lock_takes_every_date_away_and_its_end_gives_new_ones(lock: Lock) -> None:
    made = do_next(plan())
    locked = plan(made.wish, made.sessions, pain_state(0, lock, words="See a doctor first."), now=NOW)
    assert not open_sessions(locked)
    assert locked.held_because == "See a doctor first."
    assert why_not_now(locked, pain_state(0, lock), NOW, DOSE)
    later = datetime(2026, 4, 1, 9, tzinfo=UTC)
    free = plan(made.wish, locked.sessions, now=later)
    assert len(open_sessions(free)) == 15
    assert open_sessions(free)[0].due_at > later


def test_a_pause_moves_the_rest_behind_it_and_loses_none() -> None:
    made = do_next(plan())
    pause = PlanPause(date(2026, 3, 5), date(2026, 3, 15), "travel")
    after = plan(made.wish, made.sessions, pauses=(pause,), now=datetime(2026, 3, 5, 8, tzinfo=UTC))
    assert "travel" in after.held_because
    days = [one.due_at.date() for one in open_sessions(after)]
    assert len(days) == 15
    assert days[0] == date(2026, 3, 16)


def test_a_pause_without_end_plans_up_to_it_only() -> None:
    after = plan(pauses=(PlanPause(date(2026, 3, 9), None, "illness"),))
    assert len(open_sessions(after)) == 2


def test_after_the_block_one_session_a_week_goes_on() -> None:
    made = plan()
    for _ in range(16):
        made = do_next(made)
    ahead = open_sessions(made)
    assert [one.number for one in ahead] == [17, 18, 19, 20]
    assert [one.week for one in ahead] == [9, 10, 11, 12]
    assert {b.due_at.date() - a.due_at.date() for a, b in itertools.pairwise(ahead)} == {timedelta(days=7)}
    assert ahead[-1].due_at <= made.sessions[15].log.done_at + MAINTENANCE_AHEAD + timedelta(minutes=2)


def test_the_next_session_is_decided_and_the_later_ones_are_a_forecast() -> None:
    made = do_next(plan())
    first, *rest = open_sessions(made)
    assert Decision.FORECAST not in {p.decision for p in first.exercises}
    assert {p.decision for one in rest for p in one.exercises} == {Decision.FORECAST}
    assert all(p.reason for one in made.sessions for p in one.exercises)


def test_a_second_session_on_the_next_day_is_refused_with_the_time_from_which_it_can_be() -> None:
    made = do_next(plan())
    at = made.sessions[0].log.done_at
    assert "48 hours" in why_not_now(made, pain_state(), at + timedelta(hours=20), DOSE)
    assert why_not_now(made, pain_state(), at + timedelta(hours=48), DOSE) == ""


def test_that_time_is_the_runners_own_and_the_session_is_possible_at_it() -> None:
    """UTC would be 13 hours off in Auckland, on another day."""
    made = do_next(plan(wish(tz="Pacific/Auckland")))
    free = made.sessions[0].log.done_at + timedelta(hours=48)
    there = (free + timedelta(seconds=59)).astimezone(ZoneInfo("Pacific/Auckland"))
    words = why_not_now(made, pain_state(), free - timedelta(hours=28), DOSE)
    assert f"{there:%A} {there.day} {there:%B, %H:%M}." in words
    assert why_not_now(made, pain_state(), there.replace(second=0, microsecond=0), DOSE) == ""


def test_missing_kit_leaves_exercises_out() -> None:
    made = plan(wish(Track.HOME, kit=("mat",)))
    used = {p.exercise_id for one in made.sessions for p in one.exercises}
    assert used <= {
        "squat",
        "reverse_lunge",
        "romanian_deadlift",
        "clamshell",
        "plank",
        "side_plank",
        "half_squat_hold",
    }


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"maintenance_per_week": 3}, "one or two sessions a week"),
        ({"long_runs": (LongRun(7, time(9, 0)),)}, "weekdays are mon to sun"),
    ],
)
def test_a_wish_that_no_calendar_holds_is_refused_with_what_can(changes: dict[str, object], words: str) -> None:
    with pytest.raises(UserError, match=words):
        plan(wish(**changes))
