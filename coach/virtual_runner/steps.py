"""The virtual runner's footfalls: when and where each foot lands, under fatigue and after cues.

Speed is the treadmill's; the runner chooses the cadence, so step length = speed / step rate.
"""

import math

import numpy as np

from coach.model.frozen import dataclass
from coach.virtual_runner.body import VirtualBody

ANSWER_RISES_S = 6.0  # chosen by eye, 2026-11-20: a cue is acted on within some steps
FLATTER_DEG = 40.0  # the foot lands some 4 degrees flatter at 10 % more steps (Heiderscheit 2011, Anderson 2022)
LANDING_POWER = 5.0  # chosen by eye, 2026-11-20, so that shock falls with step length (Derrick 1998)
ANSWER_FADES_S = 240.0  # chosen by eye, 2026-11-20: and forgotten within minutes


@dataclass(frozen=True, slots=True)
class SimulatedStep:
    """One footfall. x_m: where the foot lands, in the frame of the belt. is_left: which foot."""

    number: int
    contact_s: float
    toe_off_s: float
    x_m: float
    is_left: bool
    strike_angle_deg: float
    landing_speed_mps: float
    clearance_m: float


class StepPlan:
    """Plans footfalls as far ahead as asked; what was planned stays planned."""

    def __init__(self, body: VirtualBody) -> None:
        self._body = body
        self._chance = np.random.default_rng(body.seed)
        self._cues: list[tuple[float, str]] = []
        self.steps: list[SimulatedStep] = []
        self._first_number = 0

    def hear(self, focus: str, t_s: float) -> None:
        """Let a cue reach the runner's ear at `t_s`."""
        self._cues.append((t_s, focus))

    def reach(self, t_s: float) -> None:
        """Plan until the last contact is at least two strides after `t_s`."""
        while not self.steps or self.steps[-1].contact_s < t_s + 3.0:
            self.steps.append(self._next())

    def forget_before(self, t_s: float) -> None:
        """Drop steps long past: memory stays bounded."""
        while len(self.steps) > 8 and self.steps[4].contact_s < t_s:
            self.steps.pop(0)

    def step_length_factor(self, t_s: float) -> float:
        """Step length at `t_s` against the rested runner's at the same speed."""
        body = self._body
        tired_min = max(0.0, t_s - body.standing_s - body.tires_after_s) / 60.0
        loss = min(body.shuffle_pct_per_min * tired_min, body.shuffle_most_pct)
        return 1.0 - loss / 100.0 + self._answer("lengthen", t_s) - self._answer("quicker", t_s)

    def _answer(self, focus: str, t_s: float) -> float:
        """Return the share by which heard cues of one focus change the step length now."""
        heard = [t_s - t for t, name in self._cues if name == focus and t <= t_s]
        if not heard:
            return 0.0
        since = heard[-1]
        rise = 1.0 - math.exp(-since / ANSWER_RISES_S)
        return self._body.answer * self._body.answer_pct / 100.0 * rise * math.exp(-since / ANSWER_FADES_S)

    def _next(self) -> SimulatedStep:
        body = self._body
        if not self.steps:
            return self._make(0, body.standing_s + 0.6, 0.0)
        last = self.steps[-1]
        factor = self.step_length_factor(last.contact_s)
        step_s = 60.0 / body.cadence_spm * factor * (1.0 + body.variability * self._chance.standard_normal())
        return self._make(last.number + 1, last.contact_s + step_s, last.x_m + body.speed_mps * step_s)

    def _make(self, number: int, contact_s: float, x_m: float) -> SimulatedStep:
        """Make a step: a shorter one comes down from less height, flatter, and a little briefer (Heiderscheit 2011)."""
        body = self._body
        factor = self.step_length_factor(contact_s)
        contact_time_s = body.contact_time_s * math.sqrt(factor)
        contact_time_s *= 1.0 + 0.8 * body.variability * self._chance.standard_normal()
        angle = body.strike_angle_deg - FLATTER_DEG * (1.0 - factor) + 1.2 * self._chance.standard_normal()
        return SimulatedStep(
            number,
            contact_s,
            contact_s + contact_time_s,
            x_m,
            number % 2 == 0,
            angle,
            body.landing_speed_mps * factor**LANDING_POWER,
            body.clearance_m * factor,
        )
