"""The store: every noun comes back as it went in, from any thread, and failures are said in words."""

import dataclasses
import gc
import math
import sqlite3
import tracemalloc
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

import numpy as np
import pytest

from coach.errors import StorageError, UserError
from coach.model.access import Phone
from coach.model.cues import CueDecision, CueResponse, Gate
from coach.model.links import SensorUse
from coach.model.metrics import LiveMetrics
from coach.model.pain import PainEntry, PainMoment, RedFlagAnswers
from coach.model.parts import AverageStride, Split
from coach.model.runner import RunnerProfile
from coach.model.runs import Finding, Lap, Run, RunFilter, RunPlace, RunPlan, RunState, RunSummary, Shoe
from coach.model.samples import Gap, StreamReport
from coach.model.sites import WearSite
from coach.model.strides import FootStrike, GaitState, Stride, TrunkStep
from coach.storage.run_tables import STRIDES
from coach.storage.store import Store

START = datetime(2026, 3, 1, 6, 30, tzinfo=UTC)
USE = SensorUse("AA", "pod", "movesense_imu6", WearSite.LEFT_FOOT, settings=(("rate", "208"),))
PLAN = RunPlan("stride", 0.75, 5, False, False, "week 5", seed=7)
RUN = Run("r1", START, RunState.RECORDING, "Morning", sensors=(USE,), laps=(Lap(1, 0.0, None),), plan=PLAN)
GAP = Gap("AA", WearSite.LEFT_FOOT, 3.0, 3.5, 104)
SUMMARY = RunSummary(
    600.0,
    590.0,
    1800.5,
    850,
    0,
    1,
    104,
    3,
    cadence_spm=170.5,
    foot_strike_share={"rearfoot": 1.0},
    findings=(Finding("drift", "Your steps grew shorter.", "first against last third", 2.0, {"pct": -3.0}),),
    streams=(StreamReport("AA", "movesense_imu6", WearSite.LEFT_FOOT, gaps=(GAP,)),),
    splits=(Split(1, 0.0, 300.0, 1000.0, {"cadence_spm": 170.0}),),
    average_strides=(AverageStride(WearSite.LEFT_FOOT, 400, 0.7, 0.25, toe_off_pct=35.0),),
    by_speed={"step_length_m": {"n": 60.0, "speed_mps": 3.0}},
)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store(tmp_path / "data" / "coach.sqlite")
    yield store
    store.close()


def stride(i: int, **fields: object) -> Stride:
    filled = {"foot_strike": FootStrike.REARFOOT, "state": GaitState.RUNNING, "uncertainty": {"speed_mps": 0.1}}
    return Stride(WearSite.LEFT_FOOT, 0.7 * i, stride_length_m=2.0, **{**filled, **fields})  # type: ignore[arg-type]


def test_a_run_comes_back_as_it_went_in(store: Store) -> None:
    store.runs.create(RUN)
    assert store.runs.get("r1") == RUN
    assert store.runs.unfinished() == [RUN]
    ended = store.runs.finish("r1", RunState.FINISHED, SUMMARY, pauses=((10.0, 20.0),))
    assert (ended.state, ended.duration_s, ended.distance_m) == (RunState.FINISHED, 600.0, 1800.5)
    assert ended.pauses == ((10.0, 20.0),)
    assert store.runs.entry("r1").summary == SUMMARY
    assert store.runs.unfinished() == []
    with pytest.raises(StorageError, match="already"):
        store.runs.create(RUN)


