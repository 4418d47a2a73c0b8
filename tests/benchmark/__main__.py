"""`python -m tests.benchmark [clinic|gait|lifetime|memory|phone|resident|study]`: how fast a part is, its memory.

Without a part: what runners use, end to end (`tests.benchmark.path`); `--write` puts that table, and that of
`resident`, into the documents.
"""

import os
import sys
from importlib import import_module

from coach.__main__ import BLAS_THREADS

SUBJECTS = ("clinic", "gait", "lifetime", "memory", "phone", "resident", "study")


def main(words: list[str]) -> int:
    os.environ.setdefault(BLAS_THREADS, "1")  # as `coach` does, before numpy is loaded
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # a user's modules are compiled once, not at every start
    if not words or words[0].startswith("--"):
        import_module("tests.benchmark.path").main(words)
        return 0
    if words[0] == "resident":
        import_module("tests.benchmark.resident").main(words[1:])
        return 0
    if len(words) != 1 or words[0] not in SUBJECTS:
        print(f"say what to measure: {', '.join(SUBJECTS)}, or nothing for the whole path", file=sys.stderr)
        return 2
    import_module(f"tests.benchmark.{words[0]}").main()
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
