"""Make runs for the tests of this room: strides and seconds by known laws."""

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from coach.model.metrics import LiveMetrics
from coach.model.runs import Run, RunEntry, RunState
from coach.model.sites import WearSite
from coach.model.strides import FootStrike, GaitState, Stride
from coach.summary.summarise import summarise

START = datetime(2026, 1, 5, 7, 0, tzinfo=UTC)


def make_strides(
    minutes: float = 30.0,
    speed: Callable[[float], float] = lambda t: 3.0,
    step_length: Callable[[float, float], float] = lambda v, t: 0.3 + 0.25 * v,
    seed: int = 1,
    sites: tuple[WearSite, ...] = (WearSite.LEFT_FOOT, WearSite.RIGHT_FOOT),
    late_right_s: float = 0.0,
) -> list[Stride]:
    """Strides of a runner whose step length follows from speed and time; noise as of a real sensor."""
    draw = random.Random(seed)
    strides = []
    t = 1.0
    while t < 60 * minutes:
        v = speed(t) + draw.gauss(0, 0.03)
        length = step_length(v, t) * (1 + draw.gauss(0, 0.015))
        step_s = length / v
        for side, site in enumerate(sites):
            start = t + side * (step_s + late_right_s)
            contact = 0.25 + draw.gauss(0, 0.004)
            strides.append(
                Stride(
                    site,
                    start,
                    start + contact,
                    start + 0.4 * contact,
                    contact,
                    step_s - contact,
                    2 * step_s,
                    2 * length,
                    v,
                    12.0 + draw.gauss(0, 1),
                    FootStrike.REARFOOT,
                    impact_g=8.0 + draw.gauss(0, 0.5),
                    state=GaitState.RUNNING,
                )
            )
        t += 2 * step_s
    return strides


def make_entry(run_id: str, day: int, **how: object) -> RunEntry:
    """A run with its summary."""
    summary = summarise(make_strides(**how))  # type: ignore[arg-type]
    run = Run(run_id, START + timedelta(days=day), RunState.FINISHED, duration_s=1800.0, distance_m=5400.0)
    return RunEntry(run, summary)


def make_seconds(n: int, speed_mps: float = 3.0, start_m: float = 0.0) -> list[LiveMetrics]:
    return [
        LiveMetrics(
            float(i),
            GaitState.RUNNING,
            cadence_spm=170.0,
            speed_mps=speed_mps,
            step_length_m=60 * speed_mps / 170.0,
            distance_m=start_m + speed_mps * i,
            heart_rate_bpm=140.0 + i / 60,
        )
        for i in range(n)
    ]
