"""`coach study export --bids`: write a store and its results as a Motion-BIDS dataset with derivatives.

Raw readings with their gaps, tables of participants, sessions and answers, and what the program found as Parquet with a
data dictionary. Labels are pseudonyms, dates are shifted, and nothing that names a runner, a sensor or a place leaves
the store. An export is a new folder each time: what was taken back since is not in it.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import datetime
from importlib.resources import files
from itertools import groupby
from multiprocessing import get_context
from pathlib import Path
from typing import Final

from coach.errors import UserError
from coach.model.frozen import dataclass
from coach.service.runs.finish_run import program_version
from coach.service.study.computed import Computed, StudyRun, computed_runs
from coach.service.study.extra import needed
from coach.service.study.participants import (
    OutcomeValue,
    coarsened,
    pseudonyms_of,
    read_outcomes,
    read_participants,
    read_withdrawn,
)
from coach.service.study.raw_export import RawFiles, export_run
from coach.service.study.results import SECONDS, STRIDES, table_of
from coach.study import bids
from coach.study.columns import Column, ColumnKind, dictionary_of, second_columns, stride_columns
from coach.study.pseudonyms import Pseudonyms, session_label
from coach.study.rows import IDENTIFYING, row_columns
from coach.wall_clock import utc_now

_KEYS: Final = (
    Column("participant_id", ColumnKind.TEXT, "", "label of the participant"),
    Column("session_id", ColumnKind.TEXT, "", "week since enrolment"),
    Column("run", ColumnKind.COUNT, "", "number of the run within the session"),
)
_ACQ_TIME: Final = Column(
    "acq_time", ColumnKind.TEXT, "", "start of the run, shifted by whole weeks and cut to the hour"
)


@dataclass(frozen=True, slots=True)
class About:
    """What a dataset says of itself."""

    name: str = "Running with body-worn sensors"
    authors: tuple[str, ...] = ("n/a",)
    licence: str = "n/a"
    has_raw_logs: bool = False


@dataclass(frozen=True, slots=True)
class Exported:
    """What went out. left_out: by reason. unreadable: labels of runs whose readings could not be written, and why."""

    n_participants: int
    n_runs: int
    n_files: int
    left_out: Mapping[str, int]
    unreadable: Mapping[str, str]


def export_bids(
    store_url: str,
    out: Path,
    about: About,
    results_url: str | None = None,
    n_processes: int = 1,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
) -> Exported:
    """Write the dataset to a new folder.

    Raises:
        UserError: there is something at `out`, or nothing to export. InterchangeError: a table does not fit.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise UserError(f"{out} is there already: give a folder that is new or empty")
    found = computed_runs(store_url, results_url)
    outcomes = read_outcomes(found.store)
    dataset = _Dataset(found, outcomes, pseudonyms_of(found.store), out, about)
    dataset.write_heads()
    written, unreadable = dataset.write_raw(n_processes, on_progress)
    dataset.write_tables(written)
    dataset.write_derivatives()
    n_files = sum(len(names) for names in written.values())
    n_participants = len({run.participant.name for run in found.runs})
    return Exported(n_participants, len(found.runs), n_files, found.counts, unreadable)


