"""The clinic: runners' coaches and the clinic's people in, folders and index kept in step. Thread-safe.

Nothing arrives of a runner who has not consented to it, and nothing of a manifest that says more than the consent. A
look at another's record is noted in the audit by the same transaction that reads it.
"""

import logging
import secrets
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from coach.clinic.monday import Patient, Row, rows_of
from coach.errors import CoachError, InterchangeError, StorageError, UserError
from coach.roster import index
from coach.roster.audit import AuditEntry, Verdict, entries, note, verify
from coach.roster.database import Roster
from coach.roster.people import Kind, Person, begin_care, forget_old_invitations, invite_runner, take_invitation
from coach.seal.events import Order, OrderKind, read_consent, read_request, sign_order
from coach.seal.manifest import Scope, manifest_of, may_leave
from coach.seal.numbers import numbers_hash, read_numbers, read_report
from coach.seal.signing import public_key_of, verified
from coach.service.clinic.keys import own_key
from coach.service.clinic_host.folders import Folders
from coach.service.clinic_host.vault import Vault
from coach.service.clinic_host.withdrawal import Withdrawals
from coach.wall_clock import utc_now

_log: Final = logging.getLogger(__name__)
CLOCKS_DIFFER: Final = timedelta(minutes=10)  # by so much a request's time may be off: a replay is good no longer
_NIGHTLY_S: Final = 3600.0
_PACKED: Final = "folder.tar.sealed"


class UnknownRunnerError(UserError):
    """Nobody of this key is known here, or the runner withdrew."""


