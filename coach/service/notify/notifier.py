"""Reminders to the runner: deliver each on the page and on every channel that was set up.

A channel that fails never holds up another; its last failure is kept in words for the page. What certainly did not
arrive (no connection, a server that says it is busy) is to be tried again; what may have arrived is not.
"""

import hashlib
import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from functools import partial
from http.client import HTTPException
from pathlib import Path
from typing import Final
from urllib.error import HTTPError

from coach.errors import StorageError, UserError
from coach.language.phrases import phrases_of
from coach.model.frozen import dataclass
from coach.model.plain import from_plain, to_plain
from coach.model.reminders import Channels, PushPhone, Reminder, SentReminder
from coach.service.named_server import is_outside, never_arrived
from coach.service.notify.ntfy import check_ntfy, joined, send_ntfy
from coach.service.notify.web_push import (
    IsOutside,
    VapidKeys,
    WebPushError,
    check_push_phone,
    is_installed,
    send_web_push,
)
from coach.storage.reminders import EVERY_CHANNEL, KeptReminders
from coach.storage.store import Store
from coach.wall_clock import utc_now

_log: Final = logging.getLogger(__name__)
_KEY: Final = "reminders.channels"
_FAILURES: Final = "reminders.failures"
MOST_PHONES: Final = 20  # each costs a request at every reminder; a runner has three. Chosen by judgement
_LONGEST_NAME: Final = 60
KINDS: Final = ("page", "push", "ntfy")
Publish = Callable[[str, Mapping[str, object]], object]


@dataclass(frozen=True, slots=True)
class Sending:
    """How one channel did. failure: in words, empty where it was sent. never_arrived: so that it can be sent again."""

    failure: str = ""
    never_arrived: bool = False


