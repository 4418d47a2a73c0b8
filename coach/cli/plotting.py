"""Pictures for the command line: a run, a trend or the strides of a recording as a file (extra `plot`)."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from coach.errors import UserError
from coach.model.documents import JsonObject
from coach.model.history import DownsampledSeries, Trend
from coach.model.metrics_table import METRICS

if TYPE_CHECKING:
    from matplotlib.axes import Axes

KINDS: Final = (".png", ".svg", ".pdf")
_RUN: Final = ("speed_mps", "cadence_spm", "step_length_m", "contact_time_ms", "heart_rate_bpm")
_STRIDE: Final = ("stride_length_m", "contact_time_s", "foot_strike_angle_deg", "stride_time_s")
_FEET: Final = {"left_foot": "#0e6b4f", "right_foot": "#b3541e", "left_shank": "#0e6b4f", "right_shank": "#b3541e"}
_K95: Final = 1.96

plot_option = click.option(
    "--plot",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Draw it into this file (png, svg or pdf; needs the extra [plot]).",
)


def draw_run(series: DownsampledSeries, title: str, path: Path) -> None:
    """Pace, cadence, step length, contact time and heart rate over the time of a run; what is unknown is a gap.

    Raises:
        UserError: the library is missing, the kind of file is unknown, nothing can be drawn or the file not be written.
    """
    names = [name for name in _RUN if any(value is not None for value in series.values.get(name, ()))]
    axes, save = _figure(len(names), title, path)
    minutes = [t_s / 60 for t_s in series.t_s]
    for name, ax in zip(names, axes, strict=True):
        scale = METRICS[name].scale
        is_pace = scale is not None and scale.is_pace
        values = [_shown(name, value) for value in series.values[name]]
        ax.plot(minutes, [float("nan") if value is None else value for value in values], color="#0e6b4f", linewidth=1.2)
        ax.set_ylabel(f"{'pace' if is_pace else _title(name)}\n[{'min/km' if is_pace else _unit(name)}]")
        if is_pace:
            ax.invert_yaxis()
    axes[-1].set_xlabel("time [min]")
    save()


def draw_trend(trend: Trend, path: Path) -> None:
    """A measure over many runs at one speed, with each run's 95 % interval. Raises as `draw_run`."""
    name = trend.metric
    points = trend.points
    speed = "" if trend.speed_mps is None else f" at {trend.speed_mps:.2f} m/s"
    axes, save = _figure(min(1, len(points)), f"{_title(name)}{speed}", path)
    factor = _factor(name)
    days = [point.started_at for point in points]
    values = [factor * point.value for point in points]
    errors = [_K95 * factor * point.se for point in points]
    moments: Any = days  # the library takes times, its types do not know
    axes[0].errorbar(moments, values, yerr=errors, fmt="o", color="#0e6b4f", ecolor="#9db8ac", capsize=2, markersize=4)
    axes[0].set_ylabel(f"{_title(name)} [{_unit(name)}]")
    axes[0].figure.autofmt_xdate()
    save()


def draw_strides(document: JsonObject, path: Path) -> None:
    """Every stride of a recording: length, contact time, strike angle and duration, by foot. Raises as `draw_run`."""
    strides: Sequence[Mapping[str, object]] = document["strides"]
    names = [name for name in _STRIDE if any(one.get(name) is not None for one in strides)]
    axes, save = _figure(len(names), str(document["recording"].get("id", path.stem)), path)
    for name, ax in zip(names, axes, strict=True):
        for site in sorted({str(one["wear_site"]) for one in strides}):
            dots = [
                (one["initial_contact_s"], one[name])
                for one in strides
                if str(one["wear_site"]) == site and None not in (one.get("initial_contact_s"), one.get(name))
            ]
            if dots:
                t_s, values = zip(*dots, strict=True)
                ax.scatter(t_s, values, s=8, color=_FEET.get(site, "#444444"), label=site.replace("_", " "))
        ax.set_ylabel(f"{_title(name)}\n[{name.rpartition('_')[2]}]")
    axes[0].legend(loc="upper right", frameon=False)
    axes[-1].set_xlabel("time [s]")
    save()


def _figure(n_axes: int, title: str, path: Path) -> "tuple[list[Axes], Callable[[], None]]":
    """So many axes below each other, and what writes them to `path`."""
    if path.suffix.lower() not in KINDS:
        raise UserError(f"a picture is one of {', '.join(KINDS)}: name the file so")
    if n_axes == 0:
        raise UserError("there is nothing to draw: no values are known")
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise UserError("pictures need the extra [plot]: pip install 'running-coach[plot]'") from error
    figure = Figure(figsize=(9, 1.2 + 1.8 * n_axes), layout="constrained")
    axes = list(figure.subplots(n_axes, 1, sharex=True, squeeze=False)[:, 0])
    axes[0].set_title(title)
    for ax in axes:
        ax.grid(color="#dddddd", linewidth=0.6)
        ax.spines[["top", "right"]].set_visible(False)

    def save() -> None:
        try:
            figure.savefig(path, dpi=150)
        except OSError as error:
            raise UserError(f"cannot write {path}: {error.strerror or error}") from error

    return axes, save


def _title(name: str) -> str:
    """`contact_time_ms` as "contact time"."""
    return name.rpartition("_")[0].replace("_", " ")


def _factor(name: str) -> float:
    scale = METRICS[name].scale
    return 1.0 if scale is None or scale.is_pace else scale.factor


def _unit(name: str) -> str:
    scale = METRICS[name].scale
    return "m/s" if scale is None or scale.is_pace else scale.unit


def _shown(name: str, value: float | None) -> float | None:
    """As it is drawn: a speed as minutes per kilometre, everything else in its unit."""
    scale = METRICS[name].scale
    if value is None or scale is None:
        return value
    if scale.is_pace:
        return 1000 / value / 60 if value > 0.5 else None  # slower than any walk: no pace
    return value * scale.factor
