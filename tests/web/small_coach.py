"""A coach in memory: the real live feed, and runs and sensors with the verbs that the pages use."""

import shutil
import tempfile
import time
import weakref
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from coach.errors import ConflictError, LinkError, UserError
from coach.live.feed import LiveFeed
from coach.model.links import FoundSensor, LinkEvent, LinkStatus, SensorUse
from coach.model.plain import to_plain
from coach.model.runs import Run, RunPlace, RunPlan, RunState
from coach.model.samples import CadenceDecision, Counts
from coach.model.sensing import CheckReport, SensorCheck, SensorState, Surroundings
from coach.model.sites import WearSite
from coach.service.access.phones import AccessService
from coach.service.access.repeats import RepeatGuard
from coach.service.clinic.service import ClinicService
from coach.service.handover.home_assistant import HomeState
from coach.service.handover.service import HandoverService
from coach.service.runner import RunnerService
from coach.service.runs.coaching import CoachingService
from coach.service.runs.heavy import HeavyService
from coach.service.runs.history import HistoryService
from coach.service.runs.importing import ImportService
from coach.service.runs.run_walk import RunWalkService
from coach.service.runs.workouts import WorkoutService
from coach.service.sensors.foot_lift import LiftReport
from coach.service.strength.programme import Programme
from coach.service.worker import Worker
from coach.storage.store import Store

USES = (
    SensorUse("C4:01", "Movesense 0418", "movesense", WearSite.LEFT_FOOT, firmware="2.3.1"),
    SensorUse("C4:02", "Movesense 0522", "movesense", WearSite.RIGHT_FOOT, firmware="2.3.1"),
    SensorUse("C4:03", "Polar H10 1C2B", "heart_rate", WearSite.CHEST),
)


class SmallRuns:
    """Runs with the verbs of the run service; what was asked for is in `calls`."""

    def __init__(self, feed: LiveFeed) -> None:
        self._feed = feed
        self.run: Run | None = None
        self.is_muted = False
        self.is_paused = False
        self.hold = ""
        self.elapsed_s = 1453.0
        self.workout: dict[str, Any] | None = None
        self.link_status = LinkStatus.STREAMING
        self.calls: list[tuple[Any, ...]] = []
        self.refuses = ""
        self.cut_off: str | None = None

    def start(self, place: RunPlace, focus: str | None = None, run_id: str = "r1", **facts: Any) -> Run:
        if self.refuses:
            raise UserError(self.refuses)
        self.calls.append(("start", place, focus, facts))
        plan = RunPlan("quicker", 0.7, 3, False, False, "Third run of your cadence block.")
        self.run = Run(run_id, datetime.now(UTC), RunState.RECORDING, place=place, sensors=USES, plan=plan)
        self._publish_state()
        return self.run

    def go_on(self, run_id: str) -> Run:
        assert run_id == self.cut_off
        self.cut_off = None
        return self.start(RunPlace.TREADMILL, run_id=run_id)

    def _check(self, run_id: str | None) -> None:
        if self.run is None or run_id not in (None, self.run.run_id):
            raise ConflictError("other_run", "this was for a run that has ended: it was left out")

    def stop(self, run_id: str | None = None) -> Run:
        self._check(run_id)
        run, self.run = self.run, None
        self.calls.append(("stop",))
        self._publish_state()
        assert run is not None
        return run

    def pause(self, run_id: str | None = None, age_s: float = 0.0) -> None:
        self._check(run_id)
        self.is_paused = True
        self.calls.append(("pause",))
        self._publish_state()

    def resume(self, run_id: str | None = None, age_s: float = 0.0) -> None:
        self._check(run_id)
        self.is_paused = False
        self.calls.append(("resume",))
        self._publish_state()

    def lap(self, kind: str = "lap", run_id: str | None = None, age_s: float = 0.0) -> None:
        self._check(run_id)
        self.calls.append(("lap", kind))

    def pain(self, level: int, is_calf: bool = False, run_id: str | None = None, age_s: float = 0.0) -> None:
        self._check(run_id)
        self.calls.append(("pain", level, is_calf))

    def take_back_pain(self, run_id: str | None = None) -> None:
        self._check(run_id)
        self.calls.append(("take_back_pain",))

    def mute(self, is_muted: bool, run_id: str | None = None) -> None:
        self._check(run_id)
        self.is_muted = is_muted
        self.calls.append(("mute", is_muted))
        self._publish_state()

    def current(self) -> Run | None:
        return self.run

    def status(self) -> dict[str, Any]:
        if self.run is None:
            return {"run_id": None, "state": None, "links": [], "cut_off": self.cut_off}
        links = [LinkEvent(use.sensor_id, 0.0, self.link_status, "ok", "All is well") for use in USES]
        return {
            "run_id": self.run.run_id,
            "state": "paused" if self.is_paused else "recording",
            "elapsed_s": self.elapsed_s,
            "lap": 2,
            "lap_kind": "lap",
            "is_muted": self.is_muted,
            "plan": to_plain(self.run.plan),
            "hold": self.hold,
            "workout": self.workout,
            "links": to_plain(links),
        }

    def _publish_state(self) -> None:
        self._feed.publish("run", self.status())


