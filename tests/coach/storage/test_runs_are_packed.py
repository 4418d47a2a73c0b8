"""A finished run's numbers are packed into columns without loss, are found by every question, and take little room."""

import dataclasses
import math
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coach.errors import StorageError
from coach.model.columns import Columns
from coach.model.metrics import LiveMetrics
from coach.model.runs import Run, RunState, RunSummary, Shoe
from coach.model.sites import WearSite
from coach.model.strides import FootStrike, GaitState, Stride, TrunkStep
from coach.storage.dump import load, rows_of, table_names
from coach.storage.packing import pack, pack_field, unpack, unpack_field, unpack_floats
from coach.storage.run_tables import SECONDS, STRIDES
from coach.storage.store import Store
from tests.web.long_history import keep_long_run

START = datetime(2026, 5, 4, 6, 30, tzinfo=UTC)
PLAIN = st.one_of(
    st.lists(st.none() | st.floats(allow_nan=False, allow_infinity=False), min_size=1),
    st.lists(st.none() | st.booleans(), min_size=1),
    st.lists(st.none() | st.integers(-(2**60), 2**60), min_size=1),
    st.lists(st.none() | st.text(), min_size=1),
    st.lists(st.none() | st.dictionaries(st.text(), st.floats(allow_nan=False, allow_infinity=False)), min_size=1),
    st.lists(st.dictionaries(st.text(), st.none() | st.text() | st.floats(0, 1)), min_size=1),
)


@dataclasses.dataclass(frozen=True, slots=True)
class _Cell:
    row: int
    value: object


@given(PLAIN)
def test_a_field_of_nouns_is_packed_as_its_values_and_comes_back(values: list[Any]) -> None:
    packed = pack_field(Columns(_Cell, map(_Cell, range(len(values)), values)).field("value"))
    if packed is None:
        assert set(values) == {None}
        return
    assert packed[0] == pack(values)[0]
    assert unpack(packed, len(values)) == values
    back = Columns.of_fields(_Cell, len(values), {"value": unpack_field(packed, len(values))}).values("value")
    assert back == values
    assert [type(v) for v in back] == [type(v) for v in values]


@given(PLAIN)
def test_a_column_comes_back_as_it_was(values: list[Any]) -> None:
    back = unpack(pack(values), len(values))
    assert back == values
    assert [type(v) for v in back] == [type(v) for v in values]


@given(st.lists(st.none() | st.floats(allow_nan=False), min_size=1), st.integers(0, 400), st.integers(0, 255))
def test_a_damaged_column_is_refused_or_harmless(values: list[float | None], place: int, byte: int) -> None:
    kind, data = pack(values)
    damaged = bytearray(data)
    damaged[place % len(damaged)] = byte
    try:
        assert len(unpack((kind, bytes(damaged)), len(values))) == len(values)
        unpack_field((kind, bytes(damaged)), len(values))
    except ValueError as error:
        assert "damaged" in str(error)  # noqa: PT017  (other outcomes are allowed, too)


def test_numbers_become_arrays() -> None:
    found = unpack_floats(pack([1.5, None, -2.25]), 3)
    assert found[[0, 2]].tolist() == [1.5, -2.25]
    assert math.isnan(found[1])


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = Store(tmp_path / "coach.sqlite")
    made.runs.create(Run("r1", START, RunState.RECORDING))
    yield made
    made.close()


def second(t: int, **changes: Any) -> LiveMetrics:
    base = LiveMetrics(
        float(t),
        GaitState.RUNNING,
        cadence_spm=170.0 + t / 7,
        heart_rate_bpm=None if t % 3 else 150.0,
        foot_strike_share={"rearfoot": 0.5, "midfoot": 0.5, "forefoot": 0.0} if t % 2 else None,
        uncertainty={"cadence_spm": t / 11},
        unknown={"impact_g": "needs_foot_sensor"},
    )
    return dataclasses.replace(base, **changes)


