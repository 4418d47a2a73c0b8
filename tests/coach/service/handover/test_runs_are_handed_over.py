"""Runs leave once each: into the outbox, and to a server that behaves as intervals.icu documents, at its worst."""

import base64
import json
import re
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from coach.errors import UserError
from coach.model.metrics import LiveMetrics
from coach.model.runs import Run, RunState, RunSummary, Sport
from coach.service.handover.home_assistant import HomeState
from coach.service.handover.service import HandoverService
from coach.service.runs.history import HistoryService
from coach.storage.store import Store
from tests.support.imported import read_fit

START = datetime(2026, 5, 4, 6, 30, tzinfo=UTC)
KEY = "a-key-of-nobody"
SECONDS_OF_A_RUN = [LiveMetrics(float(t), cadence_spm=170.0, distance_m=3.0 * t) for t in range(61)]


class Intervals(ThreadingHTTPServer):
    """Uploads and a day's list, by key. mood: what goes wrong with the next request."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.activities: list[dict[str, Any]] = []
        self.files: list[bytes] = []
        self.requests: list[str] = []
        self.mood = ""
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    server: Intervals

    def do_GET(self) -> None:
        if self._is_let_in():
            query = parse_qs(urlsplit(self.path).query)
            day = [a for a in self.server.activities if query["oldest"][0] <= a["day"] <= query["newest"][0]]
            self._say(200, day)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if not self._is_let_in():
            return
        edge = re.fullmatch(r"multipart/form-data; boundary=(\w+)", self.headers["Content-Type"])
        assert edge
        head, content = body.removesuffix(f"\r\n--{edge[1]}--\r\n".encode()).split(b"\r\n\r\n", 1)
        assert b'name="file"' in head
        query = parse_qs(urlsplit(self.path).query)
        self.server.files.append(content)
        one = {"id": f"i{len(self.server.files)}", "external_id": query["external_id"][0], "name": query["name"][0]}
        self.server.activities.append({**one, "day": "2026-05-04"})
        if self.server.mood == "lost answer":
            self.server.mood = ""
            self.connection.close()
            return
        self._say(201, one)

    def _is_let_in(self) -> bool:
        self.server.requests.append(f"{self.command} {urlsplit(self.path).path}")
        assert urlsplit(self.path).path == "/api/v1/athlete/0/activities"
        wanted = "Basic " + base64.b64encode(f"API_KEY:{KEY}".encode()).decode()
        if self.server.mood.isdigit():
            code, self.server.mood = int(self.server.mood), ""
            self.send_response(code)
            self.send_header("Location", "/elsewhere")
            self.end_headers()
        elif self.headers["Authorization"] != wanted:
            self._say(403, {"error": "Access denied"})
        else:
            return True
        return False

    def _say(self, code: int, answer: object) -> None:
        content = json.dumps(answer).encode()
        self.send_response(code)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        return


class House:
    def __init__(self, folder: Path, server: str) -> None:
        self.store = Store(folder / "coach.sqlite")
        self.history = HistoryService(self.store, folder / "recordings")
        self.handover = self.opened(folder, server)

    def opened(self, folder: Path, server: str) -> HandoverService:
        state = HomeState(None, "", False)
        return HandoverService(self.store, self.history, folder / "outbox", lambda: state, server)

    def end_run(self, run_id: str, **facts: Any) -> Run:
        self.store.runs.create(Run(run_id, START, RunState.RECORDING, title="Morning", **facts))
        self.store.runs.data.add(run_id, seconds=SECONDS_OF_A_RUN)
        summary = RunSummary(60.0, 60.0, 180.0, 0, 0, 0, 0, 0)
        run = self.store.runs.finish(run_id, RunState.FINISHED, summary)
        self.handover.on_finished(run)
        return run


@pytest.fixture
def intervals() -> Iterator[Intervals]:
    server = Intervals()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def house(tmp_path: Path, intervals: Intervals) -> Iterator[House]:
    made = House(tmp_path, intervals.url)
    yield made
    made.handover.stop()
    made.store.close()


def test_nothing_leaves_by_default(house: House, intervals: Intervals) -> None:
    house.end_run("r1")
    house.handover.work()
    assert intervals.requests == []
    assert not house.handover.outbox.exists()


def test_each_run_becomes_a_whole_file_in_the_outbox(house: House) -> None:
    house.handover.change(is_outbox=True)
    house.end_run("r1")
    house.end_run("walk", sport=Sport.WALKING)
    house.handover.work()
    (path,) = house.handover.outbox.iterdir()
    assert path.name == "run_2026-05-04_0630.fit"
    assert read_fit(path.read_bytes()).distance_m == 180.0
    assert house.handover.status().n_waiting == 0


def test_a_disk_that_refuses_the_outbox_loses_no_run(house: House) -> None:
    house.handover.change(is_outbox=True)
    house.handover.outbox.write_text("in the way")  # no folder can be made here: as a full disk, it refuses
    house.end_run("r1")
    house.handover.work()
    status = house.handover.status()
    assert (status.n_waiting, bool(status.failure)) == (1, True)
    house.handover.outbox.unlink()
    house.handover.work()
    assert house.handover.status().n_waiting == 0
    assert len(list(house.handover.outbox.iterdir())) == 1


def test_a_run_that_was_deleted_while_it_waited_does_not_leave(house: House, intervals: Intervals) -> None:
    house.handover.change(is_outbox=True, intervals_key=KEY)
    for run_id in ("kept", "deleted", "purged"):
        house.end_run(run_id)
    house.store.runs.delete("deleted", START)
    house.store.runs.discard("purged")
    house.handover.work()
    assert [one["external_id"] for one in intervals.activities] == ["kept"]
    assert len(list(house.handover.outbox.iterdir())) == 1
    assert (house.handover.status().n_waiting, house.handover.status().failure) == (1, "")
    house.store.runs.restore("deleted")
    house.handover.work()
    assert [one["external_id"] for one in intervals.activities] == ["kept", "deleted"]
    assert house.handover.status().n_waiting == 0


def test_what_was_being_handed_over_when_all_was_deleted_leaves_nothing(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.handover.change(is_outbox=True)
    house.end_run("r1")
    exported, go_on = threading.Event(), threading.Event()
    put = house.handover._put_into_outbox

    def late(run_id: str, content: bytes) -> None:
        exported.set()
        assert go_on.wait(10.0)
        put(run_id, content)

    monkeypatch.setattr(house.handover, "_put_into_outbox", late)
    working = threading.Thread(target=house.handover.work)
    working.start()
    assert exported.wait(10.0)
    forgetting = threading.Thread(target=house.handover.forget_all)
    forgetting.start()
    forgetting.join(0.1)
    go_on.set()
    working.join(10.0)
    forgetting.join(10.0)
    assert list(house.handover.outbox.glob("*")) == []
    assert (house.handover.status().n_waiting, house.handover.status().n_sent) == (0, 0)


def test_a_folder_of_a_program_that_keeps_in_step_does_not_end_forgetting(house: House) -> None:
    (house.handover.outbox / ".stfolder").mkdir(parents=True)
    (house.handover.outbox / "late.fit").write_bytes(b"run")
    house.handover.forget_all()
    assert [path.name for path in house.handover.outbox.iterdir()] == [".stfolder"]


def test_a_run_is_uploaded_once(house: House, intervals: Intervals) -> None:
    house.handover.change(intervals_key=KEY)
    run = house.end_run("r1")
    house.handover.work()
    house.handover.on_finished(run)  # computed afresh
    house.handover.work()
    assert [(one["external_id"], one["name"]) for one in intervals.activities] == [("r1", "Morning")]
    assert read_fit(intervals.files[0]).distance_m == 180.0
    status = house.handover.status()
    assert (status.n_sent, status.n_waiting, status.failure) == (1, 0, "")


def test_a_run_whose_answer_was_lost_is_not_sent_twice(house: House, intervals: Intervals) -> None:
    house.handover.change(intervals_key=KEY)
    house.end_run("r1")
    intervals.mood = "lost answer"
    house.handover.work()
    assert (house.handover.status().n_waiting, len(intervals.files)) == (1, 1)
    house.handover.work()
    assert (house.handover.status().n_sent, len(intervals.files)) == (1, 1)


@pytest.mark.parametrize("mood", ["500", "503", "429"])
def test_what_cannot_be_taken_now_waits_in_order_and_outlives_the_program(
    house: House, intervals: Intervals, mood: str, tmp_path: Path
) -> None:
    house.handover.change(intervals_key=KEY)
    house.end_run("r1")
    house.end_run("r2")
    intervals.mood = mood
    house.handover.work()
    assert "waits" in house.handover.status().failure
    assert house.handover.status().n_waiting == 2
    later = house.opened(tmp_path, intervals.url)
    later.work()
    assert [one["external_id"] for one in intervals.activities] == ["r1", "r2"]


def test_without_a_net_it_waits(house: House, intervals: Intervals, tmp_path: Path) -> None:
    offline = house.opened(tmp_path, "http://127.0.0.1:9")
    offline.change(intervals_key=KEY)
    house.end_run("r1")
    offline.work()
    assert "does not answer" in offline.status().failure
    house.handover.work()
    assert len(intervals.files) == 1


def test_a_wrong_key_keeps_the_queue_and_says_so(house: House, intervals: Intervals) -> None:
    house.handover.change(intervals_key="wrong-key-of-mine")
    house.end_run("r1")
    house.handover.work()
    assert "API key" in house.handover.status().failure
    house.handover.change(intervals_key=KEY)
    house.handover.work()
    assert len(intervals.files) == 1
    house.handover.change(intervals_key="")
    house.end_run("r2")
    house.handover.work()
    assert len(intervals.files) == 1


def test_a_refused_run_blocks_no_other_and_no_redirect_gets_the_key(house: House, intervals: Intervals) -> None:
    house.handover.change(intervals_key=KEY)
    house.end_run("r1")
    house.end_run("r2")
    intervals.mood = "422"
    house.handover.work()
    assert [one["external_id"] for one in intervals.activities] == ["r2"]
    house.end_run("r3")
    intervals.mood = "302"
    house.handover.work()
    assert all(request.endswith("/api/v1/athlete/0/activities") for request in intervals.requests)


@pytest.mark.parametrize(
    "wish",
    [
        {"intervals_key": "a b"},
        {"broker": "mqtt://x/y"},
        {"broker": "h", "broker_port": 0},
        {"broker": "192.168.1.5:1883"},
        {"broker": "169.254.169.254"},
        {"broker": "224.0.0.1"},
        {"broker": "0.0.0.0"},
        {"broker": ".."},
        {"broker": "-oProxy"},
    ],
)
def test_what_cannot_be_a_key_or_an_address_is_refused(house: House, wish: dict[str, Any]) -> None:
    with pytest.raises(UserError):
        house.handover.change(**wish)


def test_a_password_goes_to_no_other_broker_than_the_one_it_was_given_for(house: House) -> None:
    given = {"broker": "mqtt.lan", "broker_user": "coach", "broker_password": "secret", "is_broker_tls": True}
    elsewhere: list[dict[str, Any]] = [{"broker": "192.168.1.66"}, {"broker_port": 1884}, {"is_broker_tls": False}]
    for moved in elsewhere:
        house.handover.change(**given, broker_port=8883)
        assert house.handover.change(broker_user="me", is_outbox=True).broker_password == "secret"
        assert house.handover.change(**moved).broker_password == ""
    house.handover.change(**given)
    assert house.handover.change(broker="::1", broker_password="new").broker_password == "new"
