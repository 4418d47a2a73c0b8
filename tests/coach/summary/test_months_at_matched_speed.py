"""A measure month by month at matched speed: means, their uncertainty, and a dash where a month has too few runs."""

import math
import re
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from coach.cli.plan import show_growth
from coach.model.history import Trend, TrendPoint
from coach.model.runs import RunPlace
from coach.summary.monthly import monthly_of

PLACE = RunPlace.TREADMILL


def trend(runs: list[tuple[datetime, float]], se: float = 0.004) -> Trend:
    points = tuple(TrendPoint(f"r{i}", at, value, se, 2.8, 40, True) for i, (at, value) in enumerate(runs))
    return Trend("step_length_m", 2.8, points, None, None, 0.001, 0.0005, 0.0015)


def test_months_of_the_runners_zone_have_means_and_an_empty_month_stays_visible() -> None:
    late = datetime(2026, 3, 31, 22, 30, tzinfo=UTC)  # April already where the runner lives
    runs = [(datetime(2026, 3, 2, tzinfo=UTC), 1.00), (datetime(2026, 3, 9, tzinfo=UTC), 1.02), (late, 1.06)]
    runs += [(datetime(2026, 6, 3, tzinfo=UTC), 1.05), (datetime(2026, 6, 9, tzinfo=UTC), 1.07)]
    done = [date(2026, 3, 4), date(2026, 3, 8), date(2026, 5, 1)]
    found = monthly_of(trend(runs), PLACE, ZoneInfo("Europe/Berlin"), done)
    assert [(m.month.month, m.n_runs, m.n_sessions) for m in found.months] == [
        (3, 2, 2), (4, 1, 0), (5, 0, 1), (6, 2, 0),
    ]  # fmt: skip
    march, april, may, june = found.months
    assert march.value == pytest.approx(1.01)
    assert june.value == pytest.approx(1.06)
    assert (april.value, may.value) == (None, None), "one run is no month"
    assert found.per_month == pytest.approx(0.001 * 365.25 / 84)
    assert (found.per_month_low, found.per_month_high) == (
        pytest.approx(0.00217, abs=1e-4),
        pytest.approx(0.00652, abs=1e-4),
    )


def test_the_command_line_says_with_which_runs_it_compares_and_shows_a_dash_for_a_thin_month(
    capsys: pytest.CaptureFixture[str],
) -> None:
    runs = [(datetime(2026, 3, day, tzinfo=UTC), 1.0 + 0.002 * day) for day in (2, 4, 6)]
    show_growth(monthly_of(trend([*runs, (datetime(2026, 4, 2, tzinfo=UTC), 1.03)]), PLACE, UTC), "metric")
    printed = capsys.readouterr().out
    assert re.search(r"2026-03 +3 +0 +100\.8 +± 1\.0", printed)
    assert re.search(r"2026-04 +1 +0 +–", printed)
    assert "of runs on the treadmill only" in printed
    assert "Change a month: +0.43 cm (95 %: +0.22 to +0.65)." in printed


def test_without_runs_there_is_no_month() -> None:
    assert monthly_of(trend([]), PLACE, UTC).months == ()


def test_a_months_interval_holds_its_truth() -> None:
    """95 % intervals of months of 3 to 12 runs that scatter by 1.2 %."""
    rng, held = np.random.default_rng(5), []
    for _ in range(150):
        truths = {month: 1.0 + 0.004 * month for month in range(1, 7)}
        runs = [
            (datetime(2026, month, 1, tzinfo=UTC) + timedelta(days=int(day)), truth + 0.012 * rng.normal())
            for month, truth in truths.items()
            for day in rng.integers(0, 27, size=rng.integers(3, 12))
        ]
        for month in monthly_of(trend(runs), PLACE, UTC).months:
            assert month.value is not None
            assert month.se is not None
            held.append(abs(month.value - truths[month.month.month]) <= 1.96 * month.se)
    assert math.isclose(np.mean(held), 0.95, abs_tol=0.02)


def test_a_first_month_of_few_runs_promises_no_more_than_it_shows() -> None:
    """95 % intervals of a single month of 2 to 4 runs that scatter by 1.2 %."""
    rng, held = np.random.default_rng(6), []
    for _ in range(900):
        days = range(1, 2 + int(rng.integers(1, 4)))
        runs = [(datetime(2026, 3, day, tzinfo=UTC), 1.0 + 0.012 * rng.normal()) for day in days]
        (march,) = monthly_of(trend(runs, se=0.001), PLACE, UTC).months
        assert march.value is not None
        assert march.se is not None
        held.append(abs(march.value - 1.0) <= 1.96 * march.se)
    assert math.isclose(np.mean(held), 0.95, abs_tol=0.02)