SECONDS_ = [second(t) for t in range(50)]
STRIDES_ = [
    Stride((WearSite.LEFT_FOOT, WearSite.RIGHT_FOOT)[i % 2], i / 3, foot_strike=FootStrike.MIDFOOT, impact_g=i / 9)
    for i in range(60)
]
STEPS_ = [TrunkStep(WearSite.PELVIS, i / 3, is_left=i % 2 == 0) for i in range(40)]
SUMMARY = RunSummary(50.0, 50.0, 150.0, 60, 40, 0, 0, 0)


def n_rows(store: Store, name: str) -> int:
    with store.database.read() as connection:
        return int(connection.scalar(f"SELECT count(*) FROM {name}") or 0)


def test_a_finished_run_is_packed_and_reads_the_same(store: Store) -> None:
    store.runs.data.add("r1", [*STRIDES_, *STEPS_], SECONDS_)
    before = (store.runs.data.seconds("r1"), store.runs.data.strides("r1"), store.runs.data.steps("r1"))
    columns = store.runs.data.second_columns("r1", ("t_s", "cadence_spm", "heart_rate_bpm", "impact_g"))
    store.runs.finish("r1", RunState.FINISHED, SUMMARY)
    assert [n_rows(store, name) for name in ("seconds", "strides", "trunk_steps")] == [0, 0, 0]
    assert (store.runs.data.seconds("r1"), store.runs.data.strides("r1"), store.runs.data.steps("r1")) == before
    assert store.runs.data.seconds("r1") == SECONDS_
    assert store.runs.data.seconds("r1", (10.0, 12.0)) == SECONDS_[10:13]
    packed = store.runs.data.second_columns("r1", ("t_s", "cadence_spm", "heart_rate_bpm", "impact_g"))
    for name, values in columns.items():
        np.testing.assert_array_equal(packed[name], values)


def test_what_is_added_later_wins_and_is_packed_at_the_next_finish(store: Store) -> None:
    store.runs.data.add("r1", STRIDES_, SECONDS_)
    store.runs.finish("r1", RunState.FINISHED, SUMMARY)
    changed = [second(7, heart_rate_bpm=99.0), second(50), second(51)]
    store.runs.data.add("r1", seconds=changed)
    wanted = [*SECONDS_[:7], changed[0], *SECONDS_[8:], *changed[1:]]
    assert store.runs.data.seconds("r1") == wanted
    assert store.runs.data.second_columns("r1", ("heart_rate_bpm",))["heart_rate_bpm"][7] == 99.0
    store.runs.finish("r1", RunState.FINISHED, SUMMARY)
    assert n_rows(store, "seconds") == 0
    assert store.runs.data.seconds("r1") == wanted
    store.runs.data.replace("r1", STRIDES_[:3], [], SECONDS_[:4])
    assert (len(store.runs.data.strides("r1")), store.runs.data.seconds("r1")) == (3, SECONDS_[:4])


def test_an_archive_holds_packed_runs_row_by_row_and_packs_them_again(store: Store, tmp_path: Path) -> None:
    store.runs.data.add("r1", [*STRIDES_, *STEPS_], SECONDS_)
    store.runs.finish("r1", RunState.FINISHED, dataclasses.replace(SUMMARY, best_s={"1000": 300.0}))
    tables = {name: list(rows_of(store.database, name)) for name in table_names()}
    assert len(tables["seconds"]) == 50
    other = Store(tmp_path / "other.sqlite")
    load(other.database, tables)
    assert n_rows(other, "seconds") == 0
    assert other.runs.data.seconds("r1") == SECONDS_
    assert other.runs.data.strides("r1") == store.runs.data.strides("r1")
    assert [record.kind for record in other.runs.bests()] == ["distance", "duration", "1000"]
    other.close()


def test_a_deleted_run_takes_its_columns_and_bests_along(store: Store) -> None:
    store.runs.data.add("r1", STRIDES_, SECONDS_)
    store.runs.finish("r1", RunState.FINISHED, dataclasses.replace(SUMMARY, best_s={"1000": 300.0}))
    store.runs.delete("r1", START)
    assert store.runs.bests() == []
    store.runs.purge(START + timedelta(days=40))
    assert [n_rows(store, name) for name in ("run_columns", "trend_points", "run_bests")] == [0, 0, 0]


