"""A run as the page and the command line handle it: start, pause, lap, tap pain, mute, stop.

One run at a time: its slot is reserved on the radio's event loop, which is the lock, before anything is made, and is
held until the run was summed up. Every method may be called from any thread; the run itself lives on that loop.

A tap names its run and its age, because phones deliver late: what comes for another run never touches the present one.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from coach.coaching.engine import CueEngine
from coach.errors import CoachError, ConflictError, StorageError, UserError
from coach.live.feed import LiveFeed
from coach.live.run import LiveRun, NotificationSource
from coach.model.cues import CueDecision
from coach.model.documents import FieldValues
from coach.model.links import SensorUse
from coach.model.pain import PainEntry, PainMoment
from coach.model.plain import to_plain
from coach.model.runs import Lap, Run, RunPlace, RunState
from coach.model.workouts import Workout
from coach.radio.clock import RunClock
from coach.service.event_loop import LoopThread
from coach.service.runs.coaching import CoachingService
from coach.service.runs.finish_run import at_last, end_run, reading_of
from coach.service.runs.making import Made, RunMaker
from coach.service.runs.replay_reader import Reading
from coach.service.sensors.service import SensorService
from coach.storage.store import Store
from coach.wall_clock import utc_now

log = logging.getLogger(__name__)

# Made on the event loop: where notifications come from, and the clock of their times.
MakeSource = Callable[[], tuple[NotificationSource, Callable[[], float]]]
# A page waits 10 s for an answer to a lap or a pause and then says that it failed: what comes three times as late is
# of a tap that the runner has given up. Chosen by judgement.
LATE_S: Final = 30.0
STOP_S: Final = 120.0  # summing up six hours takes seconds; beyond this the database does not answer


@dataclass(slots=True)
class _RunSlot:
    """The one run there can be. live: None while it is being made. made: done when that is over, well or not."""

    live: LiveRun | None = None
    ended: Future[Run] | None = None
    made: Future[None] = field(default_factory=Future)


class RunService:
    """on_spoken: called with every cue that is spoken. on_finished: with every run that has ended and was summed up.

    speed: seconds of the run's clock per second of the wall (a demonstration or a replay may run faster).
    """

    def __init__(
        self,
        loop: LoopThread,
        store: Store,
        feed: LiveFeed,
        recordings: Path,
        sensors: SensorService,
        coaching: CoachingService,
        on_spoken: Callable[[CueDecision], None] | None = None,
        on_finished: Callable[[Run], None] | None = None,
        speed: float = 1.0,
    ) -> None:
        self._loop = loop
        self._store = store
        self._feed = feed
        self._sensors = sensors
        self._coaching = coaching
        self._maker = RunMaker(store, feed, recordings, coaching, on_spoken, speed)
        self._on_finished = on_finished
        self._speed = speed
        self._slot: _RunSlot | None = None  # changed on the event loop only
        self._is_closed = False

    # Start and stop ------------------------------------------------------------------------------------------------

    def start(
        self,
        place: str | RunPlace | None = None,
        focus: str | None = None,
        shoes: str = "",
        slope_pct: float | None = None,
        notes: str = "",
        is_confirmed: bool = False,
        workout: Workout | None = None,
    ) -> Run:
        """Start a run with the remembered sensors. is_confirmed: the runner has read what an open warning sign means.

        place: None: the likely one, as the newest run. workout: parts that the run leads through.

        Raises:
            UserError: a run is going on, no sensor is paired, or a warning sign is open and not confirmed.
        """
        pain = self._coaching.pain_state()
        if pain.lock.is_sign_open and not is_confirmed:
            raise UserError(f"{pain.words} To run all the same, load this page again and confirm it")
        uses = self._sensors.book.remembered()
        if not uses:
            raise UserError("no sensor is paired: pair one on the Sensors page")
        where = self._coaching.likely_place() if place is None else RunPlace(place)
        facts = {"place": where, "shoes": shoes, "slope_pct": slope_pct, "notes": notes}
        return self.begin(uses, lambda: self._linked(uses), focus, facts, workout, is_linked=True)

    def _linked(
        self, uses: Sequence[SensorUse], start_s: float = 0.0
    ) -> tuple[NotificationSource, Callable[[], float]]:
        clock = RunClock(self._speed, start_s=start_s)
        return self._sensors.source(uses, clock), clock

    def begin(
        self,
        uses: Sequence[SensorUse],
        make_source: MakeSource,
        focus: str | None = None,
        facts: FieldValues | None = None,
        workout: Workout | None = None,
        is_linked: bool = False,
    ) -> Run:
        """Start a run whose notifications come from `make_source`: linked sensors, or a recording that is played.

        is_linked: the sensors themselves are used, which no other runner may do meanwhile.

        Raises:
            ConflictError: a run is going on, is being started or is being summed up, or a sensor is in another runner's
                run.
        """
        claimed = uses if is_linked else ()
        with self._reserved(claimed) as slot, self._maker.new(uses, focus, facts or {}, workout) as made:
            return self._launch(slot, made, make_source)

    def cut_off(self) -> Run | None:
        """Return the run that can go on: the newest, if it was cut off half an hour ago at most, and none is on now."""
        return self._maker.cut_off() if self._slot is None else None

    def go_on(self, run_id: str, age_s: float = 0.0) -> Run:
        """Go on with a run that was cut off: same run, same log, its sensors linked again; the gap is a pause.

        Raises:
            ConflictError: it cannot go on any more, a run is on, the tap is too old, or another runner has a sensor.
        """
        _check_age(age_s)
        uses = self._store.runs.get(run_id).sensors
        return self.go_on_with(run_id, lambda now_s: self._linked(uses, now_s), uses)

    def go_on_with(
        self,
        run_id: str,
        make_source: Callable[[float], tuple[NotificationSource, Callable[[], float]]],
        claimed: Sequence[SensorUse] = (),
    ) -> Run:
        """Go on as `go_on`, from a source made at a time of the run's clock [s]; claimed: the sensors that it links."""
        run = self.cut_off()
        if run is None or run.run_id != run_id:
            raise ConflictError("too_late", "this run cannot go on any more: start a new one")
        with self._reserved(claimed) as slot, self._maker.further(run) as made:
            return self._launch(slot, made, lambda: make_source(max(made.start_s, self._maker.since(made.run))))

    def _launch(self, slot: _RunSlot, made: Made, make_source: MakeSource) -> Run:
        """Let a run live on the event loop from now on."""

        def on_loop() -> None:
            source, clock = make_source()
            live = made.live(clock)
            ended = self._play(slot, live, source, made.engine)
            slot.ended = asyncio.run_coroutine_threadsafe(ended, self._loop.loop)
            slot.live = live
            self._sensors.pod_counts.attend(live)

        self._loop.call(on_loop)
        return made.run

    @contextlib.contextmanager
    def _reserved(self, claimed: Sequence[SensorUse]) -> Iterator[_RunSlot]:
        """Reserve the slot of the one run and its sensors; both are free again if the run cannot be made."""
        slot = self._loop.call(self._reserve)
        try:
            if claimed:
                self._sensors.claim(claimed)
            yield slot
        except BaseException:  # whatever it was, also Ctrl-C: the next run finds its slot and its sensors free
            self._loop.call(lambda: self._release(slot))
            raise
        finally:
            slot.made.set_result(None)

    def _reserve(self) -> _RunSlot:
        if self._is_closed:
            raise ConflictError("closing", "the coach is being stopped: start it again first")
        if self._slot is not None:
            raise ConflictError("already_running", "a run is going on: stop it first")
        self._slot = _RunSlot()
        return self._slot

    def _release(self, slot: _RunSlot) -> None:
        if self._slot is slot:
            self._slot = None
            self._sensors.release()

    def stop(self, run_id: str | None = None, age_s: float = 0.0) -> Run:
        """End the run, sum it up, return it as stored; a run of this id that has ended is returned as it is.

        Raises:
            ConflictError: no run is on, another one, or the tap is old. StorageError: it cannot be summed up yet.
        """
        slot = self._slot
        if run_id is not None and (slot is None or slot.live is None or slot.live.run.run_id != run_id):
            run = self._store.runs.get(run_id)
            if not run.state.is_over:
                raise ConflictError("not_running", f"run {run_id} is not going on here")
            return run
        live = self._going()
        _check_age(age_s)
        self._loop.call(live.stop)
        return self._ended(slot)

    def _ended(self, slot: _RunSlot | None) -> Run:
        assert slot is not None
        assert slot.ended is not None
        try:
            return slot.ended.result(STOP_S)
        except TimeoutError as error:
            words = (
                "the run has ended and its log is kept; the summary waits for the database: is the disk full, or does "
                "another program hold it?"
            )
            if slot.live and (problem := slot.live.log_problem):
                words = f"the run has ended, but the last of it waits in memory, in this program: {problem}"
            raise StorageError(words) from error

    def close(self) -> None:
        """Start no more runs; end the one that is going on or is being started, and wait for its summary."""
        self._is_closed = True
        slot = self._slot
        if slot is None:
            return
        slot.made.result(STOP_S)
        if slot.live is not None:
            self._loop.call(slot.live.stop)
            self._ended(slot)

    def wait(self, timeout_s: float | None = None) -> Run | None:
        """Wait until the present run ends by itself; None once `timeout_s` have passed, or without a run."""
        slot = self._slot
        if slot is None or slot.ended is None:
            return None
        try:
            return slot.ended.result(timeout_s)
        except TimeoutError:
            return None

    async def _play(self, slot: _RunSlot, live: LiveRun, source: NotificationSource, engine: CueEngine) -> Run:
        try:
            try:
                await live.play(source)
            except CoachError as error:
                log.warning("the run ended early: %s", error)
            finally:
                self._sensors.pod_counts.attend(None)
            return await asyncio.to_thread(at_last, lambda: self._finish(live, engine), lambda: self._is_closed)
        finally:
            self._release(slot)

    def _finish(self, live: LiveRun, engine: CueEngine) -> Run:
        live.keep_rest()
        reading = reading_of(self._store, live)
        ended = self.sum_up(live.run, reading, RunState.FINISHED, engine)
        self._sensors.book.ease(reading.reports)
        return ended

    def sum_up(self, run: Run, reading: Reading, state: RunState, engine: CueEngine) -> Run:
        """Keep what a run leaves behind, and its end last: a run that has ended has lost nothing, whenever killed."""
        self._coaching.finish(run, engine)
        ended = end_run(self._store, run, reading, state)
        self.announce(ended)
        return ended

    def announce(self, ended: Run) -> None:
        """Report a run that was summed up, here or in another process, to the pages and to what follows from it."""
        shown = self.current()
        if shown is None or shown.run_id == ended.run_id:  # one that came in from elsewhere does not end what is shown
            self._feed.forget("metrics")
            state = {"run_id": ended.run_id, "state": ended.state.value, "elapsed_s": ended.duration_s}
            self._feed.publish("run", state)
        if self._on_finished:
            self._on_finished(ended)

    # During the run ------------------------------------------------------------------------------------------------

    def current(self) -> Run | None:
        """Return the run that is going on, until it was summed up."""
        slot = self._slot
        return slot.live.run if slot and slot.live else None

    def status(self) -> dict[str, object]:
        """Return what a page that has just been opened must know; {"run_id": None} without a run."""
        slot = self._slot
        if slot is None or slot.live is None:
            cut_off = self.cut_off() if slot is None else None
            plan = to_plain(self._coaching.next_plan())
            return {"run_id": None, "state": None, "links": [], "plan": plan, "cut_off": cut_off and cut_off.run_id}
        live = slot.live
        return self._loop.call(lambda: {**live.status(), "metrics": to_plain(live.latest)})

    def pause(self, run_id: str | None = None, age_s: float = 0.0) -> None:
        """Begin a pause, `age_s` ago; so with the other taps. run_id: the run that was tapped, None for the present."""
        live, at_s = self._tapped(run_id, age_s)
        self._loop.call(lambda: live.pause(at_s()))

    def resume(self, run_id: str | None = None, age_s: float = 0.0) -> None:
        """End the pause."""
        live, at_s = self._tapped(run_id, age_s)
        self._loop.call(lambda: live.resume(at_s()))

    def lap(self, kind: str = "lap", run_id: str | None = None, age_s: float = 0.0) -> Lap:
        """End the present lap and begin the next; kind: lap, warm_up or cool_down."""
        live, at_s = self._tapped(run_id, age_s)
        return self._loop.call(lambda: live.lap(kind, at_s()))

    def mute(self, is_muted: bool, run_id: str | None = None) -> None:
        """Silence the cues, or let them speak; it is the runner's wish until the next one, however late it comes."""
        live = self._going(run_id)
        self._loop.call(lambda: live.mute(is_muted))

    def pain(self, level: int, is_calf: bool = False, run_id: str | None = None, age_s: float = 0.0) -> None:
        """Keep one tap, 0-10, for the back or for calf and Achilles; a late one is kept with its own run and moment.

        In the present run it acts at once, however old it is, and waits in memory where the database is busy: the raw
        log has it already.

        Raises:
            UserError: no such level, no such run. ConflictError: no run is going on, and none was named.
        """
        if not 0 <= level <= 10:
            raise UserError(f"pain is reported from 0 to 10, not {level}")
        slot = self._slot
        live = slot.live if slot else None
        back, calf = (None, level) if is_calf else (level, None)
        if live is not None and run_id in (None, live.run.run_id) and not live.is_over:
            at = self._moment(live.run, live.clock() / self._speed - age_s)
            entry = PainEntry(at, PainMoment.DURING_RUN, back, calf, live.run.run_id)
            if self._loop.call(lambda: live.pain(entry)):
                return
            run_id = live.run.run_id  # it ended at this moment
        if run_id is None:
            raise ConflictError("not_running", "no run is going on: start one first")
        run = self._store.runs.get(run_id)
        at = self._moment(run, (utc_now() - run.started_at).total_seconds() - age_s)
        self._store.pain.add(PainEntry(at, PainMoment.DURING_RUN, back, calf, run_id))

    def take_back_pain(self, run_id: str | None = None, age_s: float = 0.0) -> None:
        """Take back the newest pain tap of the run that goes on, a slip of the finger, as the runner did `age_s` ago.

        Raises:
            ConflictError: no such run goes on, or the tap is more than ten seconds old: then it stays.
        """
        live = self._going(run_id)
        at = live.run.started_at + timedelta(seconds=live.clock() / self._speed - age_s)
        entry = self._loop.do(live.take_back_pain(at))
        if entry is None:
            raise ConflictError("too_late", "a number can be taken back for ten seconds: it stays; tap the right one")
        self._store.pain.remove(entry)

    def _moment(self, run: Run, after_s: float) -> datetime:
        """Return the wall time `after_s` into a run, never outside of it."""
        if run.duration_s is not None:
            after_s = min(after_s, run.duration_s + sum(end - start for start, end in run.pauses))
        return run.started_at + timedelta(seconds=max(0.0, after_s))

    def _tapped(self, run_id: str | None, age_s: float) -> tuple[LiveRun, Callable[[], float]]:
        """Return the run of a tap, and its moment on the run's clock."""
        live = self._going(run_id)
        _check_age(age_s)
        return live, lambda: live.clock() - max(0.0, age_s) * self._speed

    def _going(self, run_id: str | None = None) -> LiveRun:
        slot = self._slot
        live = slot.live if slot else None
        if live is None or (live.is_over and run_id not in (None, live.run.run_id)):
            raise ConflictError("not_running", "no run is going on: start one first")
        if run_id not in (None, live.run.run_id):
            raise ConflictError("other_run", "this was for a run that has ended: it was left out")
        return live


def _check_age(age_s: float) -> None:
    if age_s > LATE_S:
        raise ConflictError("too_late", f"this tap is {age_s:.0f} s old and was left out: tap again")
