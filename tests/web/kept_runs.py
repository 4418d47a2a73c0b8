"""A coach with real runs in a real store: what the pages of runs are tested with."""

import atexit
import dataclasses
import math
import random
import shutil
import tempfile
from contextlib import closing
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

from coach.model.cues import CueDecision, CueResponse, Gate
from coach.model.metrics import LiveMetrics
from coach.model.pain import PainEntry, PainMoment
from coach.model.runner import RunnerProfile
from coach.model.runs import Lap, Run, RunPlace, RunState, Shoe
from coach.model.samples import Gap, StreamReport
from coach.model.sites import WearSite
from coach.model.strides import FootStrike, GaitState, Stride
from coach.service.runs.history import HistoryService
from coach.summary.summarise import summarise
from tests.web.page_coach import PageCoach

GATES = (Gate("pain_at_most_2", True, "pain is 1"), Gate("one_focus", False, "another focus was chosen for this run"))
REPORTS = (
    StreamReport(
        "A", "movesense", WearSite.LEFT_FOOT, 9000, 72000, 1, 4, 2200, 310, 208.1, (Gap("A", None, 100.0, 110.6, 2200),)
    ),
    StreamReport("B", "movesense", WearSite.RIGHT_FOOT, 9300, 74400, rate_hz=208.0),
)


def keep_run(
    history: HistoryService, run_id: str, started_at: datetime, minutes: float = 20, growth: float = 0.0, seed: int = 1
) -> Run:
    """A run of a tiring runner whose steps have grown by `growth`, with cues, a lap, pain and sensor reports."""
    strides, seconds = _motion(minutes, growth, seed)
    cues = [_cue(i, 120.0 + 150 * i) for i in range(int(minutes / 3))]
    responses = [
        CueResponse(c.cue_id, c.rule_id, "step_length_m", 1.04, 1.07, 0.03, 0.002, 0.028, 0.01, 0.046, 4)
        for c in cues[:2]
    ]
    laps = (
        Lap(1, 0.0, 180.0, "warm_up"),
        Lap(2, 180.0, 60.0 * minutes - 60),
        Lap(3, 60.0 * minutes - 60, 60.0 * minutes),
    )
    place = RunPlace.TREADMILL if seed % 3 else RunPlace.OUTDOOR
    run = Run(run_id, started_at, RunState.FINISHED, place=place, shoes="Blue pair" if seed % 2 else "", laps=laps)
    store = history._store
    store.runs.create(run)
    store.runs.data.add(run_id, strides, seconds, cues, responses)
    store.pain.add(PainEntry(started_at, PainMoment.BEFORE_RUN, back=2, run_id=run_id))
    store.pain.add(PainEntry(started_at + timedelta(hours=24), PainMoment.NEXT_MORNING, back=1, calf=0, run_id=run_id))
    summary = summarise(strides, (), seconds, cues, REPORTS, laps, ())
    return store.runs.finish(run_id, RunState.FINISHED, summary)


def _cue(i: int, t_s: float) -> CueDecision:
    say = "Push the ground away behind you"
    reason = "step length 3.4 % below your own at this speed for 20 s"
    is_spoken = i % 3 != 2
    held = None if is_spoken else "one_focus"
    return CueDecision(
        f"c{i}", t_s, "lengthen", "stride", "cue", is_spoken, False, say, -3.4, -3.0, "%", GATES, reason, "doi:10", held
    )


def _motion(minutes: float, growth: float, seed: int) -> tuple[list[Stride], list[LiveMetrics]]:
    draw = random.Random(seed)
    strides: list[Stride] = []
    seconds: list[LiveMetrics] = []
    t = 1.0
    far_m = 0.0
    while t < 60 * minutes:
        v = 2.9 + 0.15 * math.sin(t / 90 + seed) + draw.gauss(0, 0.02)
        tired = 1 - 0.05 * t / (60 * minutes)
        length = (0.3 + 0.25 * v) * (1 + growth) * tired * (1 + draw.gauss(0, 0.012))
        step_s = length / v
        for i, site in enumerate((WearSite.LEFT_FOOT, WearSite.RIGHT_FOOT)):
            angle = 9.0 + draw.gauss(0, 2.5) - 4 * t / (60 * minutes)
            strike = FootStrike.REARFOOT if angle > 8 else FootStrike.MIDFOOT if angle > -1.6 else FootStrike.FOREFOOT
            contact = 0.248 + 0.012 * t / (60 * minutes) + draw.gauss(0, 0.004)
            strides.append(
                Stride(
                    site, t + i * step_s, t + i * step_s + contact, t + i * step_s + 0.4 * contact, contact,
                    step_s - contact, 2 * step_s, 2 * length, v, angle, strike, 9.0, None, 8.1 + draw.gauss(0, 0.4),
                    0.11, state=GaitState.RUNNING,
                )
            )  # fmt: skip
        far_m += 2 * length
        if not seconds or t - seconds[-1].t_s >= 1:
            seconds.append(
                LiveMetrics(
                    float(int(t)), GaitState.RUNNING, True, 60 / step_s, 1000 * contact, 1000 * (step_s - contact),
                    step_length_m=length, speed_mps=v, distance_m=far_m, foot_strike_angle_deg=angle,
                    impact_g=8.1 + draw.gauss(0, 0.2), heart_rate_bpm=132 + 20 * t / (60 * minutes),
                    contact_time_balance_pct=50.3 + draw.gauss(0, 0.2),
                )
            )  # fmt: skip
        t += 2 * step_s
    return strides, seconds


def kept_coach(folder: Path, n_runs: int = 4, minutes: float = 14, **changes: object) -> PageCoach:
    """A coach with runs; the newest is r0. Close it at the end."""
    shutil.copytree(_kept_folder(n_runs, minutes, tuple(changes.items())), folder, dirs_exist_ok=True)
    return PageCoach(folder)


@cache  # a second of a processor for each run, and many tests ask for the same
def _kept_folder(n_runs: int, minutes: float, changes: tuple[tuple[str, object], ...]) -> Path:
    """A coach's folder, closed."""
    folder = Path(tempfile.mkdtemp(prefix="kept-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    with closing(PageCoach(folder)) as coach:
        profile = RunnerProfile(name="Sam", birth_year=1984)
        coach.store.runner.save(dataclasses.replace(profile, **dict(changes)))  # type: ignore[arg-type]
        for i in reversed(range(n_runs)):
            started_at = datetime.now(UTC) - timedelta(days=3 * i, hours=2)
            keep_run(coach.history, f"r{i}", started_at, minutes, 0.008 * (n_runs - i), seed=i + 1)
        coach.store.shoes.save(Shoe("Blue pair", start_m=120_000))
    return folder
