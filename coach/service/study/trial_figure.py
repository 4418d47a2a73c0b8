"""The figure of a trial: means with 95 % intervals by arm and time, a panel a measure, as a PNG or SVG file."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from coach.service.study.extra import needed
from coach.service.study.mixed_model import FEWEST
from coach.study.columns import unit_of
from coach.study.trial import TIMES, TrialValue

if TYPE_CHECKING:
    from matplotlib.axes import Axes


_COLOURS: Final = ("#0b6e4f", "#c8553d", "#3d5a80", "#7d5ba6", "#6b705c")  # apart also in shades of grey
_MARKS: Final = "osD^v"
_APART_WEEKS: Final = 0.35


def draw(values: Sequence[TrialValue], speed_mps: float, metrics: Sequence[str], path: Path) -> None:
    """Draw all measures. metrics: those that are at the matched speed.

    Raises:
        UserError: matplotlib is not installed.
    """
    needed("matplotlib", "a figure").use("Agg")
    plt = needed("matplotlib.pyplot", "a figure")
    measures = list(dict.fromkeys(value.measure for value in values))
    n_columns = 2 if len(measures) > 1 else 1
    n_rows = math.ceil(len(measures) / n_columns)
    figure, axes = plt.subplots(n_rows, n_columns, figsize=(5 * n_columns, 3.5 * n_rows), squeeze=False)
    for axis in axes.flat[len(measures) :]:
        axis.set_visible(False)
    groups = list(dict.fromkeys(value.group for value in values))
    for axis, measure in zip(axes.flat, measures, strict=False):
        for k, group in enumerate(groups):
            _line(axis, [v for v in values if v.measure == measure and v.group == group], group, k)
        at = f" at {speed_mps:g} m/s" if measure in metrics else ""
        axis.set_title(f"{_title(measure)}{at}", fontsize=10)
        axis.set_xticks([time.week for time in TIMES], [time.name for time in TIMES])
    axes.flat[0].legend(fontsize=8)
    figure.tight_layout()
    figure.savefig(path, dpi=110)
    plt.close(figure)


def _title(measure: str) -> str:
    unit = unit_of(measure)
    words = measure.rsplit("_", 1)[0] if unit else measure
    return words.replace("_", " ") + (f", {unit}" if unit else "")


def mean_and_half(numbers: Sequence[float]) -> tuple[float, float | None]:
    """Return the mean of the participants' values and half of its 95 % interval by Student's t;
    None for fewer than `FEWEST`."""
    n, mean = len(numbers), sum(numbers) / len(numbers)
    if n < FEWEST:
        return mean, None
    spread = math.sqrt(sum((x - mean) ** 2 for x in numbers) / (n - 1))
    return mean, float(needed("scipy.stats", "a figure").t.ppf(0.975, n - 1)) * spread / math.sqrt(n)


def _line(axis: "Axes", values: Sequence[TrialValue], group: str, place: int) -> None:
    weeks, means, halves, counts = [], [], [], []
    for time in TIMES:
        numbers = [value.value for value in values if value.time == time.id]
        if numbers:
            mean, half = mean_and_half(numbers)
            weeks.append(time.week + _APART_WEEKS * (place - 1))
            means.append(mean)
            halves.append(math.nan if half is None else half)  # NaN: a mark without a bar
            counts.append(len(numbers))
    if weeks:
        label = f"{group or 'all'} (n {counts[0]} to {counts[-1]})"
        colour, mark = _COLOURS[place % len(_COLOURS)], _MARKS[place % len(_MARKS)]
        axis.errorbar(weeks, means, halves, color=colour, marker=mark, capsize=3, label=label)
