"""One row of the table of `python -m tests.reliability`: what was done to the program, what was demanded, what came."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """is_held: whether what was found is what was demanded."""

    what: str
    demanded: str
    found: str
    is_held: bool

    def line(self) -> str:
        """The row in Markdown."""
        return f"| {self.what} | {self.demanded} | {self.found} | {'held' if self.is_held else '**not held**'} |"
