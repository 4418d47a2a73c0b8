"""Judge shoe sensors by runner and strike class: errors between feet and within a foot, coverage, changes, sides.

The unit is one foot in one trial of 30 s: its bias is the mean error over its strides. A mean over many strides has the
same bias, so that is the error which a runner is shown.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import numpy as np

from coach.gait.foot.analyzer import FootGait
from coach.gait.foot.params import PARAMS, FootParams
from coach.gait.fusion.speed import FOOT_SPEED_SD
from coach.model.samples import FloatArray, ImuChunk
from coach.model.strides import FootStrike, Stride
from tests.coach.gait.on_recordings import pairs
from tests.support import as_sent
from tests.support.recordings import Recording, names, read

TRIALS: Final = "rbds"  # 13 runners, three speeds, force plate
METRICS: Final = {
    "initial_contact_s": ("contact, ms", 1000.0),
    "toe_off_s": ("toe-off, ms", 1000.0),
    "contact_time_s": ("contact time, ms", 1000.0),
    "foot_strike_angle_deg": ("strike angle, deg", 1.0),
}
CLASSES: Final = (("all", -90.0, 90.0), ("above 15 deg", 15.0, 90.0), ("8 to 15", 8.0, 15.0), ("below 8", -90.0, 8.0))
RATES_HZ: Final = (52.0, 104.0, 200.0, 416.0)
WITHIN: Final = 1.96
SEED: Final = 4000  # of the packets lost: these were not looked at while the parameters were chosen
N_LOSSES: Final = 4  # times that each recording loses others
HOLED: Final = 1.5  # times the share of a whole stride; with less, nothing of it was lost


@dataclass(frozen=True, slots=True)
class FootTrial:
    """One foot in one trial. errors, stated: (n,) found minus true and the uncertainty stated, by metric, in its unit.

    angle_deg: mean true strike angle. contact_s: mean found and true contact time. strikes: strides with a class, of
    them uncertain ones, and decided ones that are right.
    """

    runner: str
    side: str
    errors: dict[str, FloatArray]
    stated: dict[str, FloatArray]
    angle_deg: float
    contact_s: tuple[float, float]
    strikes: tuple[int, int, int]


def feet() -> list[Recording]:
    """Return the trials of shoe sensors with force and motion truth; empty where there are none."""
    return [read(name) for name in names(TRIALS) if "_foot_" in name]


def strides(chunk: ImuChunk, params: FootParams = PARAMS) -> list[Stride]:
    """Return the strides that this foot's gait finds."""
    gait = FootGait(chunk.wear_site, params)
    return [e for e in [*gait.feed(chunk), *gait.finish()] if isinstance(e, Stride)]


def trial(recording: Recording, found: list[Stride]) -> FootTrial:
    """Compare one foot's strides with its truth."""
    matched = pairs(found, recording.strides)
    errors, stated = {}, {}
    for name in METRICS:
        values = [(getattr(s, name), s.uncertainty.get(name), true[name]) for s, true in matched]
        known = [(value - true, sd) for value, sd, true in values if None not in (value, sd, true)]
        errors[name], stated[name] = np.array(known).reshape(-1, 2).T
    runner, side = recording.name.split("_")[0], "left" if recording.wear_site.is_left else "right"
    angles = [row["foot_strike_angle_deg"] for row in recording.strides]
    both = [(s.contact_time_s, t["contact_time_s"]) for s, t in matched if s.contact_time_s is not None]
    found_s, true_s = np.mean(both, axis=0).tolist()
    classes = [(s.foot_strike, t["foot_strike"]) for s, t in matched if s.foot_strike is not None]
    decided = [(one.value, true) for one, true in classes if one is not FootStrike.UNCERTAIN]
    strikes = (len(classes), len(classes) - len(decided), sum(one == true for one, true in decided))
    return FootTrial(runner, side, errors, stated, float(np.mean(angles)), (found_s, true_s), strikes)


def table(trials: list[FootTrial]) -> str:
    """Return a Markdown table: a row a strike class and metric."""
    lines = [
        "| strike angle | number | feet | bias ± SD of feet | root mean square | worst | SD in a foot | inside 95 % "
        "| without what is added for real shoes |"
    ]
    lines.append("|---" * 9 + "|")
    for words, low, high in CLASSES:
        chosen = [t for t in trials if low <= t.angle_deg < high]
        lines += [f"| {words} | {METRICS[name][0]} | {_cells(chosen, name)} |" for name in METRICS]
    return "\n".join(lines)


