"""Reminders follow from the plan: the same facts, the same keys."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from coach.model.daily_life import DailyWishes
from coach.model.time_zones import zone
from coach.strength.assessments import milestones
from coach.strength.reminding import daily_reminders, milestone_reminders, session_reminders
from tests.coach.strength.makers import NOW, do_next, plan


def test_each_session_has_one_reminder_and_one_second_offer_within_48_hours() -> None:
    made = plan()
    found = session_reminders(made, NOW)
    mine = [one for one in found if one.facts["session_id"] == made.sessions[0].session_id]
    assert [one.key.split(":")[0] for one in mine] == ["session", "session_again"]
    assert mine[0].due_at == made.sessions[0].due_at
    assert all(one.due_at < one.expires_at <= made.sessions[0].due_at + timedelta(hours=48) for one in mine)
    assert session_reminders(made, NOW + timedelta(hours=1)) == found


def test_a_second_offer_keeps_the_local_time_when_clocks_change() -> None:
    made = plan()
    made = replace(made, sessions=(replace(made.sessions[0], due_at=datetime(2026, 3, 28, 18, 30, tzinfo=UTC)),))
    _, again = session_reminders(made, datetime(2026, 3, 28, tzinfo=UTC))
    assert again.due_at.astimezone(zone("Europe/London")).hour == 18


def test_a_session_that_is_done_is_not_offered_any_more() -> None:
    made = do_next(plan())
    assert not [r for r in session_reminders(made, NOW) if made.sessions[0].session_id in r.key]


def test_milestones_are_asked_once_each_until_answered() -> None:
    made = plan()
    due = milestones(made.wish, (), NOW.date())
    assert [r.facts["milestone"] for r in milestone_reminders(due, [], NOW)] == ["week_0"]
    assert milestone_reminders(due, ["week_0"], NOW) == []


def test_the_extras_are_silent_until_asked_for() -> None:
    assert daily_reminders(DailyWishes(), plan(), "Europe/London", NOW) == []


def test_sitting_breaks_come_in_the_chosen_hours_of_the_chosen_days() -> None:
    monday = datetime(2026, 3, 2, 6, tzinfo=UTC)
    found = daily_reminders(DailyWishes(wants_sitting_breaks=True, sitting_days=(0,)), None, "Europe/London", monday)
    assert [one.due_at.hour for one in found] == list(range(10, 18))
    assert len({one.key for one in found}) == 8


def test_the_tip_and_the_off_day_block_come_on_their_days() -> None:
    wishes = DailyWishes(wants_lunge_tip=True, wants_off_day_block=True)
    made = plan()
    found = daily_reminders(wishes, made, "Europe/London", datetime(2026, 3, 2, 6, tzinfo=UTC))
    assert [one.group for one in found] == ["lunge", "lunge", "block"]  # Monday is a session day
