"""How many loose straps of shoe sensors are noticed, and how many firm ones are called loose, by sampling rate."""

from functools import cache
from typing import Final

import numpy as np

from coach.gait.foot.analyzer import FootGait
from coach.model.samples import ImuChunk
from tests.coach.gait.foot.test_loose_strap import wobbling
from tests.support import as_sent
from tests.support.recordings import names, read
from tests.validation.runners import feet

RATES_HZ: Final = (52.0, 104.0, 200.0)
WOBBLE_DEG: Final = 8.0
SEED: Final = 9  # of the wobbles' frequencies (7 to 14 Hz) and axes: two of each recording


@cache
def noticed(rate_hz: float) -> tuple[int, int, int, int]:
    """Return how many loose straps are called loose at the end, of how many; how many firm ones ever, of how many."""
    firm = [r.chunk for r in map(read, names("foot", "shoe", "jog")) if r.chunk.gyr_radps is not None]
    chance = np.random.default_rng(SEED)
    loose = [wobbling(r.chunk, WOBBLE_DEG, chance.uniform(7.0, 14.0), chance.normal(size=3)) for r in feet() * 2]
    found = [_is_loose(chunk, rate_hz)[-1] for chunk in loose]
    called = [any(_is_loose(chunk, rate_hz)) for chunk in firm if chunk.rate_hz > 0.95 * rate_hz]
    return sum(found), len(found), sum(called), len(called)


def report() -> str:
    """Return one line a rate as Markdown; empty without recordings."""
    if not feet():
        return ""
    lines = ["Straps: a wobble of 8 deg at 7 to 14 Hz about any axis, set off by each landing; and firm ones.\n"]
    for rate_hz in RATES_HZ:
        found, n, called, n_firm = noticed(rate_hz)
        lines.append(
            f"- {rate_hz:.0f} Hz: loose at the end in {100 * found / n:.0f} % of {n}, "
            f"{called} of {n_firm} firm ones ever called loose"
        )
    return "\n".join(lines)


def _is_loose(chunk: ImuChunk, rate_hz: float) -> list[bool]:
    """Whether the strap is called loose, after each 200 readings."""
    sampled = as_sent.at_rate(chunk, rate_hz) if rate_hz < 0.95 * chunk.rate_hz else chunk
    engine, found = FootGait(chunk.wear_site), []
    for at in range(0, len(sampled.t_s), 200):
        engine.feed(as_sent.part(sampled, at, at + 200))
        found.append(engine.is_loose)
    return found