@dataclass(frozen=True, slots=True)
class Record:
    """What a clinician sees of one runner."""

    row: Row
    runs: list[index.RunNumbers]
    orders: list[dict[str, Any]]
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
        self._objects = objects
        self._key = own_key(data / "secrets")
        self._clock = clock
        self._is_over = threading.Event()

    @property
    def public_key(self) -> str:
        return public_key_of(self._key)

    def start(self) -> None:
        """Delete what is due and judge all runners again, now and each hour, in the background."""
        threading.Thread(target=self._by_the_hour, name="clinic", daemon=True).start()

    def stop(self) -> None:
        self._is_over.set()

    # Runners' coaches ----------------------------------------------------------------------------------------------

    def who_asks(self, document: object, method: str, path: str, body_sha256: str | None) -> str:
        """The runner whose coach signed a request. body_sha256 None: the body is not here yet.

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

    def _checked_request(self, document: object, method: str, path: str, body_sha256: str | None) -> Any:
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
        """A runner takes an invitation with a signed consent; gives what the coach at home keeps of the clinic."""
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
            with self.folders.opened(runner_id) as store:
                self.folders.keep_consent(store, consent)
        return {"name": self.name, "pseudonym": runner.pseudonym, "clinic_key": self.public_key}

    def _consent(self, document: object) -> tuple[frozenset[Scope], datetime, str]:
        """A consent of now or before: one of the future would outlive its withdrawal."""
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
                self._judge(connection, store, runner_id)

    def take_run(self, runner_id: str, manifest: object, numbers: object) -> int:
        """A sealed run's manifest and numbers; gives how many bytes of its recording are here.

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
            self._judge(connection, store, runner_id)
            note(connection, "run", runner_id)  # no id of the run: the audit outlives the runner's data
        return n_here

    def take_piece(self, runner_id: str, sha256: str, offset: int, piece: bytes) -> int:
        """Bytes of a sealed recording; gives how many are here now."""
        with self.folders.opened(runner_id) as store:
            manifest = manifest_of(self.folders.manifest_of_bytes(store, sha256))
            with self.roster.transaction(runner_id=runner_id) as connection:
                allowed = index.consent_of(connection, runner_id)
            if Scope.RAW_LOGS not in allowed or not may_leave(allowed):
                raise UserError("the runner does not consent to raw logs leaving")
            n_here, whole = self.folders.append(store, manifest, offset, piece)
            if whole is not None and self._objects is not None:
                self.vault.lock_away(runner_id, whole, self._objects / runner_id / f"{sha256}.sealed")
        return n_here

    def orders(self, runner_id: str) -> list[dict[str, Any]]:
        """Signed orders that the runner has not answered."""
        with self.roster.transaction(runner_id=runner_id) as connection:
            index.heard(connection, runner_id)
            return [row["document"] for row in index.orders_of(connection, runner_id, is_open=True)]

    def take_answer(self, runner_id: str, document: object) -> None:
        """The runner accepted or refused an order."""
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
        """The runner leaves; gives what will be done, in words."""
        fields = verified("withdrawal", document)
        with self.roster.transaction(runner_id=runner_id) as connection:
            if index.runner_of_key(connection, str(fields["public_key"])) != runner_id:
                raise UserError("this withdrawal is another's")
        return self.withdrawals.begin(runner_id, is_deleting=bool(fields.get("deletes", True)))

    # The clinic's people -------------------------------------------------------------------------------------------

    def invite(self, person: Person, label: str, base: str) -> str:
        """A link for a runner, good for ten minutes and once. label: the clinic's own name for the runner.

        Raises:
            UserError: the person is no clinician, or the label is empty.
        """
        self._want(person, Kind.CLINICIAN)
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
        """The person's runners, those to look at first."""
        self._want(person, Kind.CLINICIAN)
        with self.roster.transaction(person.person_id) as connection:
            known = index.runners(connection)
            note(connection, "list", what=f"{len(known)} runners")
        return list(rows_of(self._patients(known), self._clock()))

    def record(self, person: Person, runner_id: str) -> Record:
        """One runner's numbers; noted in the audit.

        Raises:
            UserError: there is no such runner, or not for this person.
        """
        self._want(person, Kind.CLINICIAN)
        with self.roster.transaction(person.person_id) as connection:
            known = index.runners(connection, runner_id)
            if not known:
                raise UserError("you have no such runner")
            note(connection, "look", runner_id)
            runs, orders = index.runs_of(connection, runner_id), index.orders_of(connection, runner_id)
            consent = index.consent_of(connection, runner_id)
        (row,) = rows_of(self._patients(known), self._clock())
        return Record(row, runs, orders, consent)

    def see(self, person: Person, runner_id: str, mark: str) -> None:
        """The person has seen a row as it stood. mark: of that row, so that what came since stays unseen."""
        self._want(person, Kind.CLINICIAN)
        with self.roster.transaction(person.person_id) as connection:
            if not index.runners(connection, runner_id):
                raise UserError("you have no such runner")
            index.put_seen(connection, runner_id, person.person_id, mark[:500])
            note(connection, "seen", runner_id, mark)

    def order(self, person: Person, runner_id: str, kind: OrderKind, day: date | None = None, track: str = "") -> Order:
        """Give an order to one's runner, who sees it and may refuse.

        Raises:
            UserError: no such runner, or day or track do not fit.
        """
        self._want(person, Kind.CLINICIAN)
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
            note(connection, "order", runner_id, kind.value)
        return order

    def audit(self, person: Person, limit: int = 200) -> tuple[list[AuditEntry], Verdict]:
        """The newest entries and whether the chain holds; for the keeper."""
        self._want(person, Kind.KEEPER)
        with self.roster.transaction(person.person_id) as connection:
            return entries(connection, limit=limit), verify(connection)

    # The index -----------------------------------------------------------------------------------------------------

    def reindex(self, runner_ids: Iterable[str] | None = None) -> tuple[int, list[str]]:
        """Make the index again from the folders; gives how many runners, and those whose folder cannot be read."""
        failed: list[str] = []
        with self.roster.transaction() as connection:
            wanted = list(runner_ids) if runner_ids is not None else index.runner_ids(connection)
        for runner_id in wanted:
            try:
                with (
                    self.folders.opened(runner_id) as store,
                    self.roster.transaction(runner_id=runner_id) as connection,
                ):
                    self._judge(connection, store, runner_id)
            except CoachError as error:
                _log.warning("runner %s cannot be judged: %s", runner_id, error)
                failed.append(runner_id)
        return len(wanted) - len(failed), failed

    def export(self, folder: Path) -> tuple[int, int]:
        """Write sealed runs of those who consent to research and raw logs; gives how many, and how many withdrew.

        What an earlier export wrote there of runners who have withdrawn since is deleted.

        Raises:
            StorageError: the folder cannot be written.
        """
        with self.roster.transaction() as connection:
            known, gone = index.runner_ids(connection), index.tombstones(connection)
        n_runs, wanted = 0, set[Path]()
        try:
            for runner_id in known:
                with self.roster.transaction(runner_id=runner_id) as connection:
                    (runner,) = index.runners(connection, runner_id)
                    scopes = index.consent_of(connection, runner_id)
                    if {Scope.RESEARCH, Scope.RAW_LOGS} <= scopes:
                        note(connection, "export", runner_id)
                if {Scope.RESEARCH, Scope.RAW_LOGS} <= scopes:
                    wanted.add(folder / runner.pseudonym)
                    with self.folders.opened(runner_id) as store:
                        n_runs += self.folders.export(store, folder / runner.pseudonym)
            for path in folder.glob("sub-*"):
                if path.is_dir() and path not in wanted:  # withdrawn, or no longer for research
                    shutil.rmtree(path)
            folder.mkdir(parents=True, exist_ok=True)
            rows = "".join(f"{pseudonym}\t{at:%Y-%m-%d}\n" for pseudonym, at in gone)
            (folder / "withdrawn.tsv").write_text(f"participant_id\twithdrawn\n{rows}", "utf-8")
        except OSError as error:
            raise StorageError(f"the export cannot be written ({error}): choose another folder") from error
        return n_runs, len(gone)

    def copy_away(self) -> int:
        """Write each runner's database and manifests, encrypted with the runner's key, beside the copies of recordings.

        Gives how many runners; none where no folder for copies was named.
        """
        if self._objects is None:
            return 0
        with self.roster.transaction() as connection:
            known = index.runner_ids(connection)
        with tempfile.TemporaryDirectory(prefix="coach-copy-") as folder:
            for runner_id in known:
                packed = Path(folder) / "folder.tar"
                self.folders.pack(runner_id, packed)
                self.vault.lock_away(runner_id, packed, self._objects / runner_id / _PACKED)
                packed.unlink()
        return len(known)

    def restore(self) -> tuple[int, int]:
        """Bring back folders that are gone and recordings that are missing; gives how many of each.

        Raises:
            UserError: no folder of copies was named. StorageError: a copy was changed, or its key is gone.
        """
        if self._objects is None:
            raise UserError("name the folder of copies: --objects FOLDER")
        n_folders = n_recordings = 0
        with self.roster.transaction() as connection:
            known = index.runner_ids(connection)
        for runner_id in known:
            copies = self._objects / runner_id
            if not self.folders.database(runner_id).is_file() and (copies / _PACKED).is_file():
                with tempfile.TemporaryDirectory(prefix="coach-copy-") as folder:
                    self.vault.bring_back(runner_id, copies / _PACKED, Path(folder) / "folder.tar")
                    self.folders.unpack(runner_id, Path(folder) / "folder.tar")
                n_folders += 1
            with self.folders.opened(runner_id) as store:
                for path, sha256 in self.folders.missing_recordings(store):
                    if (copies / f"{sha256}.sealed").is_file():
                        self.vault.bring_back(runner_id, copies / f"{sha256}.sealed", path)
                        n_recordings += 1
        return n_folders, n_recordings

    def _judge(self, connection: Any, store: Any, runner_id: str) -> None:
        now = self._clock()
        numbers, standing = self.folders.figures(store, now)
        index.put_runs(connection, runner_id, numbers)
        index.put_standing(connection, runner_id, standing, now)

    def _patients(self, known: Iterable[index.KnownRunner]) -> list[Patient]:
        return [
            Patient(
                one.runner_id,
                one.pseudonym,
                self.vault.show(one.runner_id, one.label),
                one.standing,
                one.heard_at,
                one.joined_at,
                one.seen,
            )
            for one in known
        ]

    def _by_the_hour(self) -> None:
        judged_on = None
        while not self._is_over.is_set():
            try:
                self.withdrawals.carry_out()
                today = self._clock().astimezone(UTC).date()
                if judged_on != today:
                    self.reindex()
                    self.copy_away()
                    judged_on = today
            except (CoachError, OSError) as error:
                _log.warning("the clinic's hourly work failed: %s", error)
            self._is_over.wait(_NIGHTLY_S)

    @staticmethod
    def _want(person: Person, kind: Kind) -> None:
        if person.kind is not kind:
            raise UserError(f"this is for a {kind.value}; you are a {person.kind.value}")
