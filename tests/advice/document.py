"""Write a table of a simulation between its marks in `docs/advice.md`."""

from pathlib import Path
from typing import Final

DOCUMENT: Final = Path(__file__).resolve().parents[2] / "docs/advice.md"


def write(name: str, table: str) -> None:
    """Put `table` as plain text between <!-- name --> and <!-- /name -->.

    Raises:
        ValueError: the document has no such marks.
    """
    first, last = f"<!-- {name} -->", f"<!-- /{name} -->"
    before, has_first, rest = DOCUMENT.read_text("utf-8").partition(first)
    _, has_last, after = rest.partition(last)
    if not has_first or not has_last:
        raise ValueError(f"{DOCUMENT.name} has no marks for {name}")
    DOCUMENT.write_text(f"{before}{first}\n```\n{table.strip()}\n```\n{last}{after}", "utf-8")
