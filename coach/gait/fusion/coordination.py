"""Measure how pelvis and chest turn against each other, and how much that varies.

Healthy runners turn the chest against the pelvis; with low back pain the two turn more as one and vary less (Seay 2011,
PMID 21536356). Cross-sectional evidence: a finding to show, not a rule to follow.

Continuous relative phase (Lamb and Stoeckl 2014, PMID 24726779): angles centred between their
extremes, analytic signal by Hilbert transform, phase angle, chest less pelvis; 0 degrees in phase, 180 opposed. Its
variability: circular SD over strides at each moment of the stride, averaged (deviation phase).

Vector coding (Chang 2008; Needham 2014): coupling angle atan2(change of chest, change of pelvis); circular mean over
strides at each moment, then the mean axis over the stride: 0 pelvis only, 45 in phase, 90 chest only, 135 opposed.
Variability: circular SD over strides at each moment, averaged; moments weigh by how far both turn in them.
"""

from collections import deque
from itertools import pairwise
from typing import Final

import numpy as np
import numpy.typing as npt

from coach.gait.signal.filters import hann_smooth, whole_mean
from coach.gait.signal.window import RowBuffer
from coach.model.frozen import dataclass
from coach.model.samples import FloatArray
from coach.model.sites import WearSite

GRID_HZ: Final = 50.0  # eight times what the low-pass keeps
MOST_STRIDES: Final = 10  # in one look: seven seconds, short enough to follow a change of pace, by judgement
LEAST_STRIDES: Final = 4  # fewer give no spread between strides
_KEEP_S: Final = 14.0  # ten strides of the longest and a margin
_STORED_HZ: Final = 100.0  # faster sensors are averaged down to it
_MOMENTS: Final = 50  # per stride
_LOWPASS_S: Final = 0.16  # Hann window that halves 6 Hz, the usual low-pass for trunk angles
_LONGEST_STRIDE_S: Final = 1.3  # 92 steps per minute: a longer one holds a missed contact
_STALE_S: Final = 3.0  # about four strides without one end the look
_TINY_RAD: Final = 0.003  # 0.2 degrees: nothing turns
CLOCK_SD_DEG: Final = 5.0  # 10 ms between two sensors' clocks at 1.4 strides per second

ComplexArray = npt.NDArray[np.complex128]


@dataclass(frozen=True, slots=True)
class Coordination:
    """Of the last strides. crp_deg: mean absolute relative phase, 0 to 180. coupling_deg: mean axis, 0 to 180."""

    t_s: float
    n_strides: int
    crp_deg: float
    crp_sd_deg: float
    coupling_deg: float
    coupling_sd_deg: float


class PelvisTrunk:
    """Follows both turn rates with bounded memory."""

    def __init__(self) -> None:
        self._rates = {site: RowBuffer(2, round(_KEEP_S * _STORED_HZ)) for site in (WearSite.PELVIS, WearSite.CHEST)}
        self._contacts: deque[float] = deque(maxlen=2 * MOST_STRIDES + 1)
        self._known: Coordination | None = None
        self._is_new = False

    def feed(self, wear_site: WearSite, t_s: FloatArray, rate_radps: FloatArray) -> None:
        """Take (n,) turn rates about up; NaN where a reading is missing."""
        n = len(t_s)
        if n > 1 and t_s[-1] > t_s[0]:
            rate_hz = (n - 1) / float(t_s[-1] - t_s[0])
            groups = max(1, min(n, round(n * _STORED_HZ / max(rate_hz, _STORED_HZ))))
            edges = np.linspace(0, n, groups, endpoint=False).astype(int)
            sizes = np.diff(edges, append=n)
            t_s, rate_radps = np.add.reduceat(t_s, edges) / sizes, np.add.reduceat(rate_radps, edges) / sizes
        self._rates[wear_site].append(np.stack([t_s, rate_radps], axis=1))

    def contact(self, t_s: float, is_next: bool) -> None:
        """Note that a step of the run began at `t_s`. is_next: it follows the last one without a miss."""
        if not is_next:
            self._contacts.clear()
        self._contacts.append(t_s)
        self._is_new = True

    def result(self, now_s: float) -> Coordination | None:
        """Return the coordination of the last 4 to 10 strides; None when stale, still, or not seen by both sensors."""
        if self._is_new:
            self._is_new = False
            self._known = self._measure() or self._known
        if self._known is None or now_s - self._known.t_s > _STALE_S:
            return None
        return self._known

    def _measure(self) -> Coordination | None:
        starts = list(self._contacts)[::-2][::-1]
        if len(starts) - 1 < LEAST_STRIDES or any(b - a > _LONGEST_STRIDE_S for a, b in pairwise(starts)):
            return None
        seen_to = min(float(b.held[-1, 0]) if len(b.held) else -np.inf for b in self._rates.values())
        starts = [t for t in starts if t <= seen_to]
        if len(starts) - 1 < LEAST_STRIDES:
            return None
        pelvis, chest = (self._angle(site, starts) for site in (WearSite.PELVIS, WearSite.CHEST))
        if pelvis is None or chest is None:
            return None
        return measure(np.asarray(starts), pelvis, chest)

    def _angle(self, wear_site: WearSite, starts: list[float]) -> FloatArray | None:
        """Return the angle [rad] at `_MOMENTS` moments of each stride, slow turning taken out; None with gaps in it."""
        held = self._rates[wear_site].held
        stride = (starts[-1] - starts[0]) / (len(starts) - 1)
        grid = np.arange(starts[0] - stride / 2, min(starts[-1] + stride / 2, float(held[-1, 0])), 1.0 / GRID_HZ)
        first, last = np.searchsorted(held[:, 0], (grid[0], grid[-1]))
        if first == 0 or not np.isfinite(held[first - 1 : last + 1, 1]).all():
            return None
        angle = np.cumsum(np.interp(grid, held[:, 0], held[:, 1])) / GRID_HZ
        angle = angle - whole_mean(angle[:, None], round(stride * GRID_HZ))[:, 0]
        smooth = hann_smooth(angle, round(_LOWPASS_S * GRID_HZ))
        moments = np.concatenate([np.linspace(a, b, _MOMENTS, endpoint=False) for a, b in pairwise(starts)])
        result: FloatArray = np.interp(moments, grid, smooth)
        return result


