"""What a virtual sensor measures: the seam between a virtual runner and the virtual sensors worn by it."""

from typing import Protocol

from coach.model.samples import FloatArray, HeartRateSample, RunningSpeedSample, TreadmillSample
from coach.model.sites import WearSite


class MotionSource(Protocol):
    """A body whose motion can be asked for at any time; times are seconds since it began to move.

    Reads must go forward in time for each wear site.
    """

    def imu(self, wear_site: WearSite, start_s: float, n: int, rate_hz: float) -> tuple[FloatArray, FloatArray]:
        """Return the specific force [m/s2] (n, 3) and turn rate [rad/s] (n, 3) in the sensor's axes,
        before clipping."""
        ...

    def running_speed(self, t_s: float) -> RunningSpeedSample:
        """Return what a perfect running pod would say now; raw_cadence_per_min in steps per minute."""
        ...

    def heart_rate(self, t_s: float) -> HeartRateSample:
        """Return what a perfect chest strap would say now."""
        ...

    def treadmill(self, t_s: float) -> TreadmillSample:
        """Return what the treadmill under the body would say now."""
        ...
