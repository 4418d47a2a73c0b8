"""The steps of a conversation that starts, sets up or reads a sensor, and the answers that the radio gives back.

The packets room writes conversations (it knows the protocols), the radio room holds them (it has the connection).
A conversation is a generator: it yields a step and is sent the answer. A step that fails is thrown into it as a
LinkError; a conversation that gets a refusal raises LinkError itself.

Every value that is read or notified in a conversation also goes on as a Notification, so that a recording holds all
that a decoder needs.
"""

from collections.abc import Callable, Generator
from dataclasses import field
from enum import StrEnum
from typing import TypeVar

from coach.model.frozen import dataclass
from coach.model.links import SensorUse

BATTERY_LEVEL = "00002a19-0000-1000-8000-00805f9b34fb"


@dataclass(frozen=True, slots=True)
class Read:
    """Read a characteristic; its value is the answer, None where the sensor has no such characteristic."""

    characteristic: str


@dataclass(frozen=True, slots=True)
class Write:
    """Write a characteristic; the answer is b"". Clears what was heard before, starts the time of `Listen`."""

    characteristic: str
    payload: bytes
    with_response: bool = True


@dataclass(frozen=True, slots=True)
class Listen:
    """Wait for the next notification of a subscribed characteristic, at most `within_s` after the last Write.

    The answer is its payload, None once the time is over.
    """

    characteristic: str
    within_s: float = 3.0


@dataclass(frozen=True, slots=True)
class Pause:
    """Wait; the answer is b""."""

    seconds: float


Step = Read | Write | Listen | Pause
Outcome = TypeVar("Outcome")
Conversation = Generator[Step, bytes | None, Outcome]


def ask(
    write: Write, characteristic: str, is_answer: Callable[[bytes], bool], within_s: float = 3.0
) -> Conversation[bytes | None]:
    """Write, then the first notification of `characteristic` that `is_answer`; None if none came in time."""
    yield write
    while (heard := (yield Listen(characteristic, within_s))) is not None:
        if is_answer(heard):
            return heard
    return None


def say_nothing() -> Conversation[None]:
    """Take no step: a sensor that streams as soon as it is subscribed needs none."""
    yield from ()


class Carrier(StrEnum):
    """What brings a sensor's data here."""

    BLUETOOTH = "bluetooth"
    NETWORK = "network"
    ANT = "ant"


@dataclass(frozen=True, slots=True)
class Charge:
    """What a sensor says of its battery among its data. pct: None where it only says whether it is low."""

    pct: float | None
    is_low: bool


ReadCharge = Callable[[bytes], Charge | None]


@dataclass(frozen=True, slots=True)
class LinkPlan:
    """All the radio must know to run one sensor.

    subscribe: characteristics (128-bit UUIDs, lower case) to be notified of, in this order, before `start` is held.
    optional: the same for those a sensor may lack. needs_bond: pair first. stop: held before every disconnect of ours.
    battery: the characteristic that holds the charge as one byte of percent. read_charge: finds it among the data of a
    sensor that has no such characteristic.
    """

    use: SensorUse
    subscribe: tuple[str, ...]
    optional: tuple[str, ...] = ()
    start: Callable[[], Conversation[None]] = say_nothing
    stop: Callable[[], Conversation[None]] = say_nothing
    needs_bond: bool = False
    battery: str = BATTERY_LEVEL
    carrier: Carrier = Carrier.BLUETOOTH
    read_charge: ReadCharge | None = None


@dataclass(frozen=True, slots=True)
class SettingsReport:
    """What a sensor was set to, what it is set to now (as read back), and what to beware of.

    before, after: pairs of name and value in words ("rate", "208 Hz"). warnings: sentences; a default that would ruin
    the data, a setting that did not take, one that cannot be read back.
    """

    before: tuple[tuple[str, str], ...] = ()
    after: tuple[tuple[str, str], ...] = ()
    warnings: tuple[str, ...] = field(default=())
