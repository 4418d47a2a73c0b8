"""A home and a clinic for each test, on one database for a file of tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.clinic import Clinic, Home, joined
from tests.support.postgres import ClinicDatabase, Cluster, database_of

Scene = tuple[Home, Clinic]


@pytest.fixture(scope="module")
def database(postgres: Cluster) -> Iterator[ClinicDatabase]:
    """Shared: each test has people and a runner of its own."""
    with database_of(postgres) as found:
        yield found


@pytest.fixture
def scene(tmp_path: Path, database: ClinicDatabase) -> Iterator[Scene]:
    with joined(tmp_path, database, 2) as found:
        yield found
