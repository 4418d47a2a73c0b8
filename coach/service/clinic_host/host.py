"""The clinic's service: let coaches and people in, take what coaches send, keep folders and index in step. Thread-safe.

Nothing arrives of a runner who has not consented to it, and nothing of a manifest that says more than the consent. A
look at another's record is noted in the audit by the same transaction that reads it.
"""

import secrets
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Final

from coach.clinic.monday import Patient, Row, rows_of
from coach.errors import CoachError, InterchangeError, UserError
from coach.model.documents import JsonObject
from coach.model.frozen import dataclass
from coach.roster import index
from coach.roster.audit import AuditEntry, ChainVerdict, entries, looks, note, verify
from coach.roster.database import Roster
from coach.roster.people import Person, PersonKind, begin_care, forget_old_invitations, invite_runner, take_invitation
from coach.seal.events import Order, OrderKind, read_consent, read_request, sign_order
from coach.seal.manifest import Scope, manifest_of, may_leave
from coach.seal.numbers import numbers_hash, read_numbers, read_report
from coach.seal.signing import public_key_of, verified
from coach.service.clinic.keys import own_key
from coach.service.clinic_host.folders import Folders
from coach.service.clinic_host.housekeeping import Housekeeping
from coach.service.clinic_host.vault import Vault
from coach.service.clinic_host.withdrawal import Withdrawals
from coach.service.repeated import RepeatedWork
from coach.wall_clock import utc_now

CLOCKS_DIFFER: Final = timedelta(minutes=10)  # by so much a request's time may be off: a replay is good no longer
_HOURLY_S: Final = 3600.0
_ZONES: Final = timedelta(days=1)  # days are the clinic's own, and the clock here is UTC


class UnknownRunnerError(UserError):
    """Nobody of this key is known here, or the runner withdrew."""


@dataclass(frozen=True, slots=True)
class RunnerRecord:
    """What a clinician sees of one runner."""

    row: Row
    runs: list[index.RunNumbers]
    orders: list[dict[str, object]]
    consent: frozenset[Scope]


