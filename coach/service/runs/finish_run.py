"""End a run: keep its summary and the run as finished."""

import logging
import time
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from typing import Final

from coach.errors import StorageError
from coach.live.run import LiveRun
from coach.model.runs import Run, RunState
from coach.service.runs.algorithm import algorithm_id
from coach.service.runs.coaching import pooled_responses
from coach.service.runs.replay_reader import Reading
from coach.service.runs.summing import summary_of
from coach.service.spare_memory import give_back
from coach.storage.store import Store

_TRY_AGAIN_S: Final = 1.0  # between attempts to sum up while the database refuses
_log = logging.getLogger(__name__)


def program_version() -> str:
    """Return the version of this program, "" where it is not installed."""
    try:
        return version("running-coach")
    except PackageNotFoundError:
        return ""


def reading_of(store: Store, live: LiveRun) -> Reading:
    """Return what was measured and said in a live run: the store has its strides and seconds,
    the run itself the rest."""
    data, run_id = store.runs.data, live.run.run_id
    return Reading(
        strides=data.strides(run_id),
        steps=data.steps(run_id),
        seconds=data.seconds(run_id),
        decisions=list(data.decisions(run_id)),
        responses=list(live.pipeline.responses()),
        laps=live.laps,
        pauses=live.pauses,
        reports=live.pipeline.reports(),
        end_s=live.end_s,
    )


def end_run(store: Store, run: Run, reading: Reading, state: RunState) -> Run:
    """Sum a run up and keep it; returns it as stored. Needs its strides and seconds in the store already."""
    summary = summary_of(
        reading, pooled_responses(store, run.run_id), (run.trim_start_s, run.trim_end_s), algorithm_id()
    )
    store.runs.data.add(run.run_id, responses=reading.responses)
    laps, pauses = tuple(reading.laps), tuple(reading.pauses)
    return store.runs.finish(run.run_id, state, summary, laps=laps, pauses=pauses)


def at_last(finish: Callable[[], Run], is_closed: Callable[[], bool]) -> Run:
    """Finish a run, again and again while the database refuses; its raw log is safe meanwhile. What the sum took of
    memory is then given back.

    Raises:
        StorageError: the database refuses, and the program is ending.
    """
    reported = ""
    while True:
        try:
            ended = finish()
            give_back()
            return ended
        except StorageError as error:
            if is_closed():
                raise
            if str(error) != reported:
                _log.warning("the run cannot be summed up yet: %s", error)
            reported = str(error)
            time.sleep(_TRY_AGAIN_S)
