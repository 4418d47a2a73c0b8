"""The question of the morning after comes at eight, once, and only while there is no answer."""

from datetime import UTC, datetime, timedelta

import pytest

from coach.model.pain import PainEntry, PainMoment
from coach.reminders.morning import Effort, morning_after, morning_questions

LONDON = "Europe/London"


@pytest.mark.parametrize(
    ("ended_at", "asked_at"),
    [
        ("2026-03-10T18:00", "2026-03-11T08:00"),
        ("2026-03-28T18:00", "2026-03-29T07:00"),  # clocks go forward in the night: eight is seven UTC
        ("2026-10-24T18:00", "2026-10-25T08:00"),
        ("2026-03-11T01:30", "2026-03-11T08:00"),  # a run past midnight: the same morning
        ("2026-03-11T06:30", "2026-03-12T08:00"),  # an early run: the morning after, not ninety minutes later
    ],
)
def test_it_comes_at_eight_local_time(ended_at: str, asked_at: str) -> None:
    ended = datetime.fromisoformat(ended_at).replace(tzinfo=UTC)
    assert morning_after(ended, LONDON) == datetime.fromisoformat(asked_at).replace(tzinfo=UTC)


def test_an_answer_about_it_or_of_that_morning_takes_it_away() -> None:
    ended = datetime(2026, 3, 10, 18, tzinfo=UTC)
    effort = Effort("run", "r1", ended)
    now = ended + timedelta(hours=1)
    (question,) = morning_questions([effort], [], LONDON, now)
    assert (question.key, question.facts) == ("morning:run:r1", {"run_id": "r1"})
    morning = PainEntry(ended + timedelta(hours=14), PainMoment.NEXT_MORNING, 1)
    named = PainEntry(ended + timedelta(days=3), PainMoment.NEXT_MORNING, 1, run_id="r1")
    for answer in (morning, named):
        assert morning_questions([effort], [answer], LONDON, now) == []
    other = PainEntry(ended, PainMoment.AFTER_RUN, 1, run_id="r1")
    assert morning_questions([effort], [other], LONDON, now) == [question]
    assert morning_questions([effort], [], LONDON, now + timedelta(days=2)) == []