class ClinicHost:
    """data: folder of runners, keys and secrets. objects: folder of encrypted copies of recordings; None: none."""

    def __init__(
        self,
        name: str,
        data: Path,
        roster: Roster,
        objects: Path | None = None,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self.name = name
        self.roster = roster
        self.folders = Folders(data / "runners")
        self.vault = Vault(data / "keys")
        self.withdrawals = Withdrawals(roster, self.folders, self.vault, objects, data / "reports", clock)
        self.keeping = Housekeeping(roster, self.folders, self.vault, objects, clock)
        self._key = own_key(data / "secrets")
        self._clock = clock
        self._judged_on: date | None = None
        self._hourly = RepeatedWork("clinic", self._work, _HOURLY_S)

    @property
    def public_key(self) -> str:
        """The clinic's public key, by which runners' coaches check its orders."""
        return public_key_of(self._key)

    def start(self) -> None:
        """Delete what is due and judge all runners again, now and each hour, in the background."""
        self._hourly.start()

    def stop(self) -> None:
        """End the hourly work; waits some seconds for what is going on."""
        self._hourly.stop()

    # Runners' coaches ----------------------------------------------------------------------------------------------

    def who_asks(self, document: object, method: str, path: str, body_sha256: str | None) -> str:
        """Return the runner whose coach signed a request. body_sha256 None: the body is not here yet.

        Raises:
            UnknownRunnerError: nobody known, withdrawn, or the clock of that machine is wrong.
        """
        request = self._checked_request(document, method, path, body_sha256)
        with self.roster.transaction() as connection:
            runner_id = index.runner_of_key(connection, str(request["public_key"]))
        if runner_id is None:
            raise UnknownRunnerError("this coach is not connected here, or its runner withdrew")
        return runner_id

    def knows(self, document: object) -> bool:
        """Whether a request is signed by a known coach; never raises, for the thread that reads requests."""
        try:
            request = read_request(document)
            with self.roster.transaction() as connection:
                runner_id = index.runner_of_key(connection, str(request["public_key"]))
        except CoachError:
            return False
        return runner_id is not None and abs(self._clock() - request["at"]) <= CLOCKS_DIFFER

    def _checked_request(self, document: object, method: str, path: str, body_sha256: str | None) -> JsonObject:
        try:
            request = read_request(document)
        except InterchangeError as error:
            raise UnknownRunnerError(str(error)) from error
        if (request["method"], request["path"]) != (method, path) or body_sha256 not in (None, request["body_sha256"]):
            raise UnknownRunnerError("this request was signed for something else")
        off = abs(self._clock() - request["at"])
        if off > CLOCKS_DIFFER:
            raise UnknownRunnerError(
                f"the clock of your coach's machine is off by {off.total_seconds() / 60:.0f} minutes: set it right"
            )
        return request

    def join(self, token: str, consent: object, request: object, body_sha256: str) -> dict[str, str]:
        """Let a runner in by an invitation and a signed consent; return what the coach at home keeps of the clinic."""
        asked = self._checked_request(request, "POST", "/api/v1/join", body_sha256)
        scopes, given_at, public_key = self._consent(consent)
        if public_key != asked["public_key"] or not isinstance(consent, dict):
            raise UserError("the consent is another's")
        if not may_leave(scopes):
            raise UserError("without consent to care or research nothing can be shown to anybody")
        with self.roster.transaction() as connection:
            runner_id, person_id, label = take_invitation(connection, token)
            known = index.runner_of_key(connection, public_key)
            if known is not None:  # joined before, and no answer came home: it is the same runner
                self.vault.destroy(runner_id)
                runner_id = known
            connection.execute("select set_config('coach.runner', %s, true)", (runner_id,))
            if known is None:
                index.add_runner(connection, runner_id, f"sub-{secrets.token_hex(4)}", label, public_key)
            (runner,) = index.runners(connection, runner_id)
            index.put_consent(connection, runner_id, scopes, given_at)
            begin_care(connection, person_id, runner_id)
            note(connection, "join", runner_id, " ".join(sorted(scopes)))
            with self.folders.opened(runner_id, is_new=known is None) as store:
                self.folders.keep_consent(store, consent)
        return {"name": self.name, "pseudonym": runner.pseudonym, "clinic_key": self.public_key}

    def _consent(self, document: object) -> tuple[frozenset[Scope], datetime, str]:
        """Return scopes, date and key of a consent of now or before: one of the future would outlive its withdrawal."""
        scopes, given_at, public_key = read_consent(document)
        if given_at > self._clock() + CLOCKS_DIFFER:
            raise UserError("this consent is dated in the future: set the clock of your coach's machine right")
        return scopes, given_at, public_key

    def report(self, runner_id: str, consent: object, report: object | None) -> None:
        """Consent as it is now, and answers about pain, signs and sessions, where somebody may see them."""
        scopes, given_at, public_key = self._consent(consent)
        with self.folders.opened(runner_id) as store, self.roster.transaction(runner_id=runner_id) as connection:
            if index.runner_of_key(connection, public_key) != runner_id:
                raise UserError("the consent is another's")
            before = index.consent_of(connection, runner_id)
            index.put_consent(connection, runner_id, scopes, given_at)
            now_allowed = index.consent_of(connection, runner_id)
            if before != now_allowed:
                note(connection, "consent", runner_id, " ".join(sorted(now_allowed)))
            assert isinstance(consent, dict)
            self.folders.keep_consent(store, consent)
            index.heard(connection, runner_id)
            if report is not None:
                if not may_leave(now_allowed):
                    raise UserError("nobody may see this report: the runner has not consented to it")
                self.folders.keep_report(store, read_report(report), self._clock())
                self.keeping.judge(connection, store, runner_id)

    def take_run(self, runner_id: str, manifest: object, numbers: object) -> int:
        """Take a sealed run's manifest and numbers; return how many bytes of its recording are here.

        Raises:
            UserError: there is no consent to it. InterchangeError: manifest or numbers do not fit.
        """
        sealed = manifest_of(manifest)
        assert isinstance(manifest, dict)
        run, summary = read_numbers(numbers, sealed.run_id)
        if not isinstance(numbers, dict) or numbers_hash(numbers) != sealed.numbers_sha256:
            raise InterchangeError("these numbers are not those of the manifest")
        with self.folders.opened(runner_id) as store, self.roster.transaction(runner_id=runner_id) as connection:
            if index.runner_of_key(connection, sealed.public_key) != runner_id:
                raise UserError("this run was sealed by another runner's key")
            allowed = index.consent_of(connection, runner_id)
            if not may_leave(sealed.scopes) or not set(sealed.scopes) <= allowed:
                raise UserError("this run was sealed under a consent that does not hold: seal it again")
            n_here = self.folders.keep_numbers(store, run, summary, manifest)
            index.heard(connection, runner_id)
            self.keeping.judge(connection, store, runner_id)
            note(connection, "run", runner_id)  # no id of the run: the audit outlives the runner's data
        return n_here

    def take_piece(self, runner_id: str, sha256: str, offset: int, piece: bytes) -> int:
        """Take bytes of a sealed recording; return how many are here now."""
        with self.folders.opened(runner_id) as store:
            manifest = manifest_of(self.folders.manifest_of_bytes(store, sha256))
            with self.roster.transaction(runner_id=runner_id) as connection:
                allowed = index.consent_of(connection, runner_id)
            if Scope.RAW_LOGS not in allowed or not may_leave(allowed):
                raise UserError("the runner does not consent to raw logs leaving")
            n_here, whole = self.folders.append(store, manifest, offset, piece)
            if whole is not None:
                self.keeping.copy_recording(runner_id, whole, sha256)
        return n_here

    def news(self, runner_id: str) -> dict[str, object]:
        """Return signed orders that the runner has not answered, and who did what with the runner's record."""
        with self.roster.transaction(runner_id=runner_id) as connection:
            index.heard(connection, runner_id)
            orders = [row["document"] for row in index.orders_of(connection, runner_id, is_open=True)]
            return {"orders": orders, "looks": looks(connection, runner_id)}

    def take_answer(self, runner_id: str, document: object) -> None:
        """Keep a runner's answer to an order: accepted or refused."""
        fields = verified("answer", document)
        state = str(fields.get("state"))
        if state not in ("accepted", "refused"):
            raise InterchangeError("an order is accepted or refused")
        with self.roster.transaction(runner_id=runner_id) as connection:
            if index.runner_of_key(connection, str(fields["public_key"])) != runner_id:
                raise UserError("this answer is another's")
            if index.answer_order(connection, runner_id, str(fields.get("order_id")), state):
                note(connection, state, runner_id, str(fields["order_id"]))

    def withdraw(self, runner_id: str, document: object) -> str:
        """Let a runner leave; return what will be done, in words."""
        fields = verified("withdrawal", document)
        with self.roster.transaction(runner_id=runner_id) as connection:
            if index.runner_of_key(connection, str(fields["public_key"])) != runner_id:
                raise UserError("this withdrawal is another's")
        return self.withdrawals.begin(runner_id, is_deleting=bool(fields.get("deletes", True)))

    # The clinic's people -------------------------------------------------------------------------------------------

    def invite(self, person: Person, label: str, base: str) -> str:
        """Return a link for a runner, good for ten minutes and once. label: the clinic's own name for the runner.

        Raises:
            UserError: the person is no clinician, or the label is empty.
        """
        self._want(person, PersonKind.CLINICIAN)
        wanted = " ".join(label.split())
        if not 0 < len(wanted) <= 60:
            raise UserError("give the runner a name or number of up to 60 letters, as your clinic knows them")
        runner_id = secrets.token_hex(8)
        self.vault.make(runner_id)
        with self.roster.transaction(person.person_id) as connection:
            for forgotten in forget_old_invitations(connection):
                self.vault.destroy(forgotten)
            hidden = self.vault.hide(runner_id, wanted)
            secret, _ = invite_runner(connection, person.person_id, runner_id, hidden)
        return f"{base.rstrip('/')}/join?token={secret}&key={self.public_key}"

    def monday(self, person: Person) -> list[Row]:
        """Return the person's runners, those to look at first."""
        self._want(person, PersonKind.CLINICIAN)
        with self.roster.transaction(person.person_id) as connection:
            known = index.runners(connection)
            note(connection, "list", what=f"{len(known)} runners")
        return list(rows_of(self._patients(known), self._clock()))

    def record(self, person: Person, runner_id: str) -> RunnerRecord:
        """Return one runner's numbers; noted in the audit.

        Raises:
            UserError: there is no such runner, or not for this person.
        """
        self._want(person, PersonKind.CLINICIAN)
        with self.roster.transaction(person.person_id) as connection:
            known = index.runners(connection, runner_id)
            if not known:
                raise UserError("you have no such runner")
            note(connection, "look", runner_id)
            runs, orders = index.runs_of(connection, runner_id), index.orders_of(connection, runner_id)
            consent = index.consent_of(connection, runner_id)
        (row,) = rows_of(self._patients(known), self._clock())
        return RunnerRecord(row, runs, orders, consent)

    def see(self, person: Person, runner_id: str, mark: str) -> None:
        """Note that the person has seen a row as it was. mark: of that row, so that what came since stays unseen."""
        self._want(person, PersonKind.CLINICIAN)
        with self.roster.transaction(person.person_id) as connection:
            if not index.runners(connection, runner_id):
                raise UserError("you have no such runner")
            index.put_seen(connection, runner_id, person.person_id, mark[:500])
            note(connection, "seen", runner_id)  # without its reasons: keepers read the audit, and it is never deleted

    def order(self, person: Person, runner_id: str, kind: OrderKind, day: date | None = None, track: str = "") -> Order:
        """Give an order to one's runner, who sees it and may refuse.

        Raises:
            UserError: no such runner, or day or track do not fit.
        """
        self._want(person, PersonKind.CLINICIAN)
        today = self._clock().date()
        if kind is OrderKind.PAUSE_RUNNING and day is not None and day < today - _ZONES:
            raise UserError(f"a pause ends today or later, not on {day}")
        if kind is OrderKind.SEEN and day is not None and day > today + _ZONES:
            raise UserError(f"{day} has not been yet: give the day on which you looked at the signs")
        with self.roster.transaction(person.person_id) as connection:
            known = index.runners(connection, runner_id)
            if not known:
                raise UserError("you have no such runner")
            try:
                order = Order(secrets.token_hex(8), kind, known[0].pseudonym, self._clock(), day, track)
            except ValueError as error:
                raise UserError(str(error)) from error
            document = sign_order(order, self._key)
            index.add_order(connection, order.order_id, runner_id, person.person_id, document)
            note(connection, "order", runner_id, order.order_id)
        return order

    def audit(self, person: Person, limit: int = 200) -> tuple[list[AuditEntry], ChainVerdict]:
        """Return the newest entries and whether the chain holds; for the keeper."""
        self._want(person, PersonKind.KEEPER)
        with self.roster.transaction(person.person_id) as connection:
            return entries(connection, limit=limit), verify(connection)

    # Inside --------------------------------------------------------------------------------------------------------

    def _patients(self, known: Iterable[index.KnownRunner]) -> list[Patient]:
        return [
            Patient(
                one.runner_id,
                one.pseudonym,
                self.vault.show(one.runner_id, one.label),
                one.state,
                one.heard_at,
                one.joined_at,
                one.seen,
            )
            for one in known
        ]

    def _work(self) -> None:
        self.withdrawals.carry_out()
        today = self._clock().astimezone(UTC).date()
        if self._judged_on != today:
            self.keeping.reindex()
            self.keeping.copy_away()
            self._judged_on = today

    @staticmethod
    def _want(person: Person, kind: PersonKind) -> None:
        if person.kind is not kind:
            raise UserError(f"this is for a {kind.value}; you are a {person.kind.value}")
