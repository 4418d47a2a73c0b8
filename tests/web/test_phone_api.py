"""The phone's requests: a pack goes out, a log comes in by pieces, and nothing odd is believed."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from coach.bootstrap import Coach
from coach.model.plain import from_plain
from coach.phone.core import PhoneCore
from coach.phone.pack import Pack
from coach.service.event_loop import LoopThread
from coach.service.phone.arrivals import PIECE_BYTES
from coach.settings import make_settings
from coach.wall_clock import utc_now
from tests.coach.phone.scenes import POD, RUNNING_SPEED
from web.app import create_app


@pytest.fixture
def coach(tmp_path: Path) -> Iterator[Coach]:
    loop = LoopThread()
    made = Coach(make_settings(tmp_path, "127.0.0.1", 0), loop=loop)
    yield made
    made.close()
    loop.close()


@pytest.fixture
def client(coach: Coach) -> FlaskClient:
    return create_app(coach, is_testing=True).test_client()


def a_log(pack: Pack) -> bytes:
    """Five minutes of a running pod."""
    core = PhoneCore()
    core.link(json.dumps({"sensor_id": POD.sensor_id, "name": POD.name, "profile_id": POD.profile_id}))
    core.start(pack.run_id, utc_now().isoformat(), "{}")
    for second in range(300):
        core.feed(POD.sensor_id, RUNNING_SPEED, float(second), b"\x04\x00\x03\x54")
    core.finish(300.0)
    return core.take_end()


def test_a_pack_goes_out_and_its_run_comes_back(client: FlaskClient, coach: Coach) -> None:
    answer = client.get("/api/v1/phone/pack?focus=quicker")
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    pack = from_plain(Pack, answer.get_json())
    assert pack.focus == "quicker"
    log = a_log(pack)
    address = f"/api/v1/phone/runs/{pack.run_id}/log"
    assert client.get(address).get_json()["state"] == "unknown"
    assert client.put(f"{address}?offset=0", data=log[:1000]).get_json()["n_bytes"] == 1000
    assert client.put(f"{address}?offset=500", data=log[500:]).get_json()["n_bytes"] == 1000
    assert client.put(f"{address}?offset=1000", data=log[1000:]).get_json()["n_bytes"] == len(log)
    finish = f"/api/v1/phone/runs/{pack.run_id}/finish"
    kept = client.post(finish, json={"sha256": hashlib.sha256(log).hexdigest()}).get_json()
    assert kept["sha256"] == hashlib.sha256(log).hexdigest()
    assert kept["state"] in ("kept", "done")
    coach.phone.runs.wait()
    assert client.get(address).get_json()["state"] == "done"
    assert client.get(f"/runs/{pack.run_id}").status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "options"),
    [
        ("GET", "/api/v1/phone/pack?focus=flying", {}),
        ("GET", "/api/v1/phone/pack?what=else", {}),
        ("GET", "/api/v1/phone/runs/..%2F..%2Fetc/log", {}),
        ("GET", "/api/v1/phone/runs/.hidden/log", {}),
        ("PUT", "/api/v1/phone/runs/r1/log?offset=-1", {"data": b"x"}),
        ("PUT", "/api/v1/phone/runs/r1/log", {"data": b"x"}),
        ("PUT", "/api/v1/phone/runs/r1/log?offset=0", {"data": bytes(PIECE_BYTES + 1)}),
        ("POST", "/api/v1/phone/runs/r1/finish", {"json": {"sha256": "abc"}}),
        ("POST", "/api/v1/phone/runs/r1/finish", {"json": {}}),
    ],
)
def test_what_does_not_fit_is_refused(client: FlaskClient, method: str, path: str, options: dict) -> None:
    assert client.open(path, method=method, **options).status_code in (400, 404, 409, 422)


def test_a_stranger_gets_no_pack_and_leaves_no_bytes(client: FlaskClient, coach: Coach) -> None:
    away = {"environ_base": {"REMOTE_ADDR": "192.168.1.77"}}
    assert client.get("/api/v1/phone/pack", **away).status_code == 401
    assert client.put("/api/v1/phone/runs/r1/log?offset=0", data=b"x", **away).status_code == 401
    assert not (coach.settings.recordings / "arriving").exists()


def test_another_site_cannot_send_a_log(client: FlaskClient) -> None:
    headers = {"Origin": "https://elsewhere.example"}
    assert client.put("/api/v1/phone/runs/r1/log?offset=0", data=b"x", headers=headers).status_code == 403
