"""`python -m tests.simulated_trial [--seeds N]`: a trial with known effects, and how often its table finds them.

84 runners in three arms with four times of measuring and losses of 5, 10 and 15 %. The effects are made up, in the
shape of what Cai, Yang & Kong 2017 (doi:10.1249/MSS.0000000000001396) found: pain falls alike, step length and knee
strength grow with leg training. About each time a runner has three runs, each at its own speed; their moments against
speed and the answers go through the same functions as those of a real trial.
"""

import argparse
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from coach.service.study.mixed_model import Effect
from coach.service.study.trial_table import Trial, TrialTable, table_of_trial
from coach.study.columns import moment_column
from coach.study.trial import TIMES, TrialPerson, TrialRun

SPEED_MPS = 2.8
ARMS = ("extensor", "leg", "stabilisation")
STEP = "step_length_m"
# Change from week 0 at week 8, month 3 and month 6, by arm.
EFFECTS: dict[str, dict[str, tuple[float, float, float]]] = {
    STEP: {"leg": (0.045, 0.070, 0.098), "extensor": (0.010, 0.015, 0.020), "stabilisation": (0.010, 0.015, 0.022)},
    "pain": dict.fromkeys(ARMS, (-2.0, -2.4, -2.6)),
    "function": {"leg": (2.6, 2.9, 3.0), "extensor": (1.7, 1.9, 1.9), "stabilisation": (1.7, 1.9, 2.0)},
    "knee_strength_pct": {"leg": (12, 13, 12), "extensor": (3, 3, 3), "stabilisation": (2, 3, 3)},
}
# Mean, standard deviation between runners, and within a runner from time to time.
BASE = {
    STEP: (0.98, 0.07, 0.012),
    "pain": (5.0, 1.2, 1.0),
    "function": (5.0, 1.2, 0.8),
    "knee_strength_pct": (62.0, 11.0, 4.0),
}
LOST = (0.0, 0.05, 0.10, 0.15)
SLOPE_S = (0.27, 0.03)  # step length per speed [s]: mean and standard deviation between runners
N_BINS, SPEED_SD_MPS, VALUE_SD_M = 110.0, 0.12, 0.015  # of one run's ten-second averages


def simulate(seed: int, n: int = 84) -> Trial:
    """A trial of `n` runners."""
    chance = np.random.default_rng(seed)
    start = datetime(2026, 1, 5, tzinfo=UTC)
    people, runs, answers = [], dict[str, list[TrialRun]](), dict[str, list[tuple[Any, str, float]]]()
    for number in range(n):
        person, arm = f"P{number:03d}", ARMS[number % len(ARMS)]
        usual = {name: chance.normal(mean, sd) for name, (mean, sd, _) in BASE.items()}
        slope, speed_mps, left = chance.normal(*SLOPE_S), chance.normal(SPEED_MPS, 0.25), chance.random()
        n_times = sum(left >= lost for lost in LOST)
        runs[person], answers[person] = [], []
        for k, time in enumerate(TIMES[:n_times]):
            at = start + timedelta(weeks=time.week, days=1)
            now = {name: usual[name] + (EFFECTS[name][arm][k - 1] if k else 0.0) for name in BASE}
            for day in (0, 2, 4):
                run_mps = speed_mps + chance.normal(0.0, 0.25)
                value = now[STEP] + slope * (run_mps - SPEED_MPS) + chance.normal(0.0, BASE[STEP][2])
                runs[person].append(_run(f"{person}-{k}-{day}", at + timedelta(days=day), run_mps, value, slope))
            answers[person] += [
                (at, name, now[name] + chance.normal(0.0, sd)) for name, (_, _, sd) in BASE.items() if name != STEP
            ]
        is_lost = n_times < len(TIMES)
        lost_at = start + timedelta(weeks=TIMES[n_times].week) if is_lost else None
        people.append(TrialPerson(person, arm, start, lost_at=lost_at, lost_reason="moved" if is_lost else ""))
    return Trial(tuple(people), runs, answers)


def _run(run_id: str, at: datetime, speed_mps: float, value: float, slope: float) -> TrialRun:
    speed_ss = N_BINS * SPEED_SD_MPS**2
    moments = {
        "n": N_BINS,
        "speed_mps": speed_mps,
        "value": value,
        "speed_ss": speed_ss,
        "cross_ss": slope * speed_ss,
        "value_ss": slope**2 * speed_ss + (N_BINS - 1) * VALUE_SD_M**2,
    }
    return TrialRun(run_id, at, {"speed_mps": speed_mps, **{moment_column(STEP, k): v for k, v in moments.items()}})


def put_in(effect: Effect, *, is_against: bool) -> float:
    """What the simulation put in where `effect` was found."""
    place = [time.id for time in TIMES].index(effect.time) - 1
    own = EFFECTS[effect.measure][effect.group][place]
    return own - EFFECTS[effect.measure]["extensor"][place] if is_against else own


def holds(effect: Effect, *, is_against: bool) -> bool:
    """Whether the interval holds what was put in."""
    low, high = (effect.against_low, effect.against_high) if is_against else (effect.low, effect.high)
    return low is not None and high is not None and low <= put_in(effect, is_against=is_against) <= high


def primary(table: TrialTable) -> Effect:
    """The trial's main outcome: step length at month six, leg training against extensor training."""
    (found,) = (e for e in table.effects if (e.measure, e.group, e.time) == (STEP, "leg", "month_6"))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=20)
    seeds = parser.parse_args().seeds
    n_held, n_main = Counter[tuple[str, str, str]](), 0
    for seed in range(seeds):
        table = table_of_trial(simulate(seed), SPEED_MPS)
        for effect in table.effects:
            n_held[(effect.measure, effect.group, effect.time)] += holds(effect, is_against=False)
        n_main += holds(primary(table), is_against=True)
    print(f"| measure | arm | time | interval holds what was put in, of {seeds} |\n|---|---|---|---|")
    for (measure, group, time), n in sorted(n_held.items()):
        print(f"| {measure} | {group} | {time} | {n} |")
    share = sum(n_held.values()) / (seeds * len(n_held))
    print(f"\nAll intervals: {100 * share:.1f} % hold (95 % would be right).")
    print(f"Main outcome, step length at month 6, leg against extensor: {n_main} of {seeds}.")


if __name__ == "__main__":
    main()
