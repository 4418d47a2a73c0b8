"""Build everything once and join it to a Coach, from the settings. The only file that knows all parts."""

import logging
from collections.abc import Callable
from functools import partial
from typing import Final

from coach.errors import StorageError
from coach.live.feed import LiveFeed
from coach.model.cues import CueDecision
from coach.model.runs import Run
from coach.radio.backend import Backend
from coach.service.access.phones import AccessService
from coach.service.access.repeats import RepeatGuard
from coach.service.account import AccountService
from coach.service.clinic.service import ClinicService
from coach.service.event_loop import LoopThread
from coach.service.handover.home_state import HomeStates
from coach.service.handover.service import HandoverService
from coach.service.phone.service import PhoneService
from coach.service.runner import RunnerService
from coach.service.runs.coaching import CoachingService
from coach.service.runs.control import RunService
from coach.service.runs.heavy import ApartImports, Desk, HeavyService, open_desk, recover, tidy
from coach.service.runs.history import HistoryService
from coach.service.runs.importing import ImportService
from coach.service.runs.recovery import RunRecovery
from coach.service.runs.run_walk import RunWalkService
from coach.service.runs.workouts import WorkoutService
from coach.service.sensors.claims import SensorClaims
from coach.service.sensors.service import SensorService
from coach.service.strength.programme import Programme
from coach.service.worker import Worker
from coach.settings import Settings
from coach.storage.store import Store

_log: Final = logging.getLogger(__name__)
_GRACE_S: Final = 5.0  # for a run of the phone that is being made when the service is stopped


class Coach:
    """The service, ready to be shown by the web and driven by the command line.

    backend: the radio, by default this machine's own. on_spoken: called with each cue that is spoken. speed: of the
    run's clock. loop: the thread of an event loop to share (a virtual world lives on it); without one, its own.
    claims, owner: where several runners share the radio, whose run uses which sensor, and this runner's name.
    """

    def __init__(
        self,
        settings: Settings,
        backend: Backend | None = None,
        on_spoken: Callable[[CueDecision], None] | None = None,
        speed: float = 1.0,
        loop: LoopThread | None = None,
        claims: SensorClaims | None = None,
        owner: str = "",
    ) -> None:
        self.settings = settings
        self.feed = LiveFeed()
        self.store = Store(settings.database)
        self.loop = loop or LoopThread()
        self._own_loop = self.loop if loop is None else None
        self.sensors = SensorService(self.store, self.loop, backend, speed, claims, owner)
        self.runner = RunnerService(self.store)
        self.coaching = CoachingService(self.store)
        self.run_walk = RunWalkService(self.store, self.coaching.pain_state)
        self.workouts = WorkoutService(
            self.store, self.coaching.pain_state, lambda: self.coaching.plan().distance_limit_m
        )
        self.strength = Programme(self.store, self.coaching.pain_state, self.feed.publish, settings.secrets)
        self.runs = RunService(
            self.loop,
            self.store,
            self.feed,
            settings.recordings,
            self.sensors,
            self.coaching,
            on_spoken,
            self._on_finished,
            speed,
        )
        self.recovery = RunRecovery(self.store, settings.recordings, self.coaching, self.runs.current, self.runs.sum_up)
        take_over = self.recovery.take_over
        self.worker = Worker(
            self._desk,
            partial(open_desk, settings.database, settings.recordings),
            settings.recordings,
            self._on_note,
            tidy,
        )
        self.heavy = HeavyService(self.worker, settings.recordings, self.runs.current)
        self.history = HistoryService(self.store, settings.recordings, self.heavy.recompute, take_over)
        self.phone = PhoneService(
            self.store,
            settings.recordings,
            self.sensors,
            self.coaching,
            take_over,
            self.history,
            self.heavy.make_phone_run,
            lambda: [offer.plan for offer in self.workouts.offers()],
        )
        self.imports = ImportService(
            self.store,
            self.history.files,
            settings.inbox,
            is_run_on=lambda: self.runs.current() is not None,
            apart=ApartImports(self.worker),
        )
        home_states = HomeStates(self.store, self.strength, self._cadence)
        self.handover = HandoverService(self.store, self.history, settings.outbox, home_states.now, owner=owner)
        self.history.on_purge(self.handover.forget)
        self.clinic = ClinicService(
            self.store, settings.recordings, settings.secrets, settings.sealed, self.runner, self.strength.plans
        )
        self.access = AccessService(self.store, on_removed=self.strength.push.remove_phones_of)
        self.repeats = RepeatGuard(self.store)
        self.account = AccountService(
            self.store,
            settings.recordings,
            settings.secrets,
            (settings.inbox, settings.outbox, settings.sealed),
            self._purge,
            self._is_busy,
            self._on_erased,
            self.repeats.settle,
        )

    def recover(self) -> list[Run]:
        """Give every run that was cut off its end, before anything else is done in the folder; returns them.

        Deleting everything, where that was cut off, goes on first; raises as `AccountService.erase` does.
        """
        self.account.finish_erasing()
        if not self.recovery.is_needed():
            return []
        if not self.worker.wait_until_free():
            _log.warning("another process is at work in %s: runs are recovered at the next start", self.settings.data)
            return []
        return self.worker.do(recover)

    def start(self) -> None:
        """Begin to remind, to purge and to look through the inbox. Runs, pages and commands work without it."""
        self.strength.start()
        self.account.start()
        self.phone.runs.resume()
        self.imports.watch()
        self.handover.start()
        self.clinic.start()

    def close(self) -> None:
        """End a run that is going on (it is kept and summed up), reminders, links and the database."""
        try:
            self.runs.close()
        except StorageError as error:  # its raw log is kept: the next start sums it up
            _log.warning("%s", error)
        self.feed.close()
        self.strength.stop()
        self.account.stop()
        self.phone.runs.stop()
        self.imports.stop()
        self.phone.runs.wait(_GRACE_S)
        self.worker.close()
        self.phone.runs.wait()
        self.handover.stop()
        self.clinic.stop()
        self.sensors.close()
        self.access.close()
        self.repeats.close()
        if self._own_loop:
            self._own_loop.close()
        self.store.close()

    def _desk(self) -> Desk:
        return Desk(self.store, self.history, self.recovery, self.imports, self.phone.runs)

    def _on_note(self, what: object) -> None:
        """Announce a run that a job in the worker's process summed up."""
        if isinstance(what, Run):
            self.runs.announce(what)

    def _is_busy(self) -> bool:
        """Whether something may yet write: what is erased meanwhile would come back."""
        is_importing = self.imports.status().is_running or self.phone.runs.is_busy
        return self.runs.current() is not None or is_importing or self.worker.is_busy

    def _purge(self) -> None:
        self.history.purge()
        self.repeats.forget_old()

    def _on_erased(self) -> None:
        """Forget in memory, too, what is no longer on disk."""
        self.access.forget_known()
        self.handover.forget_all()
        self.clinic.forget_all()
        self.repeats.forget_all()
        self.strength.plans.refresh()

    def _on_finished(self, run: Run) -> None:
        """Do what follows from a finished run: its morning-after question is due, the plan may look different,
        and it may go out."""
        self.strength.plans.refresh()
        self.handover.on_finished(run)
        self.clinic.on_finished(run)

    def _cadence(self) -> float | None:
        """Return the newest cadence of the run that is on [steps/min]; None without one."""
        metrics = self.feed.latest("metrics") if self.runs.current() is not None else None
        cadence = metrics.get("cadence_spm") if metrics else None
        return float(cadence) if isinstance(cadence, int | float) else None
