"""Archives whose values or bytes were changed at random: each is refused whole, or taken and no page breaks."""

import logging
from collections.abc import Iterator
from pathlib import Path

from tests.coach.service.access.test_mutated_archives import attack
from tests.reliability.rows import Row


def rows(folder: Path, n: int = 2000) -> Iterator[Row]:
    """`n` archives, each into an empty account."""
    logging.disable(logging.CRITICAL)
    counts = attack(n, 1, folder / "archives")
    logging.disable(logging.NOTSET)
    yield row(n, counts)


def row(n: int, counts: dict[str, int]) -> Row:
    """The row of these counts."""
    words = ", ".join(f"{number} {kind}" for kind, number in counts.items())
    is_held = not any(counts[kind] for kind in ("uncaught", "half", "poisoned"))
    return Row(f"{n} mutated archives", "none uncaught, half imported or poisoning a page", words, is_held)
