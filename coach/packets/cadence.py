"""Steps or strides: what a running pod counts, decided once and kept, with its reason.

The standard says "1/min" and no more; devices differ by a factor of two. Evidence in this order: the runner's own word,
what is known of the device by name, then the data of at least ten seconds. Sources: qdomyos-zwift issues 1099, 827;
OpenTracks; captures in TrackMyIndoorWorkout. Running step rates: 140 to 220 per minute.
"""

from collections import deque
from collections.abc import Sequence
from typing import Final

from coach.model.samples import CadenceDecision, Counts, RunningSpeedSample
from firmware_config.schema import CadenceUnit

_MIN_STEPS: Final = 125  # nobody runs 125 strides per minute
_RUNNING_MPS: Final = 2.2
_MAX_STRIDES: Final = 110
_WALKING_MPS: Final = (0.8, 2.0)
_STEP_M: Final = 0.90  # metres per count when walking: a step is shorter than this, a stride longer than the next
_STRIDE_M: Final = 1.05
_LONG_M: Final = 1.7  # a stride length field above this, below 4 m/s, is a full stride
_LONG_BELOW_MPS: Final = 4.0
_SAME: Final = 0.15  # relative tolerance of speed, cadence and stride length agreeing
_DECIDE_AFTER_S: Final = 10.0
_CONTRADICT_FOR_S: Final = 30.0
_SHARE: Final = 0.8  # of the window's clear samples must agree. chosen by eye, 2026-11-20


_UNDECIDED: Final = CadenceDecision(None, "not enough running or walking seen yet")


def known_by_name(name: str, table: Sequence[CadenceUnit]) -> CadenceDecision | None:
    """Return the entry of a name table that fits a device's advertised name best."""
    fits = [entry for entry in table if name.casefold().startswith(entry.name_prefix.casefold())]
    if not fits:
        return None
    best = max(fits, key=lambda entry: len(entry.name_prefix))
    return CadenceDecision(Counts(best.counts), f"{best.name_prefix} is known to count {best.counts}: {best.source}")


def evidence(sample: RunningSpeedSample) -> tuple[Counts, str] | None:
    """Return what one measurement says by itself, with the reason; None where it is undecidable."""
    raw, speed, length = sample.raw_cadence_per_min, sample.speed_mps, sample.stride_length_m
    if speed <= 0.0 or raw == 0:
        return None
    if raw >= _MIN_STEPS:
        return Counts.STEPS, f"{raw} per minute is too fast for strides"
    by_length = _by_length(raw, speed, length)
    if by_length is not None:
        return by_length
    if speed >= _RUNNING_MPS and raw <= _MAX_STRIDES:
        return Counts.STRIDES, f"{raw} per minute at {speed:.1f} m/s is too slow for running steps"
    if _WALKING_MPS[0] <= speed <= _WALKING_MPS[1]:
        per_count = 60.0 * speed / raw
        if per_count > _STRIDE_M:
            return Counts.STRIDES, f"{per_count:.2f} m per count is a walking stride"
        if per_count < _STEP_M:
            return Counts.STEPS, f"{per_count:.2f} m per count is a walking step"
    return None


def _by_length(raw: int, speed: float, length: float | None) -> tuple[Counts, str] | None:
    """Compare the stride length field with speed and cadence: it shows when it is a full stride for sure."""
    if not length or speed < _WALKING_MPS[0]:
        return None
    ratio = 60.0 * speed / (raw * length)
    if abs(ratio - 2.0) < 2 * _SAME:
        return Counts.STRIDES, "the length field holds half the distance of one count: counts are strides"
    if abs(ratio - 0.5) < 0.5 * _SAME:
        return Counts.STEPS, "the length field holds twice the distance of one count: counts are steps"
    if abs(ratio - 1.0) < _SAME and length > _LONG_M and speed < _LONG_BELOW_MPS:
        return Counts.STRIDES, f"one count is {length:.2f} m long, a full stride at {speed:.1f} m/s"
    return None


class CadenceResolver:
    """Fills in `cadence_spm`; latched, and re-opened only when the data contradict for 30 s.

    override: the runner's word, "steps" or "strides". named: what the device's name says. Times may not go back.
    """

    def __init__(self, override: str | None = None, named: CadenceDecision | None = None) -> None:
        self._named = named or _UNDECIDED
        self._window: deque[tuple[float, Counts | None, str]] = deque()
        self._contradicted_since: float | None = None
        self.decision = self._named
        self.set_unit(override)

    def set_unit(self, override: str | None) -> None:
        """Take the runner's word, "steps" or "strides", from now on; None: name and data decide again."""
        self._window.clear()
        self._contradicted_since = None
        if override is None:
            self.decision = self._named
        else:
            self.decision = CadenceDecision(Counts(override), "set by the runner", is_firm=True)

    def steps_per_min(self, sample: RunningSpeedSample, measured_spm: float | None = None) -> float | None:
        """Step rate of a sample, None while not known. measured_spm: from a motion sensor of our own, if one runs.

        Before the decision, a count that is too fast for strides is taken at its word.
        """
        if not self.decision.is_firm:
            self._weigh(sample, measured_spm)
        counts = self.decision.counts
        if sample.raw_cadence_per_min == 0:
            return 0.0
        if counts is None and sample.raw_cadence_per_min >= _MIN_STEPS:
            counts = Counts.STEPS
        return None if counts is None else float(sample.raw_cadence_per_min * counts.steps)

    def _weigh(self, sample: RunningSpeedSample, measured_spm: float | None) -> None:
        said = by_measure(sample.raw_cadence_per_min, measured_spm) or evidence(sample)
        if sample.speed_mps > 0.0:
            self._window.append((sample.t_s, *(said or (None, ""))))
        while self._window and self._window[0][0] < sample.t_s - _DECIDE_AFTER_S - 1.0:
            self._window.popleft()
        verdict = self._verdict(sample.t_s)
        if verdict is None or verdict.counts is self.decision.counts:
            self._contradicted_since = None
        elif self.decision.counts is None:
            self.decision = verdict
        else:
            self._contradicted_since = sample.t_s if self._contradicted_since is None else self._contradicted_since
            if sample.t_s - self._contradicted_since > _CONTRADICT_FOR_S - _DECIDE_AFTER_S:
                self.decision = CadenceDecision(verdict.counts, f"{verdict.reason}, for more than 30 s")
                self._contradicted_since = None

    def _verdict(self, t_s: float) -> CadenceDecision | None:
        """Return what the last ten seconds say with one voice."""
        clear = [(counts, why) for _, counts, why in self._window if counts is not None]
        if not clear or t_s - self._window[0][0] < _DECIDE_AFTER_S or len(clear) < 0.5 * len(self._window):
            return None
        for counts in Counts:
            reasons = [why for said, why in clear if said is counts]
            if len(reasons) >= _SHARE * len(clear):
                return CadenceDecision(counts, reasons[-1])
        return None


def by_measure(raw: int, measured_spm: float | None) -> tuple[Counts, str] | None:
    """Return what the nearest of {raw, 2 raw} to a measured step rate says, where it is near."""
    if not measured_spm or raw == 0:
        return None
    counts = min(Counts, key=lambda c: abs(raw * c.steps - measured_spm))
    if abs(raw * counts.steps / measured_spm - 1.0) > _SAME:
        return None
    return counts, f"our own sensor counts {measured_spm:.0f} steps per minute"