class SmallSensors:
    """Sensors with the verbs of the sensor service: one strap to be found, two shoes remembered."""

    def __init__(self) -> None:
        self.uses = list(USES[:2])
        self.calls: list[tuple[Any, ...]] = []
        self.fails = False
        self.around = [
            FoundSensor("C4:03", "Polar H10 1C2B", "heart_rate", -52, time.time(), 88.0),
            FoundSensor("C4:04", "Polar Sense 0A1B", "polar_verity_sense", -60, time.time()),
            FoundSensor("C4:09", "Unknown thing", None, -81, time.time()),
        ]
        self.cadence: CadenceDecision | None = None
        self.book = self

    def surroundings(self) -> Surroundings:
        if self.fails:
            return Surroundings((), False, "This machine has no Bluetooth adapter: plug one in.")
        return Surroundings(tuple(self.around), True, None)

    def remembered(self) -> list[SensorUse]:
        return list(self.uses)

    def states(self) -> list[SensorState]:
        signal = tuple(1 + 0.5 * ((i * 7) % 11 - 5) / 5 for i in range(100))
        return [
            SensorState(
                use, "Movesense", i == 0, LinkStatus.STREAMING, "ok", "Ready", True, 81.0, 207.9, 208.0, 0, signal, "g"
            )
            if use.profile_id == "movesense"
            else SensorState(use, "Running pod", False, LinkStatus.STREAMING, is_ready=True, cadence=self.cadence)
            for i, use in enumerate(self.uses)
        ]

    def pair(
        self, sensor_id: str, wear_site: WearSite | None = None, profile_id: str | None = None, **_: Any
    ) -> SensorUse:
        self.calls.append(("pair", sensor_id, wear_site))
        self.paired_as = profile_id
        if self.fails:
            raise LinkError("out_of_range", "The sensor is too far away: bring it closer.")
        use = SensorUse(sensor_id, "Polar H10 1C2B", "heart_rate", wear_site)
        self.uses.append(use)
        return use

    def forget(self, sensor_id: str) -> None:
        self.calls.append(("forget", sensor_id))
        self.uses = [use for use in self.uses if use.sensor_id != sensor_id]

    def place(self, sensor_id: str, wear_site: WearSite | None) -> None:
        self.calls.append(("place", sensor_id, wear_site))

    def set_cadence_unit(self, sensor_id: str, cadence_unit: str | None) -> None:
        self.calls.append(("set_cadence_unit", sensor_id, cadence_unit))
        self.cadence = CadenceDecision(Counts(cadence_unit), "set by the runner", True) if cadence_unit else None

    @property
    def checks(self) -> "SmallSensors":
        """Of the service, an object of its own."""
        return self

    def lift(self, seconds: float = 6.0) -> LiftReport:
        self.calls.append(("lift", seconds))
        return LiftReport(
            "C4:02", "C4:01", "The sensor on your left foot is Movesense 0522, on your right Movesense 0418."
        )

    def check(self, seconds: float = 8.0) -> CheckReport:
        self.calls.append(("check", seconds))
        checks = tuple(
            SensorCheck(use.sensor_id, use.name, use.wear_site, 207.9, 208.0, 1664, 0, 0, 3) for use in self.uses
        )
        return CheckReport(seconds, checks, (), True)


class SmallCoach(SimpleNamespace):
    """What `create_app` is given in the tests of pages alone: real services over a store of its own.

    Only runs and sensors are doubles, for the states that a page must show and no virtual radio is asked for.
    """

    def __init__(self, **parts: object) -> None:
        feed = parts.get("feed")
        if not isinstance(feed, LiveFeed):
            feed = LiveFeed()
        folder = Path(tempfile.mkdtemp(prefix="coach-"))
        store = parts.get("store")
        if not isinstance(store, Store):
            store = Store(folder / "coach.sqlite")
            weakref.finalize(self, _forget, store, folder)
        coaching = CoachingService(store)
        runner = RunnerService(store)
        if "runner" not in parts:
            runner.change(name="Sam", time_zone="Europe/Berlin")
        strength = Programme(store, coaching.pain_state, feed.publish, folder / "secrets")
        history = parts.get("history") or HistoryService(store, folder / "recordings")
        imports = ImportService(history._store, history.files, folder / "inbox")
        desk: Any = SimpleNamespace(store=history._store, history=history, imports=imports)
        known: dict[str, object] = {
            "feed": feed,
            "store": store,
            "runs": SmallRuns(feed),
            "sensors": SmallSensors(),
            "runner": runner,
            "coaching": coaching,
            "run_walk": RunWalkService(store, coaching.pain_state),
            "workouts": WorkoutService(store, coaching.pain_state),
            "strength": strength,
            "history": history,
            "handover": HandoverService(history._store, history, folder / "outbox", lambda: HomeState(None, "", False)),
            "clinic": ClinicService(
                store, folder / "recordings", folder / "secrets", folder / "sealed", runner, strength.plans
            ),
            "imports": imports,
            "heavy": HeavyService(Worker(lambda: desk), history.recordings, lambda: None),
            "access": AccessService(store),
            "repeats": RepeatGuard(store),
        }
        super().__init__(**(known | parts))


def _forget(store: Store, folder: Path) -> None:
    store.close()
    shutil.rmtree(folder, ignore_errors=True)
