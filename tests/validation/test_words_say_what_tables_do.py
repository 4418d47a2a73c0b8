"""Sentences of docs/accuracy.md are written by hand; their numbers are those of its tables, which a command prints."""

import re
from pathlib import Path

import pytest

TEXT = (Path(__file__).parents[2] / "docs" / "accuracy.md").read_text(encoding="utf-8")


def row(*first: str, after: str = "") -> list[str]:
    """The cells of the first row that begins with these, after a heading."""
    start = "| " + " | ".join(first) + " |"
    lines = TEXT[TEXT.index(after) :].splitlines()
    return [cell.strip() for cell in next(line for line in lines if line.startswith(start)).strip("| ").split("|")]


@pytest.mark.parametrize(
    ("sensor", "number", "names", "heading"),
    [
        ("shoe", "contact, toe-off, contact time",
         ("contact, ms", "toe-off, ms", "contact time, ms"), "## Shoe sensors"),
        ("shoe", "strike angle", ("strike angle, deg",), "## Shoe sensors"),
        ("ankle with gyroscope", "contact, toe-off, contact time",
         ("initial contact, ms", "toe off, ms", "contact time, ms"), "## Ankle sensors with gyroscope"),
        ("pelvis", "contact time; its changes with speed", ("contact time, ms",), "## Pelvis sensors"),
    ],
)  # fmt: skip
def test_what_is_proven_is_what_the_tables_print(
    sensor: str, number: str, names: tuple[str, ...], heading: str
) -> None:
    said, worst = row(sensor, number)[2:4]
    shoe = ("all",) if sensor == "shoe" else ()
    printed = [row(*shoe, name, after=heading)[len(shoe) :] for name in names]
    rms, most = (3, 4) if shoe else (3, 5)
    assert re.findall(r"[\d.]+", said)[: len(names)] == [cells[rms] for cells in printed]
    decimals = 1 if "." in worst else 0
    assert re.findall(r"[\d.]+", worst) == [f"{float(cells[most]) + 1e-9:.{decimals}f}" for cells in printed]


def test_the_pelvis_and_the_strike_class_are_as_in_the_table_of_what_is_asked() -> None:
    found = row("pelvis, contact time; its changes; recall")[2]
    share = re.search(r"([\d.]+) in the worst", found)
    said = re.search(r"A pelvis finds ([\d.]+) % of the steps", TEXT)
    assert share
    assert said
    assert float(said[1]) == pytest.approx(100 * float(share[1]), abs=1e-6)
    right, unsure = re.findall(r"[\d.]+(?= %)", row("strike class")[2])
    assert f"uncertain in {unsure} % of the strides, {right} % of the decided ones right" in TEXT
