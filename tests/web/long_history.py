"""A long run and a long list of runs in a real store, for measuring and testing pages that hold much.

Strides and seconds are those that the gait room measures on a virtual runner, repeated with chance and fatigue.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final

import numpy as np

from coach.gait.fusion.body import BodyGait
from coach.model.cues import CueDecision, CueResponse, Gate
from coach.model.metrics import LiveMetrics
from coach.model.runs import Lap, Run, RunPlace, RunState, RunSummary
from coach.model.samples import Gap, ImuChunk, StreamReport
from coach.model.sites import WearSite
from coach.model.strides import FootStrike, Stride
from coach.storage.run_tables import RUNS
from coach.storage.runs import put_summaries
from coach.storage.store import Store
from coach.summary.summarise import summarise
from coach.virtual_runner.body import VirtualBody
from coach.virtual_runner.runner import VirtualRunner

FEET: Final = (WearSite.LEFT_FOOT, WearSite.RIGHT_FOOT)
SHOES: Final = ("", "Blue pair", "Light pair")
_RATE_HZ: Final = 208.0
_MEASURED_S: Final = 16
_STRIDE_S: Final = 0.745
_BATCH: Final = 5000
_CUE_EVERY_S: Final = 240.0


def keep_long_run(store: Store, run_id: str, started_at: datetime, hours: float = 6.0) -> Run:
    """A finished run on two feet with a heart-rate strap: strides, seconds, cues, laps, pauses and reports."""
    end_s = 3600.0 * hours
    stride, second = _measured()
    strides, seconds = [*_strides(stride, end_s)], [*_seconds(second, end_s)]
    cues = [_cue(i, t_s) for i, t_s in enumerate(np.arange(300.0, end_s, _CUE_EVERY_S).tolist())]
    responses = [
        CueResponse(c.cue_id, c.rule_id, "step_length_m", 1.04, 1.07, 0.03, 0.002, 0.028, 0.01, 0.046, 4) for c in cues
    ]
    marks = [*np.arange(0.0, end_s, min(3600.0, end_s / 3)).tolist(), end_s]
    laps = tuple(Lap(i + 1, a, b) for i, (a, b) in enumerate(pairwise(marks)))
    pauses = ((0.5 * end_s, 0.5 * end_s + 60.0),)
    reports = tuple(_report(site, end_s) for site in FEET)
    store.runs.create(Run(run_id, started_at, RunState.RECORDING, "Six hours", laps=laps, pauses=pauses))
    store.runs.data.add(run_id, strides, seconds, cues, responses)
    summary = summarise(strides, (), seconds, cues, reports, laps, pauses)
    return store.runs.finish(run_id, RunState.FINISHED, summary)


def keep_many_runs(store: Store, n_runs: int, newest_at: datetime, like: RunSummary) -> None:
    """`n_runs` finished runs of one a day; their summaries vary about `like`."""
    draw = np.random.default_rng(5)
    runs, summaries = [], {}
    for i, size in enumerate(draw.normal(1.0, 0.05, n_runs).tolist()):
        duration_s, metres = 2400.0 * size, 6800.0 * size
        run = Run(
            f"many-{i:05d}", newest_at - timedelta(days=i), RunState.FINISHED, "", duration_s, metres,
            RunPlace.OUTDOOR if i % 3 else RunPlace.TREADMILL, SHOES[i % 3], laps=(Lap(1, 0.0, duration_s),),
        )  # fmt: skip
        by_speed = {
            name: {**moments, "value": moments["value"] * size, "speed_mps": moments.get("speed_mps", 2.8) * size}
            for name, moments in like.by_speed.items()
        }
        speed = None if like.speed_mps is None else like.speed_mps * size
        summary = replace(like, duration_s=duration_s, distance_m=metres, speed_mps=speed, by_speed=by_speed)
        runs.append(RUNS.row(run, run_key=100 + i, deleted_at=None))
        summaries[100 + i] = summary
        if len(runs) == _BATCH or i == n_runs - 1:
            with store.database.write() as connection:
                RUNS.table.put(connection, runs)
                put_summaries(connection, summaries)
            runs, summaries = [], {}


def _measured() -> tuple[Stride, LiveMetrics]:
    """A stride and the numbers of a moment as the gait room gives them for a rested virtual runner."""
    runner, gait = VirtualRunner(VirtualBody()), BodyGait(FEET)
    strides: list[Stride] = []
    n = round(_RATE_HZ)
    for start in range(0, _MEASURED_S * n, n):
        t_s = (start + np.arange(n)) / _RATE_HZ
        for site in FEET:
            acc, gyr = runner.imu(site, float(t_s[0]), n, _RATE_HZ)
            events = gait.feed(ImuChunk(site, t_s.copy(), acc, gyr, 16 * 9.80665, np.deg2rad(2000.0), _RATE_HZ))
            strides += [event for event in events if isinstance(event, Stride)]
    return strides[-1], gait.metrics(float(_MEASURED_S))


def _strides(like: Stride, end_s: float) -> Iterator[Stride]:
    """About 4,830 strides an hour and foot of a runner whose contact grows and whose angle falls with time."""
    for number, site in enumerate(FEET):
        draw = np.random.default_rng(number)
        times_s = draw.normal(_STRIDE_S, 0.009, int(end_s / _STRIDE_S))
        begins_s = np.cumsum(times_s) - times_s[0] + 0.5 + 0.5 * _STRIDE_S * number
        tired = begins_s / end_s
        contact_s = 0.262 + 0.018 * tired + draw.normal(0, 0.005, len(tired))
        speed = 2.86 - 0.25 * tired + 0.12 * np.sin(begins_s / 240) + draw.normal(0, 0.03, len(tired))
        angle = 13.0 - 7.0 * tired + draw.normal(0, 2.5, len(tired))
        impact = 8.2 + 0.6 * tired + draw.normal(0, 0.4, len(tired))
        rows = np.column_stack([begins_s, times_s, contact_s, speed, angle, impact]).tolist()
        for begin_s, time_s, contact, v, a, g in rows:
            yield replace(
                like, wear_site=site, initial_contact_s=begin_s, toe_off_s=begin_s + contact,
                mid_stance_s=begin_s + 0.48 * contact, contact_time_s=contact, flight_time_s=0.5 * time_s - contact,
                stride_time_s=time_s, stride_length_m=v * time_s, speed_mps=v, foot_strike_angle_deg=a,
                foot_strike=FootStrike.REARFOOT if a > 8 else FootStrike.MIDFOOT, impact_g=g,
            )  # fmt: skip


def _seconds(like: LiveMetrics, end_s: float) -> Iterator[LiveMetrics]:
    """One row a second, as a run keeps them."""
    draw = np.random.default_rng(9)
    t_s = np.arange(1.0, end_s)
    tired = t_s / end_s
    speed = 2.86 - 0.25 * tired + 0.12 * np.sin(t_s / 240) + draw.normal(0, 0.02, len(t_s))
    cadence = 161 + 2 * np.sin(t_s / 240) + draw.normal(0, 0.6, len(t_s))
    heart = np.round(128 + 24 * tired + draw.normal(0, 1, len(t_s)))
    rows = np.column_stack([t_s, speed, cadence, np.cumsum(speed), heart, 262 + 18 * tired]).tolist()
    for at_s, v, spm, metres, bpm, contact_ms in rows:
        yield replace(
            like, t_s=at_s, speed_mps=v, cadence_spm=spm, distance_m=metres, heart_rate_bpm=bpm,
            step_length_m=60 * v / spm, stride_length_m=120 * v / spm, contact_time_ms=contact_ms,
        )  # fmt: skip


def _cue(number: int, t_s: float) -> CueDecision:
    gates = (Gate("pain_at_most_2", True, "pain is 1"), Gate("not_overstriding", True, "12 degrees at contact"))
    reason = "step length 3.4 % below your own at this speed for 20 s"
    say = "Push the ground away behind you"
    return CueDecision(
        f"c{number:04d}",
        t_s,
        "shortened_stride",
        "lengthen",
        "cue",
        True,
        False,
        say,
        -3.4,
        -3.0,
        "%",
        gates,
        reason,
        "measured",
    )


def _report(site: WearSite, end_s: float) -> StreamReport:
    gaps = tuple(Gap(site.value, None, t_s, t_s + 0.6, 125) for t_s in np.arange(900.0, end_s, 1800.0).tolist())
    n = int(end_s * _RATE_HZ)
    return StreamReport(site.value, "movesense", site, n // 8, n, 1, 0, 125 * len(gaps), 12, 207.9, gaps)
