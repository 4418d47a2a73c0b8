"""The virtual runner's foot: pose over time, then what an IMU on the shoe measures.

In stance the foot rolls down about the heel or the ball, lies flat, and rises about the ball and then the tip of the
shoe; in swing it flies from one footprint to the next. A flat foot is flat sooner. The speed it lands with is lost
within milliseconds, which gives the impact. The toes turn down in two humps, as in people: push-off, fastest just
before toe-off, and the swing's, about as fast in some, when the shoe is high above the ground.
Axes: x forward, y left, z up; pitch is toes-up.
"""

from typing import Final

import numpy as np

from coach.model.samples import FloatArray
from coach.model.units import GRAVITY_MPS2
from coach.virtual_runner.body import VirtualBody
from coach.virtual_runner.curves import eased_integral, gaussian_kernel, hermite, monotone_cubic
from coach.virtual_runner.steps import SimulatedStep, StepPlan

FINE_HZ: Final = 1000.0
HEEL_M: Final = np.array([-0.16, -0.075])  # from the sensor on the laces, x and z
BALL_M: Final = np.array([0.05, -0.075])
TIP_M: Final = np.array([0.11, -0.045])  # of the shoe, which curves up before the ball
LANDING_SIGMA_S: Final = 0.004  # shoe and heel pad stop the foot within about 15 ms
# How fast the toes turn down from mid-stance on: 13 treadmill runners, both feet, 2.5, 3.5 and 4.5 m/s (RBDS, Fukuchi
# 2017, doi:10.7717/peerj.3298; virtual sensors on the shoe's markers), medians with the range of 9 in 10 feet.
PUSH_RADPS: Final = 1.1  # the first hump, push-off: 8.2 (7.0-9.2) rad/s at 2.5 m/s, 11.1 (9.8-12.4) at 3.5,
PUSH_RAD_PER_M: Final = 2.8  # 13.8 (12.3-15.2) at 4.5
PUSH_FROM: Final = 0.55  # it begins so much of the contact time before toe-off: 5 % of its height at .6, 20 % at .4
PUSH_LEAD: Final = 0.04  # and is highest so much before toe-off: 10 ms (39 before to 20 after)
# Dip, second hump and end, as shares of the swing: 55 (28-75), 110 (75-130) and 182 (100-225) ms after toe-off.
SWING_AT: Final = (0.12, 0.235, 0.38)
# The toes are highest this long before contact, 16 (7-40) ms in heel strikers, 28 (24-70) in others, this much above
# the strike angle, 2.3 (1-6) and 3 (2-12) deg, and already turn down at contact, at 5.9 and 4 rad/s.
LATE_S: Final = 0.028
LATE_DEG: Final = 3.0
LAND_RADPS: Final = 4.0
MARGIN_S: Final = 0.05
KEPT_S: Final = 5.0  # two sensors of one foot send with less delay than this between them; by judgement


def _between(
    t_s: FloatArray, span_s: tuple[float, float], first: float, last: float, leaves: float = 0.0, arrives: float = 0.0
) -> FloatArray:
    """Return values from `first` to `last` over a span of time, with the rates per second at its ends."""
    h = span_s[1] - span_s[0]
    u = np.clip((t_s - span_s[0]) / h, 0.0, 1.0)
    one = np.ones_like(u)
    return hermite(u, first * one, last * one, leaves * h * one, arrives * h * one)


