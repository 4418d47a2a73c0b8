"""Decide one speed, its source and the distance from foot sensors, running pod and treadmill.

A treadmill's own speed is taken as the truth; else the foot sensor's and the pod's, each times a personal correction
factor, and a satellite receiver's are joined by inverse variance.
"""

import math
from dataclasses import dataclass, replace
from typing import Final

from coach.gait.fusion.rolling import STALE_S, Estimate, fuse

FOOT_SPEED_SD: Final = 0.034  # share of speed, of one runner: Falbriard 2021, 0.11 m/s at about 3.2 m/s
POD_SPEED_SD: Final = 0.04  # share of speed, uncalibrated pod: chosen by eye, 2026-11-20
TREADMILL_SPEED_SD: Final = 0.02  # share of speed: belt slip and display error, chosen by eye, 2026-11-20
# A receiver's speed over ground: m/s, and for each metre of its 95 % radius. Chosen by judgement: a phone under open
# sky (5 m) gets 0.25 m/s, so that feet (0.1 m/s at 3 m/s) carry and positions alone still give a pace.
POSITION_SPEED_SD_MPS: Final = 0.15
POSITION_SPEED_SD_PER_M: Final = 0.02  # the same
POSITION_MOST_M: Final = 30.0  # of that radius: a worse fix gives no speed; chosen by judgement
_MOST_FACTOR: Final = 1.3  # a correction beyond +-30 % is a wrong set-up, not a runner
_RATIO_SD: Final = 0.03  # share, of one moment's known / measured ratio
_FLOOR_SD: Final = 0.005  # a learned factor is never surer: shoes and slopes change


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
        self, sensor: str, known: float, measured: float, ratio_sd: float = _RATIO_SD
    ) -> "SpeedCorrection":
        """The correction after one more comparison, `known` against the uncorrected `measured` in the same unit.

        sensor: "foot" or "pod". known, measured: speeds over the same moment or distances over the same stretch.
        ratio_sd: standard uncertainty of their ratio (0.01 for a measured kilometre). A scalar Kalman update.
        Comparisons that are not positive or off by more than 30 % change nothing.
        """
        if not (measured > 0 and known > 0 and 1 / _MOST_FACTOR <= known / measured <= _MOST_FACTOR):
            return self
        factor, sd = (self.foot, self.foot_sd) if sensor == "foot" else (self.pod, self.pod_sd)
        gain = sd**2 / (sd**2 + ratio_sd**2)
        factor, sd = factor + gain * (known / measured - factor), max(_FLOOR_SD, sd * math.sqrt(1 - gain))
        return replace(self, foot=factor, foot_sd=sd) if sensor == "foot" else replace(self, pod=factor, pod_sd=sd)


class SpeedFusion:
    """Joins the sources' speeds and integrates the distance; each source is used while it is at most 3 s old."""

    def __init__(self, correction: SpeedCorrection) -> None:
        self.correction = correction
        self._latest: dict[str, tuple[float, Estimate]] = {}
        self._distance_m = 0.0
        self._moved_to_s: float | None = None

    def observe(self, source: str, t_s: float, speed: Estimate, since_s: float | None = None) -> None:
        """Take a speed [m/s] of "treadmill", "foot" or "pod" (both corrected already) or "position" at `t_s`.

        since_s: where the speed is the mean of a stretch, its beginning.
        """
        if math.isfinite(speed.value) and speed.value >= 0:
            self._latest[source] = (t_s, speed)
            self._move(t_s, t_s if since_s is None else since_s)

    def current(self, now_s: float) -> tuple[Estimate, str] | None:
        """The speed [m/s] and its source ("treadmill", or those joined: "foot and pod"); None when nothing is fresh."""
        fresh = {s: e for s, (t, e) in self._latest.items() if now_s - t <= STALE_S}
        if "treadmill" in fresh:
            return fresh["treadmill"], "treadmill"
        if not fresh:
            return None
        return fuse(list(fresh.values())), " and ".join(sorted(fresh))

    def distance_m(self) -> float | None:
        """Metres since the first speed; None before any. Stretches without a speed for more than 3 s count nothing."""
        return None if self._moved_to_s is None else self._distance_m

    def _move(self, t_s: float, since_s: float) -> None:
        """Add the distance from the last speed, or from `since_s` after a pause, up to `t_s` at the speed known now."""
        last = self._moved_to_s
        if last is not None and t_s <= last:
            return
        if last is not None and t_s - last <= STALE_S:
            since_s = last
        now = self.current(t_s)
        self._distance_m += (now[0].value if now else 0.0) * (t_s - since_s)
        self._moved_to_s = t_s
