"""Orders of a clinic as the runner's coach keeps them: each once, whatever the clinic sends."""

from datetime import UTC, date, datetime
from pathlib import Path

from coach.seal.events import Order, OrderKind, sign_order
from coach.seal.signing import public_key_of
from coach.service.clinic.orders import ClinicOrders
from tests.support.clinic import Home

KEY = bytes(range(32))


def test_an_order_that_comes_twice_at_once_is_kept_and_answered_once(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.store.settings.put("link", {"clinic_key": public_key_of(KEY), "pseudonym": "sub-1"})
    orders = ClinicOrders(home.store, "orders", "link", home.runner, home.strength.plans)
    order = Order("o1", OrderKind.SEEN, "sub-1", datetime(2026, 11, 1, tzinfo=UTC), day=date(2026, 11, 1))
    document = sign_order(order, KEY)
    orders.keep([document, document])
    assert orders.in_state("open") == [order]
    orders.answer("o1", is_accepted=False)
    orders.keep([document])
    assert not orders.in_state("open")
    assert orders.unreported() == [("o1", "refused")]
    home.store.close()