def _about(pivot_m: FloatArray, pitch_rad: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the sensor's position (x, z) above a pivot of the foot that rests on the ground."""
    c, s = np.cos(pitch_rad), np.sin(pitch_rad)
    return -pivot_m[0] * c + pivot_m[1] * s, -pivot_m[0] * s - pivot_m[1] * c


def fine_span(t_s: FloatArray) -> tuple[int, int]:
    """Return the first row and end of the fine grid that reading at times t_s (n,) needs."""
    return int(np.floor((t_s[0] - MARGIN_S) * FINE_HZ)), int(np.ceil((t_s[-1] + MARGIN_S) * FINE_HZ)) + 2


def on_times(t_s: FloatArray, first: int, values: FloatArray) -> FloatArray:
    """Return values (m, 3) of the fine grid from row `first` on, at times t_s (n,)."""
    at = (np.arange(len(values)) + first) / FINE_HZ
    return np.stack([np.interp(t_s, at, values[:, k]) for k in range(3)], 1)


def smoothed(values: FloatArray, kernel: FloatArray) -> FloatArray:
    """Return columns convolved with a kernel of odd length; what lies beyond the ends is as at the ends."""
    half = len(kernel) // 2
    padded = np.vstack([np.repeat(values[:1], half, 0), values, np.repeat(values[-1:], half, 0)])
    return np.stack([np.convolve(column, kernel, "valid") for column in padded.T], 1)


def measured(path: FloatArray, toe_out_rad: float) -> tuple[FloatArray, FloatArray]:
    """Return the specific force [m/s2] and turn rate [rad/s], (n, 3), on a path x, z, pitch, roll (n,
    4) of the fine grid."""
    x, z, pitch, roll = path.T
    ax = np.gradient(np.gradient(x, 1 / FINE_HZ), 1 / FINE_HZ)
    az = np.gradient(np.gradient(z, 1 / FINE_HZ), 1 / FINE_HZ) + GRAVITY_MPS2
    forward, left = ax * np.cos(toe_out_rad), -ax * np.sin(toe_out_rad)
    # world -> sensor: undo pitch about the left axis, then roll about the forward axis
    cp, sp, cr, sr = np.cos(pitch), np.sin(pitch), np.cos(roll), np.sin(roll)
    fx, fz = forward * cp + az * sp, -forward * sp + az * cp
    acc = np.stack([fx, left * cr + fz * sr, -left * sr + fz * cr], 1)
    d_pitch, d_roll = np.gradient(pitch, 1 / FINE_HZ), np.gradient(roll, 1 / FINE_HZ)
    return acc, np.stack([d_roll, -d_pitch * cr, d_pitch * sr], 1)


class FootMotion:
    """IMU readings of one foot. Reads go forward, but for those of a second sensor on it, up to `KEPT_S` behind."""

    def __init__(self, body: VirtualBody, plan: StepPlan, is_left: bool, kept_s: float = KEPT_S) -> None:
        self._body = body
        self._kept_s = kept_s
        self._plan = plan
        self._is_left = is_left
        self._kernel = gaussian_kernel(LANDING_SIGMA_S, FINE_HZ)
        self._start = 0
        self._pose = np.zeros((0, 4))  # x, z, pitch [rad], roll [rad] on the fine grid from index _start
        self._last: SimulatedStep | None = None

    def read(self, t_s: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the specific force [m/s2] and turn rate [rad/s], both (n, 3) in foot axes,
        at rising times t_s (n,)."""
        first, end = fine_span(t_s)
        acc, gyr = self._feel(self.pose(first, end))
        return on_times(t_s, first, acc), on_times(t_s, first, gyr)

    def pose(self, first: int, end: int) -> FloatArray:
        """Return the position x, z [m] of the sensor, pitch and roll [rad] between two rows of the fine grid,
        (end - first, 4)."""
        while self._start + len(self._pose) < end:
            self._grow()
        n_old = first - round(self._kept_s * FINE_HZ) - self._start
        if n_old > 0:
            self._pose = self._pose[n_old:]
            self._start += n_old
        pose = self._pose[max(0, first - self._start) : max(1, end - self._start)]
        if first < self._start:
            pose = np.vstack([np.repeat(pose[:1], self._start - first, axis=0), pose])
        return pose

    def _feel(self, pose: FloatArray) -> tuple[FloatArray, FloatArray]:
        out = np.deg2rad(self._body.toe_out_deg) * (1 if self._is_left else -1)
        return measured(smoothed(pose, self._kernel), out)

    def _grow(self) -> None:
        """Append standing, or the next stride of this foot, from contact to contact."""
        begin = self._start + len(self._pose)
        self._plan.reach(begin / FINE_HZ + 1.0)
        mine = [s for s in self._plan.steps if s.is_left == self._is_left]
        if self._last is None:
            self._append(begin, *self._first_swing(mine[0]))
            self._last = mine[0]
            return
        now = self._last
        after = next(s for s in mine if s.number == now.number + 2)
        stance, swing = self._stance(now), self._swing(now, after)
        self._append(begin, *(np.concatenate([a, b]) for a, b in zip(stance, swing, strict=True)))
        self._last = after

    def _append(self, begin: int, x: FloatArray, z: FloatArray, pitch: FloatArray, roll: FloatArray) -> None:
        self._pose = np.vstack([self._pose, np.stack([x, z, pitch, roll], 1)])

    def _grid(self, start_s: float, end_s: float) -> FloatArray:
        return np.arange(round(start_s * FINE_HZ), round(end_s * FINE_HZ)) / FINE_HZ

    def _pitch(self, now: SimulatedStep, after: SimulatedStep, t: FloatArray) -> FloatArray:
        """Return the pitch [rad] over one stride: down to flat, push-off and swing by their two humps of rate,
        and up again."""
        tc, swing_s = now.toe_off_s - now.contact_s, after.contact_s - now.toe_off_s
        # A foot that lands flatter is flat sooner: it turns down as fast.
        down, from_deg = (0.17, 10.0) if now.strike_angle_deg > 0 else (0.28, 8.0)
        down_s = down * tc * min(1.0, max(abs(now.strike_angle_deg), 1.0) / from_deg)
        pushes_s, lifts_s = now.toe_off_s - PUSH_FROM * tc, now.toe_off_s + swing_s * SWING_AT[-1]
        late_s = after.contact_s - LATE_S
        body, peak = self._body, PUSH_RADPS + PUSH_RAD_PER_M * self._body.speed_mps
        humps_s = [pushes_s, now.toe_off_s - PUSH_LEAD * tc, *(now.toe_off_s + u * swing_s for u in SWING_AT)]
        humps = peak * np.array([0.0, 1.0, body.swing_dip_share, body.swing_hump_share, 0.0])
        fallen = eased_integral(np.array(humps_s), humps, np.append(t, lifts_s))
        strike, strikes, late = np.deg2rad(
            [now.strike_angle_deg, after.strike_angle_deg, after.strike_angle_deg + LATE_DEG]
        )
        return np.select(
            [t < pushes_s, t < lifts_s, t < late_s],
            [
                _between(t, (now.contact_s, now.contact_s + down_s), strike, 0.0, leaves=-LAND_RADPS),
                -fallen[:-1],
                _between(t, (lifts_s, late_s), -fallen[-1], late),
            ],
            _between(t, (late_s, after.contact_s), late, strikes, arrives=-LAND_RADPS),
        )

    def _roll(self, now: SimulatedStep, after: SimulatedStep, t: FloatArray) -> FloatArray:
        tc = now.toe_off_s - now.contact_s
        inverted = -6.0
        times = np.array(
            [0, 0.42 * tc, tc, 0.5 * (tc + after.contact_s - now.contact_s), after.contact_s - now.contact_s]
        )
        degrees = np.array([inverted, inverted + self._body.eversion_deg, -2.0, -4.0, inverted])
        sign = 1.0 if self._is_left else -1.0
        return sign * np.deg2rad(monotone_cubic(times + now.contact_s, degrees, t))

    def _after(self, now: SimulatedStep) -> SimulatedStep:
        return next(s for s in self._plan.steps if s.number == now.number + 2)

    def _stance(self, now: SimulatedStep) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
        t, after = self._grid(now.contact_s, now.toe_off_s), self._after(now)
        pitch = self._pitch(now, after, t)
        heel_x, heel_z = _about(HEEL_M, pitch)
        ball_x, ball_z = _about(BALL_M, pitch)
        tip_x, tip_z = _about(TIP_M, pitch)
        sole = TIP_M - BALL_M
        on_heel, on_tip = pitch > 0, pitch < -np.arctan2(sole[1], sole[0])
        tip_at = BALL_M[0] + np.hypot(*sole)
        x = now.x_m + np.where(on_heel, heel_x + HEEL_M[0], np.where(on_tip, tip_x + tip_at, ball_x + BALL_M[0]))
        z = np.where(on_heel, heel_z, np.where(on_tip, tip_z, ball_z))
        return x, z, pitch, self._roll(now, after, t)

    def _swing(self, now: SimulatedStep, after: SimulatedStep) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
        t = self._grid(now.toe_off_s, after.contact_s)
        x0, z0, _, _ = self._stance(now)
        x1, z1, _, _ = self._stance(after) if after.number + 2 <= self._plan.steps[-1].number else self._land(after)
        swing_s = after.contact_s - now.toe_off_s
        u = (t - now.toe_off_s) / swing_s
        one = np.ones_like(u)
        leave_x = float(x0[-1] - x0[-4]) / 3 * FINE_HZ * swing_s
        leave_z = float(z0[-1] - z0[-4]) / 3 * FINE_HZ * swing_s
        x = hermite(u, x0[-1] * one, x1[0] * one, leave_x * one, 0.25 * self._body.speed_mps * swing_s * one)
        top = 0.42
        peak = z0[-1] + now.clearance_m - 0.1
        rise = hermite(u / top, z0[-1] * one, peak * one, leave_z * top * one, 0 * one)
        # The heel or ball lands at that speed; the sensor before it at more, behind it at less, for the toes turn down.
        pivot_m = float((HEEL_M if after.strike_angle_deg > 0 else BALL_M)[0])
        landing = (LAND_RADPS * pivot_m - after.landing_speed_mps) * swing_s * (1 - top)
        fall = hermite((u - top) / (1 - top), peak * one, z1[0] * one, 0 * one, landing * one)
        z = np.where(u < top, rise, fall)
        return x, z, self._pitch(now, after, t), self._roll(now, after, t)

    def _land(self, step: SimulatedStep) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
        pitch = np.deg2rad(np.array([step.strike_angle_deg]))
        pivot = HEEL_M if step.strike_angle_deg > 0 else BALL_M
        x, z = _about(pivot, pitch)
        return step.x_m + x + pivot[0], z, pitch, np.zeros(1)

    def _first_swing(self, first: SimulatedStep) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
        """Return standing flat, then lifting the foot over to its first contact."""
        t = self._grid(0.0, first.contact_s)
        x1, z1, _, _ = self._land(first)
        lift_s = first.contact_s - 0.45
        u = np.clip((t - lift_s) / 0.45, 0.0, 1.0)
        one = np.ones_like(u)
        x = hermite(u, (x1[0] - 0.4) * one, x1[0] * one, 0 * one, 0.2 * one)
        z = hermite(u, -HEEL_M[1] * one, z1[0] * one, 0 * one, -0.3 * one) + 0.08 * np.sin(np.pi * u) ** 2
        pitch = np.deg2rad(
            hermite(u, 0 * one, first.strike_angle_deg * one, 0 * one, 0 * one) - 30 * np.sin(np.pi * u) ** 2
        )
        sign = 1.0 if self._is_left else -1.0
        return x, z, pitch, sign * np.deg2rad(-6.0) * u
