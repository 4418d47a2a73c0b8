"""Make the decoder of a sensor from its profile and use; every byte of a notification is accounted for.

Neighbouring motion chunks of one sensor are joined: fewer, larger arrays cost less.
"""

from bisect import bisect_right
from collections.abc import Sequence
from itertools import groupby, takewhile
from typing import Final

from coach.errors import PacketError
from coach.model.arrays import np
from coach.model.links import SensorUse
from coach.model.samples import CadenceDecision, ImuChunk, Notification, Sample, StreamReport
from coach.packets.cadence import CadenceResolver, known_by_name
from coach.packets.formats import SharedReading
from coach.packets.registry import format_named
from coach.packets.stream import Tally
from firmware_config.schema import DeviceProfile

# Notifications read together: more gain nothing, and what follows an odd one is read again.
_MOST_AHEAD: Final = 512


class Decoder:
    """Reads all characteristics of one sensor.

    Each `feed` may raise PacketError for its packet; the decoder stays usable. Values that were read (features,
    ranges, charge) are fed like notifications. Unknown characteristics give nothing.
    """

    def __init__(self, profile: DeviceProfile, use: SensorUse) -> None:
        self._profile = profile
        self._use = use
        self._tally = Tally()
        self._resolver = CadenceResolver(use.cadence_unit, known_by_name(use.name, profile.cadence_units))
        self._shared = SharedReading(profile, use, self._tally, self._resolver)
        found = profile.characteristics().values()
        self._counts_steps = any(c.decoder == "running_speed" for c in found)
        self._data = {c.uuid for c in found if c.role == "data"}
        formats = {c.uuid: format_named(c.decoder) for c in found if c.decoder}
        self._readers = {uuid: one.reader(self._shared) for uuid, one in formats.items()}
        self._ahead = {uuid: one.ahead(self._shared) for uuid, one in formats.items() if one.ahead}

    def feed(self, notification: Notification) -> list[Sample]:
        """Return the samples that this notification completes; raises PacketError where its bytes do not fit."""
        uuid = notification.characteristic.lower()
        if uuid in self._data:
            self._tally.n_notifications += 1
        reader = self._readers.get(uuid)
        if reader is None:
            return []
        try:
            samples = reader(notification.payload, notification.t_s)
        except PacketError as error:
            self._tally.n_bad_packets += 1
            self._tally.last_error = str(error)
            raise
        if samples and uuid in self._data:
            self._tally.last_s = notification.t_s
        return samples

    def feed_many(self, notifications: Sequence[Notification]) -> tuple[list[Sample], list[PacketError]]:
        """Return the samples of several notifications, oldest first, and the faults of those that do not fit.

        Motion chunks that follow on one another come as one: how a stream is cut means nothing.
        """
        return self.feed_parts(notifications, [len(notifications)])[0]

    def feed_parts(
        self, notifications: Sequence[Notification], ends: Sequence[int]
    ) -> list[tuple[list[Sample], list[PacketError]]]:
        """Return what `feed_many` gives of notifications[: ends[0]], then of [ends[0] : ends[1]] and so on,
        read together.

        ends: rising, the last one the number of notifications. What two parts share belongs to the later one.
        """
        parts: list[tuple[list[Sample], list[PacketError]]] = [([], []) for _ in ends]
        k = part = 0
        while k < len(notifications):
            while ends[part] <= k:
                part += 1
            packet_ends, chunks = self._read_ahead(notifications, k)
            for chunk in chunks:
                _share_out(chunk, packet_ends, ends, part, parts)
            if packet_ends:
                k = packet_ends[-1]
                continue
            try:
                parts[part][0].extend(self.feed(notifications[k]))
            except PacketError as fault:
                parts[part][1].append(fault)
            k += 1
        return [(joined(samples), faults) for samples, faults in parts]

    @property
    def reads_ahead(self) -> bool:
        """Whether decoding does not depend on other sensors: those of several ticks are read together."""
        return not self._counts_steps

    def _read_ahead(self, notifications: Sequence[Notification], start: int) -> tuple[list[int], list[ImuChunk]]:
        """Return what the format reads at once from `start` on: the end of each packet, and its readings;
        all of it is of one characteristic."""
        uuid = notifications[start].characteristic
        ahead = self._ahead.get(uuid)
        if ahead is None or start + 1 == len(notifications):
            return [], []
        next_ones = notifications[start : start + _MOST_AHEAD]
        if any(n.characteristic != uuid for n in next_ones):
            next_ones = list(takewhile(lambda n: n.characteristic == uuid, next_ones))
        ends, chunks = ahead(next_ones)
        if ends:
            self._tally.n_notifications += ends[-1] if uuid in self._data else 0
            self._tally.last_s = next_ones[ends[-1] - 1].t_s
        return [start + end for end in ends], chunks

    @property
    def cadence(self) -> CadenceDecision | None:
        """Whether a running pod counts steps or strides, and why; None for every other sensor."""
        return self._resolver.decision if self._counts_steps else None

    def measured_cadence(self, cadence_spm: float | None) -> None:
        """Take the step rate that motion sensors of our own find now: it settles what a running pod counts."""
        self._shared.measured_spm = cadence_spm

    def count_by(self, cadence_unit: str | None) -> None:
        """Take the runner's word on what a running pod counts, "steps" or "strides"; None: the data decide."""
        self._resolver.set_unit(cadence_unit)

    def report(self) -> StreamReport:
        """Return what became of the bytes so far. n_notifications: of data characteristics;
        n_samples: readings in them."""
        tally = self._tally
        tally.recount()
        return StreamReport(
            sensor_id=self._use.sensor_id,
            profile_id=self._profile.id,
            wear_site=self._use.wear_site,
            n_notifications=tally.n_notifications,
            n_samples=tally.n_samples,
            n_bad_packets=tally.n_bad_packets,
            n_duplicates=tally.n_duplicates,
            n_missing=tally.n_missing,
            n_clipped=tally.n_clipped,
            rate_hz=tally.rate_hz,
            gaps=tuple(tally.gaps),
            last_error=tally.last_error,
            cadence=self.cadence,
            n_odd_packets=tally.n_odd_packets,
            last_s=tally.last_s,
        )


