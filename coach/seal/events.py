"""What runner and clinic say to each other beside runs: consent, orders, answers, each signed by who says it.

An order comes from a clinician: one of five fixed messages, or the date on which a clinician has looked at the warning
signs. It has no free text: a sentence about numbness that nobody reads at night would be a hazard, and what has no
words needs no deleting. The runner sees each order and accepts or refuses it; nothing is changed before that.
"""

from collections.abc import Iterable
from datetime import date, datetime
from enum import StrEnum
from typing import Final

from coach.errors import InterchangeError
from coach.model.documents import JsonObject
from coach.model.frozen import dataclass
from coach.seal.manifest import Scope
from coach.seal.signing import signed, verified

DOCUMENT: Final = "2026-11"  # version of the consent's text on page and command line


class OrderKind(StrEnum):
    """CALL_ME: ring the clinic. PLAN_CHANGED: another strength track. PAUSE_RUNNING: no running until a day.

    WELL_DONE. MILESTONE_DUE: a test is due. SEEN: a clinician has looked at the warning signs that were open.
    """

    CALL_ME = "call_me"
    PLAN_CHANGED = "plan_changed"
    PAUSE_RUNNING = "pause_running"
    WELL_DONE = "well_done"
    MILESTONE_DUE = "milestone_due"
    SEEN = "seen"


TRACKS: Final = ("ladder", "home", "gym")


@dataclass(frozen=True, slots=True)
class Order:
    """One order of a clinic. runner: the pseudonym that it is for. day: last day of a pause, or the day of a look at
    the signs; None for the others. track: of a changed plan; "" for the others."""

    order_id: str
    kind: OrderKind
    runner: str
    created: datetime
    day: date | None = None
    track: str = ""

    def __post_init__(self) -> None:
        """Raise ValueError where day or track do not fit the kind."""
        if (self.day is not None) != (self.kind in (OrderKind.PAUSE_RUNNING, OrderKind.SEEN)):
            raise ValueError(f"{self.kind.value} goes with a day: {self.day}")
        if (self.track in TRACKS) != (self.kind is OrderKind.PLAN_CHANGED) or (self.track and self.track not in TRACKS):
            raise ValueError(f"{self.kind.value} does not go with the track {self.track!r}")


def sign_order(order: Order, key: bytes) -> dict[str, object]:
    """Return the order as a document signed by the clinic's key."""
    fields = {
        "order_id": order.order_id,
        "order": order.kind.value,
        "runner": order.runner,
        "created": order.created.isoformat(),
        "day": order.day.isoformat() if order.day else None,
        "track": order.track,
    }
    return signed("order", fields, key)


def read_order(document: object, clinic_key: str, runner: str) -> Order:
    """Return an order of the clinic with this public key for the runner with this pseudonym.

    Raises:
        InterchangeError: it is another clinic's or another runner's, was changed, or says nothing that can be.
    """
    fields = verified("order", document)
    try:
        order = Order(
            str(fields["order_id"]),
            OrderKind(fields["order"]),
            str(fields["runner"]),
            _aware(fields["created"]),
            date.fromisoformat(fields["day"]) if fields["day"] else None,
            str(fields["track"]),
        )
    except (ValueError, KeyError, TypeError) as error:
        raise InterchangeError(f"this order cannot be read: {str(error)[:200]}") from error
    if fields["public_key"] != clinic_key or order.runner != runner:
        raise InterchangeError("this order is of another clinic, or for another runner")
    return order


def sign_consent(scopes: Iterable[Scope], at: datetime, key: bytes) -> dict[str, object]:
    """Return what the runner consents to from now on, as a document signed by the runner's key: both sides keep it."""
    fields = {"scopes": sorted(scope.value for scope in scopes), "at": at.isoformat(), "document": DOCUMENT}
    return signed("consent", fields, key)


def read_consent(document: object) -> tuple[frozenset[Scope], datetime, str]:
    """Return scopes, time and public key of a signed consent.

    Raises:
        InterchangeError: it was changed, or is none.
    """
    fields = verified("consent", document)
    try:
        return frozenset(Scope(scope) for scope in fields["scopes"]), _aware(fields["at"]), str(fields["public_key"])
    except (ValueError, KeyError, TypeError) as error:
        raise InterchangeError(f"this consent cannot be read: {str(error)[:200]}") from error


def request_of(method: str, path: str, at: datetime, body_sha256: str, key: bytes) -> dict[str, object]:
    """Return what goes with each request of a runner's coach, so that the clinic knows whose it is."""
    return signed("request", {"method": method, "path": path, "at": at.isoformat(), "body_sha256": body_sha256}, key)


def read_request(document: object) -> JsonObject:
    """Return method, path, at (aware), body_sha256 and public_key of a signed request.

    Raises:
        InterchangeError: it was changed, or is none.
    """
    fields = verified("request", document)
    try:
        return {**fields, "at": _aware(fields["at"]), "body_sha256": str(fields["body_sha256"])}
    except (ValueError, KeyError, TypeError) as error:
        raise InterchangeError(f"this request cannot be read: {str(error)[:200]}") from error


def _aware(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError("a time without a zone")
    return at
