"""The orders of a clinic as the runner's side keeps them: read, answered by the runner, and only then carried out."""

import logging
import threading
from collections.abc import Collection, Iterable
from typing import Final

from coach.errors import InterchangeError, UserError
from coach.model.documents import JsonObject
from coach.model.strength import Track
from coach.seal.events import Order, OrderKind, read_order
from coach.service.runner import RunnerService
from coach.service.strength.plans import StrengthService
from coach.storage.store import Store

_log: Final = logging.getLogger(__name__)
_MOST: Final = 200  # orders that are remembered after they are done with; by judgement


class ClinicOrders:
    """The orders kept in a store, under the settings `key`; link: of the settings with the clinic's key and the
    runner's pseudonym. Thread-safe."""

    def __init__(self, store: Store, key: str, link: str, runner: RunnerService, plans: StrengthService) -> None:
        self._store = store
        self._key = key
        self._link = link
        self._runner = runner
        self._plans = plans
        self._answering = threading.Lock()  # held while the rows are read and written again

    def answer(self, order_id: str, is_accepted: bool) -> Order:
        """Accept or refuse an order; only then it changes anything.

        Raises:
            UserError: there is no such order, or what it asks for cannot be.
        """
        with self._answering:
            rows = self._rows()
            row = next((one for one in rows if one["document"].get("order_id") == order_id), None)
            if row is None or row["state"] != "open":
                raise UserError("this order was answered already, or there is none")
            order = self._read(row["document"])
            if is_accepted:
                self._do(order)
            row["state"] = "accepted" if is_accepted else "refused"
            self._store.settings.put(self._key, rows)
        return order

    def keep(self, documents: Iterable[object]) -> None:
        """Add orders that are new here. Rows are read now: the runner may have answered while the clinic did."""
        with self._answering:
            rows = self._rows()
            known = {row["document"]["order_id"] for row in rows}
            listed = set[str]()
            for document in documents:
                try:
                    order = self._read(document)
                except InterchangeError as error:
                    _log.warning("an order of the clinic is left aside: %s", error)
                    continue
                listed.add(order.order_id)
                if order.order_id not in known:
                    rows.append({"document": document, "state": "open", "is_reported": False})
                    known.add(order.order_id)
            self._store.settings.put(self._key, _kept(rows, listed))

    def in_state(self, state: str) -> list[Order]:
        """Return the orders that are "open", "accepted" or "refused"."""
        return [self._read(row["document"]) for row in self._rows() if row["state"] == state]

    def unreported(self) -> list[tuple[str, str]]:
        """Return the id and state of each answer of which the clinic has not heard."""
        answered = (row for row in self._rows() if row["state"] in ("accepted", "refused") and not row["is_reported"])
        return [(row["document"]["order_id"], row["state"]) for row in answered]

    def mark_reported(self, order_id: str) -> None:
        """Note that the clinic has received the runner's answer to an order."""
        with self._answering:
            rows = self._rows()
            changed = [
                {**row, "is_reported": row["is_reported"] or row["document"]["order_id"] == order_id} for row in rows
            ]
            self._store.settings.put(self._key, changed)

    def _do(self, order: Order) -> None:
        if order.kind is OrderKind.SEEN:
            self._runner.answer_red_flags([], order.day)
        elif order.kind is OrderKind.PLAN_CHANGED:
            self._plans.change(track=Track(order.track))

    def _rows(self) -> list[JsonObject]:
        return list(self._store.settings.get(self._key, []))

    def _read(self, document: object) -> Order:
        link = self._store.settings.get(self._link, {})
        return read_order(document, link["clinic_key"], link["pseudonym"])


def _kept(rows: list[JsonObject], listed: Collection[str]) -> list[JsonObject]:
    """Return the rows without the oldest of more than so many, where neither the runner nor the clinic needs them.

    An order that waits for an answer stays, an answer that the clinic has not heard, and what the clinic still lists:
    forgotten, it would come again as a new one.
    """
    n_over, kept = len(rows) - _MOST, list[JsonObject]()
    for row in rows:
        if n_over > 0 and row["is_reported"] and row["document"]["order_id"] not in listed:
            n_over -= 1
        else:
            kept.append(row)
    return kept