class _Dataset:
    def __init__(
        self, found: Computed, outcomes: Sequence[OutcomeValue], names: Pseudonyms, out: Path, about: About
    ) -> None:
        self._found, self._outcomes, self._names, self._out, self._about = found, outcomes, names, out, about
        self._version = program_version() or "n/a"
        self._first: dict[str, datetime] = {}
        for run in found.runs:
            earliest = self._first.get(run.participant.name, run.started_at)
            self._first[run.participant.name] = min(earliest, run.started_at)

    def write_heads(self) -> None:
        """Write the files at the top of a dataset."""
        about = self._about
        description = bids.dataset_description(about.name, about.authors, self._version, about.licence)
        self._json("dataset_description.json", description)
        self._text("README.md", bids.README)
        self._text("CHANGES", f"1.0.0 {self._today()}\n  - exported by {bids.PROGRAM} {self._version}\n")
        example = files("coach.service.study") / "cohort_dataset.py"
        self._text("code/cohort_dataset.py", example.read_text(encoding="utf-8"))
        self._json("events.json", bids.EVENTS_JSON)

    def write_raw(
        self, n_processes: int, on_progress: Callable[[int, int], None]
    ) -> tuple[dict[str, list[str]], dict[str, str]]:
        """Write the readings of all runs; return the names of each run's files, and why others have none."""
        runs = [self._files_of(run) for run in self._found.runs]
        written, unreadable = dict[str, list[str]](), dict[str, str]()
        for number, (run, (names, why)) in enumerate(_exported(runs, n_processes), start=1):
            stem = bids.stem(run.label, run.session, run.number)
            written[stem] = names
            if why:
                unreadable[stem] = why
            on_progress(number, len(runs))
        return written, unreadable

    def write_tables(self, written: Mapping[str, list[str]]) -> None:
        """Write participants, sessions, scans and phenotypes."""
        self._participants()
        for _, of_one in groupby(self._found.runs, key=lambda run: run.participant.name):
            sessions = []
            for session, group in groupby(of_one, key=lambda run: run.session):
                runs = list(group)
                sessions.append((f"ses-{session}", self._acq_time(runs[0])))
                self._scans(runs, written)
            label = self._label(runs[0])
            rows = bids.tsv(("session_id", "acq_time"), sessions)
            self._text(f"sub-{label}/sub-{label}_sessions.tsv", rows)
        self._withdrawn()
        for measure in sorted({outcome.measure for outcome in self._outcomes}):
            self._phenotype(measure)

    def write_derivatives(self) -> None:
        """Write runs, strides and seconds as Parquet, one participant at a time, with their dictionary."""
        top = f"derivatives/coach-{self._found.results.algorithm}"
        columns = [column for column in row_columns() if column.name not in IDENTIFYING]
        tables = {
            "runs": (*_KEYS, _ACQ_TIME, *columns),
            STRIDES: (*_KEYS, *stride_columns()),
            SECONDS: (*_KEYS, *second_columns()),
        }
        about = self._about
        algorithm = self._found.results.algorithm
        description = bids.derivative_description(about.name, self._version, algorithm, about.licence)
        self._json(f"{top}/dataset_description.json", description)
        self._text(f"{top}/README.md", "Columns: data_dictionary.json. `*_sd` is one standard deviation.\n")
        self._json(f"{top}/data_dictionary.json", {name: dictionary_of(of) for name, of in tables.items()})
        rows = [{**run.cells, **self._keys(run), "acq_time": self._acq_time(run)} for run in self._found.runs]
        parquet = needed("pyarrow.parquet", "a study")
        parquet.write_table(table_of(tables["runs"], rows), self._path(f"{top}/runs.parquet"), compression="zstd")
        for kind in (STRIDES, SECONDS):
            for _, of_one in groupby(self._found.runs, key=lambda run: run.participant.name):
                self._events(top, kind, tables[kind], list(of_one))

    # Inside --------------------------------------------------------------------------------------------------------

    def _files_of(self, run: StudyRun) -> RawFiles:
        cells, label = run.cells, self._label(run)
        at = self._names.shifted(run.participant.name, run.started_at, self._first[run.participant.name])
        store = self._found.store.url
        out, has_log = self._out, self._about.has_raw_logs
        return RawFiles(
            store, cells["source"], cells["sha256"], out, label, run.session, run.number, at, self._version, has_log
        )

    def _participants(self) -> None:
        names = ("participant_id", "age", "sex", "group", "site", "height_m", "mass_kg")
        rows = []
        # Who has no run here has no folder, and does not hide the others of a place.
        for one in coarsened([one for one in self._found.participants if one.name in self._first]):
            facts = (one.age, one.sex, one.group, one.site, one.height_m, one.mass_kg)
            rows.append((f"sub-{self._names.label(one.name)}", *facts))
        self._text("participants.tsv", bids.tsv(names, sorted(rows)))
        self._json("participants.json", bids.PARTICIPANTS_JSON)

    def _scans(self, runs: Sequence[StudyRun], written: Mapping[str, list[str]]) -> None:
        label, session = self._label(runs[0]), runs[0].session
        rows = [(name, self._acq_time(run)) for run in runs for name in written[bids.stem(label, session, run.number)]]
        if rows:
            path = f"sub-{label}/ses-{session}/sub-{label}_ses-{session}_scans.tsv"
            self._text(path, bids.tsv(("filename", "acq_time"), rows))
            self._json(path.replace(".tsv", ".json"), bids.SCANS_JSON)

    def _withdrawn(self) -> None:
        """Write labels of those who withdrew, for who holds an earlier export; sourcedata,
        for BIDS has no place for it."""
        names = read_withdrawn(self._found.store)
        if names:
            known = {runner: one.name for runner, one in read_participants(self._found.store).items()}
            labels = sorted(f"sub-{self._names.label(known.get(name, name))}" for name in names)
            self._text("sourcedata/withdrawn.tsv", bids.tsv(("participant_id",), [(label,) for label in labels]))

    def _phenotype(self, measure: str) -> None:
        """Write one row a participant, as BIDS wants it, and one column a week; of two in a week the later counts."""
        enrolled = {one.name: one.enrolled_at for one in self._found.participants}
        cells: dict[str, dict[str, float]] = {}
        for outcome in sorted(self._outcomes, key=lambda one: one.at):
            if outcome.measure == measure and outcome.participant in self._first:
                start = enrolled[outcome.participant] or self._first[outcome.participant]
                week = session_label(outcome.at, start)
                cells.setdefault(f"sub-{self._names.label(outcome.participant)}", {})[week] = outcome.value
        weeks = sorted({week for of_one in cells.values() for week in of_one})
        rows = [(label, *(of_one.get(week) for week in weeks)) for label, of_one in sorted(cells.items())]
        self._text(f"phenotype/{measure}.tsv", bids.tsv(("participant_id", *weeks), rows))
        self._json(f"phenotype/{measure}.json", bids.phenotype_sidecar(measure, weeks))

    def _events(self, top: str, kind: str, columns: Sequence[Column], runs: Sequence[StudyRun]) -> None:
        label = self._label(runs[0])
        path = self._path(f"{top}/sub-{label}/sub-{label}_{kind}.parquet")
        parquet = needed("pyarrow.parquet", "a study")
        schema = table_of(columns, []).schema
        with parquet.ParquetWriter(path, schema, compression="zstd") as writer:
            for run in runs:
                table = self._found.results.table(kind, run.cells["sha256"])
                for place, (name, value) in enumerate(self._keys(run).items()):
                    table = table.add_column(place, schema.field(name), [[value] * table.num_rows])
                writer.write_table(table.cast(schema))

    def _keys(self, run: StudyRun) -> dict[str, object]:
        return {
            "participant_id": f"sub-{self._label(run)}",
            "session_id": f"ses-{run.session}",
            "run": run.number,
        }

    def _label(self, run: StudyRun) -> str:
        return self._names.label(run.participant.name)

    def _acq_time(self, run: StudyRun) -> str:
        name = run.participant.name
        return f"{self._names.shifted(name, run.started_at, self._first[name]):%Y-%m-%dT%H:%M:%S}"

    def _today(self) -> str:
        return f"{utc_now().astimezone():%Y-%m-%d}"

    def _path(self, name: str) -> Path:
        path = self._out / name
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def _json(self, name: str, document: Mapping[str, object]) -> None:
        self._text(name, bids.text(document))

    def _text(self, name: str, words: str) -> None:
        self._path(name).write_text(words, encoding="utf-8")


def _exported(runs: Sequence[RawFiles], n_processes: int) -> Iterator[tuple[RawFiles, tuple[list[str], str]]]:
    if n_processes == 1:
        for run in runs:
            yield run, export_run(run)
        return
    with ProcessPoolExecutor(n_processes, get_context("spawn")) as pool:
        yield from zip(runs, pool.map(export_run, runs), strict=True)