def test_what_was_measured_comes_back_as_it_went_in(store: Store) -> None:
    store.runs.create(RUN)
    step = TrunkStep(WearSite.PELVIS, 1.0, is_left=True, forward_lean_deg=4.0)
    seconds = [LiveMetrics(float(i), cadence_spm=170.0 + i, unknown={"speed_mps": "no sensor"}) for i in range(5)]
    decision = CueDecision(
        "c1", 3.0, "r", "stride", "cue", True, False, "Push", 1.0, None, "m", (Gate("pain", True, "1"),), "why", "doi"
    )
    response = CueResponse("c1", "r", "step_length_m", 1.0, 1.1, 0.1, None, None, None, None, 2)
    store.runs.data.add("r1", [stride(2), step, stride(1)], seconds, [decision], [response])
    assert store.runs.data.strides("r1") == [stride(1), stride(2)]
    assert store.runs.data.steps("r1") == [step]
    assert store.runs.data.seconds("r1") == seconds
    assert store.runs.data.decisions("r1") == [decision]
    assert store.runs.data.responses("r1") == [response]
    columns = store.runs.data.second_columns("r1", ["t_s", "cadence_spm", "speed_mps"])
    assert columns["cadence_spm"].tolist() == [170.0, 171.0, 172.0, 173.0, 174.0]
    assert np.isnan(columns["speed_mps"]).all()
    assert store.runs.data.second_columns("r1", []) == {}


def test_adding_twice_keeps_once_and_replacing_takes_the_place(store: Store) -> None:
    store.runs.create(RUN)
    store.runs.data.add("r1", [stride(1), stride(2)], [LiveMetrics(1.0)])
    store.runs.data.add("r1", [stride(2, speed_mps=3.0)], [LiveMetrics(1.0, cadence_spm=160.0)])
    assert store.runs.data.strides("r1") == [stride(1), stride(2, speed_mps=3.0)]
    assert store.runs.data.seconds("r1") == [LiveMetrics(1.0, cadence_spm=160.0)]
    store.runs.data.replace("r1", [stride(5)], [], [])
    assert store.runs.data.strides("r1") == [stride(5)]
    assert store.runs.data.seconds("r1") == []


def test_each_value_of_a_row_goes_into_its_own_column(store: Store) -> None:
    """Rows of one batch may lack columns, or have them in another order: an archive's do."""
    store.runs.create(RUN)
    with store.database.write() as connection:
        rows = [STRIDES.row(stride(i, speed_mps=3.0), run_key=1) for i in range(4)]
        rows[1] = dict(reversed(rows[1].items()))
        del rows[2]["speed_mps"], rows[2]["foot_strike"]
        STRIDES.table.add_new(connection, rows)
    without = stride(2, foot_strike=None)
    assert store.runs.data.strides("r1") == [without if i == 2 else stride(i, speed_mps=3.0) for i in range(4)]


def test_numbers_that_are_none_stay_unknown(store: Store) -> None:
    store.runs.create(RUN)
    store.runs.data.add("r1", [stride(1, speed_mps=math.nan)])
    assert store.runs.data.strides("r1")[0].speed_mps is None


def test_runs_are_listed_by_page_and_filter(store: Store) -> None:
    for i in range(12):
        place = RunPlace.OUTDOOR if i % 3 == 0 else RunPlace.TREADMILL
        at = START + timedelta(days=i)
        store.runs.create(dataclasses.replace(RUN, run_id=f"r{i}", started_at=at, place=place, notes="100 % fun"))
    store.runs.save_summary("r11", SUMMARY)
    first = store.runs.list(limit=5)
    assert [entry.run.run_id for entry in first] == ["r11", "r10", "r9", "r8", "r7"]
    assert first[0].summary == dataclasses.replace(SUMMARY, findings=(), streams=(), splits=(), average_strides=())
    assert first[1].summary is None
    assert [e.run.run_id for e in store.runs.list(offset=10)] == ["r1", "r0"]
    assert store.runs.count() == 12
    assert store.runs.count(RunFilter(place=RunPlace.OUTDOOR)) == 4
    assert store.runs.count(RunFilter(since=START + timedelta(days=10))) == 2
    assert store.runs.count(RunFilter(until=START + timedelta(days=10))) == 10
    assert store.runs.count(RunFilter(focus="stride", words="0 %", shoes="")) == 12
    assert store.runs.count(RunFilter(words="0_%")) == 0
    assert store.runs.count(RunFilter(focus="other")) == 0


