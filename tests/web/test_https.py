"""https by our own authority: trusted by who trusts it, patient with the silent, and honest about who calls."""

import http.client
import json
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest

from coach.service.access.certificates import make_certificates
from coach.service.access.phones import AccessService
from coach.storage.store import Store
from tests.web.small_coach import SmallCoach
from web.app import create_app
from web.https import HttpsServer, serve_https


@pytest.fixture
def server(tmp_path: Path) -> Iterator[HttpsServer]:
    store = Store(tmp_path / "coach.sqlite")
    coach = SmallCoach(access=AccessService(store))
    certificates = make_certificates(tmp_path / "https")
    running = serve_https(create_app(coach, is_testing=True), "127.0.0.1", 0, certificates, threads=8)
    yield running
    coach.feed.close()
    running.stop()
    store.close()


def ask(server: HttpsServer, trusted: Path, path: str, host: str = "localhost") -> tuple[int, bytes]:
    context = ssl.create_default_context(cafile=str(trusted))
    connection = http.client.HTTPSConnection("localhost", server.port, context=context, timeout=10)
    try:
        connection.request("GET", path, headers={"Host": f"{host}:{server.port}"})
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def test_who_trusts_the_authority_gets_the_page(server: HttpsServer, tmp_path: Path) -> None:
    authority = tmp_path / "https" / "ca.crt"
    assert ask(server, authority, "/healthz") == (200, b'{"status":"ok"}')
    status, body = ask(server, authority, "/ca.crt")
    assert status == 200
    assert body == authority.read_bytes()
    assert b"secure" in ask(server, authority, "/install")[1]


def test_the_phones_own_address_is_seen_through_the_front(server: HttpsServer, tmp_path: Path) -> None:
    authority = tmp_path / "https" / "ca.crt"
    assert ask(server, authority, "/api/v1/phones")[0] == 200
    assert ask(server, authority, "/api/v1/phones", host="192.168.1.5")[0] == 401


def test_a_connection_past_the_front_is_a_stranger(server: HttpsServer) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", server.inner.port, timeout=10)
    connection.request("GET", "/api/v1/phones")
    answer = connection.getresponse()
    assert answer.status == 401
    assert json.loads(answer.read())["error"]["code"] == "unauthorized"
    connection.close()


def test_silent_connections_hold_nobody_up(server: HttpsServer, tmp_path: Path) -> None:
    silent = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(5)]
    try:
        assert ask(server, tmp_path / "https" / "ca.crt", "/healthz")[0] == 200
    finally:
        for one in silent:
            one.close()
