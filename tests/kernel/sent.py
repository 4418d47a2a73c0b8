"""What a virtual sensor gave to the air, packet by packet, held against what is in the log of a run."""

from collections import Counter
from dataclasses import dataclass
from itertools import pairwise

from coach.radio.virtual.twin import SentCount, Twin


@dataclass(frozen=True, slots=True)
class Block:
    """Consecutive readings that a sensor gave to the air, none of whose packets was lost there."""

    first: int
    n_readings: int
    packets: tuple[int, ...]


class Sent(SentCount):
    """What a sensor gave to the air: each packet not lost there, by its hash and connection, and each block."""

    def __init__(self, twin: Twin) -> None:
        super().__init__()
        self.packets: list[tuple[int, int]] = []  # (connection, hash)
        self.blocks: list[Block] = []
        self._n_given = self._connection = 0
        self._send = twin._send
        twin.count = self
        twin._send = self._follow  # type: ignore[method-assign]  # all a twin sends goes through it
        twin.device.on("connection", self._connect)

    def packet(self, n_readings: int, is_lost: bool, first: int | None = None) -> None:
        super().packet(n_readings, is_lost, first)
        if not is_lost and first is not None:
            self.blocks.append(Block(first, n_readings, tuple(h for _, h in self.packets[self._n_given :])))
        self._n_given = len(self.packets)

    def _connect(self, _connection: object) -> None:
        self._connection += 1

    def _follow(self, characteristic: object, payload: bytes) -> None:
        before = self.n_sent
        self._send(characteristic, payload)  # type: ignore[arg-type]  # it is what the twin itself gives
        self.packets += [(self._connection, hash(payload))] * (self.n_sent - before)

    def against(self, logged: Counter[int]) -> dict[str, object]:
        """What of it is in the log. Packets beyond the first and last logged one of their connection came while nobody
        listened: when it was being made, or ended."""
        left, found = Counter(logged), []
        for connection, packet in self.packets:
            found.append((connection, left[packet] > 0))
            left[packet] -= left[packet] > 0
        heard: dict[int, tuple[int, int]] = {}
        for at, (connection, is_logged) in enumerate(found):
            if is_logged:
                heard[connection] = (heard.get(connection, (at, at))[0], at)
        is_lost = [not is_in and heard.get(c, (0, -1))[0] < at < heard.get(c, (0, -1))[1]
                   for at, (c, is_in) in enumerate(found)]  # fmt: skip
        sent = Counter(packet for _, packet in self.packets)
        blocks = [b for b in self.blocks if all(logged[p] for p in b.packets)]
        n_got = sum(b.n_readings for b in blocks)
        span = blocks[-1].first + blocks[-1].n_readings - blocks[0].first if blocks else 0
        return {
            "n_sent": self.n_sent,
            "n_lost_in_air": self.n_lost,
            "n_logged": sum(is_in for _, is_in in found),
            "n_lost": sum(is_lost),
            "n_twice": sum(n for packet, n in left.items() if sent[packet]),
            "n_connections": self._connection,
            "n_true_missing": span - n_got if blocks else None,
            "holes": [n for a, b in pairwise(blocks) if (n := b.first - a.first - a.n_readings) > 0],
        }
