"""A foot's strides are the same however its stream was cut into chunks."""

from dataclasses import fields
from typing import Any

import pytest

from coach.gait.foot.analyzer import FootGait
from coach.model.strides import Stride
from tests.coach.gait.on_recordings import events
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


@pytest.mark.parametrize("name", NAMES)
def test_chunks_of_any_size_give_the_same_strides(name: str) -> None:
    whole = [numbers_and_words(stride) for stride in strides(name, WHOLE)]
    assert len(whole) >= 10
    for size in (1, 7, 64, 500):
        found = [numbers_and_words(stride) for stride in strides(name, size)]
        assert len(found) == len(whole), f"chunks of {size}"
        for one, other in zip(found, whole, strict=True):
            assert one[0] == pytest.approx(other[0], rel=1e-9, abs=1e-9), f"chunks of {size}"
            assert one[1] == other[1], f"chunks of {size}"
