"""The demonstration in this process: a virtual world, the whole service on it, and a browser to look at it."""

from typing import Any

import pytest

from tests.support.browser import chromium_arguments


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, Any]:
    return chromium_arguments()
