"""What leaves the house: at a run's end a FIT file in `outbox/` and an upload to intervals.icu; states to a broker.

All of it is off by default. Uploads wait in a queue that outlives the program until there is a net, oldest first. A run
goes out once: it is marked before it is sent, and where no answer came the other side is asked before it is sent again.
Thread-safe.
"""

import contextlib
import dataclasses
import ipaddress
import logging
import re
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from coach.errors import CoachError, LinkError, StorageError, UserError
from coach.model.handover import HandoverStatus, HandoverWishes
from coach.model.plain import from_plain, to_plain
from coach.model.runs import Run, RunFilter, Sport
from coach.service.handover.home_assistant import HomeAssistant, HomeState
from coach.service.handover.intervals import SERVER, KeyRefusedError, find, upload
from coach.service.named_server import is_nowhere
from coach.service.repeated import RepeatedWork
from coach.service.run_queue import RunQueue, Waiting
from coach.service.runs.history import HistoryService
from coach.service.whole_files import write_whole
from coach.storage.store import Store

_log: Final = logging.getLogger(__name__)
_WISHES, _QUEUE, _SENT = "handover.wishes", "handover.queue", "handover.sent"
RETRY_S: Final = 300.0
_NAMED_BY: Final = timedelta(minutes=1)  # runs of one minute have one file name
_MOST_SENT: Final = 5000  # ids that are remembered: runs of a life
_HOST: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]*(\.[A-Za-z0-9_][A-Za-z0-9_-]*)*\.?")  # RFC 1123, and "_"
_LONGEST_HOST: Final = 253
_KEY: Final = re.compile(r"[A-Za-z0-9_\-]{8,128}")


