"""How much of a run a focus could be judged in and needed: the first 15 minutes, then slices of five."""

from coach.coaching.monitor import EVERY_S, FocusTimes


def looked_at(seconds: float, needed_from_s: float) -> FocusTimes:
    times = FocusTimes()
    for i in range(int(seconds / EVERY_S)):
        needed = {"lengthen"} if i * EVERY_S >= needed_from_s else set[str]()
        times.add(i * EVERY_S, possible={"lengthen"}, judged={"lengthen"}, needed=needed)
    return times


def test_what_comes_after_the_first_quarter_of_an_hour_is_kept_by_slices() -> None:
    time = looked_at(1500.0, 1050.0).early()["lengthen"]
    assert (time.running_s, time.judged_s, time.needed_s) == (900.0, 900.0, 0.0)
    assert time.later == ((300.0, 150.0), (300.0, 300.0))
    assert [time.need_share(n) for n in range(3)] == [0.0, 150.0 / 1200.0, 450.0 / 1500.0]


def test_a_slice_that_is_not_over_is_left_out_and_one_without_the_metric_counts_as_not_judged() -> None:
    assert looked_at(1195.0, 0.0).early()["lengthen"].later == ()
    times = looked_at(900.0, 0.0)
    for i in range(180, 300):
        times.add(i * EVERY_S, possible=set(), judged=set(), needed=set())
    time = times.early()["lengthen"]
    assert time.later == ((0.0, 0.0), (0.0, 0.0))
    assert time.need_share(1) is None
    assert time.is_judged


def test_a_run_that_ends_early_has_its_own_length() -> None:
    time = looked_at(600.0, 300.0).early()["lengthen"]
    assert (time.running_s, time.need_share()) == (600.0, 0.5)
