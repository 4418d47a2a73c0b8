"""The end of a run: what was measured in, summary and run kept as finished out."""

from importlib.metadata import PackageNotFoundError, version

from coach.model.runs import Run, RunState
from coach.model.strides import Stride, TrunkStep
from coach.service.runs.algorithm import with_algorithm
from coach.service.runs.coaching import pooled_responses
from coach.service.runs.replay_reader import Reading
from coach.storage.store import Store
from coach.summary.silence import silence_counted
from coach.summary.summarise import summarise


def program_version() -> str:
    """Version of this program, "" where it is not installed."""
    try:
        return version("running-coach")
    except PackageNotFoundError:
        return ""


def end_run(store: Store, run: Run, reading: Reading, state: RunState) -> Run:
    """Sum a run up and keep it; returns it as stored. Needs its strides and seconds in the store already."""
    reports = tuple(silence_counted(report, reading.end_s) for report in reading.reports)
    paused_s = sum(end - start for start, end in reading.pauses)
    summed = summarise(
        [s for s in reading.strides if isinstance(s, Stride)],
        [s for s in reading.strides if isinstance(s, TrunkStep)],
        reading.seconds,
        reading.decisions,
        reports,
        reading.laps,
        reading.pauses,
        pooled_responses(store, run.run_id),
        (run.trim_start_s, run.trim_end_s),
        max(0.0, reading.end_s - paused_s),
    )
    summary = with_algorithm(summed, None)
    store.runs.add(run.run_id, responses=reading.responses)
    laps, pauses = tuple(reading.laps), tuple(reading.pauses)
    return store.runs.finish(run.run_id, state, summary, laps=laps, pauses=pauses)
