"""Keep what a run computes: batches to the database, written on a worker thread, one at a time.

What the database refuses waits and is tried again, before what came later.
"""

import asyncio
import contextlib
import logging
from dataclasses import dataclass, field
from typing import Final, Protocol

from coach.errors import CoachError
from coach.model.cues import CueDecision
from coach.model.metrics import LiveMetrics
from coach.model.pain import PainEntry
from coach.model.strides import Stride, TrunkStep

log = logging.getLogger(__name__)

KEEP_EVERY_S: Final = 5.0  # strides and seconds go to the database this often; the raw log is at most a second behind


@dataclass(slots=True)
class PendingRows:
    """What waits to be written to the database."""

    strides: list[Stride | TrunkStep] = field(default_factory=list)
    seconds: list[LiveMetrics] = field(default_factory=list)
    decisions: list[CueDecision] = field(default_factory=list)
    pains: list[PainEntry] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.strides) + len(self.seconds) + len(self.decisions) + len(self.pains)

    def followed_by(self, newer: "PendingRows") -> "PendingRows":
        """Return both batches as one, this one's rows first."""
        return PendingRows(
            self.strides + newer.strides,
            self.seconds + newer.seconds,
            self.decisions + newer.decisions,
            self.pains + newer.pains,
        )


class RunSink(Protocol):
    """Keeps batches for good; called on a worker thread."""

    def keep(self, run_id: str, batch: PendingRows) -> None:
        """Keep a batch. After an error its rows come again, with newer ones: keeping some twice must change nothing.

        Raises:
            CoachError: not all of it was kept.
        """


class BatchWriter:
    """waiting: what is to be written next. problem: why the database refuses it, in words; "" while all is well.

    Everything but `keep_rest` runs on the event loop.
    """

    def __init__(self, run_id: str, sink: RunSink) -> None:
        self.waiting = PendingRows()
        self.problem = ""
        self._run_id = run_id
        self._sink = sink
        self._soon = asyncio.Event()
        self._keeping: asyncio.Task[None] | None = None

    def keep_soon(self) -> None:
        """Do not wait until the usual time is over."""
        self._soon.set()

    async def keep_now_and_then(self) -> None:
        """Write until cancelled."""
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(KEEP_EVERY_S):  # wait_for of Python 3.11 may swallow the end of the run
                    await self._soon.wait()
            self._soon.clear()
            await self.keep()

    async def keep(self) -> None:
        """Write what waits; whoever is cancelled here leaves the write going on, and the next call waits for it."""
        if self._keeping is None or self._keeping.done():
            self._keeping = asyncio.create_task(self._keep_batch())
        await asyncio.shield(self._keeping)

    async def _keep_batch(self) -> None:
        batch, self.waiting = self.waiting, PendingRows()
        if not len(batch):
            return
        try:
            await asyncio.to_thread(self._sink.keep, self._run_id, batch)
            self.problem = ""
        except CoachError as error:
            log.warning("%s; trying again", error)
            self.problem = str(error)
            self.waiting = batch.followed_by(self.waiting)

    def keep_rest(self) -> None:
        """Write what is left, on the caller's thread; raises StorageError where the database refuses, and keeps it."""
        if len(self.waiting):
            self._sink.keep(self._run_id, self.waiting)
            self.waiting = PendingRows()
