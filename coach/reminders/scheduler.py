"""Deliver reminders at their time, each exactly once, from any number of sources.

Our own table is the truth. What the sources want is written there again and again (keys are stable), and one date job
of APScheduler is held in memory for each row that waits. A pulse on the monotonic clock looks after changes made by
other processes and wakes the scheduler after sleep or a change of the wall clock. What did not reach a channel, or was
taken by a process that ended before it sent it, is owed in the table and tried again until the reminder's time is over.
What is late by then does not come at night.
"""

import contextlib
import logging
import os
import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime, time, timedelta, tzinfo
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
_LATE: Final = timedelta(minutes=15)  # what comes later than that was held up; by judgement
_NIGHT: Final = (time(22), time(7))  # in which nothing comes that was held up; by judgement
_LONGEST_WAIT: Final = timedelta(minutes=30)  # between two tries: a server that is back is used soon; by judgement
Source = Callable[[datetime], Sequence[Reminder]]
Deliver = Callable[[Reminder, Collection[str]], Collection[str]]
Debt = tuple[Collection[str], int]  # channels, and how often it was tried


class _Scheduler(BackgroundScheduler):  # type: ignore[misc]  # apscheduler has no types
    def remove_job(self, job_id: str, jobstore: str | None = None) -> None:
        """Remove a job; nothing where it was stopped: its own thread, looking through the jobs just then,
        would end of the error."""
        try:
            super().remove_job(job_id, jobstore)
        except JobLookupError:
            if self.state != STATE_STOPPED:
                raise


class Reminders:
    """The scheduler of one process. sources: by a stable name. zone: where the runner is.

    deliver: takes a reminder to the runner's channels, on which it is owed, and returns those that it did not reach;
    raises CoachError where nothing was sent.
    """

    def __init__(
        self,
        store: KeptReminders,
        deliver: Deliver,
        sources: Mapping[str, Source],
        clock: Callable[[], datetime] = utc_now,
        pulse_s: float = PULSE_S,
        zone: Callable[[], tzinfo] = lambda: UTC,
    ) -> None:
        self._store = store
        self._deliver = deliver
        self._sources = dict(sources)
        self._clock = clock
        self._pulse_s = pulse_s
        self._zone = zone
        self._name = f"{os.getpid()}-{id(self):x}"
        self._scheduler = _Scheduler(
            timezone=UTC,
            executors={"default": ThreadPoolExecutor(1)},
            # a refresh may add again what is just being delivered: the second run finds nothing left to deliver
            job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 3},
        )
        self._refreshing = threading.Lock()
        self._unkept: dict[str, Debt] = {}  # owed, and the database did not take it
        self._keeping = threading.Lock()  # a job and the pulse both keep what is owed
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
        """Refresh, on the pulse's own thread, since something has changed. Never waits,
        so that any lock may be held."""
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
            at = self._when(one.due_at)
            if key not in jobs or jobs[key].trigger.run_date != at:
                self._scheduler.add_job(
                    self._fire, "date", run_date=at, args=(key, one.due_at), id=key, replace_existing=True
                )

    def _when(self, due_at: datetime) -> datetime:
        """Return when a reminder comes: at its time; where that is over by more than a little and it is night,
        at its end."""
        now = self._clock()
        local = now.astimezone(self._zone())
        begins, ends = _NIGHT
        if now - due_at <= _LATE or ends <= local.time() < begins:
            return due_at
        day = local.date() + timedelta(days=local.time() >= begins)
        return datetime.combine(day, ends, local.tzinfo).astimezone(UTC)

    def _remove(self, key: str) -> None:
        with contextlib.suppress(JobLookupError):  # it may just have begun
            self._scheduler.remove_job(key)

    def _fire(self, key: str, due_at: datetime) -> None:
        """Fire one job: take the reminder, if it is still waiting, and deliver it."""
        try:
            if self._when(due_at) > self._clock():  # the computer slept until night: the next pulse makes a job of it
                return
            reminder = self._store.take(key, self._name, self._clock())
        except CoachError as error:
            _log.warning("reminder %s not taken: %s", key, error)  # it still waits: the next pulse makes a job of it
            return
        if reminder is not None:
            self._hand_over(reminder)

    def _hand_over(self, reminder: Reminder) -> None:
        """Deliver what is owed of a reminder; what is not with the runner afterwards is owed again."""
        try:
            channels, n_tries = self._store.claim(reminder.key, self._clock())
        except CoachError as error:
            _log.warning("reminder %s not delivered yet: %s", reminder.key, error)  # still owed: the next pulse
            return
        if not channels:
            return
        try:
            missed = self._deliver(reminder, channels)
        except CoachError as error:
            _log.warning("reminder %s not delivered yet: %s", reminder.key, error)
            missed = channels
        if missed:
            with self._keeping:
                self._unkept[reminder.key] = (missed, n_tries + 1)
            self._keep_debts()

    def _keep_debts(self) -> None:
        """Keep what is owed, to be tried again after a pulse at first, then more rarely."""
        with self._keeping:
            for key, (channels, n_tries) in list(self._unkept.items()):
                wait = min(timedelta(seconds=self._pulse_s) * 2 ** min(n_tries - 1, 10), _LONGEST_WAIT)
                try:
                    self._store.owe(key, channels, n_tries, self._clock() + wait)
                except CoachError as error:
                    _log.warning("what is owed of reminder %s is not kept yet: %s", key, error)
                    return
                del self._unkept[key]

    def _deliver_owed(self) -> None:
        """Deliver what was taken and is not with the runner, unless it is night."""
        self._keep_debts()
        for reminder in self._store.owed(self._clock()):
            if self._when(reminder.due_at) <= self._clock():
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
