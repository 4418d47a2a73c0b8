"""The runner's side of a clinic: decide who may see what, send sealed runs, take orders. Home works without a clinic.

Nothing leaves until the runner has joined a clinic by its invitation and consented, scope by scope. A finished run
waits in a queue that outlives the program and leaves sealed, by itself, as soon as there is a net; a cut line goes on
where the clinic's bytes end, and a run that is there already is not sent again. The account archive is never used:
it holds more than anybody consented to. Thread-safe.
"""

import logging
import shutil
import threading
from collections.abc import Callable, Iterable
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Final

from coach.errors import CoachError, LinkError, StorageError, UserError
from coach.model.documents import JsonObject
from coach.model.frozen import dataclass
from coach.model.runs import Run, RunFilter, Sport
from coach.model.strength import StrengthPlan
from coach.seal.events import Order, OrderKind, sign_consent
from coach.seal.manifest import Scope, may_leave
from coach.seal.numbers import numbers_text, report_of
from coach.seal.signing import public_key_of, signed
from coach.service.clinic.keys import NAME, own_key
from coach.service.clinic.link import (
    ClinicLink,
    DamagedError,
    NotKnownError,
    list_of,
    looks_of,
    offset_of,
    read_invitation,
)
from coach.service.clinic.orders import ClinicOrders
from coach.service.clinic.sealing import is_for_the_clinic, seal_run
from coach.service.repeated import RepeatedWork
from coach.service.run_queue import RunQueue
from coach.service.runner import RunnerService
from coach.service.strength.plans import StrengthService
from coach.storage.store import Store
from coach.wall_clock import utc_now

_log: Final = logging.getLogger(__name__)
_LINK, _CONSENT, _QUEUE, _SENT = "clinic.link", "clinic.consent", "clinic.queue", "clinic.sent"
_SENT_AS: Final = "clinic.sent_as"  # by run, the hash of the numbers that were sent
_ORDERS, _REPORTED, _REFUSED, _LOOKS = "clinic.orders", "clinic.reported", "clinic.refused", "clinic.looks"
EVERY_S: Final = 900.0  # a clinic's order is none of minutes: nobody watches; chosen by judgement
REPORT_DAYS: Final = 90  # of answers about pain: the Monday page looks back five weeks, the trend of a block eight
_MOST_SENT: Final = 5000  # ids that are remembered: runs of a life


@dataclass(frozen=True, slots=True)
class Look:
    """Something that a person of the clinic did with the runner's record, as the clinic says."""

    at: datetime
    name: str
    verb: str


@dataclass(frozen=True, slots=True)
class ClinicStatus:
    """How it goes.

    clinic: its name, "" without one. pseudonym: the runner's there. scopes: the consent. n_waiting, n_sent: runs.
    consented_at: when they were chosen. failure: why the last try failed, "" where it did not. orders: of the clinic
    that wait for an answer. pause_until: last day of a pause of running that the runner accepted. looks: newest first.
    """

    clinic: str = ""
    address: str = ""
    pseudonym: str = ""
    scopes: frozenset[Scope] = frozenset()
    consented_at: datetime | None = None
    n_waiting: int = 0
    n_sent: int = 0
    failure: str = ""
    orders: tuple[Order, ...] = ()
    pause_until: date | None = None
    looks: tuple[Look, ...] = ()


