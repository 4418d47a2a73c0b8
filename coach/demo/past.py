"""The virtual runner's past: three baseline runs worked out from its body, so that a first demonstration can coach.

What its feet do when rested is measured with the same gait room as in a run, at three speeds; nothing is typed in.
"""

from dataclasses import replace
from datetime import timedelta
from functools import cache
from typing import Final

import numpy as np

from coach.coaching.baseline import FULL_STEADY_S, BaselinePoint, BaselineRun
from coach.coaching.measures import KINDS
from coach.coaching.outcome import CoachingOutcome
from coach.coaching.progress import CoachedRun
from coach.gait.fusion.body import BodyGait
from coach.model.metrics import LiveMetrics
from coach.model.plain import to_plain
from coach.model.runs import Run, RunPlace, RunPlan, RunState, RunSummary
from coach.model.samples import ImuChunk
from coach.model.sites import WearSite
from coach.model.units import GRAVITY_MPS2
from coach.storage.coaching import CoachedRuns
from coach.storage.store import Store
from coach.virtual_runner.body import VirtualBody
from coach.virtual_runner.runner import VirtualRunner
from coach.wall_clock import utc_now

RATE_HZ: Final = 208.0
MEASURED_S: Final = 24.0
N_RUNS: Final = 3
DAYS_APART: Final = 2
FEET: Final = (WearSite.LEFT_FOOT, WearSite.RIGHT_FOOT)
SPEED_FACTORS: Final = (0.92, 1.0, 1.08)
CADENCE_GAIN: Final = 0.12  # share of a change in speed that cadence takes: +3 spm for +15 %, de Ruiter 2020
TITLE: Final = "Baseline run, worked out from the virtual runner's body"


def live_through(store: Store, body: VirtualBody) -> None:
    """Give an empty database the three baseline runs; one that holds runs is left alone."""
    if store.runs.count():
        return
    points = _points(replace(body, tires_after_s=1e9))
    plan = RunPlan(None, 0.0, None, True, False, "The first three runs find your own numbers; the coach is silent.")
    kept = CoachedRuns(store.database)
    now = utc_now()
    for number in range(N_RUNS):
        at = now - timedelta(days=DAYS_APART * (N_RUNS - number))
        run_id = f"{at:%Y%m%d}-baseline"
        duration_s = FULL_STEADY_S + 120.0
        distance_m = duration_s * body.speed_mps
        place = RunPlace.TREADMILL
        store.runs.create(Run(run_id, at, RunState.RECORDING, TITLE, place=place, source="virtual", plan=plan))
        summary = RunSummary(duration_s, duration_s, distance_m, 0, 0, 0, 0, 0, speed_mps=body.speed_mps)
        store.runs.finish(run_id, RunState.FINISHED, summary)
        outcome = CoachingOutcome(duration_s, BaselineRun(run_id, at, FULL_STEADY_S, points))
        kept.save(run_id, at, to_plain(CoachedRun(run_id, at, plan, outcome)))


@cache  # two seconds of a small computer, for each runner of a household's demonstration and in many tests
def _points(rested: VirtualBody) -> tuple[BaselinePoint, ...]:
    return tuple(_point(rested, factor) for factor in SPEED_FACTORS)


def _point(body: VirtualBody, factor: float) -> BaselinePoint:
    """Return what the gait room measures on this body at a speed."""
    cadence = body.cadence_spm * (1.0 + CADENCE_GAIN * (factor - 1.0))
    runner = VirtualRunner(replace(body, speed_mps=body.speed_mps * factor, cadence_spm=cadence))
    gait = BodyGait(FEET)
    seen: list[LiveMetrics] = []
    second = round(RATE_HZ)
    for start in range(0, round(MEASURED_S * RATE_HZ), second):
        t_s = (start + np.arange(second)) / RATE_HZ
        for site in FEET:
            acc, gyr = runner.imu(site, float(t_s[0]), second, RATE_HZ)
            gait.feed(ImuChunk(site, t_s.copy(), acc, gyr, 16 * GRAVITY_MPS2, np.deg2rad(2000.0), RATE_HZ))
        if start > second * 10:
            seen.append(gait.metrics(float(t_s[-1])))
    values = {name: [v for m in seen if (v := getattr(m, name)) is not None] for name in KINDS}
    known = {name: float(np.median(v)) for name, v in values.items() if v}
    # The belt's speed is known exactly; the step length of the runner's own at it follows from the cadence.
    known["step_length_m"] = 60.0 * runner.body.speed_mps / known["cadence_spm"]
    return BaselinePoint(runner.body.speed_mps, 0.0, 12, known)
