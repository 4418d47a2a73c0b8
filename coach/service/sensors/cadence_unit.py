"""What running pods count, as the present run or the last one found out; and the runner's word, taken to the run.

Lives on the radio's event loop.
"""

from dataclasses import replace

from coach.live.run import LiveRun
from coach.model.samples import CadenceDecision, StreamReport
from coach.model.sensing import SensorState


class PodCounts:
    """Decisions by sensor; a run that has ended leaves its own behind."""

    def __init__(self) -> None:
        self._run: LiveRun | None = None
        self._last: dict[str, CadenceDecision] = {}

    def attend(self, run: LiveRun | None) -> None:
        """Take note of a run that begins, or has ended (None)."""
        self._last |= self._now()
        self._run = run

    def reports(self) -> tuple[StreamReport, ...]:
        """Return what became of the bytes of the present run's sensors so far; () outside a run."""
        return self._run.pipeline.reports() if self._run else ()

    def shown(self, state: SensorState) -> SensorState:
        """Return the state of a pod outside a run: where it has not been seen running yet,
        it counts as in the last run."""
        if state.cadence is None or state.cadence.counts is not None:
            return state
        return replace(state, cadence=self._last.get(state.use.sensor_id, state.cadence))

    def set_unit(self, sensor_id: str, cadence_unit: str | None) -> None:
        """Take the runner's word: a run that is going on follows at once, what was found out before is forgotten."""
        self._last.pop(sensor_id, None)
        if self._run:
            self._run.count_by(sensor_id, cadence_unit)

    def _now(self) -> dict[str, CadenceDecision]:
        return {report.sensor_id: report.cadence for report in self.reports() if report.cadence is not None}
