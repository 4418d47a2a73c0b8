"""A bad day: half an hour with 2 % lost packets, five dropouts and a sensor that dies. Every loss is counted exactly.

Runs on a loop whose time jumps: 30 simulated minutes in well under one, the same on every machine.
"""

from dataclasses import dataclass, field

import pytest

from coach.errors import PacketError
from coach.model.links import LinkEvent, LinkStatus, SensorUse
from coach.model.samples import Gap, HeartRateSample, ImuChunk, Notification, Sample
from coach.model.sites import WearSite
from coach.packets.commands import link_plan
from coach.packets.decoders import Decoder, decoder_for
from coach.radio.links import LinkSet, open_radio
from coach.radio.virtual.twin import Twin
from coach.radio.virtual.world import VirtualWorld
from firmware_config.loader import load_profile
from tests.support.radio import SwingingBody, run_jumping, until

MINUTE_S = 60.0
BLANK_S = 3.0


@dataclass
class Wearer:
    """One sensor's decoder, and its outcome."""

    use: SensorUse
    twin: Twin
    decoder: Decoder
    status: LinkStatus = LinkStatus.CONNECTING
    events: list[LinkEvent] = field(default_factory=list)
    last_s: float = 0.0
    n_readings: int = 0
    n_missing: int = 0
    last_reading_s: float = -1.0
    n_faults: int = 0

    def take(self, samples: list[Sample], t_s: float) -> None:
        for sample in samples:
            if isinstance(sample, Gap):
                self.n_missing += sample.n_missing
            elif isinstance(sample, ImuChunk):
                assert sample.t_s[0] > self.last_reading_s, "a reading came twice or in the past"
                self.last_reading_s = float(sample.t_s[-1])
                self.n_readings += len(sample.t_s)
                self.last_s = t_s
            elif isinstance(sample, HeartRateSample) and self.use.wear_site is None:
                self.last_s = t_s
                self.n_readings += 1


