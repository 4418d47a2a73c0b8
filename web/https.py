"""Speak TLS before the web server, and hand decrypted bytes to a waitress on the loopback.

waitress has no TLS, and servers that shake hands in their accept loop hang when a phone never says hello. This
front is an asyncio server on a thread of its own: hand-shakes wait beside each other. The address of each phone is
passed on by the port of its inner connection, so that nobody on the network looks like this machine.
"""

import asyncio
import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final
from wsgiref.types import StartResponse, WSGIEnvironment

from flask import Flask

from coach.model.frozen import dataclass
from coach.service.access.certificates import Certificates
from web.gate import MOST_EACH, Welcome
from web.server import THREADS, WELCOME, Server, listen, serve

_PIECE: Final = 64 * 1024
_HELLO_WITHIN_S: Final = 10.0
# Handshakes at once: a phone takes 0.2 s for one, and a process may have 1,024 files open. Chosen by judgement.
MOST_SILENT: Final = 100
_LATER_S: Final = 0.2  # until a connection is taken again where no file can be opened; chosen by judgement
AUTHORITY: Final = "COACH_AUTHORITY"  # app settings: where the authority's certificate is, and the port of https
PORT: Final = "COACH_HTTPS_PORT"
PLAIN_PORT: Final = "COACH_HTTP_PORT"  # beside it: there a phone learns to trust

Wsgi = Callable[[WSGIEnvironment, StartResponse], Iterable[bytes]]


@dataclass(frozen=True, slots=True)
class HttpsServer:
    """A running https server. port: where it listens."""

    host: str
    port: int
    inner: Server
    loop: asyncio.AbstractEventLoop
    thread: threading.Thread

    @property
    def url(self) -> str:
        """Its address for a browser on this machine."""
        return f"https://localhost:{self.port}"

    def stop(self) -> None:
        """Take no more connections and close those that are open."""
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(5.0)
        self.inner.stop()


def serve_https(app: Flask, host: str, port: int, certificates: Certificates, threads: int = THREADS) -> HttpsServer:
    """Serve `app` by https at `host`:`port` (0: any free port) in the background, beside a plain server or alone.

    Raises:
        UserError: the address or port cannot be had.
    """
    peers: dict[str, str] = {}
    listening = listen(host, port)
    found_port = int(listening.getsockname()[1])
    app.config.update({AUTHORITY: str(certificates.authority), PORT: found_port})
    inner = serve(_with_peers(app, peers), "127.0.0.1", 0, threads, is_https=True, is_welcome=_by_peer(app, peers))
    loop = asyncio.new_event_loop()
    ready = threading.Event()
    front = _Front(inner.port, peers, certificates.context())
    listening.setblocking(False)

    def run() -> None:
        asyncio.set_event_loop(loop)
        server_task = loop.create_task(front.accept(listening))
        loop.call_soon(ready.set)
        loop.run_forever()
        left = asyncio.all_tasks(loop)
        for task in left:
            task.cancel()
        loop.run_until_complete(asyncio.gather(*left, server_task, return_exceptions=True))
        loop.run_until_complete(loop.shutdown_asyncgens())
        listening.close()
        loop.close()

    thread = threading.Thread(target=run, name="https", daemon=True)
    thread.start()
    ready.wait(5.0)
    return HttpsServer(host, found_port, inner, loop, thread)


@dataclass(frozen=True, slots=True)
class _Silent:
    """A connection that has not said hello."""

    link: socket.socket
    address: str


class _Front:
    """Greets each connection, pipes it to the inner server, and notes who is behind it."""

    def __init__(self, port: int, peers: dict[str, str], context: ssl.SSLContext) -> None:
        self._port = port
        self._peers = peers
        self._context = context
        self._silent: dict[asyncio.Task[None], _Silent] = {}  # handshakes that go on, the oldest first

    async def accept(self, listening: socket.socket) -> None:
        """Take connections for ever. Where too many have not said hello, the oldest of them makes room."""
        while True:
            try:
                link, (address, *_) = await asyncio.get_running_loop().sock_accept(listening)
            except OSError:  # the process may open no more files now
                await asyncio.sleep(_LATER_S)
                continue
            self._make_room([task for task, one in self._silent.items() if one.address == address], MOST_EACH)
            self._make_room(list(self._silent), MOST_SILENT)
            task = asyncio.create_task(self._greet(link))
            self._silent[task] = _Silent(link, str(address))
            task.add_done_callback(lambda one: self._silent.pop(one, None))

    def _make_room(self, among: list[asyncio.Task[None]], most: int) -> None:
        for task in among[: max(0, len(among) + 1 - most)]:
            with contextlib.suppress(OSError):  # it is gone already
                self._silent.pop(task).link.shutdown(socket.SHUT_RDWR)  # the handshake fails, and cleans up

    async def _greet(self, link: socket.socket) -> None:
        """Make the TLS handshake; what comes then is for `serve`, on a task of its own."""
        loop = asyncio.get_running_loop()
        reader = asyncio.StreamReader(loop=loop)
        try:
            await loop.connect_accepted_socket(
                lambda: asyncio.StreamReaderProtocol(reader, self.serve, loop=loop),
                link,
                ssl=self._context,
                ssl_handshake_timeout=_HELLO_WITHIN_S,
            )
        except OSError:  # no TLS, another certificate wanted, or silent for too long
            link.close()
        except asyncio.CancelledError:
            link.close()
            raise

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection from its first byte to its last."""
        address = str((writer.get_extra_info("peername") or ("0.0.0.0",))[0])
        if sum(one == address for one in self._peers.values()) >= MOST_EACH:
            writer.close()
            return
        try:
            inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", self._port)
        except OSError:
            writer.close()
            return
        name = str(inner_writer.get_extra_info("sockname")[1])
        self._peers[name] = address
        try:
            await asyncio.gather(_pipe(reader, inner_writer), _pipe(inner_reader, writer))
        except asyncio.CancelledError:
            pass  # the server stops: the connection ends here, and asyncio must not take it for a fault
        finally:
            self._peers.pop(name, None)
            for end in (writer, inner_writer):
                end.close()


async def _pipe(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError, asyncio.IncompleteReadError):
        while piece := await source.read(_PIECE):
            sink.write(piece)
            await sink.drain()
    with contextlib.suppress(OSError, RuntimeError):
        if sink.can_write_eof():
            sink.write_eof()
        else:
            sink.close()


def _by_peer(app: Flask, peers: dict[str, str]) -> Welcome | None:
    """Return who may send a body, asked with the phone's own address."""
    is_welcome: Welcome | None = app.extensions.get(WELCOME)
    if is_welcome is None:
        return None
    asked = is_welcome
    return lambda _address, port, headers: asked(peers.get(str(port), ""), port, headers)


def _with_peers(app: Flask, peers: dict[str, str]) -> Wsgi:
    """Return the app, with the phone's own address; a connection that came past the front keeps no address at all."""

    def with_peer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        environ["REMOTE_ADDR"] = peers.get(str(environ.get("REMOTE_PORT")), "")
        return app.wsgi_app(environ, start_response)

    return with_peer


def authority_file(app: Flask) -> Path | None:
    """Return the certificate that phones must trust, where this app is served by https."""
    kept = app.config.get(AUTHORITY)
    return Path(kept) if kept else None