class Push:
    """The channels of one runner. Thread-safe. publish: the live feed; secrets: folder for the keys of Web Push.

    is_outside: whether a push service's name leads to the internet alone.
    """

    def __init__(self, store: Store, publish: Publish, secrets: Path, is_outside: IsOutside = is_outside) -> None:
        self._settings = store.settings
        self._runner = store.runner
        self.kept: Final = KeptReminders(store.database)
        self._publish = publish
        self._keys = VapidKeys(secrets)
        self._is_outside = is_outside

    def channels(self) -> Channels:
        """Return how reminders reach the runner beyond the page."""
        kept = self._settings.get(_KEY)
        return Channels() if kept is None else from_plain(Channels, kept)

    def set_channels(self, channels: Channels) -> None:
        """Change channels; raises UserError where one cannot be."""
        if channels.ntfy_url:
            check_ntfy(channels.ntfy_url, channels.ntfy_token)
        self._settings.put(_KEY, channels)

    def set_ntfy(self, url: str, token: str = "") -> None:
        """Name the ntfy topic ("": none); without a token the known one stays, as long as the server is the same.

        Raises:
            UserError: the address or the token cannot be.
        """
        self.set_channels(joined(self.channels(), url, token))

    def can_web_push(self) -> bool:
        """Whether the extra `[push]` is installed."""
        return is_installed()

    def public_key(self) -> str:
        """Return the key that browsers ask for; made on first use. Raises UserError without the extra `[push]`."""
        return self._keys.public_key()

    def add_phone(self, phone: PushPhone) -> None:
        """Have a phone reminded.

        Raises:
            UserError: its address or keys are none, or many phones are reminded.
        """
        if not phone.endpoint.startswith("https://"):
            raise UserError("a phone's push address begins with https://")
        check_push_phone(phone)
        others = [one for one in self.kept.phones() if one.endpoint != phone.endpoint]
        if len(others) >= MOST_PHONES:
            raise UserError(f"{MOST_PHONES} phones are reminded already: switch it off on one of them")
        self.kept.put_phone(replace(phone, name=phone.name[:_LONGEST_NAME]))

    def remove_phone(self, endpoint: str) -> None:
        """Send no more to a browser, named by the address that its push service gave it."""
        self.kept.remove_phone(endpoint)

    def remove_phones_of(self, phone_id: str) -> None:
        """Send no more to the browsers of a phone that was removed."""
        self.kept.remove_phones_of(phone_id)

    def phones(self) -> list[PushPhone]:
        """Return the browsers that reminders are pushed to."""
        return self.kept.phones()

    def failures(self) -> Mapping[str, str]:
        """Return the last failure of each channel, in words."""
        return dict(self._settings.get(_FAILURES, {}))

    def open(self) -> list[SentReminder]:
        """Return reminders delivered and not yet dealt with, newest last."""
        now = utc_now()
        return [sent for sent in self.kept.all(("delivered",)) if sent.reminder.expires_at > now]

    def close(self, key: str) -> None:
        """Close a reminder that the runner has dealt with. Raises UserError where there is none."""
        if not self.kept.close(key):
            raise UserError("there is no such reminder")
        self._publish("reminder", {"closed": key})

    def deliver(self, reminder: Reminder, owed: Collection[str] = (EVERY_CHANNEL,)) -> frozenset[str]:
        """Give a reminder to the page and to the channels on which it is owed, in the runner's language.

        Returns channels that it certainly did not reach.

        Raises:
            StorageError: the database cannot be read. Nothing was sent then, so that all can be sent later.
        """
        reminder = self._in_own_language(reminder)
        channels, phones = self.channels(), self.phones()
        is_every = EVERY_CHANNEL in owed
        missed: list[str] = []
        if is_every:
            self._publish("reminder", to_plain(reminder))
        if channels.ntfy_url and (is_every or "ntfy" in owed):
            sent = self._ntfy(reminder, channels)
            self._note("ntfy", sent.failure)
            missed += ["ntfy"] * sent.never_arrived
        phones = [phone for phone in phones if is_every or _channel_of(phone) in owed]
        if phones and is_installed():
            sendings = self._web_push(reminder, phones)
            self._note("push", _words(sendings))
            missed += [_channel_of(p) for p, sent in zip(phones, sendings, strict=True) if sent.never_arrived]
        return frozenset(missed)

    def try_channel(self, kind: str) -> str:
        """Send a trial now; returns what happened, in words.

        Raises:
            UserError: there is no such channel, it is not set up, or it refused.
        """
        now = utc_now()
        trial = Reminder(
            f"trial:{now:%H%M%S%f}", "trial", now, now + timedelta(minutes=5), "It works",
            "This is how reminders from your running coach arrive.", "/strength/reminders",
        )  # fmt: skip
        trial = self._in_own_language(trial)
        if kind not in KINDS:
            raise UserError(f"no channel {kind!r}: use {', '.join(KINDS)}")
        if kind == "page":
            self._publish("reminder", to_plain(trial))
            return "Shown on every open page."
        if kind == "ntfy":
            channels = self.channels()
            if not channels.ntfy_url:
                raise UserError("name an ntfy address first, such as https://ntfy.sh/ and a long secret word")
            failure = self._ntfy(trial, channels).failure
        else:
            phones = self.phones()
            if not phones:
                raise UserError("no phone has asked for Web Push yet: switch it on there first")
            failure = _words(self._web_push(trial, phones))
        self._note(kind, failure)
        if failure:
            raise UserError(failure)
        return "Sent."

    def _in_own_language(self, reminder: Reminder) -> Reminder:
        say = phrases_of(self._runner.get().language)
        return replace(reminder, title=say(reminder.title), body=say(reminder.body))

    def _ntfy(self, reminder: Reminder, channels: Channels) -> Sending:
        try:
            send_ntfy(channels.ntfy_url, channels.ntfy_token, reminder)
        except HTTPError as error:
            return Sending(f"the ntfy server answered {error.code}: check address and token", never_arrived(error))
        except UserError as error:
            return Sending(str(error))
        except (OSError, ValueError, HTTPException) as error:
            _log.info("ntfy was not reached: %s", error)
            # why it was not would map the network for a guest
            return Sending("the ntfy server was not reached: check its address", never_arrived(error))
        return Sending()

    def _web_push(self, reminder: Reminder, phones: Sequence[PushPhone]) -> list[Sending]:
        """Send to all phones at once, so that a service that does not answer holds no other phone's reminder back."""
        with ThreadPoolExecutor(MOST_PHONES, "push") as senders:
            return list(senders.map(partial(self._to_phone, reminder), phones))

    def _to_phone(self, reminder: Reminder, phone: PushPhone) -> Sending:
        try:
            send_web_push(phone, reminder, self._keys, self._is_outside)
        except WebPushError as error:
            if error.is_gone:
                self._forget(phone)
            return Sending(f"{phone.name or 'a phone'}: {error}", error.never_arrived)
        except UserError as error:
            return Sending(str(error))
        return Sending()

    def _forget(self, phone: PushPhone) -> None:
        try:
            self.kept.remove_phone(phone.endpoint)
        except StorageError as error:  # its service will answer the same next time
            _log.warning("a phone that is gone is still in the list: %s", error)

    def _note(self, kind: str, failure: str) -> None:
        """Keep how a channel did. What was sent is sent, so that a database that takes no note is only logged."""
        if failure:
            _log.warning("reminder by %s failed: %s", kind, failure)
        try:
            known = dict(self._settings.get(_FAILURES, {}))
            if known.get(kind, "") != failure:
                known[kind] = failure
                self._settings.put(_FAILURES, {name: words for name, words in known.items() if words})
        except StorageError as error:
            _log.warning("how %s did is not noted: %s", kind, error)


def _words(sendings: Sequence[Sending]) -> str:
    return "; ".join(filter(None, (sent.failure for sent in sendings)))


def _channel_of(phone: PushPhone) -> str:
    """Return what a phone's channel is called where something is owed on it; not its address,
    which is nobody else's."""
    return f"push:{hashlib.sha256(phone.endpoint.encode()).hexdigest()[:16]}"
