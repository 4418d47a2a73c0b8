"""A minute with one sensor as a report that its owner can send: listened to, checked against its profile, redacted.

A sensor that no profile knows is listened to on everything that it notifies: such a report is where a new profile
begins.
"""

import contextlib
import platform
from collections.abc import Awaitable, Mapping, Sequence
from importlib.metadata import version

from coach.errors import LinkError, PacketError, UserError
from coach.interchange.device_report import redacted
from coach.model.device_reports import Advertised, DeviceReport, GattService, Packet, StreamCounts
from coach.model.links import SensorUse
from coach.model.samples import Gap, ImuChunk, Notification
from coach.packets.ant_page import about_itself, names_itself
from coach.packets.commands import link_plan, read_settings, start, stop
from coach.packets.decoders import Decoder, decoder_for
from coach.radio.ant.air import is_ant, profile_of
from coach.radio.session import Session, again_where_paired, full_uuid
from coach.radio.talk import Wire
from coach.radio.words import PAIRED
from coach.service.event_loop import LoopThread
from coach.service.runs.finish_run import program_version
from coach.service.sensors.quality_check import RATE_SHARE
from coach.service.sensors.registry import LOST_SHARE
from coach.service.sensors.service import SensorService
from coach.service.sensors.states import expected_rate_hz
from coach.wall_clock import utc_now
from firmware_config.loader import find_profile, load_profile, load_profiles, named_sensors
from firmware_config.schema import DeviceProfile

KEPT_S = 15.0  # of packets: 200 kB of a shoe sensor at 208 Hz, enough for a test and small enough for a repository
_MOST_SET_UP_S = 120.0
_TEXTS = {"manufacturer": "2a29", "model": "2a24", "firmware": "2a26", "hardware": "2a27", "software": "2a28"}
_SERIAL = "2a25"
_SERVICE_CHANGED = full_uuid("2a05")  # of the attribute protocol itself
_POLL_S = 0.25


def report_on(
    sensors: SensorService,
    loop: LoopThread,
    sensor_id: str,
    profile_id: str | None = None,
    seconds: float = 60.0,
    keep_name: bool = False,
) -> DeviceReport:
    """Listen to the sensor for so long; it need not be paired.

    Raises:
        LinkError: it cannot be reached. UserError: a run is on, or it is of ANT+ and of another kind than the profile.
        ProfileError: there is no such profile.
    """
    chosen, own = load_profile(profile_id) if profile_id else None, profile_of(sensor_id)
    if chosen and own and chosen.id != own.id:
        raise UserError(f"{sensor_id} is of the profile {own.id}: leave the other one out")
    remembered = next((use for use in sensors.book.remembered() if use.sensor_id.lower() == sensor_id.lower()), None)
    advertised = loop.do(sensors.advertised(sensor_id), _MOST_SET_UP_S)
    profile = chosen or (load_profile(remembered.profile_id) if remembered else None)
    profile = own or profile or find_profile(advertised.name, advertised.services)
    use = remembered or SensorUse(sensor_id, advertised.name or sensor_id, profile.id if profile else "")
    minute = _Minute(sensors, use, profile, advertised, seconds)
    spending = minute.overhear() if is_ant(sensor_id) else again_where_paired(minute.spend)
    report = loop.do(spending, _MOST_SET_UP_S + seconds)
    prefixes = [prefix for known in load_profiles().values() for prefix in known.find.name_prefixes]
    prefixes += [f.name_prefix for known in load_profiles().values() for f in known.treadmill_faults]
    prefixes += [prefix for one in named_sensors() for prefix in one.name_prefixes]
    prefixes += [known.title for known in load_profiles().values() if known.find.ant_device_type]
    return redacted(report, sensor_id, minute.serial, prefixes, keep_name)


