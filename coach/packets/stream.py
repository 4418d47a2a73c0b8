"""Put motion readings of the device's clock on the host's clock, as chunks and gaps; every reading is accounted for."""

from collections import deque
from collections.abc import Sequence
from dataclasses import field, replace
from typing import Final, Protocol

from coach.errors import PacketError
from coach.model.arrays import np
from coach.model.frozen import dataclass
from coach.model.samples import FloatArray, Gap, ImuChunk, Sample
from coach.model.sites import WearSite
from coach.model.units import GRAVITY_MPS2, RADPS_PER_DPS
from coach.packets.clock import CRYSTAL, DeviceClock, LineLimits, LineUnder

_FULL_SCALE: Final = (
    0.998  # readings from here on are clipped: 1 LSB of 16 bits is 0.003 %, of scaled floats up to 0.1 %
)
_GAP: Final = 1.5  # sampling intervals, as `ImuChunk` says
_MAX_GAPS: Final = 1000  # kept in a report, the longest: an absence matters, a lost packet hardly; counting goes on
# Absences counted again at each report, the longest: an error of the pace counts in proportion. A stream needs a day of
# ever longer absences to have so many; chosen by judgement.
_MAX_UNSURE: Final = 100
_MEMORY: Final = 64  # packets remembered to know a duplicate
_BACK_S: Final = 2.0  # a clock that goes back by more than this restarted
# A gap no longer than this share of what was counted before it is counted to the reading, and so is part of the pace:
# times in whole milliseconds are off by 1 ms in all of it, a fiftieth of an interval in a tenth of it at 208 Hz.
_SURE_SHARE: Final = 0.1


# First device time and sampling interval of a packet, and `DeviceClock.step` of it.
Step = tuple[float, float, float, float, float, float, float]


@dataclass(slots=True, eq=False)
class Absence:
    """A gap whose count was not sure by what was known then.

    span_s: time between the readings around it, by the device's clock; by the computer's where that one restarted.
    Then line is that of the clock that began behind the gap, at its device time at_s, and delay_s the delay known then:
    a first packet that came late makes the gap too long until an earlier one shows it.
    """

    gap: Gap
    span_s: float
    line: LineUnder | None = None
    at_s: float = 0.0
    delay_s: float = 0.0

    def known_s(self) -> float:
        """Return the time between the readings around it as it is known now [s]."""
        late_s = 0.0 if self.line is None else max(0.0, self.delay_s - self.line.value(self.at_s))
        return max(0.0, self.span_s - late_s)


@dataclass(slots=True)
class Tally:
    """Counts of one sensor's stream while it runs.

    whole_s, whole_n: device time that was counted, and the sampling intervals in it. unsure: absences to be counted
    again, by what the stream shows since.
    """

    n_notifications: int = 0
    n_samples: int = 0
    n_bad_packets: int = 0
    n_duplicates: int = 0
    n_odd_packets: int = 0
    n_missing: int = 0
    n_clipped: int = 0
    rate_hz: float | None = None
    gaps: list[Gap] = field(default_factory=list)
    last_error: str | None = None
    last_s: float | None = None
    whole_s: float = 0.0
    whole_n: int = 0
    unsure: list[Absence] = field(default_factory=list)

    def missing_in(self, span_s: float) -> int:
        """Return the readings missing between two that are `span_s` of device time apart,
        by the pace of the whole stream."""
        return max(round(span_s * self.whole_n / self.whole_s) - 1, 1)

    def keep_unsure(self, absence: Absence) -> None:
        """Count an absence again at each report; of more than 100 the shortest keeps its present count."""
        self.unsure.append(absence)
        if len(self.unsure) > _MAX_UNSURE:
            shortest = min(self.unsure, key=lambda one: one.span_s)
            self._count_again(shortest)
            self.unsure.remove(shortest)

    def recount(self) -> None:
        """Count by what the stream showed since what was missing in absences.

        Six seconds in whole milliseconds say the pace to one in 6,000, and the minute's absence that follows holds
        12,500 readings; half an hour later the pace is known to one in a million.
        """
        for absence in self.unsure:
            self._count_again(absence)

    def _count_again(self, absence: Absence) -> None:
        gap, n_missing = absence.gap, self.missing_in(absence.known_s())
        if n_missing != gap.n_missing:
            absence.gap = replace(gap, n_missing=n_missing)
            self.n_missing += n_missing - gap.n_missing
            self.gaps = [absence.gap if kept is gap else kept for kept in self.gaps]


