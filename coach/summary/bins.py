"""Make the table of ten-second medians of every measure, beside the speed of the same seconds.

Ten seconds hold about 14 strides of a foot: enough for a median, short enough that speed hardly changes.
"""

import itertools
from collections.abc import Mapping
from typing import Final

from coach.model.arrays import BoolArray, median, np
from coach.model.frozen import dataclass
from coach.model.metrics_table import Use, names_for
from coach.model.samples import FloatArray
from coach.summary.robust import sound
from coach.summary.series import Series
from coach.summary.window import Window

BIN_S: Final = 10.0
MATCHED: Final = names_for(Use.MATCHED)


@dataclass(frozen=True, slots=True, eq=False)
class Bins:
    """t_s: (n,) middles. speed_mps: (n,), NaN where unknown. values: (n,) by name, NaN where unknown."""

    t_s: FloatArray
    speed_mps: FloatArray
    values: Mapping[str, FloatArray]


def bins_of(measures: Mapping[str, Series], window: Window) -> Bins:
    """Return medians over the part of the run that counts."""
    wanted = {name: measures[name] for name in (*MATCHED, "speed_mps") if name in measures}
    last = max((float(one.t_s[_keep(one, window)].max(initial=-1.0)) for one in wanted.values()), default=-1.0)
    n = int(last // BIN_S) + 1 if last >= 0 else 0
    values = {name: _medians(_within(one, window), n) for name, one in wanted.items()}
    speed = values.pop("speed_mps", np.full(n, np.nan, dtype=np.float64))
    return Bins((np.arange(n, dtype=np.float64) + 0.5) * BIN_S, speed, values)


def _within(series: Series, window: Window) -> Series:
    keep = _keep(series, window)
    return Series(series.t_s[keep], series.value[keep])


def _keep(series: Series, window: Window) -> BoolArray:
    return np.asarray(window.holds(series.t_s) & (series.t_s >= 0), dtype=np.bool_)


def _medians(series: Series, n: int) -> FloatArray:
    """Return (n,) median of each bin."""
    medians = np.full(n, np.nan)
    edges = np.searchsorted(series.t_s, np.arange(n + 1) * BIN_S)
    for i, (start, end) in enumerate(itertools.pairwise(edges)):
        if end > start:
            medians[i] = median(series.value[start:end])
    return medians


def moments_by_speed(bins: Bins) -> dict[str, dict[str, float]]:
    """Return for each measure: n, means, sums of squares and of products against speed, over bins that know both.

    Bins that lie five robust standard deviations off in speed or value are left out. Where speed is unknown, the
    moments hold n, value and value_ss only.
    """
    return {name: found for name, values in bins.values.items() if (found := _moments(bins.speed_mps, values))}


def _moments(speed: FloatArray, values: FloatArray) -> dict[str, float] | None:
    both = np.isfinite(speed) & np.isfinite(values)
    if both.sum() < 3:
        alone = values[np.isfinite(values)]
        if len(alone) < 3:
            return None
        return {
            "n": float(len(alone)),
            "value": float(alone.mean()),
            "value_ss": float(((alone - alone.mean()) ** 2).sum()),
        }
    v, y = speed[both], values[both]
    keep = sound(v) & sound(y)
    v, y = v[keep], y[keep]
    dv, dy = v - v.mean(), y - y.mean()
    return {
        "n": float(len(v)),
        "speed_mps": float(v.mean()),
        "value": float(y.mean()),
        "speed_ss": float(dv @ dv),
        "cross_ss": float(dv @ dy),
        "value_ss": float(dy @ dy),
    }
