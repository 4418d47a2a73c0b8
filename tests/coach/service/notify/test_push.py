"""Every channel gets a reminder as its protocol wants it, and one that fails holds up no other."""

import base64
import json
import socket
import stat
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.header import decode_header, make_header
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from coach.errors import StorageError, UserError
from coach.model.reminders import Channels, PushPhone, Reminder
from coach.service.notify.notifier import Push
from coach.storage.store import Store


class Catcher:
    """A server that keeps what is posted to it and answers `status`."""

    def __init__(self) -> None:
        self.got: list[tuple[str, dict, bytes]] = []
        self.status = 200
        self.location = ""
        catcher = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                catcher.got.append((self.path, {k.lower(): v for k, v in self.headers.items()}, body))
                self.send_response(catcher.status)
                if catcher.location:
                    self.send_header("Location", catcher.location)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def catcher():
    made = Catcher()
    yield made
    made.close()


@pytest.fixture
def push(tmp_path: Path):
    store = Store(tmp_path / "coach.sqlite")
    made = Push(store, lambda event, data: published.append((event, data)), tmp_path / "secrets", lambda _: True)
    published.clear()
    yield made
    store.close()


published: list[tuple[str, dict]] = []
AT = datetime(2026, 3, 2, 18, 30, tzinfo=UTC)
REMINDER = Reminder(
    "session:a", "session", AT, AT + timedelta(hours=48), "Time for your legs", "Session 1", "/strength"
)


def test_the_page_is_updated_at_once(push: Push) -> None:
    push.deliver(REMINDER)
    ((event, data),) = published
    assert (event, data["key"], data["link"]) == ("reminder", "session:a", "/strength")
    assert push.try_channel("page")


def test_ntfy_gets_title_text_and_token(push: Push, catcher: Catcher) -> None:
    push.set_channels(Channels(f"{catcher.url}/my-secret-word", "tk_1"))
    push.deliver(REMINDER)
    ((path, headers, body),) = catcher.got
    assert (path, body) == ("/my-secret-word", b"Session 1")
    assert (headers["title"], headers["authorization"]) == ("Time for your legs", "Bearer tk_1")
    assert push.try_channel("ntfy") == "Sent."


def test_a_title_keeps_its_letters_on_the_wire(push: Push, catcher: Catcher) -> None:
    push._runner.save(replace(push._runner.get(), language="de"))
    push.set_channels(Channels(f"{catcher.url}/word"))
    push.deliver(replace(REMINDER, title="Time for your legs"))
    push.deliver(replace(REMINDER, title="Two weeks: how far have you come?" + " \u00e4\u20ac" * 30))
    short, long = (headers["title"] for _path, headers, _body in catcher.got)
    assert str(make_header(decode_header(short))).startswith("Zeit f\u00fcr ")
    assert long.isascii()
    assert str(make_header(decode_header(long))).endswith(" \u00e4\u20ac" * 30)


def test_a_channel_that_fails_is_said_and_forgotten_once_it_works(push: Push, catcher: Catcher) -> None:
    push.set_channels(Channels(f"{catcher.url}/word"))
    catcher.status = 403
    push.deliver(REMINDER)
    assert len(published) == 1, "the page was updated all the same"
    assert "403" in push.failures()["ntfy"]
    with pytest.raises(UserError, match="403"):
        push.try_channel("ntfy")
    catcher.status = 200
    push.try_channel("ntfy")
    assert push.failures() == {}


@pytest.mark.parametrize("url", ["ntfy.sh/x", "ftp://ntfy.sh/x", "https://ntfy.sh/", "file:///etc/passwd"])
def test_an_address_that_is_none_is_refused(push: Push, url: str) -> None:
    with pytest.raises(UserError, match="ntfy address"):
        push.set_channels(Channels(url))


def test_channels_not_set_up_say_so(push: Push) -> None:
    for kind in ("ntfy", "push", "pigeon"):
        with pytest.raises(UserError):
            push.try_channel(kind)