def test_a_damaged_column_is_said_in_words(store: Store) -> None:
    store.runs.data.add("r1", STRIDES_, SECONDS_)
    store.runs.finish("r1", RunState.FINISHED, SUMMARY)
    with store.database.write() as connection:
        connection.execute("UPDATE run_columns SET data = x'00' WHERE name = 'cadence_spm'")
    with pytest.raises(StorageError, match="compute it again"):
        store.runs.data.seconds("r1")


def test_records_are_the_bests_of_all_runs(store: Store) -> None:
    for i, (metres, best_s) in enumerate(((9000.0, 340.0), (5000.0, 310.0), (None, 320.0))):
        store.runs.create(Run(f"b{i}", START + timedelta(days=i), RunState.RECORDING))
        summary = dataclasses.replace(SUMMARY, duration_s=100.0 + i, distance_m=metres, best_s={"1000": best_s})
        store.runs.finish(f"b{i}", RunState.FINISHED, summary)
    found = {record.kind: (record.value, record.run_id) for record in store.runs.bests()}
    assert found == {"distance": (9000.0, "b0"), "duration": (102.0, "b2"), "1000": (310.0, "b1")}


@pytest.mark.slow
def test_an_hour_on_two_feet_takes_less_than_three_megabytes(tmp_path: Path) -> None:
    """Every column of a stride and a second holds digits that never repeat, which real ones do at worst."""
    store = Store(tmp_path / "hour.sqlite")
    keep_long_run(store, "hour", START, 1.0)
    draw = np.random.default_rng(3)

    def noisy(noun: Any, keep: tuple[str, ...]) -> Any:
        changes = {
            f.name: value * (1 + 0.01 * draw.normal())
            for f in dataclasses.fields(noun)
            if f.name not in keep and isinstance(value := getattr(noun, f.name), float)
        }
        return dataclasses.replace(
            noun, **changes, uncertainty={name: v * draw.uniform(0.5, 2) for name, v in noun.uncertainty.items()}
        )

    strides = [noisy(one, ("initial_contact_s",)) for one in store.runs.data.strides("hour")]
    seconds = [noisy(one, ("t_s",)) for one in store.runs.data.seconds("hour")]
    store.runs.data.replace("hour", strides, [], seconds)
    store.runs.data.pack("hour")
    assert store.runs.data.seconds("hour") == seconds
    with store.database.read() as connection:
        n_bytes = connection.scalar("SELECT sum(length(data)) FROM run_columns")
    assert len(seconds) + len(strides) > 13_000
    assert n_bytes < 3e6
    store.database.vacuum()
    assert (tmp_path / "hour.sqlite").stat().st_size < 3.5e6
    store.close()


def test_keys_of_the_packed_tables_are_always_known() -> None:
    """The order of rows and their identity rest on columns that are never left out."""
    for table in (SECONDS, STRIDES):
        assert all(not table.table.columns[key].is_optional for key in table.keys)


def test_others_write_while_an_archive_is_being_read(tmp_path: Path) -> None:
    """An archive of years takes a while to be read: a pain tap does not wait for its end."""
    store, other = Store(tmp_path / "coach.sqlite"), Store(tmp_path / "coach.sqlite")

    def slowly() -> Iterator[dict[str, object]]:
        for number in range(3):
            began_s = time.monotonic()
            other.shoes.save(Shoe(f"mine {number}"))
            assert time.monotonic() - began_s < 2.0, "it waited for the archive"
            yield {"name": f"theirs {number}", "since": None, "retired_on": None, "start_m": 0.0, "notes": ""}

    counts = load(store.database, {"shoes": slowly()}, scratch=tmp_path / "rows.sqlite")
    assert counts["shoes"] == 3
    assert len(store.shoes.list()) == 6
    store.close()
    other.close()
