"""The demonstration in this process: a virtual world, the whole service on it, and a browser to look at it."""

from typing import Any

import pytest

from tests.support.browser import chromium_arguments
from tests.support.one_browser import browser as browser
from tests.support.one_browser import one_browser as one_browser


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, Any]:
    return chromium_arguments()
