"""Templates are compiled once in a process: a household has an app for each runner, and each would compile its own."""

from types import CodeType
from typing import Final

from flask import Flask
from jinja2.bccache import Bucket, BytecodeCache


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


def compile_once(app: Flask) -> None:
    """Let the app share what is compiled with the other apps of this process."""
    app.jinja_env.bytecode_cache = _OF_THIS_PROCESS
