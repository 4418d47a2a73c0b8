"""The coach on the phone alone, seen from home: make its packs, take its runs. Thread-safe."""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from coach.model.runs import Run, run_id_of
from coach.model.workouts import WorkoutPlan
from coach.phone.pack import Pack
from coach.service.phone.arrivals import PhoneRuns
from coach.service.runs.coaching import CoachingService
from coach.service.runs.finish_run import program_version
from coach.service.runs.history import HistoryService
from coach.service.sensors.service import SensorService
from coach.storage.store import Store
from coach.wall_clock import utc_now
from firmware_config.loader import load_profile


class PhoneService:
    """take_over: makes a run of a recording. runs: what comes home, made to runs by `make_apart` in another process.

    workouts: structured runs that a phone takes along to choose from.
    """

    def __init__(
        self,
        store: Store,
        recordings: Path,
        sensors: SensorService,
        coaching: CoachingService,
        take_over: Callable[[Path], Run],
        history: HistoryService,
        make_apart: Callable[[str], object] | None = None,
        workouts: Callable[[], Sequence[WorkoutPlan]] = tuple,
    ) -> None:
        self._workouts = workouts
        self._sensors = sensors
        self._coaching = coaching
        self._history = history
        self.runs = PhoneRuns(store, recordings, take_over, history.files.merge_activity, make_apart)

    def pack(self, focus: str | None = None) -> Pack:
        """Return what a phone takes along for its next run. focus: the wish for that run, "none" for no cues.

        Raises:
            UserError: there is no such focus.
        """
        run_id = run_id_of(utc_now(), secrets.token_hex(2))
        paired = [use for use in self._sensors.book.remembered() if load_profile(use.profile_id).is_bluetooth]
        pack = self._coaching.pack(run_id, paired, program_version(), focus)
        shoes = tuple(shoe.name for shoe in self._history.shoes() if not shoe.is_retired)
        return replace(pack, workouts=tuple(self._workouts()), shoes=shoes)
