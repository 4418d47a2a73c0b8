"""A phone that was let in names any push service it likes: it learns nothing of the network and holds nothing up."""

import base64
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from coach.errors import UserError
from coach.model.reminders import Channels, PushPhone
from coach.service.named_server import is_outside, within
from coach.service.notify import ntfy, web_push
from coach.service.notify.notifier import MOST_PHONES, Push
from coach.storage.store import Store
from tests.coach.service.notify.test_push import REMINDER, subscription


@pytest.fixture
def push(tmp_path: Path) -> Iterator[Push]:
    store = Store(tmp_path / "coach.sqlite")
    yield Push(store, lambda _event, _data: None, tmp_path / "secrets", lambda name: name != "inside.example")
    store.close()


class Odd(threading.Thread):
    """A server that answers each connection with `head` and then with `more`, again and again, after each `pause_s`."""

    def __init__(self, head: bytes, more: bytes, pause_s: float) -> None:
        super().__init__(daemon=True)
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        self._head, self._more, self._pause_s = head, more, pause_s
        self.n_asked = self.n_sent = 0
        self._is_over = threading.Event()
        self.start()

    def close(self) -> None:
        self._is_over.set()
        self._listening.shutdown(socket.SHUT_RDWR)
        self.join(5.0)
        self._listening.close()

    def run(self) -> None:
        while True:
            try:
                link, _ = self._listening.accept()
            except OSError:
                return
            self.n_asked += 1
            with closing(link):
                try:
                    link.sendall(self._head)
                    while not self._is_over.wait(self._pause_s):
                        link.sendall(self._more)
                        self.n_sent += len(self._more)
                except OSError:
                    continue  # the other side has had enough


MakeOdd = Callable[[bytes, bytes, float], Odd]


@pytest.fixture
def odds() -> Iterator[MakeOdd]:
    made: list[Odd] = []

    def make(head: bytes, more: bytes, pause_s: float) -> Odd:
        made.append(Odd(head, more, pause_s))
        return made[-1]

    yield make
    for one in made:
        one.close()


def at(push: Push, odd: Odd) -> None:
    phone, _, _ = subscription()
    push.kept.put_phone(replace(phone, endpoint=f"http://127.0.0.1:{odd.port}/x"))


def test_an_answer_without_end_is_not_read_to_its_end(push: Push, odds: MakeOdd) -> None:
    chunk = b"10000\r\n" + bytes(0x10000) + b"\r\n"
    odd = odds(b"HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n", chunk, 0.0)
    at(push, odd)
    began_s = time.monotonic()
    push.deliver(REMINDER)
    assert time.monotonic() - began_s < 5.0
    assert push.failures() == {}
    assert odd.n_sent < 20_000_000  # what fits into the buffers of two sockets


def test_a_redirection_without_end_is_not_read_either(push: Push, odds: MakeOdd) -> None:
    chunk = b"10000\r\n" + bytes(0x10000) + b"\r\n"
    head = b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:9/\r\nTransfer-Encoding: chunked\r\n\r\n"
    odd = odds(head, chunk, 0.001)
    at(push, odd)
    began_s = time.monotonic()
    push.deliver(REMINDER)
    assert time.monotonic() - began_s < 5.0
    assert set(push.failures()) == {"push"}
    assert odd.n_sent < 20_000_000