def test_a_deleted_run_is_hidden_comes_back_and_is_purged_with_all_it_had(store: Store) -> None:
    store.runs.create(RUN)
    store.runs.data.add("r1", [stride(1)])
    store.runs.delete("r1", START)
    assert store.runs.list() == []
    assert [e.run.run_id for e in store.runs.list(RunFilter(is_deleted=True))] == ["r1"]
    store.runs.restore("r1")
    assert store.runs.count() == 1
    store.runs.delete("r1", START)
    assert store.runs.deleted_before(START) == []
    store.runs.purge(START)
    assert store.runs.knows(RUN.run_id)
    assert store.runs.deleted_before(START + timedelta(days=1)) == [(RUN.run_id, RUN.recording)]
    store.runs.purge(START + timedelta(days=1))
    with store.database.read() as connection:
        assert connection.scalar("SELECT count(*) FROM strides") == 0


def test_a_run_is_changed_only_by_its_fields(store: Store) -> None:
    store.runs.create(RUN)
    assert store.runs.change("r1", title="New", trim_start_s=4.0).title == "New"
    with pytest.raises(StorageError, match="colour"):
        store.runs.change("r1", colour="red")
    with pytest.raises(StorageError, match="run_id"):
        store.runs.change("r1", run_id="r2")
    for verb in (store.runs.get, store.runs.data.strides, store.runs.restore, store.runs.summary):
        with pytest.raises(UserError, match="no run r9"):
            verb("r9")


def test_the_runner_and_pain_come_back(store: Store) -> None:
    assert store.runner.get() == RunnerProfile()
    profile = RunnerProfile("A", 1980, 1.8, goals=("10 km",), strike_training_since=date(2026, 1, 2))
    store.runner.save(profile)
    store.runner.save(profile)
    assert store.runner.get() == profile
    zone = timezone(timedelta(hours=2))
    entries = [
        PainEntry(datetime(2026, 3, 2, 8, tzinfo=zone), PainMoment.NEXT_MORNING, back=2, run_id="r1"),
        PainEntry(datetime(2026, 3, 2, 9, tzinfo=zone), PainMoment.NOW, calf=1),
    ]
    for entry in reversed(entries):
        store.pain.add(entry)
    assert store.pain.list() == entries
    assert store.pain.list(moment=PainMoment.NOW) == entries[1:]
    assert store.pain.list(run_id="r1", since=START, until=entries[1].at) == entries[:1]
    assert store.pain.list()[0].at.utcoffset() == timedelta(0)
    answers = RedFlagAnswers(START, ("fever",), seen_on=date(2026, 3, 1))
    store.pain.add_red_flags(answers)
    assert store.pain.red_flags() == [answers]
    with pytest.raises(StorageError, match="zone"):
        store.pain.add(PainEntry(datetime(2026, 3, 2), PainMoment.NOW))  # noqa: DTZ001  (a time without zone is what is refused)


def test_sensors_shoes_and_settings_come_back(store: Store) -> None:
    store.sensors.remember(USE, START)
    store.sensors.remember(dataclasses.replace(USE, sensor_id="BB"), START + timedelta(days=1))
    assert [use.sensor_id for use in store.sensors.list()] == ["BB", "AA"]
    assert store.sensors.get("AA") == USE
    store.sensors.forget("AA")
    assert store.sensors.get("AA") is None
    store.shoes.save(Shoe("Blue", date(2026, 1, 1), start_m=1000.0))
    store.runs.create(dataclasses.replace(RUN, shoes="Blue", distance_m=500.0))
    assert store.runs.distance_by_shoes() == {"Blue": 500.0}
    assert store.shoes.list() == [Shoe("Blue", date(2026, 1, 1), start_m=1000.0)]
    store.settings.put("web.units", {"a": [1, None]})
    store.settings.put("web_x", 1)
    assert store.settings.get("web.units") == {"a": [1, None]}
    assert store.settings.all("web.") == {"web.units": {"a": [1, None]}}
    assert store.settings.get("none", 5) == 5


