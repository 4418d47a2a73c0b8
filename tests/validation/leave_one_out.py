"""`python -m tests.validation.leave_one_out`: the fitted parameters of shoe sensors, judged on runners they never saw.

Straight lines through the medians of each foot, each runner one vote, fitted without one runner in turn and judged on
that one; and fitted on six of the runners, judged on the other seven.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from typing import Any, Final

import numpy as np

from coach.gait.foot import stride_builder
from coach.gait.foot.params import PARAMS, FootParams
from coach.gait.foot.strides import StanceCandidate
from coach.model.samples import FloatArray
from coach.model.strides import Stride
from tests.coach.gait.on_recordings import pairs
from tests.support.recordings import Recording
from tests.validation.runners import FootTrial, changes, feet, strides, table, trial
from tests.validation.runners import strikes as strikes_of

FITTED: Final = ("line_s", "line_s_per_deg", "line_brake_share", "brake_share", "lead_s", "toe_off_s",
                 "toe_off_ball_share", "angle_bias_deg")  # fmt: skip

Cues = dict[str, FloatArray]


@contextmanager
def _landings() -> Iterator[list[StanceCandidate]]:
    """Keep the landing of each stride that is found meanwhile."""
    kept: list[StanceCandidate] = []
    made = stride_builder.stride_event

    def keep(foot: Any, this: StanceCandidate, *others: Any) -> Stride:
        kept.append(this)
        return made(foot, this, *others)

    stride_builder.stride_event = keep
    try:
        yield kept
    finally:
        stride_builder.stride_event = made


def cues(recording: Recording, params: FootParams) -> Cues:
    """Return the cues and the truth of each matched stride, times from its true contact."""
    with _landings() as landings:
        found = strides(recording.chunk, params)
    rows = []
    of = {id(stride): landing for stride, landing in zip(found, landings, strict=True)}
    for stride, true in pairs(found, recording.strides):
        landing, zero = of[id(stride)], true["initial_contact_s"]
        seen, push = landing.cues, landing.push
        if seen is None or push is None:
            continue
        lift = min(max(seen.lift_deg, params.lift_from_deg), params.lift_to_deg)
        angle = seen.elevation_at(landing.contact_s) - true["foot_strike_angle_deg"]
        times = (seen.rise_s, seen.brake_s, seen.peak_s, push.tip_s, push.ball_s, true["toe_off_s"])
        rows.append((*(t - zero for t in times), lift, angle))
    return dict(
        zip(("rise", "brake", "peak", "tip", "ball", "toe_off", "lift", "angle"), np.array(rows).T, strict=True)
    )


def fitted(of: dict[str, list[Cues]], params: FootParams) -> FootParams:
    """Return the parameters with the lines fitted to the feet of these runners."""
    feet_of = [(one, 1.0 / len(runner)) for runner in of.values() for one in runner]
    weights = np.array([weight for _, weight in feet_of])

    def median(*terms: str) -> FloatArray:
        """Of each foot: the first cue less the second."""
        return np.array(
            [np.nanmedian(one[terms[0]] - (one[terms[1]] if len(terms) > 1 else 0.0)) for one, _ in feet_of]
        )

    line = _line(-median("rise"), weights, median("lift"), median("brake", "rise"))
    lead = _line(-median("peak"), weights, median("brake", "peak"))
    off = _line(median("toe_off", "tip"), weights, median("ball", "tip"))
    return replace(
        params,
        line_s=line[0],
        line_s_per_deg=line[1],
        line_brake_share=line[2],
        brake_share=lead[1],
        lead_s=-lead[0],
        toe_off_s=off[0],
        toe_off_ball_share=off[1],
        angle_bias_deg=float(weights @ median("angle") / weights.sum()),
    )


def _line(wanted: FloatArray, weights: FloatArray, *columns: FloatArray) -> list[float]:
    root = np.sqrt(weights)
    table_ = np.column_stack([np.ones_like(wanted), *columns]) * root[:, None]
    found: list[float] = np.linalg.lstsq(table_, wanted * root, rcond=None)[0].tolist()
    return found


@cache
def _cues_by_runner() -> dict[str, list[Cues]]:
    seen: dict[str, list[Cues]] = {runner: [] for runner in _runners()}
    for recording in feet():
        seen[recording.name.split("_")[0]].append(cues(recording, PARAMS))
    return seen


def _runners() -> list[str]:
    return sorted({r.name.split("_")[0] for r in feet()})


@cache
def _fitted_without(runner: str) -> FootParams:
    return fitted({k: v for k, v in _cues_by_runner().items() if k != runner}, PARAMS)


def _judged(chosen: list[str], params: FootParams) -> list[FootTrial]:
    return [trial(r, strides(r.chunk, params)) for r in feet() if r.name.split("_")[0] in chosen]


@cache
def left_out() -> tuple[FootTrial, ...]:
    """Return each trial judged by parameters that were fitted without its runner."""
    return tuple(t for runner in _runners() for t in _judged([runner], _fitted_without(runner)))


def report() -> str:
    """Return the tables as Markdown; empty without recordings."""
    if not feet():
        return ""
    runners, seen, alone = _runners(), _cues_by_runner(), list(left_out())
    half = fitted({k: seen[k] for k in runners[::2][:6]}, PARAMS)
    others = _judged([r for r in runners if r not in runners[::2][:6]], half)
    whole = fitted(seen, PARAMS)
    lines = ["| parameter | shipped | fitted on all | fitted on twelve: least, most | on six |", "|---" * 5 + "|"]
    for name in FITTED:
        values = [getattr(_fitted_without(r), name) for r in runners]
        one = [getattr(p, name) for p in (PARAMS, whole, half)]
        lines.append(f"| {name} | {one[0]:.4g} | {one[1]:.4g} | {min(values):.4g}, {max(values):.4g} | {one[2]:.4g} |")
    return "\n\n".join((
        "Each runner judged by parameters fitted to the other twelve:", table(alone),
        strikes_of(alone), changes(alone),
        f"Fitted on {', '.join(runners[::2][:6])}, judged on the other seven:", table(others), strikes_of(others),
        "\n".join(lines),
    ))  # fmt: skip


if __name__ == "__main__":
    print(report() or "no reference recordings", file=sys.stdout)
