"""The runner's service: profile checked, pain kept and judged, red flags asked and cleared by a date."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from coach.errors import UserError
from coach.model.pain import Lock, PainMoment
from coach.service.runner import RunnerService
from coach.storage.store import Store
from tests.support.clock import ManualClock

Clock = ManualClock[datetime]


@pytest.fixture
def clock() -> Clock:
    return Clock(datetime(2026, 3, 2, 7, 0, tzinfo=UTC))


@pytest.fixture
def runner(tmp_path: Path, clock: Clock) -> Iterator[RunnerService]:
    store = Store(tmp_path / "coach.sqlite")
    yield RunnerService(store, clock)
    store.close()


def test_a_profile_is_changed_field_by_field_and_kept(runner: RunnerService) -> None:
    runner.change(name="Ada", height_m=1.7)
    runner.change(weekly_km=20.0, focus_wish="quicker")
    profile = runner.profile()
    assert (profile.name, profile.height_m, profile.weekly_km, profile.focus_wish) == ("Ada", 1.7, 20.0, "quicker")


@pytest.mark.parametrize(
    ("answers", "complaint"),
    [
        ({"height_m": 17.0}, "height_m goes from 1.0 to 2.3 m"),
        ({"shoe_colour": "red"}, "no shoe_colour"),
        ({"focus_wish": "moonwalk"}, "no focus moonwalk"),
        ({"time_zone": "Mars/Olympus"}, "no time zone"),
        ({"time_zone": "Africa"}, "no time zone"),  # a folder of zones where they are read from tzdata
        ({"time_zone": "x" * 300}, "no time zone"),
        ({"time_zone": None}, "time_zone cannot be empty"),
        ({"units": "furlongs"}, "metric, imperial"),
        ({"plays_tones": None}, "plays_tones cannot be empty"),
        ({"wants_strike_training": None, "shows_cue_text": None}, "shows_cue_text, wants_strike_training cannot be"),
        ({"name": None}, "name cannot be empty"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_changes(
    runner: RunnerService, answers: dict[str, object], complaint: str
) -> None:
    with pytest.raises(UserError, match=complaint):
        runner.change(**answers)
    assert runner.profile() == type(runner.profile())()


def test_strike_training_counts_from_the_day_it_was_asked_for(runner: RunnerService, clock: Clock) -> None:
    assert runner.change(wants_strike_training=True).strike_training_since == date(2026, 3, 2)
    clock.now += timedelta(days=10)
    assert runner.change(name="Ada").strike_training_since == date(2026, 3, 2)
    assert runner.change(wants_strike_training=False).strike_training_since is None


def test_pain_answers_decide_what_is_allowed(runner: RunnerService, clock: Clock) -> None:
    runner.answer_red_flags([])
    assert runner.report_pain("before_run", back=1, calf=0).allows_load_cues
    clock.now += timedelta(minutes=40)
    state = runner.report_pain(PainMoment.DURING_RUN, back=3, run_id="r")
    assert state.allows_cues
    assert not state.allows_load_cues
    clock.now += timedelta(hours=20)
    assert not runner.pain_state().is_settled
    assert runner.report_pain("next_morning", back=1).allows_load_cues
    assert [e.run_id for e in runner.pain_entries(run_id="r")] == ["r"]


def test_pain_outside_the_scale_or_at_no_moment_is_refused(runner: RunnerService) -> None:
    with pytest.raises(UserError, match="0 to 10, not 11"):
        runner.report_pain("now", back=11)
    with pytest.raises(UserError, match="give a number"):
        runner.report_pain("now")
    with pytest.raises(UserError, match="not at yesterday"):
        runner.report_pain("yesterday", back=1)


def test_an_urgent_sign_locks_until_the_date_of_having_been_seen(runner: RunnerService, clock: Clock) -> None:
    assert runner.answer_red_flags(["night_pain"]).lock is Lock.URGENT
    clock.now += timedelta(days=2)
    with pytest.raises(UserError, match="is in the future"):
        runner.answer_red_flags([], date(2026, 3, 9))
    assert runner.answer_red_flags([]).lock is Lock.URGENT
    assert runner.answer_red_flags([], date(2026, 3, 3)).lock is Lock.NONE
    with pytest.raises(UserError, match="no sign"):
        runner.answer_red_flags(["hiccups"])


@pytest.mark.parametrize("back", [timedelta(minutes=1), timedelta(hours=2), timedelta(hours=23)])
def test_what_was_reported_before_the_clock_was_set_back_counts_now(
    runner: RunnerService, clock: Clock, back: timedelta
) -> None:
    """A strong pain or an open sign that seems to be of the future would else not be known for hours."""
    runner.answer_red_flags(())
    clock.now += timedelta(minutes=30)
    runner.report_pain(PainMoment.NOW, back=9)
    clock.now += timedelta(minutes=1)
    runner.answer_red_flags(("saddle_numbness",))
    clock.now -= back
    state = runner.pain_state()
    assert state.level == 9
    assert state.lock.is_sign_open
    assert not state.allows_cues


def test_the_newest_of_what_seems_to_be_of_the_future_counts(runner: RunnerService, clock: Clock) -> None:
    runner.answer_red_flags(())
    for level in (7, 1):
        clock.now += timedelta(minutes=10)
        runner.report_pain(PainMoment.NOW, back=level)
    clock.now -= timedelta(hours=2)
    assert runner.pain_state().level == 1
