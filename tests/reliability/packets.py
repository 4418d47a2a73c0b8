"""Flipped and cut packets that became plausible numbers, by profile, held against the untouched packet.

Every golden packet of a data characteristic with each of its bits flipped, and cut at each length, is decoded as it
came. What is refused, reads the same, or gives a number that no runner has, misleads nobody; the rest is counted.
"""

import math
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from coach.errors import PacketError
from coach.packets.registry import decode_payload
from firmware_config.loader import load_profile
from firmware_config.schema import full_uuid
from tests.coach.packets.golden import PACKETS, Golden

# What a body can do, with room: beyond it a number is no runner's. By judgement, from the ranges of the sensors known
# here (16 g and 2,000 deg/s; a gyroscope of some goes to 4,000) and the world records of running.
BOUNDS: Final = {
    "speed_mps": (0.0, 12.5),
    "cadence_spm": (0.0, 300.0),
    "raw_cadence_per_min": (0.0, 255.0),
    "heart_rate_bpm": (25.0, 240.0),
    "stride_length_m": (0.2, 6.0),
    "contact_time_s": (0.05, 1.0),
    "incline_pct": (-40.0, 40.0),
    "acc_mps2": (-160.0, 160.0),
    "gyr_radps": (-70.0, 70.0),
}


@dataclass(slots=True)
class Count:
    """Of one profile and one kind of damage. n_misled: plausible numbers that are not those of the untouched packet."""

    n_tried: int = 0
    n_refused: int = 0
    n_same: int = 0
    n_implausible: int = 0
    n_misled: int = 0


def damaged(payload: bytes) -> Iterator[tuple[str, bytes]]:
    """Each single bit flipped; each shorter packet."""
    for bit in range(8 * len(payload)):
        bent = bytearray(payload)
        bent[bit // 8] ^= 1 << bit % 8
        yield "flipped", bytes(bent)
    for length in range(len(payload)):
        yield "cut", payload[:length]


def measure() -> dict[str, dict[str, Count]]:
    """Counts by profile and kind of damage."""
    counts: dict[str, dict[str, Count]] = defaultdict(lambda: {"flipped": Count(), "cut": Count()})
    for golden in PACKETS:
        if not _is_data(golden):
            continue
        wanted = decode_payload(golden.profile, golden.payload, golden.characteristic)
        for kind, payload in damaged(golden.payload):
            count = counts[golden.profile][kind]
            count.n_tried += 1
            try:
                found = decode_payload(golden.profile, payload, golden.characteristic)
            except PacketError:
                count.n_refused += 1
                continue
            if _same(wanted, found):
                count.n_same += 1
            elif _plausible(found):
                count.n_misled += 1
            else:
                count.n_implausible += 1
    return counts


def lines() -> Iterator[str]:
    """The counts as rows in Markdown."""
    for profile, kinds in sorted(measure().items()):
        for kind, n in kinds.items():
            share = f"{n.n_misled} ({100 * n.n_misled / max(1, n.n_tried):.0f} %)"
            yield f"| {profile}, {kind} | {n.n_tried} | {n.n_refused} | {n.n_same} | {n.n_implausible} | {share} |"


def _is_data(golden: Golden) -> bool:
    data = {one.uuid for one in load_profile(golden.profile).with_role("data")}
    return golden.characteristic is None or full_uuid(golden.characteristic) in data


def _leaves(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _leaves(str(key), item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _leaves(name, item)
    else:
        yield name, value


def _same(wanted: list[dict[str, Any]], found: list[dict[str, Any]]) -> bool:
    """Whether all that is known in the found rows is as in the wanted ones: nothing misleads where less is known, nor
    where a list ends earlier."""
    for one, other in zip(wanted, found, strict=False):
        for name, value in other.items():
            leaves = list(_leaves(name, value))
            if value is not None and leaves != list(_leaves(name, one.get(name)))[: len(leaves)]:
                return False
    return len(found) <= len(wanted)


def _plausible(found: list[dict[str, Any]]) -> bool:
    for row in found:
        for name, value in _leaves("", row):
            low, high = BOUNDS.get(name, (-math.inf, math.inf))
            if isinstance(value, int | float) and not (math.isfinite(value) and low <= value <= high):
                return False
    return True
