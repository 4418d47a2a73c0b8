"""Make the decoder of a sensor from its profile and use; every byte of a notification is accounted for."""

from collections.abc import Sequence

from coach.errors import PacketError
from coach.model.links import SensorUse
from coach.model.samples import CadenceDecision, Notification, Sample, StreamReport
from coach.packets.cadence import CadenceResolver, known_by_name
from coach.packets.chunks import joined
from coach.packets.formats import SharedReading
from coach.packets.one_packet import decode_payload
from coach.packets.registry import format_named
from coach.packets.stream import Tally
from firmware_config.schema import DeviceProfile

__all__ = ["Decoder", "decode_payload", "decoder_for"]


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
        """Samples that this notification completes; raises PacketError where its bytes do not fit."""
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
        """Samples of several notifications, oldest first, and the faults of those that do not fit.

        Motion chunks that follow on one another come as one: how a stream is cut means nothing.
        """
        samples: list[Sample] = []
        faults: list[PacketError] = []
        k = 0
        while k < len(notifications):
            n, found = self._read_ahead(notifications, k)
            k += n
            if n:
                samples += found
                continue
            try:
                samples += self.feed(notifications[k])
            except PacketError as fault:
                faults.append(fault)
            k += 1
        return joined(samples), faults

    def _read_ahead(self, notifications: Sequence[Notification], start: int) -> tuple[int, list[Sample]]:
        """What the format reads at once; all of it is of one characteristic."""
        uuid = notifications[start].characteristic
        ahead = self._ahead.get(uuid)
        if ahead is None or start + 1 == len(notifications):
            return 0, []
        end = next((k for k in range(start, len(notifications)) if notifications[k].characteristic != uuid), None)
        n, samples = ahead(notifications if end is None else notifications[:end], start)
        if n:
            self._tally.n_notifications += n if uuid in self._data else 0
            self._tally.last_s = notifications[start + n - 1].t_s
        return n, samples

    @property
    def cadence(self) -> CadenceDecision | None:
        """Whether a running pod counts steps or strides, and why; None for every other sensor."""
        return self._resolver.decision if self._counts_steps else None

    def measured_cadence(self, cadence_spm: float | None) -> None:
        """The step rate that motion sensors of our own find now: settles what a running pod counts."""
        self._shared.measured_spm = cadence_spm

    def count_by(self, cadence_unit: str | None) -> None:
        """The runner's word on what a running pod counts, "steps" or "strides"; None: the data decide."""
        self._resolver.set_unit(cadence_unit)

    def report(self) -> StreamReport:
        """What became of the bytes so far. n_notifications: of data characteristics; n_samples: readings in them."""
        tally = self._tally
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


def decoder_for(profile: DeviceProfile, use: SensorUse) -> Decoder:
    """The decoder of one sensor in one run."""
    return Decoder(profile, use)
