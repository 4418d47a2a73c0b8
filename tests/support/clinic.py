"""A runner's home and a clinic, both real, joined by a real server or by none."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from coach.model.links import SensorUse
from coach.model.recordings import RecordingHeader, RunEvent
from coach.model.runs import Run, RunState, RunSummary
from coach.model.samples import Notification
from coach.recording.writer import RecordingWriter
from coach.roster.database import Roster
from coach.roster.people import Person, PersonKind, add_person
from coach.service.clinic.service import ClinicService
from coach.service.clinic_host.host import ClinicHost
from coach.service.runner import RunnerService
from coach.service.strength.programme import Programme
from coach.storage.store import Store
from tests.support.postgres import ClinicDatabase
from web.clinic.app import create_clinic_app
from web.server import Server, serve

SECRET = "Xq7-marker"  # what is typed by hand and never leaves
POD = SensorUse("F0:00", "Pod", "running_speed_cadence")
PHONE = SensorUse("phone-1", "Phone", "phone_position")
FIX = b"\x01position-of-the-runner"


class Home:
    """A runner's data folder with finished runs; the recordings are real files."""

    def __init__(self, folder: Path, n_runs: int = 0) -> None:
        self.folder = folder
        self.now = datetime.now(UTC).replace(microsecond=0)
        self.store = Store(folder / "coach.sqlite")
        self.recordings = folder / "recordings"
        self.recordings.mkdir(exist_ok=True)
        self.runner = RunnerService(self.store)
        self.runner.change(name=f"Sam {SECRET}")
        self.strength = Programme(self.store, self.runner.pain_state, lambda *_: None, folder / "secrets")
        self.clinic = ClinicService(
            self.store,
            self.recordings,
            folder / "secrets",
            folder / "sealed",
            self.runner,
            self.strength.plans,
            lambda: self.now,
        )
        for k in range(n_runs):
            self.run(k + 1)

    def run(self, days_ago: float, step_m: float = 1.0, seconds: int = 20, n_bytes: int = 400) -> Run:
        """A finished run of some days ago, with a recording of `seconds`, `n_bytes` in each."""
        at = self.now - timedelta(days=days_ago)
        run_id = f"{at:%Y%m%d-%H%M%S}-{random.Random(days_ago).getrandbits(16):04x}"
        settings = {"place": "treadmill", "shoes": SECRET, "notes": SECRET}
        writer = RecordingWriter(
            self.recordings,
            RecordingHeader(run_id, at, "1", (POD, PHONE), {"phone_position": "positions"}, settings),
        )
        noise = random.Random(1)
        for t in range(seconds):
            writer.write(Notification(POD.sensor_id, "2a53", float(t), noise.randbytes(n_bytes)))
            writer.write(Notification(PHONE.sensor_id, "position", t + 0.5, FIX))
        writer.write_event(RunEvent(float(seconds), "stop"))
        path = writer.close()
        run = Run(run_id, at, RunState.RECORDING, title=SECRET, notes=SECRET, shoes=SECRET, recording=path.name)
        self.store.runs.create(run)
        summary = summary_at(step_m)
        return self.store.runs.finish(run_id, RunState.FINISHED, summary, sensors=(POD, PHONE))

    def close(self) -> None:
        self.clinic.stop()
        self.strength.stop()
        self.store.close()


def summary_at(step_m: float, speed_mps: float = 2.8) -> RunSummary:
    """Half an hour at one speed."""
    moments = {"n": 150.0, "speed_mps": speed_mps, "value": step_m, "speed_ss": 3.0, "cross_ss": 0.9, "value_ss": 0.4}
    return RunSummary(
        1800.0, 1790.0, 5000.0, 2500, 5000, 0, 0, 0, cadence_spm=168.0, step_length_m=step_m, speed_mps=speed_mps,
        contact_time_ms=250.0, by_speed={"step_length_m": moments}, algorithm="71e9b6f85838bb13",
    )  # fmt: skip


class Clinic:
    """A clinic on a database, with its app on a real server."""

    def __init__(self, folder: Path, database: ClinicDatabase, is_served: bool = True) -> None:
        self.folder = folder
        self.objects = folder / "objects"
        self.database = database
        self.roster = Roster(database.url)
        self.ahead = timedelta()  # how far the clinic's clock is beyond the true one
        self.host = ClinicHost(
            "Back clinic", folder / "clinic", self.roster, self.objects, lambda: datetime.now(UTC) + self.ahead
        )
        self.app = create_clinic_app(self.host, "http://127.0.0.1", is_testing=True)
        self.server: Server | None = serve(self.app, "127.0.0.1", 0, 4) if is_served else None
        self.links: dict[str, str] = {}
        self.ada = self.person("Ada", PersonKind.CLINICIAN)

    @property
    def url(self) -> str:
        assert self.server is not None
        return self.server.url

    def person(self, name: str, kind: PersonKind) -> Person:
        with self.roster.transaction() as connection:
            found, self.links[name] = add_person(connection, name, kind)
        return found

    def invite(self, label: str = "Chart 17", person: Person | None = None) -> str:
        return self.host.invite(person or self.ada, label, self.url)

    def runner_id(self, pseudonym: str) -> str:
        (row,) = self.database.cluster.sql(
            f"select runner_id from runner where pseudonym = '{pseudonym}'", self.database.name
        )
        return str(row[0])

    def session(self, name: str):
        """A browser of a person who came in."""
        browser = self.app.test_client()
        token = self.links.pop(name)
        assert browser.post("/come-in", data={"token": token}).status_code == 303
        return browser

    def close(self) -> None:
        self.host.stop()
        if self.server is not None:
            self.server.stop()
        self.roster.close()


@contextmanager
def joined(tmp_path: Path, database: ClinicDatabase, n_runs: int = 0, *scopes: str) -> Iterator[tuple[Home, Clinic]]:
    """A home that has joined a clinic."""
    from coach.seal.manifest import Scope

    (tmp_path / "home").mkdir()
    home, clinic = Home(tmp_path / "home", n_runs), Clinic(tmp_path, database)
    try:
        if scopes:
            home.clinic.join(clinic.invite(), [Scope(scope) for scope in scopes])
        yield home, clinic
    finally:
        home.close()
        clinic.close()


def folder_of(home: Home, clinic: Clinic) -> Path:
    """The clinic's folder of the runner."""
    return clinic.host.folders.path(clinic.runner_id(home.clinic.status().pseudonym))


def holds(folder: Path, marker: bytes) -> list[str]:
    """Files below a folder that hold some bytes, in their contents or names."""
    files = sorted(path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    return [str(p.relative_to(folder)) for p in files if marker in p.name.encode() or marker in p.read_bytes()]
