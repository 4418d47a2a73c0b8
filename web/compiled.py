"""What an app compiles: templates once in a process, and what builds a rule's addresses when one is first built.

A household has an app for each runner, and each would compile its own. Werkzeug (3.1) compiles two functions a rule
when it is added, to build addresses from an endpoint's name: 25 of the 30 ms that an app of 180 rules took to make. Our
pages name addresses as they are; two templates build some.
"""

from collections.abc import Callable
from types import CodeType
from typing import Final

from flask import Flask
from jinja2.bccache import Bucket, BytecodeCache
from werkzeug.routing import Rule

Builder = Callable[..., tuple[str, str]]


class CompiledTemplates(BytecodeCache):
    """Code of templates by their file; a file that has changed is compiled again."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[str, CodeType]] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """Give `bucket` the code compiled before, unless the template's text has changed since."""
        checksum, code = self._known.get(bucket.key, ("", None))
        if checksum == bucket.checksum:
            bucket.code = code

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep the code that Jinja has just compiled into `bucket`."""
        assert bucket.code is not None
        self._known[bucket.key] = (bucket.checksum, bucket.code)


_OF_THIS_PROCESS: Final = CompiledTemplates()


class LateRule(Rule):
    """A rule whose builders of addresses are compiled at their first use."""

    def _compile_builder(self, append_unknown: bool = True) -> Builder:
        compile_now = super()._compile_builder
        made: list[Builder] = []

        def build(rule: Rule, /, **values: object) -> tuple[str, str]:
            if not made:
                made.append(compile_now(append_unknown))
            return made[0](rule, **values)

        return build


def compile_once(app: Flask) -> None:
    """Let the app share what is compiled with the other apps of this process; to be called before it gets its rules."""
    app.jinja_env.bytecode_cache = _OF_THIS_PROCESS
    app.url_rule_class = LateRule
