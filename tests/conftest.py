"""Fixtures for all tests. Hypothesis draws the same examples every time, without deadlines: machines are noisy."""

import gc
import os
import sys
from collections.abc import Generator
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, settings

from tests.support.common import IN_CI, failed_if_skipped
from tests.support.postgres import clinic_database, new_clinic_database, postgres  # noqa: F401  # fixtures, started where asked for

if TYPE_CHECKING:
    from tests.support.one_file_at_a_time import OneFileAtATime

# Where an environment forbids bytecode (images for containers do), each worker would rewrite all tests and each process
# that a test starts compile the coach again: a third of the fast tier.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

settings.register_profile("coach", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("fast", settings.get_profile("coach"), max_examples=25)
settings.load_profile("coach")


BROWSER_TIMEOUT_S = 420  # the second net, should killing the browser (tests/support/one_browser.py) not end a test


def pytest_configure(config: pytest.Config) -> None:
    """The fast tier draws a quarter of the examples, where a test names no number of its own; `.ci/run` draws all."""
    if "not slow" in config.option.markexpr:
        settings.load_profile("fast")


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Look for no garbage while there is none: a tenth of the time that each worker takes to collect."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()


def pytest_collection_finish() -> None:
    """What collecting has made stays: the garbage collector need not look at it with every test, nor look so often."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Browser tests come last: Playwright keeps an event loop in this thread from its first test on.

    Each has a limit of its own: some of Playwright's calls (closing a context, a script of the page) never give up.
    """

    def is_in_a_browser(item: pytest.Item) -> bool:
        return not {"browser", "playwright"}.isdisjoint(getattr(item, "fixturenames", ()))

    items.sort(key=is_in_a_browser)
    for item in items:
        if is_in_a_browser(item) and item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(BROWSER_TIMEOUT_S))


if IN_CI:

    @pytest.hookimpl(wrapper=True)
    def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
        """A file that is not collected for want of a module (`importorskip`) fails."""
        return failed_if_skipped((yield))

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """A test that is skipped, whatever for, fails."""
        return failed_if_skipped((yield))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """One more than there are processors: tests wait for radios, clocks, servers and processes now and then.

    No more than that: each worker spends some seconds of a processor to load and to collect.
    """
    return (os.cpu_count() or 1) + 1


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> "OneFileAtATime":
    from tests.support.one_file_at_a_time import OneFileAtATime

    config.option.loadscopereorder = False
    return OneFileAtATime(config, log)
