"""Fixtures for all tests. Hypothesis draws the same examples every time, without deadlines: machines are noisy."""

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile("coach", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("coach")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Browser tests come last: Playwright keeps an event loop in this thread from its first test on."""
    items.sort(key=lambda item: "browser" in getattr(item, "fixturenames", ()))