class PacketReader(Protocol):
    """Read the samples of one characteristic; raises PacketError and stays usable."""

    def feed(self, payload: bytes, t_s: float) -> list[Sample]:
        """Return the samples of a packet that arrived at `t_s` [s of the run]; none where it completes none.

        Raises:
            PacketError: the packet does not fit its protocol.
        """


class Duplicates:
    """Knows packets that came twice, by their whole content: for protocols whose packets carry time or number."""

    def __init__(self, tally: Tally) -> None:
        self._tally = tally
        self._seen: deque[bytes] = deque(maxlen=_MEMORY)

    def has(self, payload: bytes) -> bool:
        """Whether this very packet came lately; counts it if so, remembers it if not."""
        if payload in self._seen:
            self._tally.n_duplicates += 1
            return True
        self.remember(payload)
        return False

    def remember(self, *payloads: bytes) -> None:
        """Remember packets that are known to be new."""
        self._seen.extend(payloads)


@dataclass(frozen=True, slots=True)
class ImuStreamFacts:
    """Whose stream it is. Ranges in the units of data sheets; None: unknown."""

    sensor_id: str
    wear_site: WearSite
    rate_hz: float
    acc_range_g: float | None
    gyr_range_dps: float | None


class ImuStream:
    """One motion stream: make chunks and gaps of readings (n, 3) with the device time of the first.

    `interval_s` follows the device's own clock (sensors are off their nominal rate by a percent or two).
    """

    def __init__(self, facts: ImuStreamFacts, tally: Tally, limits: LineLimits = CRYSTAL) -> None:
        self._facts = facts
        self._tally = tally
        self._limits = limits
        self._clock = DeviceClock(limits)
        self._last: float | None = None
        self._last_host_s = 0.0
        self._last_arrival_s = 0.0
        self._begun_host_s: float | None = None
        self._pace: deque[tuple[float, int]] = deque(maxlen=_MEMORY)
        self._pace_s, self._pace_n = 0.0, 0  # sums of `_pace`
        self.interval_s = 1.0 / facts.rate_hz
        self.acc_range_mps2 = np.inf if facts.acc_range_g is None else facts.acc_range_g * GRAVITY_MPS2
        self.gyr_range_radps = np.inf if facts.gyr_range_dps is None else facts.gyr_range_dps * RADPS_PER_DPS

    def take(
        self,
        device_s: FloatArray,
        acc_mps2: FloatArray,
        gyr_radps: FloatArray | None,
        arrival_s: float,
        payload: bytes,
        newest_s: float | None = None,
    ) -> list[Sample]:
        """Return the readings with their device times (n,), rising, of the packet that came at `arrival_s`.

        newest_s: device time of the newest reading in that packet, where it is not the last of `device_s`.

        Raises:
            PacketError: the device's clock went back a little (a restart goes back by more), or a reading is no number.
        """
        if not np.isfinite(acc_mps2).any(axis=1).all() or (gyr_radps is not None and not np.isfinite(gyr_radps).all()):
            raise PacketError("a reading is not a number", payload)
        first, line = float(device_s[0]), self._clock.line
        if self._last is not None and first - self._last <= 0.25 * self.interval_s:
            self._judge_step_back(first - self._last, arrival_s, payload)
        has_restarted = self._clock.observe(float(device_s[-1]) if newest_s is None else newest_s, arrival_s)
        host_s = self._clock.to_host(device_s)
        gaps = self._gap(first, float(host_s[0]), line if has_restarted else None)
        self._last, self._last_host_s, self._last_arrival_s = float(device_s[-1]), float(host_s[-1]), arrival_s
        self._count(acc_mps2, gyr_radps)
        self._measure_rate(float(host_s[0]))
        return [*gaps, self._chunk(host_s, acc_mps2, gyr_radps)]

    def follow(
        self, first_s: Sequence[float], arrival_s: Sequence[float], n: int, before: tuple[float, int]
    ) -> list[Step]:
        """Move time on by packets of `n` readings each; `take_steps` gives the readings their times.

        It ends before the first packet that does not follow on the one before it without gap, step back or jump of the
        device's clock: within 0.4 intervals of its due time, since the sampling interval that `follow_pace` learns from
        it moves alike, so that `take` cannot see a gap (1.5 intervals) or a step back (0.25) in it.

        Args:
            first_s: device time of the first reading of each.
            arrival_s: when each came.
            before: the first reading's device time and the number of readings of the packet that was read last.
        """
        steps: list[Step] = []
        last_s = self._last
        if last_s is None:
            return steps
        clock, (begun_s, n_before) = self._clock, before
        for first, arrival in zip(first_s, arrival_s, strict=True):
            interval_s, elapsed_s = self.interval_s, first - begun_s
            most_s = 0.4 * interval_s
            if abs(elapsed_s - n_before * interval_s) >= most_s or abs(first - last_s - interval_s) >= most_s:
                break
            if not clock.is_usual(first + interval_s * (n - 1), arrival):
                break
            self.follow_pace(elapsed_s, n_before)
            interval_s = self.interval_s
            last_s = first + interval_s * (n - 1)
            clock.observe(last_s, arrival)
            steps.append((first, interval_s, *clock.step(first, last_s)))
            begun_s, n_before = first, n
        if steps:
            self._last, self._last_arrival_s = last_s, arrival_s[len(steps) - 1]
        return steps

    def take_steps(self, steps: Sequence[Step], acc_mps2: FloatArray, gyr_radps: FloatArray) -> ImuChunk:
        """Return the readings (m, 3) of packets that `follow` took, as one chunk; all are numbers."""
        first, interval, at, before, gain, span, push = (column[:, None] for column in np.array(steps).T)
        device_s = first + interval * np.arange(len(acc_mps2) // len(steps), dtype=np.float64)
        host_s = (device_s + (before + gain * (device_s - at) / span) + push).ravel()
        self._last_host_s = float(host_s[-1])
        self._count(acc_mps2, gyr_radps)
        self._measure_rate(float(host_s[0]))
        return self._chunk(host_s, acc_mps2, gyr_radps)

    def _chunk(self, host_s: FloatArray, acc_mps2: FloatArray, gyr_radps: FloatArray | None) -> ImuChunk:
        return ImuChunk(
            wear_site=self._facts.wear_site,
            t_s=host_s,
            acc_mps2=acc_mps2,
            gyr_radps=gyr_radps,
            acc_range_mps2=self.acc_range_mps2,
            gyr_range_radps=self.gyr_range_radps,
            rate_hz=self._facts.rate_hz,
        )

    def _judge_step_back(self, step_s: float, arrival_s: float, payload: bytes) -> None:
        """Judge time that goes back: far, or after a silence, it is that of a sensor that restarted;
        else the packet is wrong."""
        if step_s > -_BACK_S and arrival_s - self._last_arrival_s < _BACK_S:
            raise PacketError("the sensor's time went back", payload)
        self._clock.restart()

    def set_rate(self, rate_hz: float) -> bool:
        """Take the rate that the sensor reported; whether it is another than before."""
        if rate_hz == self._facts.rate_hz:
            return False
        self._facts = replace(self._facts, rate_hz=rate_hz)
        self.interval_s = 1.0 / rate_hz
        self._pace.clear()
        self._pace_s, self._pace_n = 0.0, 0
        self._tally.whole_s, self._tally.whole_n = 0.0, 0
        self._tally.unsure.clear()
        return True

    def restart(self, rate_hz: float) -> None:
        """Begin again with the device's time at the right rate: it was counted at a wrong one. Host time goes on."""
        self.set_rate(rate_hz)
        self._clock.restart()
        self._last = None

    def follow_pace(self, elapsed_s: float, n: int) -> None:
        """Follow the true sampling interval: `n` intervals took `elapsed_s` of device time without a gap."""
        rate_hz = self._facts.rate_hz
        if n > 0 and abs(elapsed_s / n * rate_hz - 1.0) < 0.25:
            pace, pace_s, pace_n, tally = self._pace, self._pace_s, self._pace_n, self._tally
            if len(pace) == _MEMORY:
                gone_s, gone = pace[0]
                pace_s, pace_n = pace_s - gone_s, pace_n - gone
            pace.append((elapsed_s, n))
            self._pace_s, self._pace_n = pace_s, pace_n = pace_s + elapsed_s, pace_n + n
            tally.whole_s += elapsed_s
            tally.whole_n += n
            nominal, interval_s = 1.0 / rate_hz, pace_s / pace_n
            if interval_s < 0.9 * nominal:
                interval_s = 0.9 * nominal
            elif interval_s > 1.1 * nominal:
                interval_s = 1.1 * nominal
            self.interval_s = interval_s

    def _measure_rate(self, first_host_s: float) -> None:
        """Count readings a second: by the device's pace where the stream follows it, else by what came and was lost."""
        if self._begun_host_s is None:
            self._begun_host_s = first_host_s
        span = self._last_host_s - self._begun_host_s
        if self._pace:
            self._tally.rate_hz = 1.0 / self.interval_s
        elif span > 1.0:
            self._tally.rate_hz = (self._tally.n_samples + self._tally.n_missing - 1) / span

    def _gap(self, first: float, host_s: float, ended: LineUnder | None) -> list[Gap]:
        """Return the gap before a reading at `first` [s] of its clock. ended: the line of the clock that restarted."""
        if self._last is None:
            return []
        span, began = first - self._last, self._clock.line
        is_by_host, delay_s = False, began.value(first) if began else 0.0
        if ended and not self._clock.goes_on:  # else packets were held up for long: the device's time counts
            by_host = span + delay_s - ended.value(self._last)
            is_by_host = span <= 0.0 or by_host < span
            span = by_host if is_by_host else span
        if span <= _GAP * self.interval_s:
            return []
        n_missing = self._n_missing(span)
        gap = Gap(self._facts.sensor_id, self._facts.wear_site, self._last_host_s, host_s, n_missing)
        self._tally.n_missing += n_missing
        self._tally.gaps.append(gap)
        if not ended and span < _SURE_SHARE * self._tally.whole_s:
            self._tally.whole_s += span
            self._tally.whole_n += n_missing + 1
        elif self._tally.whole_n and is_by_host:
            self._tally.keep_unsure(Absence(gap, span, began, first, delay_s))
        elif self._tally.whole_n and not ended:
            self._tally.keep_unsure(Absence(gap, span))
        if len(self._tally.gaps) > _MAX_GAPS:
            self._tally.gaps.remove(min(self._tally.gaps, key=lambda kept: kept.n_missing))
        return [gap]

    def _n_missing(self, span_s: float) -> int:
        """Count missing readings by the pace of the whole stream: times in whole milliseconds say it over the 64
        packets of `interval_s` to one in 2,500 only, and an absence of a minute holds 12,000 readings."""
        if self._tally.whole_n > self._pace_n:
            return self._tally.missing_in(span_s)
        return max(round(span_s / self.interval_s) - 1, 1)

    def _count(self, acc: FloatArray, gyr: FloatArray | None) -> None:
        self._tally.n_samples += len(acc)
        largest = max(float(acc.max()), -float(acc.min()))
        fastest = 0.0 if gyr is None else max(float(gyr.max()), -float(gyr.min()))
        if largest < _FULL_SCALE * self.acc_range_mps2 and fastest < _FULL_SCALE * self.gyr_range_radps:
            return  # not so where a component is unknown (NaN)
        clipped = (np.abs(acc) >= _FULL_SCALE * self.acc_range_mps2).any(axis=1)
        if gyr is not None:
            clipped |= (np.abs(gyr) >= _FULL_SCALE * self.gyr_range_radps).any(axis=1)
        self._tally.n_clipped += int(clipped.sum())
