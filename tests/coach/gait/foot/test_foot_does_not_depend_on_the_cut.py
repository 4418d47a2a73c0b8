"""A foot's strides are the same however its stream was cut into chunks."""

from dataclasses import fields, replace
from typing import Any

import numpy as np
import pytest

from coach.gait.foot.analyzer import FootGait
from coach.model.samples import ImuChunk
from coach.model.strides import Stride
from tests.coach.gait.on_recordings import events
from tests.support.as_sent import changed, part, random_rotation
from tests.support.common import mostly_slow
from tests.support.recordings import read

# A walk in which two searches found one landing; a treadmill runner; a real shoe.
NAMES = ["ipol_walk_13_right_foot", "rbds001_run_3p5_left_foot_device", "biomac_p01_right_foot"]
WHOLE = 10**9


def strides(name: str, size: int) -> list[Stride]:
    recording = read(name)
    return [e for e in events(FootGait(recording.wear_site), recording, size) if isinstance(e, Stride)]


def numbers_and_words(stride: Stride) -> tuple[dict[str, float], dict[str, Any]]:
    """Return the numbers of a stride, its uncertainties among them, and all else."""
    values = {f.name: getattr(stride, f.name) for f in fields(stride)}
    values |= {f"uncertainty of {name}": sd for name, sd in values.pop("uncertainty").items()}
    numbers = {name: value for name, value in values.items() if isinstance(value, float)}
    return numbers, {name: value for name, value in values.items() if name not in numbers}


@pytest.mark.parametrize("name", mostly_slow(NAMES, n_quick=1))
def test_chunks_of_any_size_give_the_same_strides(name: str) -> None:
    whole = [numbers_and_words(stride) for stride in strides(name, WHOLE)]
    assert len(whole) >= 10
    for size in (1, 7, 64, 500):
        found = [numbers_and_words(stride) for stride in strides(name, size)]
        assert len(found) == len(whole), f"chunks of {size}"
        for one, other in zip(found, whole, strict=True):
            assert one[0] == pytest.approx(other[0], rel=1e-9, abs=1e-9), f"chunks of {size}"
            assert one[1] == other[1], f"chunks of {size}"


def remounted_and_harmed(name: str) -> list[ImuChunk]:
    """The recording, then the same again by a sensor turned on the shoe; chunks lost, doubled, and a broken reading."""
    rng = np.random.default_rng(5)
    recording = read(name)
    (first,), (second,) = recording.chunks(WHOLE), recording.chunks(WHOLE, random_rotation(5))
    later_s = float(first.t_s[-1] - first.t_s[0]) + 1.0 / first.rate_hz
    whole = [replace(one, t_s=one.t_s + k * later_s) for k, one in enumerate([first, second, second, first])]
    found: list[ImuChunk] = []
    for chunk in whole:
        start = 0
        while start < len(chunk.t_s):
            end = start + int(rng.integers(1, 60))
            found += [part(chunk, start, end)] * int(rng.choice([0, 1, 2], p=[0.01, 0.985, 0.005]))
            start = end
    broken = found[len(found) // 2]
    found[len(found) // 2] = changed(broken, lambda v: np.where(np.arange(len(v))[:, None] == 0, np.nan, v))
    return found


@pytest.mark.parametrize("name", mostly_slow(NAMES, n_quick=1))
def test_chunks_taken_together_give_to_each_what_it_gives_alone(name: str) -> None:
    chunks = remounted_and_harmed(name)
    alone, together = FootGait(read(name).wear_site), FootGait(read(name).wear_site)
    wanted = [(alone.feed(chunk), alone.status) for chunk in chunks]
    rng, found = np.random.default_rng(6), []
    while len(found) < len(chunks):
        found += together.feed_each(chunks[len(found) : len(found) + int(rng.integers(1, 300))])
    assert found == wanted
    assert together.finish() == alone.finish()
    assert sum(isinstance(event, Stride) for events, _ in wanted for event in events) >= 25
    has_noticed = any(status.is_learning for _, status in wanted[len(wanted) // 4 :])
    assert has_noticed == (name == NAMES[-1])  # that the sensor was turned: of one the axes changed enough
