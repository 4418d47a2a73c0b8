"""numpy comes at its first use, whole, also when two threads use it first; idle, the service has not loaded it."""

import subprocess
import sys
from typing import Final

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coach.model import arrays

USES: Final = {
    "a function": "print(*np.zeros(3))",
    "a type": "print(isinstance(1.0, np.floating))",
    "a module within": "print(round(float(np.linalg.norm([3.0, 4.0])), 6))",
    "a module that numpy itself loads late": "np.testing.assert_allclose(1.0, 1.0); print('close')",
}
SAYS: Final = dict(zip(USES, ("0.0 0.0 0.0", "False", "5.0", "close"), strict=True))
START: Final = "import sys; from coach.model.arrays import np; assert 'numpy' not in sys.modules; "
THREADS: Final = """
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
at_once = Barrier(8)
def first(n):
    at_once.wait()
    return float(np.asarray([n]).sum() + np.linalg.norm([0.0]) + np.pi * 0)
with ThreadPoolExecutor(8) as pool:
    print(*pool.map(first, range(8)))
"""


def fresh(words: str) -> str:
    """What a new Python prints."""
    done = subprocess.run([sys.executable, "-c", words], capture_output=True, text=True, check=True, timeout=60)
    return done.stdout.strip()


@pytest.mark.parametrize("use", USES)
def test_numpy_is_loaded_at_its_first_use(use: str) -> None:
    assert fresh(START + USES[use]) == SAYS[use]


def test_threads_that_use_it_first_at_once_all_find_it_whole() -> None:
    assert fresh(START + THREADS) == "0.0 1.0 2.0 3.0 4.0 5.0 6.0 7.0"


def test_once_loaded_it_is_a_plain_module_with_numpys_own_names() -> None:
    assert arrays.np.float64 is np.float64
    assert type(arrays.np) is type(np)


@given(st.lists(st.floats(-1e9, 1e9) | st.just(float("nan")), min_size=1, max_size=9))
def test_the_median_is_numpys_to_the_last_digit(values: list[float]) -> None:
    assert np.array_equal(arrays.median(values), np.median(values), equal_nan=True)


def test_a_median_loads_no_masked_arrays() -> None:
    words = "import sys; from coach.model.arrays import median; print(median([3.0, 1.0]), 'numpy.ma' in sys.modules)"
    assert fresh(words) == "2.0 False"
