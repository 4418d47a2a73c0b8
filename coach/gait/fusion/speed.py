"""Decide one speed, its source and the distance from foot sensors, running pod and treadmill.

A treadmill's own speed is taken as the truth; else the foot sensor's and the pod's, each times a personal correction
factor, and a satellite receiver's are joined by inverse variance. Metres are kept by source: where a factor is learned
during a run, those that were measured before it was known are corrected, too.
"""

import math
from dataclasses import dataclass, replace
from typing import Final

from coach.gait.fusion.rolling import STALE_S, Estimate, fuse, weights
from coach.model.earth import SCALE_SD
from coach.model.strides import Stride

FOOT_SPEED_SD: Final = 0.034  # share of speed, of one runner: Falbriard 2021, 0.11 m/s at about 3.2 m/s
POD_SPEED_SD: Final = 0.04  # share of speed, uncalibrated pod: chosen by eye, 2026-11-20
TREADMILL_SPEED_SD: Final = 0.02  # share of speed: belt slip and display error, chosen by eye, 2026-11-20
# A receiver's speed over ground: m/s, and for each metre of its stated radius. Chosen by judgement: a phone under open
# sky (5 m) gets 0.25 m/s, so that feet (0.1 m/s at 3 m/s) carry and positions alone still give a pace.
POSITION_SPEED_SD_MPS: Final = 0.15
POSITION_SPEED_SD_PER_M: Final = 0.02  # the same
POSITION_MOST_M: Final = 30.0  # of that radius: a worse fix gives no speed; chosen by judgement
_MOST_FACTOR: Final = 1.3  # a correction beyond +-30 % is a wrong set-up, not a runner
_RATIO_SD: Final = 0.03  # share, of one moment's known / measured ratio
_FLOOR_SD: Final = 0.005  # a learned factor is never surer: shoes and slopes change
# Share of each metre by which the shown distance catches up with a correction: no jump that looks like a lost fix, and
# 6 m of the first 200 are made up in 10 s. Chosen by judgement.
_CATCH_UP: Final = 0.2


@dataclass(frozen=True, slots=True)
class SpeedCorrection:
    """The runner's own factor from measured to true speed, per kind of sensor, with its standard uncertainty.

    foot: factor for a foot sensor's stride length and speed. pod: for a running pod's speed.
    """

    foot: float = 1.0
    foot_sd: float = FOOT_SPEED_SD
    pod: float = 1.0
    pod_sd: float = POD_SPEED_SD

    def learned_from(
        self,
        sensor: str,
        known: float,
        measured: float,
        ratio_sd: float = _RATIO_SD,
        floor_sd: float = _FLOOR_SD,
    ) -> "SpeedCorrection":
        """The correction after one more comparison, `known` against the uncorrected `measured` in the same unit.

        sensor: "foot" or "pod". known, measured: speeds over the same moment or distances over the same stretch.
        ratio_sd: standard uncertainty of their ratio (0.01 for a measured kilometre). floor_sd: what no number of such
        comparisons gets below. A scalar Kalman update. Comparisons that are not positive or off by more than 30 %
        change nothing.
        """
        if not (measured > 0 and known > 0 and 1 / _MOST_FACTOR <= known / measured <= _MOST_FACTOR):
            return self
        factor, sd = (self.foot, self.foot_sd) if sensor == "foot" else (self.pod, self.pod_sd)
        gain = sd**2 / (sd**2 + ratio_sd**2)
        factor, sd = factor + gain * (known / measured - factor), max(min(floor_sd, sd), sd * math.sqrt(1 - gain))
        return replace(self, foot=factor, foot_sd=sd) if sensor == "foot" else replace(self, pod=factor, pod_sd=sd)

    def of_stride(self, stride: Stride) -> Stride:
        """The stride with the length and speed that a foot sensor measured times the runner's factor."""
        length, speed = stride.stride_length_m, stride.speed_mps
        if self.foot == 1.0 or (length is None and speed is None):
            return stride
        return replace(
            stride,
            stride_length_m=None if length is None else length * self.foot,
            speed_mps=None if speed is None else speed * self.foot,
        )


class SpeedFusion:
    """Joins the sources' speeds and integrates the distance; each source is used while it is at most 3 s old."""

    def __init__(self, correction: SpeedCorrection) -> None:
        self.correction = correction
        self._latest: dict[str, tuple[float, Estimate]] = {}
        self._metres: dict[str, float] = {}  # by source, each corrected by the factor known now
        self._shown_m = 0.0
        self._moved_to_s: float | None = None

    def observe(self, source: str, t_s: float, speed: Estimate, since_s: float | None = None) -> None:
        """Take a speed [m/s] of "treadmill", "foot" or "pod" (both corrected already) or "position" at `t_s`.

        since_s: where the speed is the mean of a stretch, its beginning.
        """
        if math.isfinite(speed.value) and speed.value >= 0:
            self._latest[source] = (t_s, speed)
            self._move(t_s, t_s if since_s is None else since_s)

    def correct(self, correction: SpeedCorrection) -> None:
        """Use another correction from now on; metres by foot and pod so far are corrected by it, too."""
        before, self.correction = self.correction, correction
        for source, factor in (("foot", correction.foot / before.foot), ("pod", correction.pod / before.pod)):
            if source in self._metres:
                self._metres[source] *= factor

    def current(self, now_s: float) -> tuple[Estimate, str] | None:
        """The speed [m/s] and its source ("treadmill", or those joined: "foot and pod"); None when nothing is fresh."""
        fresh = self._fresh(now_s)
        return (fuse(list(fresh.values())), " and ".join(sorted(fresh))) if fresh else None

    def distance_m(self) -> Estimate | None:
        """Metres since the first speed, never falling, and their standard uncertainty; None before any.

        Stretches without a speed for more than 3 s count nothing. What each source measures long or short is the same
        along the path; sources are independent.
        """
        if self._moved_to_s is None:
            return None
        share = {"foot": self.correction.foot_sd, "pod": self.correction.pod_sd, "treadmill": TREADMILL_SPEED_SD}
        parts = [metres * share.get(source, SCALE_SD) for source, metres in self._metres.items()]
        return Estimate(self._shown_m, math.hypot(*parts, sum(self._metres.values()) - self._shown_m))

    def _fresh(self, now_s: float) -> dict[str, Estimate]:
        fresh = {s: e for s, (t, e) in self._latest.items() if now_s - t <= STALE_S}
        return {"treadmill": fresh["treadmill"]} if "treadmill" in fresh else fresh

    def _move(self, t_s: float, since_s: float) -> None:
        """Add the distance from the last speed, or from `since_s` after a pause, up to `t_s` at the speed known now."""
        last = self._moved_to_s
        if last is not None and t_s <= last:
            return
        if last is not None and t_s - last <= STALE_S:
            since_s = last
        fresh = self._fresh(t_s)
        added_m = 0.0
        for (source, speed), weight in zip(fresh.items(), weights(list(fresh.values())), strict=True):
            part_m = weight * speed.value * (t_s - since_s)
            self._metres[source] = self._metres.get(source, 0.0) + part_m
            added_m += part_m
        behind_m = sum(self._metres.values()) - self._shown_m - added_m
        self._shown_m += added_m + max(-_CATCH_UP * added_m, min(_CATCH_UP * added_m, behind_m))
        self._moved_to_s = t_s