class HandoverService:
    """outbox: folder of FIT files. home_state: what a broker is sent. server: of intervals.icu."""

    def __init__(
        self,
        store: Store,
        history: HistoryService,
        outbox: Path,
        home_state: Callable[[], HomeState],
        server: str = SERVER,
        retry_s: float = RETRY_S,
        owner: str = "",
    ) -> None:
        self._store = store
        self._history = history
        self.outbox = outbox
        self._home_state = home_state
        self._server = server
        self._owner = owner
        self._queue = RunQueue(store, _QUEUE)
        self._working = threading.Lock()
        self._failure = ""
        self._repeated = RepeatedWork("handover", self.work, retry_s)
        self._home: HomeAssistant | None = None
        self._home_failure = ""

    # Wishes --------------------------------------------------------------------------------------------------------

    def wishes(self) -> HandoverWishes:
        """Return what the runner wants handed over, and where to."""
        return from_plain(HandoverWishes, self._store.settings.get(_WISHES, {}))

    def change(self, **fields: Any) -> HandoverWishes:
        """Change wishes by their names; returns them as they are now.

        Another broker, or the same one without TLS, gets a password of its own or none: never the one that is kept.

        Raises:
            UserError: a key or an address that cannot be one.
        """
        before = self.wishes()
        wishes = dataclasses.replace(before, **fields)
        if "broker_password" not in fields and _is_elsewhere(before, wishes):
            wishes = dataclasses.replace(wishes, broker_password="")
        if wishes.intervals_key and not _KEY.fullmatch(wishes.intervals_key):
            raise UserError("this is no API key of intervals.icu: copy it from the foot of its settings page")
        if wishes.broker and not _is_host(wishes.broker):
            raise UserError("the broker is a host name or an address, such as 192.168.1.5")
        if not 1 <= wishes.broker_port <= 65535:
            raise UserError("a port is a number from 1 to 65535; brokers listen on 1883, with TLS on 8883")
        self._store.settings.put(_WISHES, to_plain(wishes))
        if not wishes.intervals_key:
            self._queue.clear()
        if self._repeated.is_started and _broker_of(wishes) != _broker_of(before):
            self._link(is_forgotten=not wishes.broker)
        self._repeated.wake()
        return wishes

    def status(self) -> HandoverStatus:
        """Return what the page shows: wishes, runs that wait, runs that were sent, and the last failure in words."""
        home = self._home
        return HandoverStatus(
            self.wishes(),
            len(self._queue.items()),
            len(self._sent()),
            self._failure,
            home is not None and home.is_linked,
            home.failure if home is not None else self._home_failure,
        )

    # Work ----------------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Link to the broker and send what waits, in the background."""
        self._repeated.start()
        self._link()

    def stop(self) -> None:
        """Send no more and leave the broker; waits some seconds for what is being sent."""
        self._repeated.stop()
        if self._home is not None:
            self._home.close()

    def on_finished(self, run: Run) -> None:
        """Queue a run that was summed up, to hand it over. Quick, and never fails: the run's own thread calls it."""
        try:
            wishes = self.wishes()
            if run.sport is Sport.RUNNING and (wishes.is_outbox or wishes.intervals_key):
                if run.run_id not in self._sent():
                    self._queue.add(run.run_id)
                self._repeated.wake()
        except CoachError as error:
            _log.warning("the run %s is not handed over: %s", run.run_id, error)

    def work(self) -> None:
        """Hand over all that waits, as far as the net allows."""
        with self._working:
            self._failure = ""
            for item in self._queue.items():
                try:
                    if self._may_leave(item.run_id):
                        self._hand_over(item)
                except (LinkError, KeyRefusedError, StorageError, OSError) as error:
                    self._failure = str(error)  # no net, a wrong key, a busy database, a full disk: it waits
                    return  # the next one would not come through either
                except CoachError as error:  # this run will never be taken
                    self._failure = str(error)
                    _log.warning("run %s is not handed over: %s", item.run_id, error)
                    self._queue.drop(item.run_id)

    def forget_all(self) -> None:
        """End the link to the broker, since everything was deleted; what is being handed over leaves nothing behind."""
        if self._home is not None:
            self._link(is_forgotten=True)
        with self._working:
            self._store.settings.forget(_QUEUE)
            self._store.settings.forget(_SENT)
            if self.outbox.is_dir() and not self.outbox.is_symlink():
                for path in self.outbox.iterdir():
                    if not path.is_dir() or path.is_symlink():  # a folder is of a program that keeps in step with this
                        path.unlink(missing_ok=True)

    def forget(self, run_id: str) -> None:
        """Delete the file of a purged run from the outbox, where its row can still be read."""
        self._queue.drop(run_id)
        try:
            started_at = self._store.runs.get(run_id).started_at
        except CoachError as error:
            _log.info("the file of run %s in the outbox is not looked for: %s", run_id, error)
            return
        same_minute = RunFilter(since=started_at - _NAMED_BY, until=started_at + _NAMED_BY)
        name = self._history.files.export_name(run_id, "fit")
        kept = [entry.run.run_id for entry in self._store.runs.list(same_minute, limit=None)]
        if name not in [self._history.files.export_name(one, "fit") for one in kept]:
            with contextlib.suppress(OSError):  # a folder of others that is away now: what was given there is theirs
                (self.outbox / name).unlink(missing_ok=True)

    # Inside --------------------------------------------------------------------------------------------------------

    def _may_leave(self, run_id: str) -> bool:
        """Whether a run is still the runner's: a deleted one waits, as it may come back, until it is gone for good."""
        if not self._store.runs.knows(run_id):
            self._queue.drop(run_id)
            return False
        return not self._store.runs.is_deleted(run_id)

    def _hand_over(self, item: Waiting) -> None:
        wishes, run_id = self.wishes(), item.run_id
        run = self._store.runs.get(run_id)
        content = self._history.files.export(run_id, "fit")
        if wishes.is_outbox:
            self._put_into_outbox(run_id, content)
        if wishes.intervals_key:
            key = wishes.intervals_key
            remote = find(self._server, key, run_id, run.started_at) if item.is_tried else None
            if remote is None:
                self._queue.mark_tried(run_id)  # from here on it may have arrived, whatever happens
                name = run.title or f"Run {run.started_at:%Y-%m-%d}"
                remote = upload(self._server, key, content, name, run_id)
            self._store.settings.put(_SENT, {**self._sent(), run_id: remote})
        self._queue.drop(run_id)

    def _put_into_outbox(self, run_id: str, content: bytes) -> None:
        # Whole: who watches the folder never sees half a file.
        write_whole(self.outbox / self._history.files.export_name(run_id, "fit"), content)

    def _link(self, is_forgotten: bool = False) -> None:
        wishes = self.wishes()
        if self._home is not None:
            if is_forgotten:
                self._home.forget()
            self._home.close()
            self._home = None
        self._home_failure = ""
        if wishes.broker:
            try:
                self._home = HomeAssistant(wishes, self._home_state, owner=self._owner)
            except CoachError as error:
                self._home_failure = str(error)

    def _sent(self) -> dict[str, str]:
        return dict(list(self._store.settings.get(_SENT, {}).items())[-_MOST_SENT:])


def _is_host(text: str) -> bool:
    """Whether a broker may be there: a name, or an address at which a server can be."""
    with contextlib.suppress(ValueError):
        ipaddress.ip_address(text)
        return not is_nowhere(text)
    return len(text) <= _LONGEST_HOST and _HOST.fullmatch(text) is not None


def _is_elsewhere(before: HandoverWishes, now: HandoverWishes) -> bool:
    """Whether a password would go to another server, or readable for anybody where it was not before."""
    has_moved = (before.broker, before.broker_port) != (now.broker, now.broker_port)
    return has_moved or (before.is_broker_tls and not now.is_broker_tls)


def _broker_of(wishes: HandoverWishes) -> tuple[object, ...]:
    return wishes.broker, wishes.broker_port, wishes.broker_user, wishes.broker_password, wishes.is_broker_tls
