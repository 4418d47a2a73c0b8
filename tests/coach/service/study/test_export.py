"""A study's dataset is valid BIDS, names nobody, and holds the readings as they arrived."""

import importlib.util
import itertools
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("fsspec", reason="the extra [study] is not installed")

from coach.errors import UserError
from coach.live.pipeline_factory import make_pipeline
from coach.recording.reader import read_recording
from coach.service.runs.replay_reader import read_again
from coach.service.study.bids_export import About, Exported, export_bids
from coach.service.study.recompute import plan, recompute
from tests.support.common import missing
from tests.support.study import MARKER, USE, recording, store_of

PARTICIPANTS = """runner,participant,age,sex,group,site,height_m,mass_kg,enrolled_on
anna-k,A-17,93,F,leg,Berlin,1.68,60,2026-05-04
ben-k,B-02,41,M,extensor,Berlin,1.80,,2026-05-04
c,C-03,30,F,leg,Berlin,,,2026-05-04
d,D-04,30,F,leg,Berlin,,,2026-05-04
e,E-05,30,F,leg,Berlin,,,2026-05-04
"""  # the last three have no run: five are enrolled in Berlin, and two of them are in the dataset
OUTCOMES = """participant,on,measure,value
A-17,2026-05-05,pain,4
A-17,2026-06-30,pain,2
B-02,2026-05-05,pain,5
"""
NAMES = (
    "anna-k",
    "ben-k",
    "A-17",
    "B-02",
    "Berlin",
    "F0:0D",
    "214830000002",
    "blue ones",
    MARKER,
    "2026-05",
    "20260504",
)