def measure(starts_s: FloatArray, pelvis_rad: FloatArray, chest_rad: FloatArray) -> Coordination | None:
    """Return the measures from angles sampled at equal numbers of moments per stride; None where nothing turns.

    starts_s: (n + 1,) contacts that bound n strides. pelvis_rad, chest_rad: (n * m,).
    """
    n = len(starts_s) - 1
    if min(np.ptp(pelvis_rad), np.ptp(chest_rad)) < _TINY_RAD:
        return None
    phase = phase_angle(chest_rad) - phase_angle(pelvis_rad)
    relative = np.exp(1j * phase).reshape(n, -1)
    crp = np.degrees(np.abs(np.angle(relative))).mean()
    pelvis_step, chest_step = (np.roll(a, -1) - np.roll(a, 1) for a in (pelvis_rad, chest_rad))
    coupling = np.exp(1j * np.arctan2(chest_step, pelvis_step)).reshape(n, -1)
    # Where both hardly turn the angle is noise: moments count by how far both turn in them.
    weight = np.hypot(pelvis_step, chest_step).reshape(n, -1).mean(axis=0)
    per_moment = np.angle(coupling.mean(axis=0))
    axis = 0.5 * np.angle((weight * np.exp(2j * per_moment)).sum())
    return Coordination(
        float(starts_s[-1]),
        n,
        float(crp),
        float(circular_sd_deg(relative).mean()),
        float(np.degrees(axis) % 180.0),
        float(np.average(circular_sd_deg(coupling), weights=weight)),
    )


def phase_angle(angle: FloatArray) -> FloatArray:
    """Return the unwrapped phase [rad] of a signal that covers whole periods, centred between its extremes."""
    centred = angle - 0.5 * (angle.max() + angle.min())
    result: FloatArray = np.unwrap(np.angle(analytic(centred)))
    return result


def analytic(signal: FloatArray) -> ComplexArray:
    """Return the analytic signal by the discrete Hilbert transform: (N,) real to (N,) complex."""
    n = len(signal)
    weight = np.zeros(n)
    weight[0] = 1.0
    weight[1 : (n + 1) // 2] = 2.0
    if n % 2 == 0:
        weight[n // 2] = 1.0
    result: ComplexArray = np.fft.ifft(np.fft.fft(signal) * weight)
    return result


def circular_sd_deg(unit: ComplexArray) -> FloatArray:
    """Return the circular standard deviation [deg] over the first axis of unit vectors,
    at most 81 degrees (Batschelet 1981)."""
    length = np.abs(unit.mean(axis=0))
    result: FloatArray = np.degrees(np.sqrt(2.0 * (1.0 - np.clip(length, 0.0, 1.0))))
    return result
