"""https by our own authority: trusted by who trusts it, patient with the silent, and honest about who calls."""

import http.client
import json
import socket
import ssl
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from coach.cli.showing import served
from coach.service.access.certificates import make_certificates
from coach.settings import make_settings
from tests.web.page_coach import PageCoach
from web.app import create_app
from web.gate import MOST_EACH
from web.https import PLAIN_PORT, PORT, HttpsServer, serve_https
from web.security import TRUSTS_LOCAL


@pytest.fixture
def server(tmp_path: Path) -> Iterator[HttpsServer]:
    coach = PageCoach(tmp_path / "data")
    certificates = make_certificates(tmp_path / "https")
    running = serve_https(create_app(coach, is_testing=True), "127.0.0.1", 0, certificates, threads=8)
    yield running
    coach.feed.close()  # open streams leave at once
    running.stop()
    coach.close()


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


def n_closed(links: list[socket.socket]) -> int:
    found = 0
    for link in links:
        link.settimeout(0.3)
        try:
            found += link.recv(1) == b""
        except ConnectionError:
            found += 1
        except TimeoutError:
            pass
    return found


def test_silent_connections_of_many_addresses_take_few_files(
    server: HttpsServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """1,500 of them took all 1,024 files that a process may have open by default: the log's next part would fail."""
    monkeypatch.setattr("web.https.MOST_SILENT", 30)
    silent = [
        socket.create_connection(("127.0.0.1", server.port), source_address=(f"127.0.3.{1 + n}", 0)) for n in range(60)
    ]
    try:
        assert ask(server, tmp_path / "https" / "ca.crt", "/healthz")[0] == 200
        assert n_closed(silent[:30]) == 30  # the oldest
        assert ask(server, tmp_path / "https" / "ca.crt", "/healthz")[0] == 200
    finally:
        for one in silent:
            one.close()


def test_one_address_holds_few_silent_connections(server: HttpsServer, tmp_path: Path) -> None:
    silent = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(MOST_EACH + 6)]
    try:
        assert ask(server, tmp_path / "https" / "ca.crt", "/healthz")[0] == 200  # from the same address
        assert n_closed(silent[:6]) == 6
    finally:
        for one in silent:
            one.close()


def test_one_code_leads_a_stranger_through_trusting_to_the_secure_address(server: HttpsServer, tmp_path: Path) -> None:
    """The phone scans the code, reads the page by http, fetches the certificate, and comes in by https."""
    coach = PageCoach(tmp_path / "other")
    app = create_app(coach, is_testing=True)
    app.config.update({PORT: server.port, PLAIN_PORT: 8765, TRUSTS_LOCAL: False})
    client = app.test_client()
    link = coach.access.invitation("http://192.168.1.5:8765").replace("/come-in?", "/trust?")
    phone = {"User-Agent": "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X)"}
    answer = client.get(link, headers=phone)
    secure = f"https://192.168.1.5:{server.port}"
    assert answer.status_code == 200
    assert f"{secure}/come-in?token=" in answer.text
    assert f"connect-src 'self' {secure};" in answer.headers["Content-Security-Policy"]
    ios, android = answer.text.index("iPhone and iPad"), answer.text.index("<summary>Android")
    assert "<details open><summary>iPhone" in answer.text
    assert android < ios
    assert answer.text.count('<svg class="phone-screen"') == 7
    assert "the screen may go dark" in answer.text
    assert client.get("http://192.168.1.5:8765/trust?token=guessed").status_code == 400
    del app.config[PORT]
    assert client.get(link).headers["Location"].startswith("/come-in?token=")
    coach.close()


def test_on_a_network_https_is_there_without_being_asked_for(tmp_path: Path) -> None:
    """127.0.0.2 plays a network: it is not among the addresses of a machine alone."""
    for host, is_https, has_it in (("127.0.0.2", None, True), ("127.0.0.2", False, False), ("127.0.0.1", None, False)):
        settings = make_settings(tmp_path / f"{host}-{is_https}", host, 0, is_https)
        with served(settings, is_quiet=True) as (_, plain, _secure):
            status = urllib.request.urlopen(f"http://{host}:{plain.port}/healthz", timeout=5).status
            assert status == 200, "plain http stays"
            authority = settings.secrets / "https" / "ca.crt"
            assert authority.exists() is has_it


def test_the_page_by_http_may_ask_whether_https_is_trusted(server: HttpsServer, tmp_path: Path) -> None:
    context = ssl.create_default_context(cafile=str(tmp_path / "https" / "ca.crt"))
    connection = http.client.HTTPSConnection("localhost", server.port, context=context, timeout=10)
    connection.request("GET", "/healthz")
    assert connection.getresponse().headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    connection.close()
