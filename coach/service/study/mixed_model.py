"""Estimate changes over a trial with their intervals from values by participant, arm and time.

A linear mixed model with one mean for each arm and time and a random intercept for each participant, fitted by
restricted maximum likelihood (`statsmodels`, MixedLM; Laird & Ware 1982, Biometrics 38:963-974). So a participant who
was lost still counts for the times before: what is missing may depend on what was seen, not on what was not. Intervals
are of 95 %, by Student's t with as many degrees of freedom as there are participants less arms.
"""

import warnings
from collections.abc import Sequence

import numpy as np

from coach.model.frozen import dataclass
from coach.model.samples import FloatArray
from coach.service.study.extra import needed
from coach.study.trial import TIMES, TrialValue

FEWEST = 3  # participants in an arm at a time: of two, scatter is a guess. Chosen by judgement
# Least variance within participants, of values brought to a standard deviation of 1. The fit never ends at zero, but
# where the optimiser stops (1e-9 and less, where all change alike): such an interval says nothing. Chosen by judgement.
_LEAST_VARIANCE = 1e-6
_TOO_FEW = "too few values for a model"
_NO_SCATTER = "all participants change alike: there is no scatter to make an interval of"


@dataclass(frozen=True, slots=True)
class Effect:
    """The change of a measure in an arm from the first time to another. n: participants at that time. low, high: 95 %
    interval. against_reference: by how much the change differs from that of the reference arm. reason: why there is no
    number."""

    measure: str
    group: str
    time: str
    n: int
    change: float | None = None
    low: float | None = None
    high: float | None = None
    against_reference: float | None = None
    against_low: float | None = None
    against_high: float | None = None
    is_converged: bool = False
    reason: str = ""


def effects_of(values: Sequence[TrialValue], measure: str, reference: str | None = None) -> list[Effect]:
    """Return changes of one measure, by arm and time. reference: arm that the others are compared with; None: none.

    Raises:
        UserError: statsmodels is not installed.
    """
    own = [value for value in values if value.measure == measure]
    groups = list(dict.fromkeys(value.group for value in own))
    counts = {
        (group, time.id): sum(value.group == group and value.time == time.id for value in own)
        for group in groups
        for time in TIMES
    }
    cells = [cell for cell, n in counts.items() if n >= FEWEST]
    model = _fitted([value for value in own if (value.group, value.time) in cells], cells)
    return [
        _effect(model, cells, measure, (group, time.id), counts, reference) for group in groups for time in TIMES[1:]
    ]


@dataclass(frozen=True, slots=True)
class _Model:
    """means: (n_cells,), their covariance, half of the interval in standard errors."""

    means: FloatArray
    covariance: FloatArray
    width: float
    is_converged: bool


def _fitted(values: Sequence[TrialValue], cells: Sequence[tuple[str, str]]) -> _Model | str:
    """Return the model, or why there is none."""
    people = sorted({value.participant for value in values})
    freedom = len(people) - len({group for group, _ in cells})
    if not cells or freedom < 1 or len(values) <= len(cells) + len(people) / 2:
        return _TOO_FEW
    place = {cell: k for k, cell in enumerate(cells)}
    design = np.zeros((len(values), len(cells)))
    for row, value in enumerate(values):
        design[row, place[(value.group, value.time)]] = 1.0
    mixed = needed("statsmodels.regression.mixed_linear_model", "a table")
    numbers = np.array([value.value for value in values])
    scale = float(numbers.std()) or 1.0  # the fit stops by absolute steps: all measures are brought to one size
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        try:
            fit = mixed.MixedLM(numbers / scale, design, groups=[v.participant for v in values]).fit(reml=True)
        except (np.linalg.LinAlgError, ValueError):
            return _TOO_FEW
    if fit.scale < _LEAST_VARIANCE:
        return _NO_SCATTER
    covariance = np.asarray(fit.cov_params(), dtype=np.float64)[: len(cells), : len(cells)] * scale**2
    if not np.isfinite(covariance).all():
        return _TOO_FEW
    is_converged = bool(fit.converged) and not any("converge" in str(one.message).lower() for one in said)
    width = float(needed("scipy.stats", "a table").t.ppf(0.975, freedom))
    return _Model(np.asarray(fit.fe_params, dtype=np.float64) * scale, covariance, width, is_converged)


def _effect(
    model: _Model | str,
    cells: Sequence[tuple[str, str]],
    measure: str,
    cell: tuple[str, str],
    counts: dict[tuple[str, str], int],
    reference: str | None,
) -> Effect:
    group, time = cell
    before = (group, TIMES[0].id)
    if before not in cells or cell not in cells:
        missing = TIMES[0].id if before not in cells else time
        reason = f"fewer than {FEWEST} participants at {missing}"
        return Effect(measure, group, time, counts[cell], reason=reason)
    if isinstance(model, str):
        return Effect(measure, group, time, counts[cell], reason=model)
    own = _contrast(cells, plus=(cell,), minus=(before,))
    change = _interval(model, own)
    pair = ((reference or "", time), (reference or "", TIMES[0].id))
    if reference is None or group == reference or not set(pair) <= set(cells):
        return Effect(measure, group, time, counts[cell], *change, is_converged=model.is_converged)
    against = _interval(model, own - _contrast(cells, plus=pair[:1], minus=pair[1:]))
    return Effect(measure, group, time, counts[cell], *change, *against, is_converged=model.is_converged)


def _contrast(
    cells: Sequence[tuple[str, str]], plus: Sequence[tuple[str, str]], minus: Sequence[tuple[str, str]]
) -> FloatArray:
    return np.array([float(cell in plus) - float(cell in minus) for cell in cells])


def _interval(model: _Model, contrast: FloatArray) -> tuple[float, float, float]:
    value = float(contrast @ model.means)
    half = model.width * float(np.sqrt(max(float(contrast @ model.covariance @ contrast), 0.0)))
    return value, value - half, value + half
