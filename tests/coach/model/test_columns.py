"""Columns give back the nouns that were put in, whatever a noun knows, and the arrays that are computed from."""

import math
import random
import tracemalloc
from collections.abc import Sequence

import numpy as np
import pytest

from coach.model.columns import Columns, Mappings
from coach.model.metrics import LiveMetrics
from coach.model.sites import WearSite
from coach.model.strides import FootStrike, GaitState, Stride

BARE = Stride(WearSite.LEFT_FOOT, 1.0)
WHOLE = Stride(
    WearSite.RIGHT_FOOT,
    1.4,
    contact_time_s=0.25,
    stride_time_s=0.7,
    foot_strike=FootStrike.MIDFOOT,
    state=GaitState.RUNNING,
    is_clipped=True,
    uncertainty={"contact_time_s": 0.004},
)


def random_seconds(n: int, seed: int = 1) -> list[LiveMetrics]:
    """Seconds of which each knows something else, also numbers without a fraction and several kinds in one field."""
    draw = random.Random(seed)
    values: Sequence[float | str | None] = (None, None, 2.5, 0.0, 170, "pod")
    names = ("cadence_spm", "speed_mps", "heart_rate_bpm", "power_w")
    return [
        LiveMetrics(
            float(t),
            draw.choice([None, *GaitState]),
            is_steady=draw.random() < 0.5,
            **{name: draw.choice(values[: 4 + place]) for place, name in enumerate(names[:3])},
            speed_source=draw.choice([None, "pod", "feet"]),
            foot_strike_share=draw.choice([None, {}, {"rearfoot": 0.25, "midfoot": 0.75}]),
            uncertainty={name: draw.random() for name in names if draw.random() < 0.5},
            unknown=draw.choice([{}, {"power_w": "needs_power_pod"}]),
        )
        for t in range(n)
    ]


@pytest.mark.parametrize("n", [0, 1, 7, 1023, 1024, 1025, 3000])
def test_nouns_come_back_as_they_were(n: int) -> None:
    seconds = random_seconds(n)
    columns = Columns(LiveMetrics, seconds)
    assert list(columns) == seconds
    assert columns == seconds
    assert len(columns) == n
    assert [columns[place] for place in range(-n, n, 97)] == [seconds[place] for place in range(-n, n, 97)]
    assert columns[n // 3 : n // 2] == seconds[n // 3 : n // 2]
    assert [type(value) for value in columns.values("heart_rate_bpm")] == [type(s.heart_rate_bpm) for s in seconds]


def test_whole_fields_make_the_same_nouns() -> None:
    columns = Columns(LiveMetrics, random_seconds(500))
    again = Columns.of_fields(LiveMetrics, 500, {name: columns.field(name) for name in columns.names})
    assert again == columns
    again += random_seconds(3)
    assert again == [*columns, *random_seconds(3)]


def test_rows_come_in_the_order_asked_for_and_the_first_columns_stay() -> None:
    seconds = random_seconds(200)
    columns = Columns(LiveMetrics, seconds)
    rows = np.array([5, 199, 0, 5])
    assert columns.take(rows) == [seconds[row] for row in rows]
    assert columns.take(rows)[1:3].take(np.array([1, 0])) == [seconds[0], seconds[199]]
    assert columns == seconds


def test_what_is_appended_to_taken_rows_or_to_the_first_columns_is_in_these_alone() -> None:
    seconds = random_seconds(40)
    columns = Columns(LiveMetrics, seconds[:30])
    taken, again = columns.take(np.array([3, 29, 1])), columns.take(np.array([3, 29, 1]))
    columns.extend(seconds[30:])
    again.extend(seconds[30:])
    assert columns == seconds
    assert taken == [seconds[3], seconds[29], seconds[1]]
    assert again == [seconds[3], seconds[29], seconds[1], *seconds[30:]]
    assert taken.floats("t_s").tolist() == [3.0, 29.0, 1.0]
    assert taken.values("state") == [s.state for s in taken]


def test_a_field_of_numbers_is_an_array_and_unknown_is_nan() -> None:
    strides = Columns(Stride, [BARE, WHOLE, BARE])
    np.testing.assert_array_equal(strides.floats("contact_time_s"), [math.nan, 0.25, math.nan])
    np.testing.assert_array_equal(strides.floats("impact_g"), [math.nan] * 3)
    np.testing.assert_array_equal(strides.floats("is_clipped"), [0.0, 1.0, 0.0])
    whole = strides.field("uncertainty")
    assert isinstance(whole, Mappings)
    np.testing.assert_array_equal(whole.by_name["contact_time_s"], [math.nan, 0.004, math.nan])
    with pytest.raises(TypeError, match="is no number"):
        strides.floats("uncertainty")


def test_a_field_of_words_says_which_nouns_have_one_of_them() -> None:
    strides = Columns(Stride, [BARE, WHOLE])
    assert strides.is_one_of("wear_site", (WearSite.LEFT_FOOT, WearSite.CHEST)).tolist() == [True, False]
    assert strides.is_one_of("foot_strike", (None,)).tolist() == [True, False]
    assert strides.is_one_of("state", (None, GaitState.RUNNING)).tolist() == [True, True]
    assert Columns(Stride, [BARE]).is_one_of("state", (GaitState.RUNNING,)).tolist() == [False]
    with pytest.raises(TypeError, match="compare it"):
        strides.is_one_of("initial_contact_s", (1.0,))


def test_what_differs_is_not_equal() -> None:
    assert Columns(Stride, [BARE]) != [WHOLE]
    assert Columns(Stride, [BARE]) != [BARE, BARE]
    assert Columns(Stride, [BARE]) != "b"


def test_a_number_that_is_none_is_unknown() -> None:
    assert Columns(Stride, [Stride(WearSite.CHEST, 1.0, impact_g=math.nan)])[0].impact_g is None


def test_columns_take_a_quarter_of_the_memory_of_nouns_at_most() -> None:
    """Of seconds that know eight numbers each; those of a run know thirty, and gain more."""
    tracemalloc.start()
    nouns = random_seconds(2000)
    of_nouns, _ = tracemalloc.get_traced_memory()
    columns = Columns(LiveMetrics, nouns)
    of_both, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(columns) == len(nouns)
    assert of_both - of_nouns < 0.25 * of_nouns