def _cells(trials: list[FootTrial], name: str) -> str:
    factor = METRICS[name][1]
    errors = [factor * t.errors[name] for t in trials]
    bias = np.array([e.mean() for e in errors])
    inside = np.mean([np.mean(np.abs(t.errors[name]) <= WITHIN * t.stated[name]) for t in trials])
    real = PARAMS.real_shoe_sd_s if name.endswith("_s") else 0.0
    bare = [np.sqrt(np.maximum(t.stated[name] ** 2 - real**2, 0.0)) for t in trials]
    inside_bare = np.mean([np.mean(np.abs(t.errors[name]) <= WITHIN * sd) for t, sd in zip(trials, bare, strict=True)])
    rms, worst = np.sqrt(np.mean(bias**2)), np.abs(bias).max()
    within = float(np.median([e.std(ddof=1) for e in errors]))
    return (
        f"{len(trials)} | {bias.mean():+.1f} ± {bias.std(ddof=1):.1f} | {rms:.1f} | {worst:.1f} | {within:.1f} "
        f"| {100 * inside:.0f} % | {100 * inside_bare:.0f} %"
    )


def strikes(trials: list[FootTrial]) -> str:
    """Return how often the strike class is uncertain, and how often a decided one is right."""
    n, uncertain, right = np.sum([t.strikes for t in trials], axis=0).tolist()
    return (
        f"Strike class: uncertain in {100 * uncertain / n:.1f} % of {n} strides; of the decided ones "
        f"{100 * right / (n - uncertain):.1f} % are right."
    )


def changes(trials: Iterable[FootTrial]) -> str:
    """Return how changes of contact time with speed, and between left and right, come out."""
    found, true = _changes(trials)
    error_ms = 1000.0 * float(np.sqrt(np.mean((found - true) ** 2)))
    spread = [1000.0 * float(np.std(_sides(trials, k), ddof=1)) for k in (0, 1)]
    return (
        f"Contact time's changes with speed in one foot: slope {slope(trials):.2f}, error {error_ms:.1f} ms. Left "
        f"minus right: SD {spread[0]:.1f} ms where it is {spread[1]:.1f}, error {side_error_ms(trials):.1f}."
    )


def slope(trials: Iterable[FootTrial]) -> float:
    """Return how much of a change of contact time with speed is found in one foot."""
    found, true = _changes(trials)
    return float(found @ true / (true @ true))


def side_error_ms(trials: Iterable[FootTrial]) -> float:
    """Return the standard deviation of the errors of left minus right."""
    return 1000.0 * float(np.std(_sides(trials, 0) - _sides(trials, 1), ddof=1))


def _changes(trials: Iterable[FootTrial]) -> tuple[FloatArray, FloatArray]:
    """Found and true contact times less their mean in each foot."""
    found, true = (_within(trials, k, lambda t: (t.runner, t.side)) for k in (0, 1))
    return found, true


def _within(trials: Iterable[FootTrial], k: int, key: Callable[[FootTrial], Any]) -> FloatArray:
    """Found (k = 0) or true contact times less their mean in each group."""
    groups = {key(t) for t in trials}
    values = [np.array([t.contact_s[k] for t in trials if key(t) == group]) for group in sorted(groups)]
    return np.concatenate([of - of.mean() for of in values])


def _sides(trials: Iterable[FootTrial], k: int) -> FloatArray:
    left, right = ([t.contact_s[k] for t in trials if t.side == side] for side in ("left", "right"))
    return np.array(left) - np.array(right)


def coverage(trials: Iterable[FootTrial]) -> str:
    """Return one line: root mean square over feet and share of strides inside the stated 95 %, of each metric."""
    trials = list(trials)
    cells = []
    for name, (words, factor) in METRICS.items():
        bias = [factor * t.errors[name].mean() for t in trials if len(t.errors[name])]
        inside = [np.mean(np.abs(t.errors[name]) <= WITHIN * t.stated[name]) for t in trials if len(t.errors[name])]
        cells.append(f"{words} {np.sqrt(np.mean(np.square(bias))):.1f}, {100 * np.mean(inside):.0f} %")
    return "; ".join(cells)


