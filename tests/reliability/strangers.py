"""Strangers on the network: half requests, a huge upload, and what honest pages take meanwhile. On the real service."""

import contextlib
import http.client
import socket
import time
from collections.abc import Iterator
from pathlib import Path

from tests.reliability import beside
from tests.reliability.rows import Row

HOST = "10.9.8.7"  # a Host header of outside: whoever sends it is nobody of this machine
REFUSED_BYTES = 20_000_000  # what buffers of kernel and server hold before a sender is stopped, with room; by judgement
PAGE_S, MORE_MB = 1.0, 50.0  # by judgement
PAGES = ("/", "/runs", "/sensors", "/strength")


def _connect(port: int, source: str) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=5, source_address=(source, 0))


def slowest_page_s(port: int) -> float:
    """How long the slowest of four pages takes an honest phone."""
    slowest = 0.0
    for page in PAGES:
        began_s = time.monotonic()
        link = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        link.request("GET", page)
        answer = link.getresponse()
        answer.read()
        link.close()
        assert answer.status < 400, (page, answer.status)
        slowest = max(slowest, time.monotonic() - began_s)
    return slowest


@contextlib.contextmanager
def half_requests(port: int, n: int) -> Iterator[None]:
    """Connections that never say the end of their headers, from many addresses."""
    links = []
    try:
        for i in range(n):
            link = _connect(port, f"127.0.1.{1 + i // 20}")  # below the limit of each address
            with contextlib.suppress(OSError):
                link.sendall(f"GET / HTTP/1.1\r\nHost: {HOST}\r\nX: ".encode())
            links.append(link)
        yield
    finally:
        for link in links:
            link.close()


def upload(port: int, n_bytes: int) -> tuple[int, int]:
    """Send a body without a cookie; how many bytes left before it was refused, and the status of the answer."""
    with _connect(port, "127.0.0.9") as link:
        head = f"POST /api/v1/runs/import HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: {n_bytes}\r\n\r\n"
        link.sendall(head.encode())
        n_sent = 0
        block = bytes(1 << 16)
        with contextlib.suppress(OSError):
            while n_sent < n_bytes:
                link.sendall(block)
                n_sent += len(block)
        try:
            answer = link.recv(64)
        except OSError:
            answer = b""
        return n_sent, int(answer.split()[1]) if answer.startswith(b"HTTP/") else 0


def rows(folder: Path, n_half: int = 520, n_bytes: int = 400_000_000) -> Iterator[Row]:
    """Half requests, then an upload among them."""
    with beside.demonstration(folder / "strangers") as (port, pid):
        usual_s = slowest_page_s(port)
        with half_requests(port, n_half):
            slow_s = slowest_page_s(port)
            before_mb = beside.memory_mb(pid)
            n_sent, status = upload(port, n_bytes)
            loaded_s = slowest_page_s(port)
        more_mb = beside.memory_mb(pid) - before_mb
        words = f"the slowest page took {slow_s:.2f} s (without them {usual_s:.2f} s)"
        yield Row(f"{n_half} half requests of strangers", f"each page under {PAGE_S:g} s", words, slow_s < PAGE_S)
        answer = f"answered with {status}" if status else "cut off"
        sent = f"{n_sent / 1e6:.1f} MB left the sender before it was {answer}"
        words = f"{sent}; the slowest page took {loaded_s:.2f} s; {more_mb:+.0f} MB of memory"
        is_held = n_sent < REFUSED_BYTES and loaded_s < PAGE_S and more_mb < MORE_MB
        demanded = (
            f"refused before {REFUSED_BYTES / 1e6:.0f} MB left the sender, pages under {PAGE_S:g} s, "
            f"less than {MORE_MB:g} MB more memory"
        )
        yield Row(f"an upload of {n_bytes / 1e6:.0f} MB of a stranger", demanded, words, is_held)
