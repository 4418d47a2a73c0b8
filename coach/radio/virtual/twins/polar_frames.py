"""Polar measurement frames as the sensors pack them: raw for the H10, delta-compressed for the Verity Sense.

Source: polar-ble-sdk, technical documentation "online measurement". Type, time of the last sample [ns since 2000],
frame type (bit 7: compressed), then samples; compressed: a reference sample, then blocks `<bits><count><deltas>`.
"""

import struct
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

Counts = npt.NDArray[np.int64]
_ROOM = 229


def frame_head(kind: int, last_ns: int, frame_type: int) -> bytes:
    """Return the head of a frame: kind of measurement, time of its last sample [ns since 2000], frame type."""
    return struct.pack("<BQB", kind, last_ns, frame_type)


def pack_deltas(deltas: Counts) -> bytes:
    """Return one block: the narrowest even width that holds them all; bits least significant first,
    channels interleaved."""
    largest = int(np.max(np.abs(deltas))) if deltas.size else 0
    width = max(2, largest.bit_length() + 1)
    width += width % 2
    bits = 0
    for number, delta in enumerate(deltas.ravel().tolist()):
        bits |= (delta & ((1 << width) - 1)) << (number * width)
    n_bytes = -(-width * deltas.size // 8)
    return bytes([width, len(deltas)]) + bits.to_bytes(n_bytes, "little")


class RawFrames:
    """Collects readings until a frame of `n_full` is complete."""

    def __init__(self, n_full: int = 36) -> None:
        self._n_full = n_full
        self._waiting: list[bytes] = []

    def add(self, counts: Counts) -> Iterator[bytes]:
        """Yield the sample bytes of a frame that these readings complete."""
        for reading in counts:
            self._waiting.append(reading.astype("<i2").tobytes())
            if len(self._waiting) == self._n_full:
                yield b"".join(self._waiting)
                self._waiting.clear()


class DeltaFrames:
    """Collects blocks until the next one would not fit: a still sensor fills a frame slowly, a moving one fast."""

    def __init__(self) -> None:
        self._body = b""
        self._last: Counts | None = None
        self.n_readings = 0

    def add(self, counts: Counts) -> Iterator[tuple[bytes, int]]:
        """Yield the sample bytes and number of readings of the frame that is full before these readings, if it is."""
        if self._last is not None:
            block = pack_deltas(np.diff(np.vstack([self._last, counts]), axis=0))
            if len(self._body) + len(block) <= _ROOM - 10:
                self._body += block
                self.n_readings += len(counts)
                self._last = counts[-1]
                return
            yield self._body, self.n_readings
        self._body = counts[0].astype("<i2").tobytes()
        if len(counts) > 1:
            self._body += pack_deltas(np.diff(counts, axis=0))
        self.n_readings = len(counts)
        self._last = counts[-1]