def subscription() -> tuple[PushPhone, object, bytes]:
    """A phone as its browser makes it: a key pair and a secret, of which it publishes the public parts."""
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    private = ec.generate_private_key(ec.SECP256R1())
    point = private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    auth = bytes(range(16))
    text = [base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in (point, auth)]
    return PushPhone("https://push.example/abc", text[0], text[1], "My phone"), private, auth


def test_web_push_is_encrypted_for_the_phone_and_signed_with_our_key(push: Push, catcher: Catcher) -> None:
    import http_ece

    phone, private, auth = subscription()
    push.add_phone(phone)
    # the fake push service speaks plain HTTP: put its address where the browser's would be
    push.kept.remove_phone(phone.endpoint)
    push.kept.put_phone(PushPhone(f"{catcher.url}/abc", phone.p256dh, phone.auth, "My phone"))
    push.deliver(REMINDER)
    ((path, headers, body),) = catcher.got
    facts = json.loads(http_ece.decrypt(body, private_key=private, auth_secret=auth, version="aes128gcm"))
    assert (path, facts["title"], facts["link"], facts["key"]) == ("/abc", REMINDER.title, "/strength", "session:a")
    assert push.public_key() in headers["authorization"]
    assert push.try_channel("push") == "Sent."


def test_a_phone_that_took_its_permission_back_is_forgotten(push: Push, catcher: Catcher) -> None:
    phone, _, _ = subscription()
    push.kept.put_phone(PushPhone(f"{catcher.url}/gone", phone.p256dh, phone.auth))
    catcher.status = 410
    push.deliver(REMINDER)
    assert push.phones() == []
    assert "410" in push.failures()["push"]