class _Minute:
    """One connection, from which the report is made."""

    def __init__(
        self,
        sensors: SensorService,
        use: SensorUse,
        profile: DeviceProfile | None,
        advertised: Advertised,
        seconds: float,
    ) -> None:
        self._sensors = sensors
        self._clock = sensors.clock
        self._use = use
        self._profile = profile
        self._advertised = advertised
        self._seconds = seconds
        self._decoder: Decoder | None = decoder_for(profile, use) if profile else None
        self._began_s = 0.0
        self._packets: list[Packet] = []
        self._times_s: list[float] = []
        self._problems: list[str] = []
        self.serial: str | None = None

    async def spend(self) -> DeviceReport:
        needs_bond = self._profile.needs_bond if self._profile else False
        for noted in (self._packets, self._times_s, self._problems):
            noted.clear()  # of a connection that was given up because it had just been paired
        async with self._sensors.visit(self._use, needs_bond, self._receive) as session:
            self._began_s = self._clock()
            wire = session.wire
            services = wire.services()
            information = {name: text for name, short in _TEXTS.items() if (text := await _text(wire, short))}
            self.serial = await _text(wire, _SERIAL)
            settings = await self._set_up(wire)
            await session.settled()
            listened_s = await self._listen(session)
            mtu = wire.mtu  # by now the systems have agreed on it
            if self._profile and not session.lost.is_set():
                with contextlib.suppress(LinkError):
                    await wire.hold(stop(self._profile, self._use))
        return self._report(services, information, settings, mtu, listened_s)

    async def overhear(self) -> DeviceReport:
        """Make the report of a sensor of ANT+, which only sends. Pages that hold its serial number are not kept."""
        self._began_s = self._clock()
        is_strap = self._profile is not None and self._profile.kind == "heart_rate"
        information: dict[str, str] = {}

        def receive(notification: Notification) -> None:
            information.update(about_itself(notification.payload, is_strap))
            if not names_itself(notification.payload, is_strap):
                self._receive(notification)

        await self._sensors.overhear(self._use, self._seconds, receive)
        return self._report((), information, (), None, self._seconds)

    def _report(
        self,
        services: tuple[GattService, ...],
        information: Mapping[str, str],
        settings: tuple[tuple[str, str], ...],
        mtu: int | None,
        listened_s: float,
    ) -> DeviceReport:
        counts = self._counts()
        if self._profile and counts:
            self._problems += misfits(self._profile, services, counts)
        return DeviceReport(
            program=program_version(),
            system=f"{platform.system()} {platform.release()}, Python {platform.python_version()}, "
            f"bleak {version('bleak')}",
            made_on=utc_now().date().isoformat(),
            profile_id=self._profile.id if self._profile else None,
            advertised=self._advertised,
            services=services,
            information=information,
            settings=settings,
            mtu=mtu,
            seconds=round(listened_s, 1),
            counts=counts,
            problems=tuple(self._problems),
            kept_s=KEPT_S,
            packets=tuple(self._packets),
        )

    async def _set_up(self, wire: Wire) -> tuple[tuple[str, str], ...]:
        """Subscribe and start; gives the settings that the sensor reports. What fails is a problem, not the end."""
        if self._profile is None:
            for uuid in [c.uuid for service in wire.services() for c in service.characteristics]:
                if wire.can_notify(uuid):
                    await self._try(wire.subscribe(uuid))
            return ()
        plan = link_plan(self._profile, self._use)
        for uuid in (*plan.subscribe, *plan.optional):
            if wire.can_notify(uuid):
                await self._try(wire.subscribe(uuid))
        settings: tuple[tuple[str, str], ...] = ()
        try:
            found = await wire.hold(read_settings(self._profile, self._use))
            settings = found.after
            self._problems += found.warnings
        except LinkError as error:
            self._note(error, "settings: ")
        await self._try(wire.hold(start(self._profile, self._use)))
        return settings

    async def _try(self, work: Awaitable[None]) -> None:
        try:
            await work
        except LinkError as error:
            self._note(error)

    def _note(self, error: LinkError, what: str = "") -> None:
        if error.reason == PAIRED:
            raise error
        self._problems.append(f"{what}{error}")

    async def _listen(self, session: Session) -> float:
        began_s = self._clock()
        while (listened_s := self._clock() - began_s) < self._seconds:
            if session.lost.is_set():
                self._problems.append(f"the connection ended after {listened_s:.0f} s")
                break
            await self._clock.sleep(_POLL_S)
        return listened_s

    def _receive(self, notification: Notification) -> None:
        t_s = notification.t_s - self._began_s
        if t_s <= KEPT_S and notification.characteristic != full_uuid(_SERIAL):
            self._packets.append(Packet(round(t_s, 4), notification.characteristic, notification.payload.hex()))
        if self._decoder is None:
            return
        with contextlib.suppress(PacketError):  # counted by the decoder
            for sample in self._decoder.feed(notification):
                if not isinstance(sample, ImuChunk | Gap):
                    self._times_s.append(sample.t_s)

    def _counts(self) -> StreamCounts | None:
        if self._decoder is None or self._profile is None:
            return None
        found = self._decoder.report()
        rate_hz = found.rate_hz
        if rate_hz is None and len(self._times_s) > 2:
            rate_hz = (len(self._times_s) - 1) / max(self._times_s[-1] - self._times_s[0], 1e-3)
        expected = expected_rate_hz(self._profile, self._use)
        return StreamCounts(
            found.n_notifications,
            found.n_samples,
            found.n_bad_packets,
            found.n_duplicates,
            found.n_missing,
            found.n_clipped,
            found.n_odd_packets,
            None if rate_hz is None else round(rate_hz, 2),
            expected,
        )


async def _text(wire: Wire, short: str) -> str | None:
    with contextlib.suppress(LinkError):
        value = await wire.read(full_uuid(short))
        return value.decode(errors="replace").strip("\0 ") if value else None
    return None


def misfits(profile: DeviceProfile, services: Sequence[GattService], counts: StreamCounts) -> list[str]:
    """Return what of a sensor does not fit its profile, in words; none: it does."""
    listed = {c.uuid: c for service in services for c in service.characteristics}
    found = [
        f"the sensor lacks {c.name} ({c.uuid}), which its profile needs"
        for service in profile.services
        for c in service.characteristics
        if service.is_required and c.is_required and c.uuid not in listed and profile.is_bluetooth
    ]
    known = profile.characteristics()
    found += [
        f"the sensor notifies on {uuid}, which its profile does not know"
        for uuid, c in listed.items()
        if uuid not in known and uuid != _SERVICE_CHANGED and {"notify", "indicate"} & set(c.properties)
    ]
    if not counts.n_samples:
        found.append(f"no reading came out of {counts.n_notifications} notifications")
    if counts.n_bad_packets:
        found.append(f"{counts.n_bad_packets} packets do not fit the protocol")
    if counts.n_odd_packets:
        found.append(f"{counts.n_odd_packets} packets are longer or shorter than their flags announce")
    if counts.rate_hz and counts.expected_rate_hz and counts.rate_hz < (1 - RATE_SHARE) * counts.expected_rate_hz:
        found.append(f"{counts.rate_hz:.1f} readings a second instead of {counts.expected_rate_hz:.0f}")
    if counts.n_missing > LOST_SHARE * counts.n_samples:
        found.append(f"{counts.n_missing} readings were lost beside {counts.n_samples}")
    return found
