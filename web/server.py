"""Serve a Flask app by waitress on a thread of its own, which can be stopped.

TCP_USER_TIMEOUT on the listening socket (inherited by each connection, Linux) drops a phone that vanished without a
word; without it the server would hold its stream and send it minutes of old numbers on return.
"""

import socket
import threading
import time
from typing import Final

from waitress import wasyncore
from waitress.server import create_server
from waitress.task import ThreadedTaskDispatcher

from coach.errors import UserError
from web.gate import Welcome, guard, sweep
from web.runs_import import MAX_EXPORT_BYTES

VANISHED_MS: Final = 15_000
THREADS: Final = 64
WELCOME: Final = "coach.welcome"  # an extension of the app: who may send a body
_SWEEP_S: Final = 0.5
MAX_STREAMS: Final = 56  # live streams at once: below the pool, so that pages always find a thread


class ThreadsAsNeeded(ThreadedTaskDispatcher):  # type: ignore[misc]  # waitress has no types
    """Begins a thread when all that there are work, up to `most`; waitress begins all at once, and asks each in turn.

    Each thread that has answered once keeps its stack, its part of the heap and its connection to the database.
    """

    def __init__(self, most: int) -> None:
        super().__init__()
        self._most = most
        self._adding = threading.Lock()  # two that count at once would begin one thread

    def add_task(self, task: object) -> None:
        """Have a request answered: by a thread that waits, else by a new one, else by the first that is done."""
        with self._adding:
            with self.lock:
                n_threads = len(self.threads)
                begins = n_threads < self._most and n_threads - self.active_count <= len(self.queue)
                if begins:
                    self.queue.append(task)
            if begins:
                self.set_thread_count(n_threads + 1)  # a new thread looks for work before it waits
            else:
                super().add_task(task)

    def shutdown(self, cancel_pending: bool = True, timeout: float = 5) -> bool:
        """End the threads; no request begins another."""
        self._most = 0
        return bool(super().shutdown(cancel_pending, timeout))


class Server:
    """A running web server. host, port: where it listens."""

    def __init__(
        self, app: object, listening: socket.socket, threads: int, is_https: bool, is_welcome: Welcome | None
    ) -> None:
        self.host, self.port = listening.getsockname()[:2]
        self._map: dict[int, object] = {}
        self._waitress = create_server(
            app,
            map=self._map,
            sockets=[listening],
            _dispatcher=ThreadsAsNeeded(threads),
            ident="coach",
            clear_untrusted_proxy_headers=False,  # seen, never believed: see web.security.is_from_this_machine
            url_scheme="https" if is_https else "http",
            channel_timeout=120,
            connection_limit=500,
            max_request_body_size=MAX_EXPORT_BYTES,
        )
        guard(self._waitress, is_welcome)
        self._is_stopping = threading.Event()
        self._is_woken = threading.Event()
        self._thread = threading.Thread(target=self._run, name="web", daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        """Its address for a browser on this machine."""
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"

    def stop(self, timeout_s: float = 10.0) -> None:
        """Take no more requests and close what is open; live streams end at once when the feed was closed before."""
        if self._is_stopping.is_set():
            return
        self._is_stopping.set()
        self._waitress.pull_trigger()
        self._is_woken.set()  # the trigger may be closed from now on, not while it is being pulled
        self._thread.join(timeout_s)

    def _run(self) -> None:
        swept_s = time.monotonic()
        while not self._is_stopping.is_set():
            wasyncore.loop(timeout=1.0, use_poll=True, map=self._map, count=1)  # select ends at 1,024 files
            now_s = time.monotonic()
            if now_s - swept_s >= _SWEEP_S:
                swept_s = now_s
                sweep(self._waitress, now_s)
        self._is_woken.wait()
        self._waitress.task_dispatcher.shutdown(cancel_pending=True, timeout=5)
        self._waitress.close()
        wasyncore.close_all(self._map, ignore_all=True)


def serve(
    app: object,
    host: str,
    port: int,
    threads: int = THREADS,
    *,
    is_https: bool = False,
    is_welcome: Welcome | None = None,
) -> Server:
    """Serve `app`, a WSGI callable, at `host`:`port` (0: any free port) in the background.

    is_https: the server is behind `web.https`, so that its pages are at https addresses. is_welcome: who may send
    more than an invitation, see `web.gate`; by default what the app of Flask says itself.

    Raises:
        UserError: the address or port cannot be had.
    """
    is_welcome = is_welcome or getattr(app, "extensions", {}).get(WELCOME)
    return Server(app, listen(host, port), threads, is_https, is_welcome)


def listen(host: str, port: int) -> socket.socket:
    """Open a listening TCP socket that gives up vanished phones.

    Raises:
        UserError: the address or port cannot be had.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # proto is named because asyncio sets TCP_NODELAY only on sockets that say they are TCP
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, VANISHED_MS)
    try:
        listening.bind((host, port))
        listening.listen(128)
    except OSError as error:
        listening.close()
        words = f"Port {port} at {host} cannot be used ({error.strerror}). Choose another with --port."
        raise UserError(words) from error
    listening.setblocking(False)
    return listening
