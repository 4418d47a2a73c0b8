"""Decide which foot landed from the sway of the trunk over the last steps.

Over a stride the pelvis lists and turns once: it is highest over the foot that lands and sinks to the other side until
push-off; the chest turns against the legs, backwards over the landing foot's side (Schache 1999, Lee 2010). The phase
of these swings, counted from the left contact, was read from force-plate recordings of two runners (pelvis) and one
(chest); a right contact is half a turn away, so that 90 degrees of error are borne.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from coach.gait.signal.filters import cross
from coach.gait.trunk.orientation import Attitude
from coach.model.samples import FloatArray
from coach.model.sites import WearSite
from coach.model.units import GRAVITY_MPS2

_LIST, _TURN, _PUSH = "list", "turn", "push"  # rate about forward, rate about up, force to the left
_PHASES: Final = {  # degrees after the left contact at which cos() has its maximum, negative; and the weight
    WearSite.PELVIS: {_LIST: (83.0, 1.0), _PUSH: (-50.0, 1.0), _TURN: (40.0, 0.5)},
    WearSite.CHEST: {_TURN: (108.0, 1.0), _PUSH: (163.0, 0.4), _LIST: (-168.0, 0.3)},
}
_SCALES: Final = {_LIST: 0.3, _TURN: 0.5, _PUSH: 1.0}  # rad/s, rad/s, m/s2: amplitudes at which a swing counts half
_MEMORY: Final = 0.8  # share kept from step to step: five steps outvote one that is wrong, by judgement
_SURE: Final = 0.12  # of the summed evidence, below which the side stays as it was; by judgement
_EVIDENCE_STEPS: Final = 4  # two strides: one has no phase of its own


@dataclass(slots=True)
class SideVote:
    """Evidence, gathered over strides, that the last step was a left one: above `_SURE` left, below minus it right."""

    wear_site: WearSite
    score: float = 0.0

    def forget(self) -> None:
        """Forget which foot comes next: steps were lost."""
        self.score = 0.0

    def step(self) -> None:
        """Note that the other foot landed."""
        self.score = -self.score

    def observe(self, evidence: float | None) -> None:
        """Take the window's evidence for the same last step."""
        if evidence is not None:
            self.score = _MEMORY * self.score + (1 - _MEMORY) * evidence if self.score else evidence

    @property
    def is_left(self) -> bool | None:
        """Whether the last step was left, None while not sure."""
        return None if abs(self.score) < _SURE else self.score > 0


def side_evidence(
    wear_site: WearSite, motion: Attitude, forward: FloatArray | None, contacts: Sequence[float]
) -> float | None:
    """Return -1 (right) to 1 (left) for the last of `contacts`, None where too little is seen.

    contacts: successive contacts [s] without a miss, oldest first.
    """
    n = len(contacts) - 1 - (len(contacts) - 1) % 2
    if n < _EVIDENCE_STEPS or forward is None:
        return None
    used = np.asarray(contacts[-n - 1 :])
    start, end = np.searchsorted(motion.t_s, used[0]), np.searchsorted(motion.t_s, used[-1])
    part = slice(int(start), int(end))
    turn = np.exp(-1j * np.pi * np.interp(motion.t_s[part], used, np.arange(n + 1)))
    total, weights = 0.0, 0.0
    signals = _signals(motion, forward, part)
    rows = np.stack(list(signals.values()))
    rows -= (np.add.reduce(rows, axis=1) / rows.shape[1])[:, None]
    for name, swing in zip(signals, (rows @ turn * (2.0 / rows.shape[1])).tolist(), strict=True):
        phase_deg, weight = _PHASES[wear_site][name]
        size = abs(swing) / (abs(swing) + _SCALES[name])
        agreement = math.cos(math.atan2(swing.imag, swing.real) - math.radians(phase_deg))
        total += weight * size * agreement
        weights += weight
    return total / weights if weights else None


def _signals(motion: Attitude, forward: FloatArray, part: slice) -> dict[str, FloatArray]:
    left = cross(motion.up[part], forward)
    signals = {_PUSH: np.einsum("ij,ij->i", motion.horizontal_mps2[part], left)}
    if motion.gyr_radps is not None and motion.sway_rad is not None:
        # force as the sensor measured it, list included: that is how the phase was read
        listing = motion.sway_rad[part] @ forward
        signals[_PUSH] = signals[_PUSH] + GRAVITY_MPS2 * listing
        signals[_LIST] = motion.gyr_radps[part] @ forward
        signals[_TURN] = np.einsum("ij,ij->i", motion.gyr_radps[part], motion.up[part])
    return signals
