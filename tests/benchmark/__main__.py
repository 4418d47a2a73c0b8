"""`python -m tests.benchmark [clinic|gait|lifetime|memory|phone|resident|study]`: how fast a part is, its memory.

Without a part: what runners use, end to end (`tests.benchmark.path`); `--write` puts that table into the documents.
"""

import sys

from tests.benchmark import clinic, gait, lifetime, memory, path, phone, resident, study

SUBJECTS = {
    "clinic": clinic.main,
    "gait": gait.main,
    "lifetime": lifetime.main,
    "memory": memory.main,
    "phone": phone.main,
    "resident": resident.main,
    "study": study.main,
}


def main(words: list[str]) -> int:
    if not words or words[0].startswith("--"):
        path.main(words)
        return 0
    if len(words) != 1 or words[0] not in SUBJECTS:
        print(f"say what to measure: {', '.join(SUBJECTS)}, or nothing for the whole path", file=sys.stderr)
        return 2
    SUBJECTS[words[0]]()
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
