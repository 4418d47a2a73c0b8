"""End a run: keep its summary and the run as finished."""

from importlib.metadata import PackageNotFoundError, version

from coach.live.run import LiveRun
from coach.model.runs import Run, RunState
from coach.service.runs.algorithm import algorithm_id
from coach.service.runs.coaching import pooled_responses
from coach.service.runs.replay_reader import Reading
from coach.service.runs.summing import summary_of
from coach.storage.store import Store


def program_version() -> str:
    """Version of this program, "" where it is not installed."""
    try:
        return version("running-coach")
    except PackageNotFoundError:
        return ""


def reading_of(store: Store, live: LiveRun) -> Reading:
    """What was measured and said in a live run: the store has its strides and seconds, the run itself the rest."""
    data, run_id = store.runs.data, live.run.run_id
    return Reading(
        strides=[*data.strides(run_id), *data.steps(run_id)],
        seconds=list(data.seconds(run_id)),
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
