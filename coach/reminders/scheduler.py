"""Deliver reminders at their time, each exactly once, from any number of sources.

Our own table is the truth. What the sources want is written there again and again (keys are stable), and one date job
of APScheduler is held in memory for each row that waits. A pulse on the monotonic clock looks after changes made by
other processes and wakes the scheduler after sleep or a change of the wall clock.
"""

import contextlib
import logging
import os
import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.jobstores.base import JobLookupError
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.schedulers.base import STATE_STOPPED

from coach.errors import CoachError
from coach.model.reminders import Reminder
from coach.storage.reminders import KeptReminders
from coach.wall_clock import utc_now

_log: Final = logging.getLogger(__name__)
PULSE_S: Final = 60.0
KEEP: Final = timedelta(days=400)
Source = Callable[[datetime], Sequence[Reminder]]
Deliver = Callable[[Reminder], None]


class _Scheduler(BackgroundScheduler):  # type: ignore[misc]  # apscheduler has no types
    def remove_job(self, job_id: str, jobstore: str | None = None) -> None:
        """Nothing where it was stopped: its own thread, looking through the jobs just then, would end of the error."""
        try:
            super().remove_job(job_id, jobstore)
        except JobLookupError:
            if self.state != STATE_STOPPED:
                raise


class Reminders:
    """The scheduler of one process. deliver: takes a reminder to the runner's channels. sources: by a stable name."""

    def __init__(
        self,
        store: KeptReminders,
        deliver: Deliver,
        sources: Mapping[str, Source],
        clock: Callable[[], datetime] = utc_now,
        pulse_s: float = PULSE_S,
    ) -> None:
        self._store = store
        self._deliver = deliver
        self._sources = dict(sources)
        self._clock = clock
        self._pulse_s = pulse_s
        self._name = f"{os.getpid()}-{id(self):x}"
        self._scheduler = _Scheduler(
            timezone=UTC,
            executors={"default": ThreadPoolExecutor(1)},
            # a refresh may add again what is just being delivered: the second run finds nothing left to deliver
            job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 3},
        )
        self._refreshing = threading.Lock()
        self._owed: dict[str, Reminder] = {}  # taken and not delivered, by key
        self._is_stopping = False
        self._wake = threading.Event()
        self._pulse = threading.Thread(target=self._beat, name="reminders", daemon=True)

    def start(self) -> None:
        """Rebuild all jobs from the table and begin."""
        self._scheduler.start()
        self._store.forget_before(self._clock() - KEEP)
        self.refresh()
        self._pulse.start()

    def stop(self) -> None:
        """End after the job in hand."""
        self._is_stopping = True
        self._wake.set()
        if self._pulse.is_alive():
            self._pulse.join()
        if self._scheduler.running:
            self._scheduler.shutdown(wait=True)

    def refresh_soon(self) -> None:
        """Something has changed: refresh on the pulse's own thread. Never waits, so that any lock may be held."""
        self._wake.set()

    def refresh(self) -> None:
        """Ask every source what is wanted now, keep it, and make the jobs those of the table."""
        with self._refreshing:
            now = self._clock()
            for name, source in self._sources.items():
                try:
                    self._store.sync(name, source(now), now)
                except CoachError as error:
                    _log.warning("reminders of %s not refreshed: %s", name, error)
            self._rebuild()

    def _rebuild(self) -> None:
        waiting = {one.key: one for one in self._store.waiting()}
        jobs = {job.id: job for job in self._scheduler.get_jobs()}
        for key in jobs.keys() - waiting.keys():
            self._remove(key)
        for key, one in waiting.items():
            if key not in jobs or jobs[key].trigger.run_date != one.due_at:
                self._scheduler.add_job(
                    self._fire, "date", run_date=one.due_at, args=(key,), id=key, replace_existing=True
                )

    def _remove(self, key: str) -> None:
        with contextlib.suppress(JobLookupError):  # it may just have begun
            self._scheduler.remove_job(key)

    def _fire(self, key: str) -> None:
        """One job: take the reminder, if it is still waiting, and deliver it."""
        try:
            reminder = self._store.take(key, self._name, self._clock())
        except CoachError as error:
            _log.warning("reminder %s not taken: %s", key, error)  # it still waits: the next pulse makes a job of it
            return
        if reminder is not None:
            self._hand_over(reminder)

    def _hand_over(self, reminder: Reminder) -> None:
        """Deliver what was taken; where that cannot be now, it is owed."""
        try:
            self._deliver(reminder)
        except CoachError as error:
            _log.warning("reminder %s not delivered yet: %s", reminder.key, error)
            self._owed[reminder.key] = reminder

    def _deliver_owed(self) -> None:
        """Deliver what was taken and could not be, unless the runner has dealt with it on the page or it is late."""
        if not self._owed:
            return
        still_open = {sent.reminder.key for sent in self._store.all(("delivered",))}
        for key in list(self._owed):
            reminder = self._owed.pop(key)
            if key in still_open and reminder.expires_at > self._clock():
                self._hand_over(reminder)

    def _beat(self) -> None:
        while True:
            self._wake.wait(self._pulse_s)
            self._wake.clear()
            if self._is_stopping:
                return
            try:
                self._deliver_owed()
                self.refresh()
                self._scheduler.wakeup()
            except CoachError as error:
                _log.warning("reminders not refreshed: %s", error)
            except Exception:  # noqa: BLE001  (a thread that ended would deliver nothing any more)
                _log.exception("reminders not refreshed")
