"""Archives of strangers at random: an archive with damaged values or bytes is refused whole, or breaks no page.

`python -m tests.coach.service.access.test_mutated_archives 2000` does it at length.
"""

import json
import logging
import random
import sys
import tempfile
from pathlib import Path
from typing import Any, Final

import pytest

from coach.bootstrap import Coach
from coach.errors import CoachError
from coach.storage.base import TABLES
from coach.storage.dump import table_names
from tests.coach.service.access.test_archives_of_strangers import PAGES, Tables, full_account, make_coach, packed
from web.app import create_app

ODD: Final = (
    None, "", "x", -1, 0, 1.5, 1e300, -(10**30), True, [], {}, [1], {"a": None}, "2026-13-01",
    "9999-12-31T23:59:59+00:00", "0001-01-01T00:00:00+00:00", "\ud800", "a\0b", "../x", [[[[[[]]]]]],
    "x" * 5000, float("nan"), float("inf"), "none",
)  # fmt: skip


def mutated(tables: Tables, chance: random.Random) -> Tables:
    """A deep copy with one or two values replaced, taken away or swapped."""
    copy: Tables = json.loads(json.dumps(tables))
    for _ in range(chance.choice((1, 1, 2))):
        rows = copy[chance.choice([name for name in copy if copy[name]])]
        place: Any = chance.choice(rows)
        while True:
            key = chance.choice(list(place) if isinstance(place, dict) else range(len(place)))
            if isinstance(place[key], (dict, list)) and place[key] and chance.random() < 0.7:
                place = place[key]
                continue
            break
        if isinstance(place, dict) and chance.random() < 0.15:
            del place[key]
        else:
            place[key] = chance.choice(ODD)
    return copy


def bytes_damaged(content: bytes, chance: random.Random) -> bytes:
    damaged = bytearray(content)
    for _ in range(chance.randint(1, 6)):
        damaged[chance.randrange(len(damaged))] = chance.randrange(256)
    return bytes(damaged[: chance.randrange(1, len(damaged))] if chance.random() < 0.2 else damaged)


def attack(n: int, seed: int, folder: Path) -> dict[str, int]:
    """Take in n mutated archives, each into an empty account, and open every page after each that was taken."""
    seeds = full_account(folder / "seed")
    chance = random.Random(seed)
    counts = {"refused": 0, "taken": 0, "uncaught": 0, "half": 0, "poisoned": 0}
    coach = make_coach(folder / "target")
    client = create_app(coach, is_testing=False).test_client()
    for number in range(n):
        content = packed(mutated(seeds, chance))
        if chance.random() < 0.2:
            content = bytes_damaged(content, chance)
        empty(coach)
        try:
            coach.history.files.import_bytes(content, "a.zip")
        except CoachError:
            counts["refused"] += 1
            counts["half"] += is_anything_kept(coach)
            continue
        except Exception as error:  # noqa: BLE001  what the harness looks for
            counts["uncaught"] += 1
            print(f"{number}: {type(error).__name__}: {error}"[:200], file=sys.stderr)
            continue
        counts["taken"] += 1
        broken = [page for page in PAGES if client.get(page).status_code >= 500]
        if broken:
            counts["poisoned"] += 1
            print(f"{number}: poisons {broken}", file=sys.stderr)
    coach.close()
    return counts


def empty(coach: Coach) -> None:
    with coach.store.database.write() as connection:
        for table in reversed(TABLES.values()):
            table.remove(connection, "true")


def is_anything_kept(coach: Coach) -> bool:
    with coach.store.database.read() as connection:
        return any(TABLES[name].row(connection) is not None for name in table_names())


@pytest.mark.slow
def test_no_mutated_archive_poisons_a_page(tmp_path: Path) -> None:
    counts = attack(60, 7, tmp_path)
    assert counts["taken"] > 5  # else nothing was tried
    assert counts["refused"] > 20
    assert (counts["uncaught"], counts["half"], counts["poisoned"]) == (0, 0, 0)


def main() -> None:
    """Print the counts of as many archives as asked for."""
    logging.disable(logging.CRITICAL)
    with tempfile.TemporaryDirectory() as folder:
        print(json.dumps(attack(int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1, Path(folder))))


if __name__ == "__main__":
    main()
