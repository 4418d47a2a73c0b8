"""Strangers cost nothing: half requests, huge uploads and slow bodies of theirs leave honest pages quick."""

import contextlib
import http.client
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.web.page_coach import PageCoach

STRANGER = "127.0.0.9"  # another address of the loopback network; its Host header makes it one of outside
HOST = "10.9.8.7"
QUICK_S = 5.0  # a page takes 2 s on a machine ten times too busy; where strangers held all places it would take 20


@pytest.fixture
def coach(tmp_path: Path) -> Iterator[PageCoach]:
    with contextlib.closing(PageCoach(tmp_path)) as made:
        yield made


@pytest.fixture
def port(coach: PageCoach, serve_coach: Callable[[Any], str]) -> int:
    return urlsplit(serve_coach(coach)).port or 0


def connect(port: int, source: str = STRANGER) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=5, source_address=(source, 0))


def seconds_of_a_page(port: int) -> float:
    began_s = time.monotonic()
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    link.request("GET", "/phones")
    assert link.getresponse().status == 200
    link.close()
    return time.monotonic() - began_s


def is_closed(link: socket.socket) -> bool:
    link.settimeout(3)
    try:
        return link.recv(1) == b""
    except ConnectionError:
        return True
    except TimeoutError:
        return False


def test_520_half_requests_leave_honest_pages_quick(port: int) -> None:
    links = []
    for i in range(520):
        link = connect(port, f"127.0.1.{1 + i // 20}")  # below the limit of each address
        link.sendall(f"GET / HTTP/1.1\r\nHost: {HOST}\r\n".encode())
        links.append(link)
    assert max(seconds_of_a_page(port) for _ in range(5)) < QUICK_S
    for link in links:
        link.close()


def test_one_address_has_few_connections(port: int) -> None:
    links = [connect(port) for _ in range(60)]
    assert [is_closed(link) for link in links[:36]] == [True] * 36  # the oldest: the newest may be an honest one
    assert seconds_of_a_page(port) < QUICK_S
    for link in links:
        link.close()
    with connect(port) as again:
        again.sendall(f"GET /healthz HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode())
        assert again.recv(100).startswith(b"HTTP/1.1 200")


def test_half_requests_of_this_machine_itself_leave_honest_pages_quick(port: int) -> None:
    """As of a program of another user here, or of guests behind one proxy: they share the runner's own address."""
    links = []
    for _ in range(230):
        link = connect(port, "127.0.0.1")
        link.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n")
        links.append(link)
    assert max(seconds_of_a_page(port) for _ in range(3)) < QUICK_S
    for link in links:
        link.close()


@pytest.mark.parametrize("kind", ["Content-Length: 400000000", "Transfer-Encoding: chunked"])
@pytest.mark.parametrize("expects", ["", "Expect: 100-continue\r\n"])
def test_no_body_of_a_stranger_is_read(port: int, kind: str, expects: str) -> None:
    with connect(port) as link:
        head = f"POST /api/v1/runs/import HTTP/1.1\r\nHost: {HOST}\r\nCookie: coach=wrong\r\n{expects}{kind}\r\n\r\n"
        link.sendall(head.encode())
        assert link.recv(100).startswith(b"HTTP/1.1 401")
        assert is_closed_soon(link)


def test_the_refusal_is_in_the_language_of_who_sends(port: int) -> None:
    for accepted, words in (("de-AT,de;q=0.9", "Dieses Handy"), ("fr", "This phone"), ("es" * 20_000, "This phone")):
        link = http.client.HTTPConnection("127.0.0.1", port, timeout=5, source_address=(STRANGER, 0))
        link.putrequest("POST", "/api/v1/runs/import", skip_host=True)
        for name, value in (("Host", HOST), ("Accept-Language", accepted), ("Content-Length", "400000000")):
            link.putheader(name, value)
        link.endheaders()
        answer = link.getresponse()
        assert (answer.status, words in answer.read().decode()) == (401, True)
        link.close()


def is_closed_soon(link: socket.socket) -> bool:
    n_sent = 0
    try:
        while n_sent < 40_000_000:
            link.sendall(bytes(65536))
            n_sent += 65536
    except OSError:
        return n_sent < 20_000_000  # what the kernel's own buffers take
    return False


def test_a_phone_that_was_let_in_may_send_a_file(port: int, coach: PageCoach) -> None:
    _phone, cookie = coach.access.let_in(coach.access.invitation("http://x").partition("token=")[2], "Phone")
    with connect(port) as link:
        body = bytes(100_000)
        head = (
            f"POST /healthz HTTP/1.1\r\nHost: {HOST}\r\nCookie: coach={cookie}\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        link.sendall(head.encode() + body)
        assert link.recv(100).startswith(b"HTTP/1.1 405")  # read whole, then refused by the app


def test_a_stranger_may_still_take_an_invitation(port: int, coach: PageCoach) -> None:
    token = coach.access.invitation("http://x").partition("token=")[2]
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=5, source_address=(STRANGER, 0))
    body = f"token={token}&name=Sam"
    form = {"Host": HOST, "Content-Type": "application/x-www-form-urlencoded"}
    link.request("POST", "/come-in", body, form)
    assert link.getresponse().status == 303
    link.close()


def test_slow_headers_slow_bodies_and_silence_are_ended(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("web.gate.HEADER_S", 0.2)
    monkeypatch.setattr("web.gate.BODY_S", 0.2)
    silent, slow_head, slow_body = connect(port), connect(port), connect(port)
    slow_head.sendall(b"GET / HT")
    slow_body.sendall(f"POST /come-in HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: 100\r\n\r\nx".encode())
    for _ in range(4):
        time.sleep(0.1)  # twice the time that is allowed in all
        for link in (slow_head, slow_body):
            with contextlib.suppress(OSError):
                link.sendall(b"x")  # a byte now and then keeps nothing open
    assert [is_closed(link) for link in (silent, slow_head, slow_body)] == [True, True, True]
    for link in (silent, slow_head, slow_body):
        link.close()