class BadDay:
    """Two feet, chest and heart, from the first to the thirtieth minute."""

    def __init__(self) -> None:
        self.world = VirtualWorld(SwingingBody())
        self.clock = self.world.clock
        self.links = LinkSet(open_radio(self.world.backend, self.clock), self.receive, self.report)
        self.wearers: dict[str, Wearer] = {}
        feet = WearSite.LEFT_FOOT, WearSite.RIGHT_FOOT
        self.left = self._wear(self.world.add_movesense(feet[0], drift_ppm=20), "movesense", feet[0])
        self.right = self._wear(self.world.add_coach_board(feet[1], drift_ppm=-20), "coach_board", feet[1])
        self.chest = self._wear(self.world.add_polar_h10(drift_ppm=20), "polar_h10", WearSite.CHEST)
        self.heart = self._wear(self.world.add_heart_rate_strap(), "heart_rate", None)

    def _wear(self, twin: Twin, profile_id: str, site: WearSite | None) -> Wearer:
        twin.interval_s = 0.06
        settings = (("rate_hz", "104"),) if site and site.is_foot else (("rate_hz", "100"),)
        use = SensorUse(twin.sensor_id, twin.identity.name, profile_id, site, settings=settings)
        self.wearers[twin.sensor_id] = Wearer(use, twin, decoder_for(load_profile(profile_id), use))
        return self.wearers[twin.sensor_id]

    def receive(self, notification: Notification) -> None:
        wearer = self.wearers[notification.sensor_id]
        try:
            wearer.take(wearer.decoder.feed(notification), notification.t_s)
        except PacketError:
            wearer.n_faults += 1

    def report(self, event: LinkEvent) -> None:
        wearer = self.wearers[event.sensor_id]
        wearer.status = event.status
        wearer.events.append(event)

    async def watch(self, until_s: float) -> None:
        """Wait; at no time may a sensor pass for streaming whose last value is old."""
        while self.clock() < until_s:
            await self.clock.sleep(0.25)
            for wearer in self.wearers.values():
                if wearer.status is LinkStatus.STREAMING:
                    age_s = self.clock() - wearer.last_s
                    assert age_s < BLANK_S + 0.6, f"{wearer.twin.identity.name}: a value {age_s:.1f} s old"

    async def away(self, wearer: Wearer, seconds: float) -> None:
        self.world.go_away(wearer.twin.sensor_id)
        await self.watch(self.clock() + seconds)
        self.world.come_back(wearer.twin.sensor_id)

    async def live(self) -> None:
        await self.world.start()
        for wearer in self.wearers.values():
            self.links.add(link_plan(load_profile(wearer.use.profile_id), wearer.use))
        await until(lambda: all(w.status is LinkStatus.STREAMING for w in self.wearers.values()), self.clock)
        self.world.lose_packets(0.02, seed=7)
        await self.watch(4 * MINUTE_S)
        await self.world.drop(self.left.twin.sensor_id)
        await self.watch(8 * MINUTE_S)
        await self.away(self.right, 30)
        await self.watch(12 * MINUTE_S)
        await self.world.drop(self.chest.twin.sensor_id)
        await self.watch(16 * MINUTE_S)
        await self.away(self.left, 90)
        await self.watch(20 * MINUTE_S)
        await self.away(self.heart, 10)
        await self.watch(22 * MINUTE_S)
        self.world.die(self.heart.twin.sensor_id)
        await self.watch(29.9 * MINUTE_S)
        self.world.lose_packets(0.0)
        await self.watch(30 * MINUTE_S)
        self.world.lose_packets(1.0)  # what is sent while we hang up is heard by nobody
        await self.links.stop()
        await self.world.stop()

    def judge_counts(self) -> None:
        """What the decoders counted is what the sensors know they lost."""
        for wearer in (self.left, self.right, self.chest):
            truth, report = wearer.twin.count, wearer.decoder.report()
            n_mixed = getattr(wearer.twin, "n_mixed", 0)  # two halves of different packets: see Movesense
            assert wearer.n_readings == truth.n_readings - truth.n_lost_readings + 8 * n_mixed
            outages = [gap.n_missing for gap in report.gaps if gap.end_s - gap.start_s > 5]
            # Within a connection to the reading; over an outage the device's clock counts them to one in ten thousand.
            assert abs(report.n_missing + 8 * n_mixed - truth.n_missing) <= sum(-(-n // 10_000) for n in outages)
            assert report.n_missing == wearer.n_missing
            assert report.n_duplicates == 0
        count = self.heart.twin.count
        assert self.heart.n_readings == count.n_readings - count.n_lost_readings

    def judge_words(self) -> None:
        """Each loss was said, with its reason."""

        def n(wearer: Wearer, reason: str) -> int:
            return [event.reason for event in wearer.events].count(reason)

        assert (n(self.left, "dropped"), n(self.left, "out_of_range"), n(self.left, "streaming")) == (1, 1, 3)
        assert (n(self.right, "dropped"), n(self.right, "out_of_range"), n(self.right, "streaming")) == (0, 1, 2)
        assert (n(self.chest, "dropped"), n(self.chest, "out_of_range"), n(self.chest, "streaming")) == (1, 0, 2)
        assert n(self.heart, "out_of_range") == 2
        assert n(self.heart, "not_heard") > 10
        assert all(wearer.events[-1].status is LinkStatus.STOPPED for wearer in self.wearers.values())
        for wearer in (self.left, self.right, self.heart):
            reported = [event for event in wearer.events if event.reason in ("silent", "out_of_range")]
            assert [event.reason for event in reported[:2]] == ["silent", "out_of_range"]


@pytest.mark.slow
def test_half_an_hour_of_bad_luck_loses_nothing_but_what_was_lost() -> None:
    async def main() -> None:
        day = BadDay()
        await day.live()
        day.judge_counts()
        day.judge_words()

    run_jumping(main())
