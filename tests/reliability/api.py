"""Every operation of the OpenAPI document, with requests that schemathesis makes up, as a phone that was let in.

Source: https://schemathesis.readthedocs.io (checks: status, content type, headers and body as documented).
"""

import logging
import warnings
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import hypothesis
import schemathesis
from hypothesis import HealthCheck, Phase
from schemathesis.core.failures import Failure
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from coach.bootstrap import Coach
from coach.settings import make_settings
from tests.reliability.rows import Row
from tests.web.kept_runs import keep_run
from web.api import openapi
from web.app import create_app
from web.security import TRUSTS_LOCAL

# A request that fits the document may still name what is not there: 400 with words is an answer, no failure; so is
# 503 where this machine has no radio. 500 is not in the document, and fails.
RUN_ID: Final = "r0"
_CHECKS: Final = (
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    response_headers_conformance,
)


@dataclass(slots=True)
class Asked:
    """n_requests: sent. failures: in words, each kind once."""

    n_operations: int = 0
    n_requests: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)


def ask(folder: Path, n_examples: int, seed: int = 1, only: str = "") -> Asked:
    """Send up to `n_examples` made-up requests to each operation. only: the beginning of the paths that are asked."""
    logging.disable(logging.CRITICAL)
    coach = Coach(make_settings(folder, "127.0.0.1", 0))
    keep_run(coach.history, RUN_ID, datetime.now(UTC), 1.0, 0.01, seed=1)
    _, cookie = coach.access.let_in(coach.access.invitation("http://x").partition("token=")[2], "Schemathesis")
    app = create_app(coach, is_testing=False)
    app.config[TRUSTS_LOCAL] = False
    schema = schemathesis.openapi.from_dict(openapi(app))
    schema.app = app
    asked = Asked()
    for result in schema.get_all_operations():
        operation = result.ok()
        if not operation.path.startswith(only) or operation.path.endswith("/live"):
            continue
        asked.n_operations += 1
        _ask_one(operation, {"coach": cookie}, n_examples, seed, asked)
    coach.close()
    logging.disable(logging.NOTSET)
    return asked


def _ask_one(operation: Any, cookies: dict[str, str], n_examples: int, seed: int, asked: Asked) -> None:
    @hypothesis.seed(seed)
    @hypothesis.settings(
        max_examples=n_examples, database=None, deadline=None, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @hypothesis.given(case=operation.as_strategy())
    def send(case: Any) -> None:
        if "run_id" in (case.path_parameters or {}) and asked.n_requests % 2:
            case.path_parameters["run_id"] = RUN_ID  # made-up names meet no run
        response = case.call(cookies=cookies, headers={"Accept-Encoding": "identity"})
        asked.n_requests += 1
        asked.statuses[response.status_code] += 1
        if response.status_code == 503 and b'"storage"' in response.content:
            asked.failures.append(f"{operation.label}: the database was asked what it cannot take: {case.body}"[:300])
        try:
            case.validate_response(response, checks=_CHECKS)
        except* Failure as group:
            for error in group.exceptions:
                words = f"{operation.label}: {error.title}: {' '.join(str(error).split())[:200]}"
                if words not in asked.failures:
                    asked.failures.append(words)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        send()


def rows(folder: Path, n_examples: int = 40) -> Iterator[Row]:
    """One row; every failure is said."""
    asked = ask(folder / "api", n_examples)
    statuses = ", ".join(f"{n} times {status}" for status, n in sorted(asked.statuses.items()))
    sent = f"{asked.n_requests} requests to {asked.n_operations} operations ({statuses})"
    words = f"{sent}: {len(asked.failures)} failures"
    what = "schemathesis over the OpenAPI document, with a cookie"
    yield Row(what, "0 failures", "; ".join([words, *asked.failures[:5]]), not asked.failures)
