"""Sensors that send over the network instead of the radio: a phone's page posts what it measures, in numbered packets.

A batch that is posted again, because its answer was lost on the way, counts once: packets have numbers, and those that
have been taken are left out. Several links may listen to one sensor.
"""

import contextlib
from collections.abc import Callable, Iterator, Sequence

from coach.errors import ConflictError, LinkError
from coach.model.frozen import dataclass

Receive = Callable[[bytes], None]


@dataclass(frozen=True, slots=True)
class ServedBatch:
    """Packets of one sensor in their order.

    sender: the visit of a page that sends. first: number of the first packet. is_beginning: no batch of this sender has
    been answered yet.
    """

    sender: str
    first: int
    packets: tuple[bytes, ...]
    is_beginning: bool = False


class ServedSensors:
    """Who sends and who listens; on the event loop only."""

    absent = "not_served"
    fault: LinkError | None = None

    def __init__(self) -> None:
        self._listeners: dict[str, list[Receive]] = {}
        self._senders: dict[str, tuple[str, int]] = {}  # who sends, and the number of the packet that is due

    @contextlib.contextmanager
    def listening(self, sensor_id: str, receive: Receive) -> Iterator[None]:
        """While inside, `receive` gets each packet of this sensor."""
        listeners = self._listeners.setdefault(sensor_id, [])
        listeners.append(receive)
        try:
            yield
        finally:
            listeners.remove(receive)

    def take(self, sensor_id: str, batch: ServedBatch) -> int:
        """Give the packets that are new to who listens; returns the number of the packet that is due next.

        A sender that begins takes over. One in its midst may go on where nobody is known: the service has been started.

        Raises:
            ConflictError: "other_sender": another page has taken over.
        """
        sender, due = self._senders.get(sensor_id, (batch.sender, batch.first))
        if batch.sender != sender:
            if not batch.is_beginning:
                raise ConflictError("other_sender", "another phone or page is the sensor now")
            due = batch.first
        fresh: Sequence[bytes] = batch.packets[max(due - batch.first, 0) :]
        due = max(due, batch.first + len(batch.packets))
        self._senders[sensor_id] = (batch.sender, due)
        for packet in fresh:
            for receive in tuple(self._listeners.get(sensor_id, ())):
                receive(packet)
        return due
