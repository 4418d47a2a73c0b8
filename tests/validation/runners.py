"""Judge shoe sensors by runner and strike class: errors between feet and within a foot, coverage, changes, sides.

The unit is one foot in one trial of 30 s: its bias is the mean error over its strides. A mean over many strides has the
same bias, so that is the error which a runner is shown.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from coach.gait.foot.analyzer import FootGait
from coach.gait.foot.params import PARAMS, FootParams
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


def changes(trials: list[FootTrial]) -> str:
    """Return how changes of contact time with speed, and between left and right, come out."""
    found, true = (_within(trials, k, lambda t: (t.runner, t.side)) for k in (0, 1))
    slope = float(found @ true / (true @ true))
    error_ms = 1000.0 * float(np.sqrt(np.mean((found - true) ** 2)))
    sides = [_sides(trials, k) for k in (0, 1)]
    spread = [1000.0 * float(np.std(of, ddof=1)) for of in (*sides, sides[0] - sides[1])]
    return (
        f"Contact time's changes with speed in one foot: slope {slope:.2f}, error {error_ms:.1f} ms. Left minus right: "
        f"SD {spread[0]:.1f} ms where it is {spread[1]:.1f}, error {spread[2]:.1f}."
    )


def _within(trials: list[FootTrial], k: int, key: Callable[[FootTrial], Any]) -> FloatArray:
    """Found (k = 0) or true contact times less their mean in each group."""
    groups = {key(t) for t in trials}
    values = [np.array([t.contact_s[k] for t in trials if key(t) == group]) for group in sorted(groups)]
    return np.concatenate([of - of.mean() for of in values])


def _sides(trials: list[FootTrial], k: int) -> FloatArray:
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


def report() -> str:
    """Return coverage at other rates and with lost packets as Markdown; empty without recordings."""
    recordings = feet()
    if not recordings:
        return ""
    lines = ["Root mean square between feet, and share of strides inside the stated 95 %, at other rates:\n"]
    for rate_hz in (52.0, 104.0, 200.0, 416.0):
        trials = [trial(r, strides(as_sent.at_rate(r.chunk, rate_hz))) for r in recordings]
        lines.append(f"- {rate_hz:.0f} Hz: {coverage(trials)}")
    lines.append(
        "\nWith packets of ten readings lost (200 Hz), four times each: strides found, distance against nothing lost:\n"
    )
    whole = [_distance_m(strides(r.chunk)) for r in recordings]  # none where the landings are clipped
    for share in (0.02, 0.05, 0.10):
        words, found = _with_lost(recordings, [r.chunk for r in recordings], whole, share, 10)
        lines.append(f"- {100 * share:.0f} %: {words}; {coverage(map(trial, recordings * N_LOSSES, found))}")
    lines.append("\nWith one notification of eight readings in a hundred lost at 52 Hz (Movesense):\n")
    slow = [as_sent.at_rate(r.chunk, 52.0) for r in recordings]
    words, _ = _with_lost(recordings, slow, [_distance_m(strides(chunk)) for chunk in slow], 0.01, 8)
    lines.append(f"- {words}")
    return "\n".join(lines)


def _with_lost(
    recordings: list[Recording], chunks: list[ImuChunk], whole_m: list[float | None], share: float, n: int
) -> tuple[str, list[list[Stride]]]:
    """How many strides are found, and how near their distance is, with packets of n readings lost; and the strides.

    Each recording loses others `N_LOSSES` times. Lengths: of strides whose uncertainty says that they have a hole.
    """
    found = [strides(_lossy(c, share, SEED + k, n)) for k, c in enumerate(chunks * N_LOSSES)]
    recall, distance, inside = [], [], []
    for one, recording, metres in zip(found, recordings * N_LOSSES, whole_m * N_LOSSES, strict=True):
        matched = pairs(one, recording.strides)
        recall.append(len(matched) / len(recording.strides))
        if metres is not None:
            distance.append((_distance_m(one) or 0.0) / metres)
        for stride, true in matched:
            known_m, true_m = stride.stride_length_m, true.get("stride_length_m")
            if known_m and true_m and stride.uncertainty["stride_length_m"] > HOLED * PARAMS.length_sd_share * known_m:
                inside.append(abs(known_m - true_m) <= WITHIN * stride.uncertainty["stride_length_m"])
    within = np.mean(np.abs(np.array(distance) - 1.0) <= 0.015)
    words = (
        f"{np.mean(recall):.3f} (least {min(recall):.2f}), {np.mean(distance):.3f} ± {np.std(distance):.3f}, "
        f"within 1.5 % in {100 * within:.0f} % of {len(distance)}; "
        f"length over a hole {100 * np.mean(inside):.0f} % inside the stated 95 %"
    )
    return words, found


def _lossy(chunk: ImuChunk, share: float, seed: int, n: int = 10) -> ImuChunk:
    is_lost = np.random.default_rng(seed).random(len(chunk.t_s) // n + 1) < share
    return as_sent.kept(chunk, ~np.repeat(is_lost, n)[: len(chunk.t_s)])


def _distance_m(found: list[Stride]) -> float | None:
    """Sum of the stride lengths; None where some are unknown."""
    lengths = [stride.stride_length_m for stride in found if stride.stride_length_m is not None]
    return sum(lengths) if len(lengths) == len(found) else None
