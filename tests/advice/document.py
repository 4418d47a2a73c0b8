"""Write a table of a simulation between its marks in `docs/advice.md`."""

from pathlib import Path
from typing import Final

from tests.support.marks import put_between

DOCUMENT: Final = Path(__file__).resolve().parents[2] / "docs/advice.md"


def write(name: str, table: str) -> None:
    """Put `table` as plain text between the marks of `name`; raises ValueError where there are none."""
    text = put_between(DOCUMENT.read_text("utf-8"), name, f"```\n{table.strip()}\n```")
    DOCUMENT.write_text(text, "utf-8")
