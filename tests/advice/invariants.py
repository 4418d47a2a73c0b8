"""Seeded adversarial runs, unsure numbers and such that are none among them: what was said, and every broken rule."""

from collections import Counter

from tests.coach.coaching.test_scenarios_never_break_a_gate import drawn, faults, played


def check(n: int) -> tuple[str, list[str]]:
    """How much was said in `n` runs, and each broken rule with its seed."""
    said: Counter[str] = Counter()
    broken: list[str] = []
    n_unsure = n_odd = 0
    for seed in range(n):
        scenario = drawn(seed)
        n_unsure += scenario.unsure_pct > 0
        n_odd += scenario.odd_share > 0
        try:
            decisions = played(scenario)
        except AssertionError as error:
            broken.append(f"seed {seed}: {error}")
            continue
        said.update(d.kind for d in decisions if d.is_spoken)
        broken += [f"seed {seed}: {fault}" for fault in faults(scenario, decisions)]
    spoken = ", ".join(f"{count} {kind}" for kind, count in said.most_common())
    kinds = f"{n_unsure} unsure, {n_odd} with numbers that are none"
    return f"Invariants: {n} runs ({kinds}): {spoken}; {len(broken)} broken", broken
