"""A recording played as a live run, with log, feed and database, without radio and browser."""

import asyncio
from collections.abc import Iterable
from pathlib import Path

from coach.live.batches import PendingRows
from coach.live.feed import LiveFeed
from coach.live.pipeline import TICK_S
from coach.live.pipeline_factory import make_pipeline
from coach.live.run import LiveRun
from coach.model.recordings import RecordingHeader
from coach.model.runs import Run, RunState
from coach.model.samples import Notification
from coach.recording.writer import RecordingWriter
from coach.service.runs.coaching import CoachingService
from coach.storage.store import Store

_KEEP_S = 5.0


class _Kept:
    def __init__(self, store: Store) -> None:
        self._store = store

    def keep(self, run_id: str, batch: PendingRows) -> None:
        self._store.runs.data.add(run_id, batch.strides, batch.seconds, batch.decisions)


def play(items: Iterable[Notification], header: RecordingHeader, store: Store, feed: LiveFeed, folder: Path) -> None:
    """Play the notifications as they came, on the recording's own time."""
    run = Run("live", header.started_at, RunState.RECORDING, recording="live.mcap", sensors=header.sensors)
    store.runs.create(run)
    engine = CoachingService(store).prepare_again(run)
    now_s = 0.0

    async def live() -> None:
        nonlocal now_s
        of_run = RecordingHeader("live", header.started_at, "", header.sensors, header.profiles)
        pipeline = make_pipeline(header.sensors, store.runner.get(), engine)
        one = LiveRun(run, pipeline, RecordingWriter(folder, of_run), _Kept(store), feed, lambda: now_s)
        tick_s, keep_s = TICK_S, _KEEP_S
        for item in items:
            now_s = item.t_s
            if now_s >= tick_s:
                one.tick()
                tick_s = now_s + TICK_S
            one.receive(item)
            if now_s >= keep_s:
                keep_s += _KEEP_S
                await asyncio.to_thread(one.keep_rest)

    asyncio.run(live())
