"""Fixtures for all tests. Hypothesis draws the same examples every time, without deadlines: machines are noisy."""

import os
from collections.abc import Generator
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, settings

from tests.support.common import IN_CI, failed_if_skipped
from tests.support.postgres import clinic_database, postgres  # noqa: F401  # fixtures, started where asked for

if TYPE_CHECKING:
    from xdist.scheduler import LoadScopeScheduling

settings.register_profile("coach", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("coach")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Browser tests come last: Playwright keeps an event loop in this thread from its first test on."""
    items.sort(key=lambda item: "browser" in getattr(item, "fixturenames", ()))


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
    """One more than there are processors: the tests wait for radios, browsers and clocks more than they compute."""
    return (os.cpu_count() or 1) + 1


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> "LoadScopeScheduling":
    """With `-n`, give a worker one file at a time, in the order above.

    A file's tests share costly fixtures (a recording, a server, a page), and no worker may run a command's test after
    one in a browser.
    """
    from xdist.scheduler import LoadScopeScheduling

    class OneFileAtATime(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return nodeid.partition("::")[0] + (" in a browser" if "[chromium" in nodeid else "")

    config.option.loadscopereorder = False
    return OneFileAtATime(config, log)
