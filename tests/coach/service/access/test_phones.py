"""Invitations live ten minutes, cookies ninety days, and a phone that is shown out is out at once."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine

from coach.errors import UserError
from coach.service.access.phones import STAYS, AccessService
from coach.storage.store import Store
from tests.support.clock import ManualClock
from tests.support.common import until

START = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
Clock = ManualClock[datetime]


@pytest.fixture
def clock() -> Clock:
    return Clock(START)


@pytest.fixture
def access(tmp_path: Path, clock: Clock):
    store = Store(tmp_path / "coach.sqlite")
    yield AccessService(store, clock)
    store.close()


def token_of(access: AccessService) -> str:
    return parse_qs(urlsplit(access.invitation("http://192.168.1.5:8765/")).query)["token"][0]


def test_an_invitation_is_a_link_to_the_address_given(access: AccessService) -> None:
    assert access.invitation("http://192.168.1.5:8765/").startswith("http://192.168.1.5:8765/come-in?token=")


def test_a_phone_is_let_in_and_known_by_its_cookie(access: AccessService) -> None:
    phone, cookie = access.let_in(token_of(access), "  My   phone ")
    assert phone.name == "My phone"
    assert access.phone_of(cookie) == phone
    assert access.phone_of("nothing") is None
    assert access.phone_of("") is None
    assert list(access.phones()) == [phone]


def test_an_invitation_grows_old_and_a_forged_one_is_none(access: AccessService) -> None:
    with time_machine.travel(START, tick=False) as traveller:
        token = token_of(access)
        access.check_invitation(token)
        traveller.shift(timedelta(minutes=11))
        with pytest.raises(UserError, match="too old"):
            access.let_in(token, "late")
        for forged in ("", "x.y.z", token[:-2] + "AA"):
            with pytest.raises(UserError, match="no invitation"):
                access.let_in(forged, "thief")
    assert not access.phones()


def test_a_phone_shown_out_is_out_at_once(access: AccessService) -> None:
    phone, cookie = access.let_in(token_of(access), "a")
    other, other_cookie = access.let_in(token_of(access), "b")
    assert access.phone_of(cookie)
    access.revoke(phone.phone_id)
    assert access.phone_of(cookie) is None
    assert access.phone_of(other_cookie) == other
    with pytest.raises(UserError, match="no phone"):
        access.revoke(phone.phone_id)


def test_a_cookie_ends_unless_the_phone_comes_back(access: AccessService, clock: Clock) -> None:
    _, stays = access.let_in(token_of(access), "stays")
    _, leaves = access.let_in(token_of(access), "leaves")
    clock.now += STAYS - timedelta(days=1)
    access._known.clear()
    assert access.phone_of(stays)
    until(lambda: clock.now in [phone.seen_at for phone in access.phones()])  # kept beside the answer
    clock.now += timedelta(days=2)
    access._known.clear()
    assert access.phone_of(stays)
    assert access.phone_of(leaves) is None


def test_invitations_of_another_coach_are_not_taken(access: AccessService, tmp_path: Path) -> None:
    store = Store(tmp_path / "other.sqlite")
    stranger = token_of(AccessService(store))
    store.close()
    with pytest.raises(UserError, match="no invitation"):
        access.let_in(stranger, "x")
