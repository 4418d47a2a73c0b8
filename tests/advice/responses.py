"""Blocks of faded runs of a shuffling runner whose answer to a cue is known: what the coach makes of it.

Values come every 2.5 s. Steps shorten by 4 % from minute 4 to 14; the value wanders by 0.9 % (time constant 45 s) with
0.5 % of scatter. A cue lengthens the step by `effect_pct` within some 8 s, which fades from 45 s on. Four runs of a
block withhold nothing and cannot be judged: one of them is simulated, then the shares .75, .5, .25 and .10.
"""

import math
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from functools import cache, partial

import numpy as np

from coach.coaching.engine import CueEngine
from coach.coaching.facts import HistoryFacts
from coach.coaching.loader import load_rules
from coach.coaching.outcome import CoachingOutcome
from coach.coaching.progress import CoachedRun, withheld_pool
from coach.model.cues import CueRule, FocusResponse
from coach.model.metrics import LiveMetrics
from coach.model.runs import RunPlan
from coach.model.strides import GaitState
from coach.summary.findings import findings_of
from tests.support.coaching import NOW, PROFILE, answered

STEP_S, MINUTES = 2.5, 25.0
SHARES = (1.0, 0.75, 0.5, 0.25, 0.1)
# Standard uncertainties of the landing: those of a steady run, so that no gate closes for what is unknown.
LANDING_SD = {"foot_strike_angle_vs_baseline_deg": 0.5, "impact_vs_baseline_pct": 2.0}


@dataclass(frozen=True)
class JudgedRun:
    """One run that could be judged. says: what the page says, "" where it says nothing of a response."""

    effect: float
    low: float
    high: float
    has_answered: bool | None
    n_cues: int
    n_withheld: int
    says: str


def true_effect_pct(effect_pct: float) -> float:
    """Mean true change 10 to 40 s after a cue."""
    after_s = np.arange(10.0, 40.0, 0.5)
    return float(effect_pct * np.mean(1.0 - np.exp(-after_s / 8.0)))


@cache
def rules() -> tuple[CueRule, ...]:
    """The rules that can speak in a run that lengthens: others are silent in it, and cost two thirds of the time."""
    return tuple(rule for rule in load_rules() if rule.focus == "lengthen" or rule.kind == "praise")


def one_run(seed: int, share: float, effect_pct: float, pool: dict[str, tuple[float, ...]]) -> CueEngine:
    """One run through the engine, hearing what is spoken."""
    rng = np.random.default_rng(seed)
    plan = RunPlan("lengthen", share, 5, False, False, "", seed)
    engine = CueEngine(rules(), plan, answered(), PROFILE, None, None, HistoryFacts(withheld=pool))
    wander, heard, keep = 0.0, list[float](), math.exp(-STEP_S / 45.0)
    scatter = rng.normal(size=(int(MINUTES * 60 / STEP_S), 2))
    for i, (slow, quick) in enumerate(scatter):
        t_s = i * STEP_S
        wander = keep * wander + math.sqrt(1.0 - keep * keep) * slow
        acts = [(1 - math.exp(-(t_s - h) / 8.0)) * math.exp(-max(0.0, t_s - h - 45.0) / 60.0) for h in heard[-2:]]
        value = -4.0 * min(1.0, max(0.0, (t_s - 240.0) / 600.0)) + 0.9 * wander + 0.5 * quick
        metrics = LiveMetrics(
            t_s=t_s,
            state=GaitState.RUNNING,
            cadence_spm=165.0,
            speed_mps=2.8,
            foot_strike_angle_deg=10.0,
            impact_g=8.0,
            foot_strike_angle_vs_baseline_deg=0.0,
            impact_vs_baseline_pct=0.0,
            step_length_vs_baseline_pct=value + effect_pct * max(acts, default=0.0),
            uncertainty=LANDING_SD,
        )
        heard += [t_s for d in engine.observe(t_s, metrics) if d.is_spoken and d.kind == "cue"]
    return engine


def block_of(effect_pct: float, number: int) -> Iterator[tuple[CueEngine, CoachingOutcome]]:
    """The runs of one block after another, each knowing the silent moments of those before."""
    records: list[CoachedRun] = []
    for k, share in enumerate(SHARES):
        seed = 1_000_003 * number + 10 * k + round(100 * effect_pct)
        engine = one_run(seed, share, effect_pct, withheld_pool(records))
        outcome = engine.outcome(f"r{k}", NOW)
        records.append(CoachedRun(f"r{k}", NOW + timedelta(days=k), engine.plan, outcome))
        yield engine, outcome


def one_block(effect_pct: float, number: int) -> list[JudgedRun]:
    """The runs of one block that could be judged."""
    return [
        _judged(engine, r, outcome.focus_responses)
        for engine, outcome in block_of(effect_pct, number)
        for r in outcome.focus_responses
        if r.low is not None
    ]


def _judged(engine: CueEngine, r: FocusResponse, all_of: Sequence[FocusResponse]) -> JudgedRun:
    assert r.effect is not None
    assert r.low is not None
    assert r.high is not None
    says = next((f.words for f in findings_of({}, None, None, engine.decisions, all_of, ()) if f.id == "cues"), "")
    return JudgedRun(r.effect, r.low, r.high, r.has_answered, r.n_cues, r.n_withheld, says)


def blocks(effect_pct: float, n: int, n_processes: int = 1) -> list[JudgedRun]:
    """All judged runs of `n` blocks."""
    if n_processes == 1:
        return [run for number in range(n) for run in one_block(effect_pct, number)]
    with ProcessPoolExecutor(n_processes) as pool:
        return [run for block in pool.map(partial(one_block, effect_pct), range(n), chunksize=8) for run in block]


HEAD = "effect %   runs  mean (SD)      95 % holds  helped  no use  neither  page says it helped  the other way"
EFFECTS_PCT = (0.0, 1.0, 2.16)  # within some 8 s of the cue: deaf, and two that answer


def lines(n: int, n_processes: int = 1) -> Iterator[str]:
    """How often the interval holds the truth, and what is said: one line for each true effect."""
    yield f"{n} blocks for each true effect"
    yield HEAD
    for immediate_pct in EFFECTS_PCT:
        runs, truth = blocks(immediate_pct, n, n_processes), true_effect_pct(immediate_pct)
        effects = np.array([r.effect for r in runs])
        held = np.mean([r.low <= truth <= r.high for r in runs])
        verdicts = [np.mean([r.has_answered is v for r in runs]) for v in (True, False, None)]
        helped = np.mean(["than in silent" in r.says and "other way" not in r.says for r in runs])
        wrong = np.mean(["other way" in r.says for r in runs])
        yield (
            f"{truth:+8.2f} {len(runs):6d}  {effects.mean():+.2f} ({effects.std():.2f})  {100 * held:9.1f} %"
            + "".join(f" {100 * v:6.1f} %" for v in verdicts)
            + f"  {100 * helped:14.1f} %  {100 * wrong:11.1f} %"
        )
