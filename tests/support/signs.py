"""Answers to the warning signs for tests whose clock runs over months."""

from datetime import datetime, timedelta

from coach.model.pain import RedFlagAnswers
from coach.storage.store import Store


def answer_signs(store: Store, start: datetime, weeks: int = 80) -> None:
    """Answer "none" at `start` and every three weeks after it, as answers hold for four."""
    for week in range(0, weeks, 3):
        store.pain.add_red_flags(RedFlagAnswers(start + timedelta(weeks=week), ()))