def test_a_database_that_takes_no_note_holds_up_no_channel(
    push: Push, catcher: Catcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    phone, _, _ = subscription()
    push.kept.put_phone(PushPhone(f"{catcher.url}/abc", phone.p256dh, phone.auth))
    push.set_channels(Channels(f"{catcher.url}/word"))
    catcher.status = 410  # so that there is a failure to note, and a phone to forget

    def locked(*_: object) -> None:
        raise StorageError("database is locked")

    monkeypatch.setattr(push._settings, "put", locked)
    monkeypatch.setattr(push.kept, "remove_phone", locked)
    push.deliver(REMINDER)
    assert [path for path, _, _ in catcher.got] == ["/word", "/abc"]


def test_a_database_that_cannot_be_read_is_said_before_anything_is_sent(
    push: Push, catcher: Catcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that the reminder can be delivered whole later."""
    push.set_channels(Channels(f"{catcher.url}/word"))

    def locked() -> list[PushPhone]:
        raise StorageError("database is locked")

    monkeypatch.setattr(push.kept, "phones", locked)
    with pytest.raises(StorageError):
        push.deliver(REMINDER)
    assert (published, catcher.got) == ([], [])


def test_keys_are_made_once_and_only_the_owner_reads_them(push: Push, tmp_path: Path) -> None:
    key = push.public_key()
    assert push.public_key() == key
    assert len(base64.urlsafe_b64decode(key + "=" * (-len(key) % 4))) == 65
    assert stat.S_IMODE((tmp_path / "secrets" / "web_push.pem").stat().st_mode) == 0o600


def test_a_push_address_must_be_https(push: Push) -> None:
    with pytest.raises(UserError, match="https"):
        push.add_phone(PushPhone("http://push.example", "a", "b"))


def test_open_reminders_can_be_closed(push: Push) -> None:
    now = datetime.now(UTC)
    one = Reminder("a", "a", now, now + timedelta(hours=1), "Title", "Body", "/x")
    push.kept.sync("test", [one], now)
    push.kept.take("a", "me", now)
    assert [sent.reminder.key for sent in push.open()] == ["a"]
    push.close("a")
    assert push.open() == []
    with pytest.raises(UserError):
        push.close("b")


def test_the_ntfy_token_follows_no_redirect(push: Push, catcher: Catcher) -> None:
    other = Catcher()
    catcher.status, catcher.location = 307, f"{other.url}/caught"
    push.set_channels(Channels(f"{catcher.url}/my-secret-word", "tk_1"))
    with pytest.raises(UserError, match="307"):
        push.try_channel("ntfy")
    catcher.status = 302
    with pytest.raises(UserError, match="302"):
        push.try_channel("ntfy")
    assert other.got == []
    other.close()


def test_a_web_push_message_follows_no_redirect(push: Push, catcher: Catcher) -> None:
    other = Catcher()
    phone, _, _ = subscription()
    push.kept.put_phone(PushPhone(f"{catcher.url}/abc", phone.p256dh, phone.auth))
    for status in (302, 307, 308):
        catcher.status, catcher.location = status, f"{other.url}/caught"
        push.deliver(REMINDER)
        assert "push" in push.failures()
    assert len(catcher.got) == 3
    assert other.got == []
    other.close()


def test_the_token_stays_with_its_own_server(push: Push) -> None:
    push.set_ntfy("https://ntfy.sh/a", "tk_1")
    push.set_ntfy("https://ntfy.sh/b")
    assert push.channels().ntfy_token == "tk_1"
    push.set_ntfy("https://evil.example/b")
    assert push.channels().ntfy_token == ""


@pytest.mark.parametrize(
    ("url", "token"),
    [
        ("http://h/a b", ""),
        ("http://h:99999/a", ""),
        ("http://h:x/a", ""),
        ("https://user:word@ntfy.sh/a", ""),
        ("http://169.254.169.254/latest", ""),
        ("http://[ff02::1]/a", ""),
        ("http://ntfy.sh/a", "tk_1"),
        ("https://ntfy.sh/a", "tk\r\nHost: x"),
        ("https://ntfy.sh/\u00e4", ""),
    ],
)
def test_an_address_is_checked_when_it_is_saved(push: Push, url: str, token: str) -> None:
    with pytest.raises(UserError):
        push.set_ntfy(url, token)
    assert push.channels() == Channels()


def test_a_trial_says_nothing_of_the_network(push: Push) -> None:
    push.set_ntfy("http://127.0.0.1:9/x")
    with pytest.raises(UserError) as refused:
        push.try_channel("ntfy")
    assert "refused" not in str(refused.value)


@pytest.mark.parametrize(("status", "is_owed"), [(200, False), (403, False), (500, False), (429, True), (503, True)])
def test_a_busy_server_gets_the_reminder_again_and_no_other(
    push: Push, catcher: Catcher, status: int, is_owed: bool
) -> None:
    phone, _, _ = subscription()
    push.kept.put_phone(PushPhone(f"{catcher.url}/abc", phone.p256dh, phone.auth))
    push.set_channels(Channels(f"{catcher.url}/word"))
    catcher.status = status
    missed = push.deliver(REMINDER)
    assert len(missed) == 2 * is_owed
    catcher.status = 200
    assert push.deliver(REMINDER, missed) == set()
    assert len(catcher.got) == 2 + 2 * is_owed
    assert len(published) == 1, "the page has it from its first time"


def test_a_server_that_is_not_there_gets_it_again(push: Push) -> None:
    push.set_channels(Channels("http://127.0.0.1:9/word"))
    assert push.deliver(REMINDER) == {"ntfy"}


def test_a_server_that_took_it_and_did_not_answer_does_not_get_it_again(push: Push) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        push.set_channels(Channels(f"http://127.0.0.1:{listening.getsockname()[1]}/word"))

        def take() -> None:
            link, _ = listening.accept()
            link.recv(4096)
            link.close()

        taking = threading.Thread(target=take, daemon=True)
        taking.start()
        assert push.deliver(REMINDER) == set()
        taking.join(5.0)
    assert "not reached" in push.failures()["ntfy"]
