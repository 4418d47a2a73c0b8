"""A virtual runner at the level of live metrics: seeded, with tiredness, landing, pain taps and answers to cues.

Treadmill physics only: at a fixed speed step length is 60 * speed / cadence. Everything else follows published sizes.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from coach.model.cues import CueDecision
from coach.model.metrics import LiveMetrics
from coach.model.strides import GaitState


@dataclass
class Body:
    """own_*: values at 2.8 m/s when fresh. tires_pct: loss of step length, from tires_from_s over tires_over_s.

    answers: share of `answer_pct` that a spoken cue brings. overstrides: longer steps come with a steeper landing and
    more impact.
    """

    seed: int = 0
    height_m: float = 1.75
    speed_mps: float = 2.8
    speed_sd: float = 0.05
    own_cadence_spm: float = 164.0
    own_angle_deg: float = 12.0
    own_impact_g: float = 8.0
    own_asymmetry_pct: float = 1.0
    asymmetry_pct: float = 0.0
    tires_pct: float = 0.0
    tires_from_s: float = 480.0
    tires_over_s: float = 600.0
    harder_pct: float = 0.0
    steeper_deg: float = 0.0
    answers: float = 0.0
    answer_pct: float = 4.0
    overstrides: bool = False
    has_foot_sensor: bool = True
    has_trunk_sensor: bool = False
    grade_pct: float | None = None
    noise: float = 1.0
    gain_pct: float = 0.0  # lasting change of own step length, as strength training brings
    push: dict[str, float] = field(default_factory=dict)


class MetricRunner:
    """Gives one LiveMetrics a second (or faster) and hears what is spoken."""

    def __init__(self, body: Body, minutes: float = 26.0, hz: float = 0.5, run_speed_mps: float | None = None) -> None:
        self.body = body
        self.minutes, self.hz = minutes, hz
        self.rng = np.random.default_rng(body.seed)
        self.speed = run_speed_mps or body.speed_mps
        self.answers: dict[str, float] = {}
        self.heard: list[tuple[float, str]] = []

    def hear(self, decision: CueDecision) -> None:
        """A spoken cue reaches the runner."""
        if decision.is_spoken:
            self.heard.append((decision.t_s, decision.focus))

    def moments(self) -> Iterator[LiveMetrics]:
        """The whole run; between two moments `hear` may be called."""
        n, dt = int(self.minutes * 60 * self.hz), 1.0 / self.hz
        wander = np.zeros(4)
        distance = 0.0
        keep = np.exp(-dt / 45.0)
        for i in range(n):
            t_s = i * dt
            wander = keep * wander + np.sqrt(1 - keep**2) * self.rng.normal(size=4) * self.body.noise
            distance += self.speed * dt
            yield self._moment(t_s, wander, distance)

    def _answer(self, t_s: float, focus: str) -> float:
        """How strongly recent cues of a focus act now, in percent: up within 8 s, fading after 45 s."""
        times = [t for t, f in self.heard if f == focus and t <= t_s]
        strength = [(1 - np.exp(-(t_s - t) / 8.0)) * np.exp(-max(0.0, t_s - t - 45.0) / 60.0) for t in times[-2:]]
        return self.body.answers * self.body.answer_pct * max(strength, default=0.0)

    def _moment(self, t_s: float, wander: np.ndarray, distance: float) -> LiveMetrics:
        b = self.body
        noise = self.rng.normal(size=5) * b.noise
        tired = b.tires_pct * float(np.clip((t_s - b.tires_from_s) / b.tires_over_s, 0.0, 1.0))
        longer = self._answer(t_s, "lengthen") - self._answer(t_s, "quicker") - tired + b.gain_pct
        speed = self.speed + b.speed_sd * wander[3]
        own = 60.0 * 2.8 / b.own_cadence_spm * (speed / 2.8) ** 0.87
        step = own * (1 + (longer + 0.8 * wander[0] + 0.6 * noise[0]) / 100.0)
        steep = max(0.0, longer) * (0.8 if b.overstrides else 0.0)
        angle = b.own_angle_deg + b.steeper_deg + steep + 0.4 * wander[1] + 0.5 * noise[1]
        angle -= 0.6 * self._answer(t_s, "midfoot")
        harder = b.harder_pct + (3.0 * max(0.0, longer) if b.overstrides else 0.3 * longer)
        harder -= 2.5 * self._answer(t_s, "softer")
        impact = b.own_impact_g * (speed / 2.8) ** 0.8 * (1 + (harder + 1.2 * wander[2] + 3.0 * noise[2]) / 100.0)
        uneven = b.own_asymmetry_pct + b.asymmetry_pct - self._answer(t_s, "even") + 0.4 * noise[3]
        foot = b.has_foot_sensor
        return LiveMetrics(
            t_s=t_s,
            state=GaitState.RUNNING,
            is_steady=t_s > 10.0,
            cadence_spm=60.0 * speed / step,
            contact_time_ms=260.0 * (speed / 2.8) ** -0.6 if foot else None,
            step_length_m=step,
            speed_mps=speed,
            speed_source="left_foot" if foot else "rsc",
            distance_m=distance,
            foot_strike_angle_deg=angle if foot else None,
            impact_g=impact if foot else None,
            step_time_asymmetry_pct=uneven if foot else None,
            trunk_lean_deg=5.0 + 0.3 * noise[4] if b.has_trunk_sensor else None,
            axial_rotation_deg=20.0 + 0.5 * noise[4] if b.has_trunk_sensor else None,
            grade_pct=b.grade_pct,
        )