def write_tables(store: Path) -> None:
    (store / "study").mkdir(exist_ok=True)
    (store / "study" / "participants.csv").write_text(PARTICIPANTS)
    (store / "study" / "outcomes.csv").write_text(OUTCOMES)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two runners, three runs, computed; one run lost packets."""
    folder = store_of(tmp_path_factory.mktemp("store"), 2, "anna-k")
    (folder / "ben-k").mkdir()
    (folder / "ben-k" / "gaps.mcap").write_bytes(recording(9, lost=(30, 40)))
    write_tables(folder)
    assert all(done.is_complete for done in recompute(plan(str(folder)), jobs=0))
    return folder


@pytest.fixture(scope="module")
def dataset(store: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("out") / "dataset"
    exported = export_bids(str(store), out, About("Trial", ("A. One", "B. Two"), "CC0", has_raw_logs=True))
    assert exported == Exported(2, 3, 3, {}, {})
    return out


def faults(dataset: Path) -> set[str]:
    """Codes of the errors that the official validator finds."""
    validator = Path(sys.executable).parent / "bids-validator-deno"
    if not validator.exists():
        missing("no bids-validator-deno: pip install bids-validator-deno")
    done = subprocess.run([validator, str(dataset), "--json"], capture_output=True, text=True, check=False)
    issues = json.loads(done.stdout)["issues"]["issues"]
    return {f"{one['code']} {one.get('subCode', '')}".strip() for one in issues if one["severity"] == "error"}


def test_the_official_validator_finds_no_fault(dataset: Path) -> None:
    assert faults(dataset) == set()


def test_a_spoiled_copy_is_found_by_the_validator(dataset: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(dataset, copy)
    sidecar = next(copy.rglob("*_motion.json"))
    document = json.loads(sidecar.read_text())
    del document["SamplingFrequency"]
    sidecar.write_text(json.dumps(document))
    channels = next(copy.rglob("*_channels.tsv"))
    channels.write_text(channels.read_text().replace("tracked_point", "point"))
    assert {"SIDECAR_KEY_REQUIRED SamplingFrequency", "TSV_COLUMN_MISSING tracked_point"} <= faults(copy)


def test_two_sensors_at_one_site_have_a_file_each(tmp_path: Path) -> None:
    store = tmp_path / "store"
    (store / "anna-k").mkdir(parents=True)
    both = (USE, replace(USE, sensor_id="F0:0D:00:00:00:03", name="Movesense 214830000003"))
    (store / "anna-k" / "both.mcap").write_bytes(recording(4, 5, uses=both))
    write_tables(store)
    assert all(done.is_complete for done in recompute(plan(str(store)), jobs=0))
    export_bids(str(store), tmp_path / "out", About("Trial", ("A. One",), "CC0"))
    files = sorted((tmp_path / "out").rglob("*_motion.tsv"), key=lambda file: len(file.name))
    assert [re.sub(r".*tracksys-(\w+?)_.*", r"\1", file.name) for file in files] == ["leftfoot", "leftfoot2"]
    assert files[0].read_bytes() == files[1].read_bytes()
    systems = [json.loads(file.with_suffix(".json").read_text())["TrackingSystemName"] for file in files]
    assert systems == ["leftfoot", "leftfoot2"]
    assert faults(tmp_path / "out") == set()


def test_answers_have_one_row_a_participant_and_one_column_a_week(dataset: Path) -> None:
    lines = (dataset / "phenotype" / "pain.tsv").read_text().splitlines()
    assert lines[0].split("\t")[1:] == ["week00", "week08"]
    assert sorted(line.split("\t", 1)[1] for line in lines[1:]) == ["4.0\t2.0", "5.0\tn/a"]
    assert set(json.loads((dataset / "phenotype" / "pain.json").read_text())) >= {"week00", "week08"}


def texts(dataset: Path) -> Iterator[tuple[Path, str]]:
    """All that a reader of the dataset sees, tables and raw logs unpacked."""
    from pyarrow import parquet

    for path in sorted(path for path in dataset.rglob("*") if path.is_file()):
        words = str(path.relative_to(dataset))
        if path.suffix == ".parquet":
            table = parquet.read_table(path)
            words += str(table.schema) + str(table.to_pylist())
        elif path.suffix == ".mcap":
            log = read_recording(path)
            words += str(log.header) + "".join(map(str, log.items())) + repr(path.read_bytes())
        else:
            words += path.read_text()
        yield path, words


def test_nothing_in_it_names_a_runner_a_sensor_or_a_day(dataset: Path) -> None:
    found = {(path.name, name) for path, words in texts(dataset) for name in NAMES if name in words}
    assert {pair for pair in found if pair[0] not in ("CHANGES", "cohort_dataset.py")} == set()


def test_dates_are_before_1900_and_cut_to_the_hour_and_great_age_and_small_sites_do_not_show(dataset: Path) -> None:
    times = re.findall(r"\d{4}-\d\d-\d\dT\S+", "".join(p.read_text() for p in dataset.rglob("*_s*s.tsv")))
    assert len(times) == 5
    assert all(time[:2] == "18" and time.endswith(":00:00") for time in times)
    lines = (dataset / "participants.tsv").read_text().splitlines()
    assert sorted(line.split("\t")[1:] for line in lines[1:]) == [
        ["41.0", "M", "extensor", "other", "1.8", "n/a"],
        ["90.0", "F", "leg", "other", "1.68", "60.0"],
    ]


def test_labels_stay_the_same_in_the_next_export(store: Path, dataset: Path, tmp_path: Path) -> None:
    export_bids(str(store), tmp_path / "again", About())
    assert {p.name for p in dataset.glob("sub-*")} == {p.name for p in (tmp_path / "again").glob("sub-*")}
    with pytest.raises(UserError, match="new or empty"):
        export_bids(str(store), dataset, About())


def test_a_raw_log_without_its_runner_gives_the_same_strides(store: Path, dataset: Path) -> None:
    def strides(path: Path) -> list[Any]:
        log = read_recording(path)
        return list(read_again(log.items(), make_pipeline(log.header.sensors)).strides)

    logs = sorted((dataset / "sourcedata").glob("*.mcap"))
    originals = [strides(path) for path in store.rglob("*.mcap")]
    assert len(logs) == 3
    assert all(strides(path) in originals for path in logs)


def test_gaps_stay_gaps(dataset: Path) -> None:
    with_gaps = [path for path in dataset.rglob("*_motion.json") if json.loads(path.read_text())["GapsCount"]]
    (sidecar,) = with_gaps
    document = json.loads(sidecar.read_text())
    rows = [line.split("\t") for line in sidecar.with_suffix(".tsv").read_text().splitlines()]
    steps = [float(b[0]) - float(a[0]) for a, b in itertools.pairwise(rows)]
    assert sum(step > 1.5 / 208 for step in steps) == document["GapsCount"] == 1
    assert document["MissingSamplesCount"] == 80
    assert max(steps) * 208 == pytest.approx(81, abs=1.5)  # its clock counts whole milliseconds
    assert all(len(row) == document["MotionChannelCount"] for row in rows)


def test_every_column_is_in_the_dictionary(dataset: Path) -> None:
    from pyarrow import parquet

    (top,) = (dataset / "derivatives").iterdir()
    dictionary = json.loads((top / "data_dictionary.json").read_text())
    tables = {
        "runs": [top / "runs.parquet"],
        **{kind: list(top.rglob(f"*_{kind}.parquet")) for kind in ("strides", "seconds")},
    }
    for kind, paths in tables.items():
        assert paths
        for path in paths:
            schema = parquet.read_schema(path)
            assert {
                field.name: str(field.type).replace("double", "float64").replace("tz=", "") for field in schema
            } == {name: row["Type"] for name, row in dictionary[kind].items()}
            assert all(row["Description"] for row in dictionary[kind].values())
    assert not {"source", "runner", "run_id", "started_at"} & set(dictionary["runs"])


def test_the_example_reads_the_dataset(dataset: Path) -> None:
    spec = importlib.util.spec_from_file_location("cohort_dataset", dataset / "code" / "cohort_dataset.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    cohort = module.CohortDataset(dataset)
    assert len(cohort) == 3
    (one,) = cohort.subset(group="extensor", sensor="leftfoot")
    assert one.sampling_rate_hz == 208.0
    assert list(one.data.columns) == ["acc_x", "acc_y", "acc_z", "gyr_x", "gyr_y", "gyr_z"]
    assert one.data["gyr_y"].abs().max() > 100  # degrees per second of a running foot
    assert len(list(cohort)) == 3


def test_what_was_taken_back_is_in_no_later_export_and_is_named(store: Path, dataset: Path, tmp_path: Path) -> None:
    copy = tmp_path / "store"
    shutil.copytree(store, copy, copy_function=shutil.copy2)
    (copy / "ben-k" / "gaps.mcap").unlink()
    (copy / "withdrawn.tsv").write_text("participant_id\twithdrawn\nben-k\t2026-06-01\n")
    exported = export_bids(str(copy), tmp_path / "out", About())
    assert (exported.n_runs, len(list((tmp_path / "out").glob("sub-*")))) == (2, 1)
    assert len((tmp_path / "out" / "participants.tsv").read_text().splitlines()) == 2
    (gone,) = (tmp_path / "out" / "sourcedata" / "withdrawn.tsv").read_text().splitlines()[1:]
    assert gone in {path.name for path in dataset.glob("sub-*")}
    assert not list((tmp_path / "out").rglob(f"{gone}*"))
