"""A watch that finds out the date in the middle of a run: its first records count seconds since it was switched on."""

from datetime import timedelta

import pytest

from coach.interchange import fit_messages as fm
from coach.interchange.activity import Activity
from coach.interchange.fit_encoding import Field, FitFile
from coach.interchange.fit_reader import read_fit_sessions
from tests.coach.interchange.foreign import DAY, DISTANCE, RUNNING, SPEED, seconds_of_fit

SWITCHED_ON_S = 5000  # the counter of the watch when the run began
CORRELATION = 162  # FIT profile: message timestamp_correlation
SYSTEM_TIME = Field(1, fm.TIMESTAMP.kind)


def a_run(n_undated: int, seconds: int = 300, *, correlated: bool = False, every_s: int = 1, lost: int = 0) -> FitFile:
    """One record each `every_s`, of which the first `n_undated` have no date; after them `lost` are missing."""
    file = FitFile()
    file.add(fm.FILE_ID, [(fm.FILE_TYPE, 4)])
    first = seconds_of_fit(DAY)
    for n, s in enumerate(range(0, seconds + 1, every_s)):
        if n_undated <= n < n_undated + lost:
            continue
        if correlated and n == n_undated + lost:
            file.add(CORRELATION, [(fm.TIMESTAMP, first + s), (SYSTEM_TIME, SWITCHED_ON_S + s)])
        at = SWITCHED_ON_S + s if n < n_undated else first + s
        file.add(fm.RECORD, [(fm.TIMESTAMP, at), (SPEED, 3.0), (DISTANCE, 3.0 * s)])
    file.add(
        fm.SESSION,
        [(fm.TIMESTAMP, first + seconds), (fm.START_TIME, SWITCHED_ON_S), (fm.SPORT_SESSION, RUNNING),
         (fm.TOTAL_ELAPSED, seconds), (fm.TOTAL_TIMER, seconds), (fm.TOTAL_DISTANCE, 3.0 * seconds)],
    )  # fmt: skip
    return file


def read(file: FitFile) -> Activity:
    (run,) = read_fit_sessions(file.close())
    return run


@pytest.mark.parametrize(("n_undated", "every_s"), [(1, 1), (20, 1), (299, 1), (1, 4), (60, 4)])
def test_the_records_before_the_date_belong_to_the_run_at_their_own_moments(n_undated: int, every_s: int) -> None:
    run = read(a_run(n_undated, every_s=every_s))
    assert run.started_at == DAY
    assert [record.t_s for record in run.records] == [float(s) for s in range(0, 301, every_s)]
    assert run.duration_s == 300


def test_where_the_watch_states_both_times_a_gap_between_them_keeps_its_length() -> None:
    run = read(a_run(100, correlated=True, lost=40))
    assert run.started_at == DAY
    assert [record.t_s for record in run.records] == [float(s) for s in (*range(100), *range(140, 301))]


def test_without_both_times_a_gap_at_the_change_is_as_long_as_between_other_records() -> None:
    run = read(a_run(100, lost=40))
    assert run.started_at == DAY + timedelta(seconds=40)
    assert len(run.records) == 261


def test_a_record_that_lost_its_date_costs_only_itself() -> None:
    file = FitFile()
    file.add(fm.FILE_ID, [(fm.FILE_TYPE, 4)])
    for s in range(301):
        at = SWITCHED_ON_S + s if s == 150 else seconds_of_fit(DAY) + s
        file.add(fm.RECORD, [(fm.TIMESTAMP, at), (SPEED, 3.0), (DISTANCE, 3.0 * s)])
    file.add(fm.SESSION, [(fm.SPORT_SESSION, RUNNING), (fm.START_TIME, seconds_of_fit(DAY))])
    assert len(read(file).records) == 300