def test_an_answer_whose_content_never_comes_is_an_answer(
    push: Push, odds: MakeOdd, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(web_push, "_PATIENCE_S", 0.3)
    at(push, odds(b"HTTP/1.1 201 Created\r\nContent-Length: 5\r\n\r\n", b"", 1.0))
    push.deliver(REMINDER)
    assert push.failures() == {}


def test_a_name_server_that_does_not_answer_holds_up_no_reminder(push: Push, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web_push, "_PATIENCE_S", 0.1)
    asked_too_long = threading.Event()
    monkeypatch.setattr(push, "_is_outside", lambda _name: asked_too_long.wait(5.0))
    push.add_phone(subscription()[0])
    began_s = time.monotonic()
    push.deliver(REMINDER)
    assert time.monotonic() - began_s < 3.0
    assert set(push.failures()) == {"push"}
    asked_too_long.set()


def test_an_answer_that_drips_holds_up_no_reminder(push: Push, odds: MakeOdd, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web_push, "_PATIENCE_S", 0.3)
    monkeypatch.setattr(ntfy, "_PATIENCE_S", 0.3)
    odd = odds(b"HTTP/1.1 201 Created\r\n", b"X-A: b\r\n", 0.1)
    at(push, odd)
    push.set_channels(Channels(f"http://127.0.0.1:{odd.port}/topic"))
    began_s = time.monotonic()
    push.deliver(REMINDER)
    assert time.monotonic() - began_s < 5.0
    assert set(push.failures()) == {"ntfy", "push"}


def test_services_that_do_not_answer_are_waited_for_together(
    push: Push, odds: MakeOdd, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else one phone that names many of them holds the reminders of all others back for minutes."""
    monkeypatch.setattr(web_push, "_PATIENCE_S", 0.5)
    for _ in range(10):
        at(push, odds(b"HTTP/1.1 201 Created\r\n", b"X-A: b\r\n", 0.1))
    began_s = time.monotonic()
    push.deliver(REMINDER)
    assert time.monotonic() - began_s < 7.0  # one after the other 10 s
    assert push.failures()["push"].count("not reached") == 10


def test_a_name_that_leads_into_this_network_is_not_asked_and_nothing_says_why(push: Push, odds: MakeOdd) -> None:
    odd = odds(b"HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n", b"", 0.1)
    phone, _, _ = subscription()
    words = []
    for endpoint in (
        f"https://inside.example:{odd.port}/x",
        "https://127.0.0.1:9/x",
        f"https://127.0.0.1:{odd.port}/x",
    ):
        push.kept.put_phone(replace(phone, endpoint=endpoint))
        push.deliver(REMINDER)
        words.append(push.failures()["push"])
        push.kept.remove_phone(endpoint)
    assert len(set(words)) == 1  # inside, nobody there, and somebody there who does not speak TLS
    assert odd.n_asked == 1


def test_a_name_that_leads_elsewhere_once_it_was_looked_up_gets_not_a_byte(push: Push, odds: MakeOdd) -> None:
    """Its owner answers the first question with an address of the internet, and the second with one of this network."""
    asked: list[str] = []
    push._is_outside = lambda name: asked.append(name) or name == "localhost"  # type: ignore[assignment]
    got: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:
        phone, _, _ = subscription()
        for scheme in ("http", "https"):
            endpoint = f"{scheme}://localhost:{listening.getsockname()[1]}/x"
            push.kept.put_phone(replace(phone, endpoint=endpoint))
            assert push.deliver(REMINDER) == set()
            push.kept.remove_phone(endpoint)
            link, _ = listening.accept()
            with link:
                got.append(link.recv(1))
    assert got == [b"", b""]
    assert asked == ["localhost", "127.0.0.1"] * 2
    assert "not reached" in push.failures()["push"]


@pytest.mark.parametrize(
    ("addresses", "is_so"),
    [
        (["93.184.215.14"], True),
        (["2606:2800:21f:cb07:6820:80da:af6b:8b2c"], True),
        (["127.0.0.1"], False),
        (["93.184.215.14", "192.168.1.1"], False),
        (["169.254.169.254"], False),
        (["100.64.0.1"], False),
        (["fe80::1%eth0"], False),
        (["fd00::1"], False),
        (["::ffff:10.0.0.1"], False),
    ],
)
def test_only_the_internet_is_outside(addresses: list[str], is_so: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    def answer(*_: object, **__: object) -> list[tuple[object, ...]]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, 0)) for one in addresses]

    monkeypatch.setattr(socket, "getaddrinfo", answer)
    assert is_outside("push.example") is is_so


def test_a_name_of_which_nothing_is_known_now_is_tried_again(push: Push, monkeypatch: pytest.MonkeyPatch) -> None:
    """As where the network is away: the reminder is owed to that phone, under a name that is not its address."""
    monkeypatch.setattr(push, "_is_outside", is_outside)

    def unknown(*_: object, **__: object) -> object:
        raise socket.gaierror("no network")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    push.add_phone(subscription()[0])
    (channel,) = push.deliver(REMINDER)
    assert channel.startswith("push:")
    assert "example" not in channel
    assert push.deliver(REMINDER, {"ntfy", "push:another"}) == set(), "it is not owed to this one"


def test_a_name_that_is_none_is_not_outside() -> None:
    assert not is_outside("a" * 70 + ".example")


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1/x", "[::1]/x", "router.local/x", "a.b:22/x", "127.1/x", "0x7f.1/x", "127.0.0.1./x", "2130706433/x",
        "localhost./x", "nas.lan/x", "me:word@push.example/x", "push.example/" + "x" * 2000, "a b.example/",
    ],
)  # fmt: skip
def test_a_push_address_is_one_of_a_push_service(push: Push, address: str) -> None:
    phone, _, _ = subscription()
    with pytest.raises(UserError):
        push.add_phone(replace(phone, endpoint=f"https://{address}"))


@pytest.mark.parametrize("key", ["", "k", "\u00e4", base64.urlsafe_b64encode(bytes(64)).decode(), "A" * 5000])
def test_keys_that_are_none_are_refused(push: Push, key: str) -> None:
    phone, _, _ = subscription()
    for wrong in (replace(phone, p256dh=key), replace(phone, auth=key)):
        with pytest.raises(UserError, match="keys"):
            push.add_phone(wrong)
    push.add_phone(replace(phone, p256dh=phone.p256dh + "="))  # as some browsers pad


def test_a_phone_that_names_many_services_is_refused_in_the_end(push: Push) -> None:
    phone, _, _ = subscription()
    many = [PushPhone(f"https://push.example/{n}", phone.p256dh, phone.auth, "n" * 500) for n in range(MOST_PHONES)]
    for one in many:
        push.add_phone(one)
    push.add_phone(many[0])
    with pytest.raises(UserError, match="already"):
        push.add_phone(phone)
    assert {len(one.name) for one in push.phones()} == {60}


def test_what_fails_on_its_own_thread_is_raised_where_it_is_waited_for() -> None:
    def fail() -> None:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        within(5.0, fail)
