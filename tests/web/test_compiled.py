"""What an app compiles when it is made: its start is waited for, and a household makes one for each runner."""

from collections.abc import Callable

import pytest
from flask import url_for
from werkzeug.routing import Rule

from tests.web.page_coach import PageCoach
from web.app import create_app


def test_what_builds_an_address_is_compiled_when_one_is_first_built(
    coach: PageCoach, monkeypatch: pytest.MonkeyPatch
) -> None:
    compiled: list[str] = []
    compile_now = Rule._compile_builder

    def counted(rule: Rule, *arguments: bool) -> Callable[..., tuple[str, str]]:
        compiled.append(rule.rule)
        return compile_now(rule, *arguments)

    monkeypatch.setattr(Rule, "_compile_builder", counted)
    app = create_app(coach, is_testing=True)
    assert set(compiled) == {"/static/<path:filename>"}, "Flask's own rule is there before ours"
    with app.test_request_context():
        for _ in range(2):
            assert url_for("runs.runs_page", page=2) == "/runs?page=2"
            assert url_for("runs.run_page", run_id="a b") == "/runs/a%20b"
    assert sorted(compiled[2:]) == ["/runs", "/runs/<run_id>"]
