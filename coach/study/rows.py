"""What became of one recording of a study: a row, whatever happened, so that nothing is lost without a word."""

from datetime import datetime
from enum import StrEnum
from typing import Final

from coach.model.frozen import dataclass
from coach.model.runs import RunSummary
from coach.study.columns import Column, columns_of, summary_cells, summary_columns


class Status(StrEnum):
    """DONE: computed, from the sound part where `is_complete` is false. UNREADABLE: no recording of this program.
    BYTES_CHANGED: not the bytes that were sealed, or a manifest that nobody signed. NO_CONSENT: its runner does not
    give it to research. LOST: it was listed and could not be read. KILLED_WORKER: each process that computed it died.
    FAULT: an error of this program, or the place of results refused them.
    """

    DONE = "done"
    UNREADABLE = "unreadable"
    BYTES_CHANGED = "bytes_changed"
    NO_CONSENT = "no_consent"
    LOST = "lost"
    KILLED_WORKER = "killed_worker"
    FAULT = "fault"

    @property
    def is_passing(self) -> bool:
        """Whether another try may do better with the same bytes."""
        return self in (Status.LOST, Status.FAULT)


@dataclass(frozen=True, slots=True)
class RunRow:
    """One recording of a study.

    source: its path below the store. runner: whose it is, as the store names it. status: what became of it. words: why
    it is not done, or what is damaged. sha256: of its bytes. n_bytes: their number. algorithm: identity of the
    algorithm that computed the numbers. is_complete: the recording was finished in order and is whole. run_id: its id
    at the runner's home. started_at: aware UTC. n_bad_packets: packets that did not fit their protocol. cpu_s: time of
    the processor that it took.
    """

    source: str
    runner: str
    status: Status
    words: str = ""
    sha256: str = ""
    n_bytes: int = 0
    algorithm: str = ""
    is_complete: bool | None = None
    run_id: str = ""
    started_at: datetime | None = None
    n_bad_packets: int | None = None
    cpu_s: float | None = None
    summary: RunSummary | None = None


_OWN: Final = columns_of(RunRow, without=("summary",), sd=False)


def row_columns() -> tuple[Column, ...]:
    """Return columns of the table of runs."""
    return (*_OWN, *summary_columns())


def row_cells(row: RunRow) -> dict[str, object]:
    """Return a row by column name; the numbers of a run that was not computed are None."""
    cells: dict[str, object] = {column.name: getattr(row, column.name) for column in _OWN}
    cells["status"] = row.status.value
    numbers = summary_cells(row.summary) if row.summary is not None else {c.name: None for c in summary_columns()}
    return {**cells, **numbers}


IDENTIFYING: Final = ("source", "runner", "run_id", "started_at", "words", "cpu_s")
