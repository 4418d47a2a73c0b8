"""The web server: a Flask app in, a waitress server on its own thread out, which can be stopped.

TCP_USER_TIMEOUT on the listening socket (inherited by each connection, Linux) drops a phone that vanished without a
word; without it the server would hold its stream and send it minutes of old numbers on return.
"""

import socket
import threading
from dataclasses import dataclass
from typing import Any, Final

from flask import Flask
from waitress.server import create_server  # type: ignore[import-untyped]

from coach.errors import SettingsError

VANISHED_MS: Final = 15_000
THREADS: Final = 64
MAX_STREAMS: Final = 40  # live streams at once: below the pool, so that pages always find a thread


@dataclass(frozen=True, slots=True)
class Server:
    """A running web server. host, port: where it listens."""

    host: str
    port: int
    waitress: Any
    thread: threading.Thread

    @property
    def url(self) -> str:
        """Its address for a browser on this machine."""
        host = "127.0.0.1" if self.host in ("0.0.0.0", "::", "") else self.host
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"

    def stop(self, timeout_s: float = 5.0) -> None:
        """Take no more requests; streams end by themselves when the feed is closed."""
        self.waitress.trigger.pull_trigger(self.waitress.close)
        self.thread.join(timeout_s)
        self.waitress.task_dispatcher.shutdown(cancel_pending=True, timeout=timeout_s)


def serve(app: Flask, host: str, port: int, threads: int = THREADS, *, is_https: bool = False) -> Server:
    """Serve `app` at `host`:`port` (0: any free port) in the background.

    is_https: the server stands behind `web.https`, so that its pages are at https addresses.

    Raises:
        SettingsError: the address or port cannot be had.
    """
    listening = listen(host, port)
    server = create_server(
        app,
        sockets=[listening],
        threads=threads,
        ident="coach",
        clear_untrusted_proxy_headers=False,  # seen, never believed: see web.security.is_from_this_machine
        url_scheme="https" if is_https else "http",
        channel_timeout=120,
        connection_limit=500,
    )
    thread = threading.Thread(target=_run, args=(server,), name="web", daemon=True)
    thread.start()
    return Server(host, int(listening.getsockname()[1]), server, thread)


def listen(host: str, port: int) -> socket.socket:
    """A listening TCP socket that gives up vanished phones.

    Raises:
        SettingsError: the address or port cannot be had.
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
        raise SettingsError(words) from error
    listening.setblocking(False)
    return listening


def _run(server: Any) -> None:
    try:
        server.run()
    except OSError:
        # closing the sockets under a running select loop is how waitress is stopped
        server.close()
