"""The virtual runner's trunk: what an IMU on the pelvis or chest measures.

Vertical force is a half-sine over each contact whose impulse carries the body through the step (Morin 2005,
doi:10.1123/jab.21.2.167); braking then push-off along the run, a sway, axial rotation and side tilt once per stride,
each at its own phase after the left contact, as measured on runners: pelvis and chest turn against each other.
"""

from typing import Final

import numpy as np

from coach.model.samples import FloatArray
from coach.model.sites import WearSite
from coach.model.units import GRAVITY_MPS2
from coach.virtual_runner.body import VirtualBody
from coach.virtual_runner.steps import StepPlan

BRAKING_G: Final = 0.28  # peak of the fore-aft force as a share of body weight, Heiderscheit 2011
SWAY_G: Final = 0.10  # chosen by eye, 2026-11-20
# Turn to the left and drop to the right lead the left contact by these parts of a stride (see coach.gait.trunk.side).
PHASES_DEG: Final = {WearSite.PELVIS: (40.0, 83.0), WearSite.CHEST: (108.0, -168.0)}


class TrunkMotion:
    """IMU readings of the pelvis or chest at any later time, in body axes forward, left, up."""

    def __init__(self, body: VirtualBody, plan: StepPlan, site: WearSite) -> None:
        self._body = body
        self._plan = plan
        self._phases = PHASES_DEG[site]
        self._share = 1.0 if site is WearSite.CHEST else 0.85
        self._sway = -SWAY_G if site is WearSite.CHEST else SWAY_G

    def read(self, t_s: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the specific force [m/s2] and turn rate [rad/s], both (n, 3), at rising times t_s (n,)."""
        self._plan.reach(float(t_s[-1]) + 0.5)
        force = self._force(t_s)
        step = 1e-3
        (yaw, lean, tilt), (yaw2, lean2, tilt2) = self._angles(t_s), self._angles(t_s + step)
        d_yaw, d_lean, d_tilt = (yaw2 - yaw) / step, (lean2 - lean) / step, (tilt2 - tilt) / step
        cl, sl, ct, st = np.cos(lean), np.sin(lean), np.cos(tilt), np.sin(tilt)
        fx, fy, fz = force
        gx, gy = fx * np.cos(yaw) + fy * np.sin(yaw), -fx * np.sin(yaw) + fy * np.cos(yaw)
        hx, hz = gx * cl - fz * sl, gx * sl + fz * cl
        acc = np.stack([hx, gy * ct + hz * st, -gy * st + hz * ct], 1)
        gyr = np.stack([d_tilt - d_yaw * sl, d_lean * ct + d_yaw * cl * st, -d_lean * st + d_yaw * cl * ct], 1)
        return acc, gyr

    def _force(self, t_s: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        steps = self._plan.steps
        starts = np.array([s.contact_s for s in steps])
        i = np.searchsorted(starts, t_s, side="right") - 1
        before = i < 0
        i = np.clip(i, 0, len(steps) - 2)
        tc = np.array([s.toe_off_s - s.contact_s for s in steps])[i]
        step_s = np.diff(starts)[i]
        side = np.array([1.0 if s.is_left else -1.0 for s in steps])[i]
        u = np.clip((t_s - starts[i]) / tc, 0.0, 1.0)
        pulse = np.where(before, 0.0, np.sin(np.pi * u))
        up = np.where(before, GRAVITY_MPS2, np.pi / 2 * step_s / tc * GRAVITY_MPS2 * pulse)
        along = np.where(before, 0.0, -BRAKING_G * GRAVITY_MPS2 * np.sin(2 * np.pi * u))
        return along, side * self._sway * GRAVITY_MPS2 * pulse, up

    def _angles(self, t_s: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        steps, body = self._plan.steps, self._body
        starts = np.array([s.contact_s for s in steps])
        numbers = np.array([float(s.number) for s in steps])
        phase = np.pi * np.interp(t_s, starts, numbers)
        on = np.clip((t_s - body.standing_s) / 1.0, 0.0, 1.0)
        turn, drop = (np.deg2rad(part) for part in self._phases)
        yaw = on * self._share * np.deg2rad(body.axial_rotation_deg / 2) * np.sin(phase + turn)
        lean = on * np.deg2rad(body.trunk_lean_deg + 1.5 * np.sin(2 * phase + 0.6))
        return yaw, lean, on * np.deg2rad(body.lateral_drop_deg / 2) * np.sin(phase + drop)