@cache
def at_rate(rate_hz: float) -> tuple[FootTrial, ...]:
    """Return the trials as sensors of another rate would send them."""
    return tuple(trial(r, strides(as_sent.at_rate(r.chunk, rate_hz))) for r in feet())


@dataclass(frozen=True, slots=True)
class Lossy:
    """Trials in which packets were lost, each recording `N_LOSSES` times others.

    recall: share of the true strides found. distance: against that with nothing lost. inside: whether a length over a
    hole lies inside its stated 95 %. distance_inside: whether that with nothing lost lies inside the stated interval of
    the distance. trials: their errors.
    """

    recall: FloatArray
    distance: FloatArray
    inside: FloatArray
    distance_inside: FloatArray
    trials: tuple[FootTrial, ...]

    def words(self) -> str:
        """Return recall, distance and lengths over holes in a line."""
        within = np.mean(np.abs(self.distance - 1.0) <= 0.015)
        return (
            f"{self.recall.mean():.3f} (least {self.recall.min():.2f}), "
            f"{self.distance.mean():.3f} ± {self.distance.std():.3f}, "
            f"within 1.5 % in {100 * within:.0f} % of {len(self.distance)}, inside its stated 95 % in "
            f"{100 * self.distance_inside.mean():.0f} %; "
            f"length over a hole {100 * self.inside.mean():.0f} % inside the stated 95 %"
        )


def report() -> str:
    """Return coverage at other rates and with lost packets as Markdown; empty without recordings."""
    if not feet():
        return ""
    lines = ["Root mean square between feet, and share of strides inside the stated 95 %, at other rates:\n"]
    lines += [f"- {rate_hz:.0f} Hz: {coverage(at_rate(rate_hz))}" for rate_hz in RATES_HZ]
    lines.append(
        "\nWith packets of ten readings lost (200 Hz), four times each: strides found, distance against nothing lost:\n"
    )
    for share in (0.02, 0.05, 0.10):
        found = with_lost(share)
        lines.append(f"- {100 * share:.0f} %: {found.words()}; {coverage(found.trials)}")
    lines.append("\nWith one notification of eight readings in a hundred lost at 52 Hz (Movesense):\n")
    lines.append(f"- {with_lost(0.01, 8, 52.0).words()}")
    return "\n".join(lines)


@cache
def with_lost(share: float, n: int = 10, rate_hz: float | None = None) -> Lossy:
    """Return how many strides are found, and how near their distance is, with packets of n readings lost."""
    recordings = feet()
    chunks = [r.chunk if rate_hz is None else as_sent.at_rate(r.chunk, rate_hz) for r in recordings]
    whole_m = [_distance_m(strides(chunk)) for chunk in chunks]  # none where the landings are clipped
    found = [strides(_lossy(c, share, SEED + k, n)) for k, c in enumerate(chunks * N_LOSSES)]
    recall, distance, inside, distance_inside = [], [], [], []
    for one, recording, metres in zip(found, recordings * N_LOSSES, whole_m * N_LOSSES, strict=True):
        matched = pairs(one, recording.strides)
        recall.append(len(matched) / len(recording.strides))
        if metres is not None:
            far_m = _distance_m(one) or 0.0
            distance.append(far_m / metres)
            distance_inside.append(abs(far_m - metres) <= WITHIN * FOOT_SPEED_SD * far_m)
        for stride, true in matched:
            known_m, true_m = stride.stride_length_m, true.get("stride_length_m")
            if known_m and true_m and stride.uncertainty["stride_length_m"] > HOLED * PARAMS.length_sd_share * known_m:
                inside.append(abs(known_m - true_m) <= WITHIN * stride.uncertainty["stride_length_m"])
    trials = tuple(map(trial, recordings * N_LOSSES, found))
    return Lossy(np.array(recall), np.array(distance), np.array(inside), np.array(distance_inside), trials)


def _lossy(chunk: ImuChunk, share: float, seed: int, n: int = 10) -> ImuChunk:
    is_lost = np.random.default_rng(seed).random(len(chunk.t_s) // n + 1) < share
    return as_sent.kept(chunk, ~np.repeat(is_lost, n)[: len(chunk.t_s)])


def _distance_m(found: list[Stride]) -> float | None:
    """Sum of the stride lengths; None where some are unknown."""
    lengths = [stride.stride_length_m for stride in found if stride.stride_length_m is not None]
    return sum(lengths) if len(lengths) == len(found) else None