def test_a_phone_is_known_by_its_token_until_it_expires_or_is_revoked(store: Store) -> None:
    phone = Phone("p1", "Phone", START, START, START + timedelta(days=90))
    store.phones.add(phone, "secret-token")
    assert store.phones.by_token("secret-token", START) == phone
    assert store.phones.by_token("other", START) is None
    assert store.phones.by_token("secret-token", phone.expires_at) is None
    store.phones.saw("p1", START + timedelta(days=1))
    assert store.phones.list()[0].seen_at == START + timedelta(days=1)
    assert b"secret-token" not in store.database.path.read_bytes()
    store.phones.revoke("p1")
    assert store.phones.by_token("secret-token", START) is None


def test_many_threads_write_and_read_at_once(store: Store) -> None:
    store.runs.create(RUN)

    def work(n: int) -> int:
        for i in range(20):
            store.runs.data.add("r1", [stride(1000 * n + i)], [LiveMetrics(1000.0 * n + i)])
        return len(store.runs.data.seconds("r1"))

    with ThreadPoolExecutor(8) as pool:
        assert max(pool.map(work, range(8))) <= 160
    assert len(store.runs.data.strides("r1")) == 160


def test_keeping_more_of_a_run_leaves_no_garbage(store: Store) -> None:
    def keep(n: int) -> None:
        store.runs.data.add("r1", [stride(n)], [LiveMetrics(float(n))])

    store.runs.create(RUN)
    keep(0)
    gc.collect()
    gc.disable()
    try:
        found = []
        for start in (1, 6, 11):  # what a test before leaves behind, in a thread that ends now, is not ours
            for n in range(start, start + 5):
                keep(n)
            found.append(gc.collect())
        assert min(found) < 100  # a library that writes statements made two objects a column
    finally:
        gc.enable()


def test_rows_become_columns_a_hundred_at_a_time(store: Store) -> None:
    seen = {"cadence_spm": 1.0, "speed_mps": 0.1}
    store.runs.create(RUN)
    store.runs.data.add("r1", seconds=[LiveMetrics(float(n), cadence_spm=170.0, uncertainty=seen) for n in range(1500)])
    store.runs.data.seconds("r1")  # what is made once is not counted
    tracemalloc.start()
    try:
        found = store.runs.data.seconds("r1")
        kept, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(found) == 1500
    assert peak - kept < 0.6e6  # bytes; 0.25 MB where it was written, 1.7 with a thousand rows


def test_reads_one_after_the_other_warm_one_connection_however_many_there_were_at_once(store: Store) -> None:
    with ExitStack() as stack:
        at_once = {id(stack.enter_context(store.database.read())) for _ in range(5)}
    found = set()
    for _ in range(5):
        with store.database.read() as connection:
            found.add(id(connection))
    assert len(at_once) == 5
    assert len(found) == 1


def test_files_that_cannot_be_used_are_refused_in_words(tmp_path: Path) -> None:
    junk = tmp_path / "junk.sqlite"
    junk.write_bytes(b"hello" * 1000)
    with pytest.raises(StorageError, match="not a database"):
        Store(junk)
    with pytest.raises(StorageError, match="cannot make"):
        Store(junk / "below" / "coach.sqlite")
    newer = tmp_path / "newer.sqlite"
    Store(newer).close()
    connection = sqlite3.connect(newer)
    connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.commit()
    connection.close()
    with pytest.raises(StorageError, match="newer version"):
        Store(newer)


def test_a_time_without_zone_is_compared_with_nothing(store: Store) -> None:
    store.runs.create(RUN)
    with pytest.raises(StorageError, match="zone"):
        store.runs.count(RunFilter(since=datetime(2026, 3, 2)))  # noqa: DTZ001  (what is refused)


def test_a_flag_of_numpys_is_kept_as_a_flag(store: Store) -> None:
    store.runs.create(RUN)
    step = TrunkStep(WearSite.PELVIS, 1.0, is_left=np.bool_(True))  # type: ignore[arg-type]  # as arithmetic leaves it
    store.runs.data.add("r1", [step])
    assert store.runs.data.steps("r1")[0].is_left is True