class ClinicService:
    """secrets: folder of the runner's key. sealed: folder of runs on their way."""

    def __init__(
        self,
        store: Store,
        recordings: Path,
        secrets: Path,
        sealed: Path,
        runner: RunnerService,
        plans: StrengthService,
        clock: Callable[[], datetime] = utc_now,
        every_s: float = EVERY_S,
    ) -> None:
        self._store = store
        self._recordings = recordings
        self._secrets = secrets
        self._sealed = sealed
        self._plans = plans
        self._clock = clock
        self._queue = RunQueue(store, _QUEUE)
        self._working = threading.Lock()
        self._orders = ClinicOrders(store, _ORDERS, _LINK, runner, plans)
        self._failure = ""
        self._repeated = RepeatedWork("clinic", self._push_if_joined, every_s)

    # What the runner chooses ---------------------------------------------------------------------------------------

    def status(self) -> ClinicStatus:
        """Return what the runner's page shows of the clinic; an empty status where there is none."""
        link, consent = self._link(), self._consent()
        if not link:
            return ClinicStatus()
        return ClinicStatus(
            link["name"],
            link["base"],
            link["pseudonym"],
            frozenset(Scope(scope) for scope in consent.get("scopes", ())),
            datetime.fromisoformat(consent["at"]) if consent else None,
            len(self._queue.items()),
            len(self._sent()),
            self._failure,
            tuple(self._orders.in_state("open")),
            self._pause_until(),
            tuple(
                Look(datetime.fromisoformat(o["at"]), o["name"], o["verb"])
                for o in self._store.settings.get(_LOOKS, [])
            ),
        )

    def join(self, invitation: str, scopes: Iterable[Scope]) -> ClinicStatus:
        """Join the clinic of an invitation and consent to `scopes`; runs of the last 90 days then wait to leave.

        Raises:
            UserError: there is a clinic already, or the invitation is none, too old or refused. LinkError: no answer.
        """
        if self._link():
            raise UserError("you are with a clinic already: leave it first")
        wanted = frozenset(scopes)
        if not may_leave(wanted):
            raise UserError("choose who may see your runs: your clinicians, researchers, or both")
        invited, key = read_invitation(invitation), own_key(self._secrets)
        consent = sign_consent(wanted, self._clock(), key)
        body = {"token": invited.token, "consent": consent}
        answer = ClinicLink(invited.base, key, self._clock).ask("POST", "/api/v1/join", body)
        if not isinstance(answer, dict) or answer.get("clinic_key") != invited.clinic_key:
            raise UserError("this is not the clinic that the invitation names: ask it for a new one")
        known = {name: str(answer.get(name, ""))[:120] for name in ("name", "pseudonym", "clinic_key")}
        self._store.settings.put(_LINK, {**known, "base": invited.base})
        self._store.settings.put(_CONSENT, consent)
        self._queue_recent()
        self._repeated.wake()
        return self.status()

    def consent(self, scopes: Iterable[Scope]) -> ClinicStatus:
        """Consent to these scopes from now on. It holds here at once, and at the clinic as soon as it hears of it."""
        if not self._link():
            raise UserError("you are with no clinic: join one by its invitation")
        before = self.status().scopes
        wanted = frozenset(scopes)
        self._store.settings.put(_CONSENT, sign_consent(wanted, self._clock(), own_key(self._secrets)))
        self._store.settings.forget(_REFUSED)
        if not may_leave(wanted):
            self._queue.clear()
            shutil.rmtree(self._sealed, ignore_errors=True)
        elif not may_leave(before):
            self._queue_recent()
        self._repeated.wake()
        return self.status()

    def withdraw(self, deletes: bool = True) -> str:
        """Leave the clinic: it takes no more from this coach at once. deletes: it also deletes what it has.

        Gives what the clinic says of it. Here everything of the clinic is forgotten, the key too.

        Raises:
            LinkError: the clinic does not answer; then nothing has changed, except that nothing leaves any more.
        """
        link = self._link()
        if not link:
            raise UserError("you are with no clinic")
        self.consent(())
        with self._working:  # what is on its way stops at the next piece
            return self._withdraw(link, deletes)

    def _withdraw(self, link: dict[str, str], deletes: bool) -> str:
        key = own_key(self._secrets)
        fields = {"at": self._clock().isoformat(), "deletes": deletes, "pseudonym": link["pseudonym"]}
        try:
            answer = self._client().ask("POST", "/api/v1/withdraw", signed("withdrawal", fields, key))
        except NotKnownError:
            answer = {}  # the clinic has closed the door itself
        self._forget()
        return str(answer.get("words", "")) if isinstance(answer, dict) else ""

    def forget_all(self) -> None:
        """Forget the clinic, the queue and the key. What is on its way stops at the next piece."""
        self._store.settings.forget(_CONSENT)
        with self._working:  # else what is being sent would keep its marks, and a new key, afterwards
            self._forget()

    def _forget(self) -> None:
        for name in (_LINK, _CONSENT, _QUEUE, _SENT, _SENT_AS, _ORDERS, _REPORTED, _REFUSED, _LOOKS):
            self._store.settings.forget(name)
        shutil.rmtree(self._sealed, ignore_errors=True)
        (self._secrets / NAME).unlink(missing_ok=True)
        self._failure = ""

    def answer(self, order_id: str, is_accepted: bool) -> Order:
        """Accept or refuse an order; only then it changes anything. The clinic hears of it with the next sending.

        Raises:
            UserError: there is no such order, or what it asks for cannot be.
        """
        order = self._orders.answer(order_id, is_accepted)
        self._repeated.wake()
        return order

    # Work ----------------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Send what waits, in the background."""
        self._repeated.start()

    def stop(self) -> None:
        """Send no more; waits some seconds for what is being sent."""
        self._repeated.stop()

    def on_finished(self, run: Run) -> None:
        """Queue a run that was summed up, if it may leave. Quick, and never fails: the run's own thread calls it."""
        try:
            if run.sport is Sport.RUNNING and may_leave(self.status().scopes):
                self._queue.add(run.run_id)
                self._repeated.wake()
        except CoachError as error:
            _log.warning("the run %s does not wait for the clinic: %s", run.run_id, error)

    def push(self) -> ClinicStatus:
        """Send consent, report and all runs that wait, as far as the net allows, and fetch orders.

        Raises:
            UserError: there is no clinic.
        """
        if not self._link():
            raise UserError("you are with no clinic: join one by its invitation (page You, Clinic)")
        with self._working:
            self._failure = ""
            try:
                scopes = self.status().scopes
                self._send_consent_and_report()
                if may_leave(scopes):
                    self._queue_recent()  # imported runs and recovered ones, too
                    for waiting in self._queue.items():
                        self._push_run(waiting.run_id, scopes)
                self._exchange_orders()
            except (CoachError, OSError) as error:
                self._failure = str(error)  # no net, a closed door, a full disk: it waits
        return self.status()

    # Inside --------------------------------------------------------------------------------------------------------

    def _push_if_joined(self) -> None:
        if self._link():
            self.push()

    def _push_run(self, run_id: str, scopes: frozenset[Scope]) -> None:
        """Send one run. One that will never be taken leaves the queue; what may be taken later raises.

        scopes: the consent that the clinic was sent last: under another one it refuses the run for good.
        """
        if self.status().scopes != scopes:
            raise LinkError("consent", "consent has changed while runs were sent: the others wait")
        key = own_key(self._secrets)
        public_key_of(key)  # raises without the extra, by which no run can leave: all wait
        try:
            entry = self._store.runs.entry(run_id)
            if self._store.runs.is_deleted(run_id):  # should it come back, it is queued again
                self._leave_out(run_id)
                return
            sealed = seal_run(entry, self._recordings, self._sealed / run_id, scopes, key, self._clock())
            client = self._client(lambda: self.status().scopes == scopes)
            answer = client.ask("POST", "/api/v1/runs", {"manifest": sealed.document, "numbers": sealed.numbers})
            if sealed.recording is not None:
                offset = offset_of(answer, sealed.manifest.n_bytes)
                try:
                    client.send_file(sealed.recording, sealed.manifest.sha256, offset)
                except DamagedError:
                    client.send_file(sealed.recording, sealed.manifest.sha256, 0)
            self._store.settings.put(_SENT, {**self._sent(), run_id: sealed.manifest.sha256})
            self._store.settings.put(_SENT_AS, {**self._sent(_SENT_AS), run_id: sealed.manifest.numbers_sha256})
        except DamagedError as error:  # twice: the line or a disk is broken, and later may be better
            shutil.rmtree(self._sealed / run_id, ignore_errors=True)  # sealed again then, should it be the disk here
            raise LinkError("damaged", f"run {run_id} arrives damaged: it waits") from error
        except (LinkError, NotKnownError, StorageError):
            raise
        except CoachError as error:
            self._failure = str(error)
            _log.warning("run %s is not sent to the clinic: %s", run_id, error)
            self._store.settings.forget(_REPORTED)  # in case the clinic has forgotten the consent
            refused = self._store.settings.get(_REFUSED, [])
            self._store.settings.put(_REFUSED, [*refused[-_MOST_SENT:], run_id])
        self._leave_out(run_id)

    def _leave_out(self, run_id: str) -> None:
        self._queue.drop(run_id)
        shutil.rmtree(self._sealed / run_id, ignore_errors=True)

    def _send_consent_and_report(self) -> None:
        consent, now = self._consent(), self._clock()
        since = (now - timedelta(days=REPORT_DAYS)).isoformat(timespec="seconds")
        body: JsonObject = {"consent": consent}
        if may_leave(self.status().scopes):
            pain = self._store.pain.list(since=datetime.fromisoformat(since))
            body["report"] = report_of(since, pain, self._store.pain.red_flags(), self._plan())
        mark = numbers_text({**body, "report": {**body.get("report", {}), "since": ""}, "day": f"{now:%Y-%m-%d}"})
        if self._store.settings.get(_REPORTED) != mark:  # once a day where nothing is new: "I am well and here"
            self._client().ask("POST", "/api/v1/report", body)
            self._store.settings.put(_REPORTED, mark)

    def _exchange_orders(self) -> None:
        client = self._client()
        for order_id, state in self._orders.unreported():
            document = {"order_id": order_id, "state": state}
            client.ask("POST", "/api/v1/answers", signed("answer", document, own_key(self._secrets)))
            self._orders.mark_reported(order_id)
        answer = client.ask("GET", "/api/v1/orders")
        self._orders.keep(list_of(answer, "orders"))
        self._store.settings.put(_LOOKS, looks_of(answer))

    def _pause_until(self) -> date | None:
        """Return the last day of the newest pause of running that the runner accepted; None where it is over."""
        pauses = [order for order in self._orders.in_state("accepted") if order.kind is OrderKind.PAUSE_RUNNING]
        day = max(pauses, key=lambda order: order.created).day if pauses else None
        return day if day is not None and day >= self._clock().date() else None

    def _queue_recent(self) -> None:
        """Queue what was not sent, and what has other numbers since: trimmed, joined, or computed again."""
        since = self._clock() - timedelta(days=REPORT_DAYS)
        waits = {*self._store.settings.get(_REFUSED, []), *(one.run_id for one in self._queue.items())}
        sent_as = self._sent(_SENT_AS)
        for entry in reversed(self._store.runs.list(RunFilter(since=since), limit=None)):
            run_id = entry.run.run_id
            if run_id not in waits and is_for_the_clinic(entry, sent_as.get(run_id)):
                self._queue.add(run_id)

    def _plan(self) -> StrengthPlan | None:
        try:
            return self._plans.show()
        except CoachError:
            return None

    def _client(self, may_go_on: Callable[[], bool] = lambda: True) -> ClinicLink:
        return ClinicLink(self._link()["base"], own_key(self._secrets), self._clock, may_go_on)

    def _link(self) -> dict[str, str]:
        return dict(self._store.settings.get(_LINK, {}))

    def _consent(self) -> JsonObject:
        return dict(self._store.settings.get(_CONSENT, {}))

    def _sent(self, key: str = _SENT) -> dict[str, str]:
        return dict(list(self._store.settings.get(key, {}).items())[-_MOST_SENT:])
