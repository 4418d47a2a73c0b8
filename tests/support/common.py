"""What several tests share: where the reference recordings are, and how CI insists on them."""

import math
import os
import socket
import time
from collections.abc import Callable, Iterable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TypeVar

import pytest
from _pytest.mark import ParameterSet
from hypothesis import settings

IN_CI = os.environ.get("CI") == "true"
T = TypeVar("T")
Report = TypeVar("Report", pytest.CollectReport, pytest.TestReport)


def reference_folder() -> Path:
    """The folder of reference recordings: COACH_REFERENCE, by default ../shared/reference beside the checkout."""
    default = Path(__file__).resolve().parents[3] / "shared" / "reference"
    return Path(os.environ.get("COACH_REFERENCE", default))


def need_reference(name: str = "") -> Path:
    """Path of a reference recording; skips with a plain reason where it is missing, fails in CI."""
    path = reference_folder() / name
    if not path.exists():
        missing(f"no reference recordings at {path}: set COACH_REFERENCE to their folder")
    return path


def mostly_slow(values: Iterable[T], n_quick: int) -> list[T | ParameterSet]:
    """Values to parametrize with, of which the fast tier takes some `n_quick`, evenly chosen, and `.ci/run` all."""
    return [
        value if is_quick else pytest.param(value, marks=pytest.mark.slow)
        for value, is_quick in _chosen(values, n_quick)
    ]


def mostly_slow_rows(rows: Iterable[tuple[Any, ...]], n_quick: int) -> list[ParameterSet]:
    """As `mostly_slow`, where each row holds the values of several parameters."""
    return [pytest.param(*row, marks=() if is_quick else pytest.mark.slow) for row, is_quick in _chosen(rows, n_quick)]


def _chosen(values: Iterable[T], n_quick: int) -> Iterator[tuple[T, bool]]:
    known = list(values)
    step = max(1, math.ceil(len(known) / n_quick))
    return ((value, i % step == 0) for i, value in enumerate(known))


def examples(n: int) -> int:
    """How many examples Hypothesis draws where `.ci/run` draws `n`: the fast tier a quarter (tests/conftest.py)."""
    return max(5, n * settings().max_examples // 100)


def needs(module: str, why: str) -> pytest.MarkDecorator:
    """Skip where the module is not installed; found, not loaded: each worker collects each file, and one runs it."""
    return pytest.mark.skipif(find_spec(module) is None, reason=why)


def missing(what: str) -> None:
    """Skip for want of `what` at home; fail in CI, where everything must be there."""
    if IN_CI:
        pytest.fail(what)
    pytest.skip(what)


def failed_if_skipped(report: Report) -> Report:
    """The report, failed with its reason where it says that something was skipped."""
    if report.skipped and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome, report.longrepr = "failed", f"skipped in CI, where everything must be there: {reason}"
    return report


def until(is_so: Callable[[], object], within_s: float = 90.0) -> None:
    """Wait until it is so. within_s: far longer than it takes, also on a machine that others keep busy."""
    end_s = time.monotonic() + within_s
    while not is_so():
        assert time.monotonic() < end_s, f"it did not come within {within_s:g} s"
        time.sleep(0.01)


def free_port() -> int:
    """A port that was free a moment ago on the loopback address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
