"""The pages' interface keeps to its own document, whatever is asked; `python -m tests.reliability api` asks all."""

from pathlib import Path

import pytest

from tests.support.common import needs

pytestmark = needs("schemathesis", "needs schemathesis: pip install 'running-coach[test]'")


@pytest.mark.filterwarnings("ignore")
def test_no_request_gets_an_answer_that_the_document_does_not_have(tmp_path: Path) -> None:
    from tests.reliability.api import ask

    asked = ask(tmp_path, 2, only="/runs/{run_id}")
    assert asked.failures == []
    assert asked.statuses[200] + asked.statuses[204] > 0
