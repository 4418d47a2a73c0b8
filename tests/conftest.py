"""Fixtures for all tests. Hypothesis draws the same examples every time, without deadlines: machines are noisy."""

from hypothesis import HealthCheck, settings

settings.register_profile("coach", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("coach")
