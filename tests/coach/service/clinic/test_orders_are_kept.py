"""Orders of a clinic as the runner's coach keeps them: each once, whatever the clinic sends."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from coach.seal.events import Order, OrderKind, sign_order
from coach.seal.signing import public_key_of
from coach.service.clinic.orders import ClinicOrders
from tests.support.clinic import Home

KEY = bytes(range(32))


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    home = Home(tmp_path)
    home.store.settings.put("link", {"clinic_key": public_key_of(KEY), "pseudonym": "sub-1"})
    yield home
    home.close()


def orders_of(home: Home) -> ClinicOrders:
    return ClinicOrders(home.store, "orders", "link", home.runner, home.strength.plans)


def order(order_id: str) -> Order:
    return Order(order_id, OrderKind.SEEN, "sub-1", datetime(2026, 11, 1, tzinfo=UTC), day=date(2026, 11, 1))


def test_an_order_that_comes_twice_at_once_is_kept_and_answered_once(home: Home) -> None:
    orders, document = orders_of(home), sign_order(order("o1"), KEY)
    orders.keep([document, document])
    assert orders.in_state("open") == [order("o1")]
    orders.answer("o1", is_accepted=False)
    orders.keep([document])
    assert not orders.in_state("open")
    assert orders.unreported() == [("o1", "refused")]


def test_of_many_orders_only_those_that_nobody_needs_are_forgotten(home: Home) -> None:
    orders = orders_of(home)
    heard, unheard, waits, done = (sign_order(order(name), KEY) for name in ("heard", "unheard", "waits", "done"))
    orders.keep([heard, unheard, waits, done])
    for name in ("heard", "unheard", "done"):
        orders.answer(name, is_accepted=False)
    for name in ("heard", "done"):
        orders.mark_reported(name)
    later = [sign_order(order(f"later{k}"), KEY) for k in range(200)]
    orders.keep([heard, *later])
    assert [one.order_id for one in orders.in_state("refused")] == ["heard", "unheard"]
    assert [one.order_id for one in orders.in_state("open")] == ["waits", *(f"later{k}" for k in range(200))]
    orders.keep([heard, unheard])
    assert orders.unreported() == [("unheard", "refused")]


def test_an_order_whose_time_has_no_zone_is_left_aside(home: Home) -> None:
    orders, now = orders_of(home), datetime(2026, 11, 1, tzinfo=UTC)
    naive = replace(order("o1"), created=now.replace(tzinfo=None))
    orders.keep([sign_order(naive, KEY), sign_order(order("o2"), KEY)])
    assert [one.order_id for one in orders.in_state("open")] == ["o2"]