def _share_out(
    chunk: ImuChunk,
    packet_ends: Sequence[int],
    ends: Sequence[int],
    part: int,
    parts: list[tuple[list[Sample], list[PacketError]]],
) -> None:
    """Give each part, from `part` on, the readings of the packets that end in it."""
    n_each, row = len(chunk.t_s) // len(packet_ends), 0
    while row < len(chunk.t_s):
        end = n_each * bisect_right(packet_ends, ends[part])
        if end > row:
            parts[part][0].append(rows_of(chunk, row, end))
            row = end
        part += 1


def decoder_for(profile: DeviceProfile, use: SensorUse) -> Decoder:
    """Return the decoder of one sensor in one run."""
    return Decoder(profile, use)


def joined(samples: list[Sample]) -> list[Sample]:
    """Join chunks that follow on one another, with nothing between them and alike in all but their readings."""
    if len(samples) < 2:
        return samples
    found: list[Sample] = []
    for is_motion, group in groupby(samples, key=_likeness):
        if is_motion is None:
            found += group
        else:
            found.append(_one([chunk for chunk in group if isinstance(chunk, ImuChunk)]))
    return found


def rows_of(chunk: ImuChunk, start: int, end: int) -> ImuChunk:
    """Return the readings start..end of a chunk, as a view; the chunk itself where that is all."""
    if start == 0 and end == len(chunk.t_s):
        return chunk
    return ImuChunk(
        chunk.wear_site,
        chunk.t_s[start:end],
        chunk.acc_mps2[start:end],
        None if chunk.gyr_radps is None else chunk.gyr_radps[start:end],
        chunk.acc_range_mps2,
        chunk.gyr_range_radps,
        chunk.rate_hz,
    )


def _likeness(sample: Sample) -> tuple[object, ...] | None:
    """Return what two chunks must share to become one; None for other samples."""
    if not isinstance(sample, ImuChunk):
        return None
    ranges = (sample.acc_range_mps2, sample.gyr_range_radps)
    return (sample.wear_site, sample.gyr_radps is None, *ranges, sample.rate_hz)


def _one(chunks: list[ImuChunk]) -> ImuChunk:
    first = chunks[0]
    if len(chunks) == 1:
        return first
    gyr = [chunk.gyr_radps for chunk in chunks if chunk.gyr_radps is not None]
    return ImuChunk(
        first.wear_site,
        np.concatenate([chunk.t_s for chunk in chunks]),
        np.concatenate([chunk.acc_mps2 for chunk in chunks]),
        np.concatenate(gyr) if gyr else None,
        first.acc_range_mps2,
        first.gyr_range_radps,
        first.rate_hz,
    )
