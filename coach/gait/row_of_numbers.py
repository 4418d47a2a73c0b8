"""What plain loops ask of a row of numbers: a list in the stream, an array where they are compiled."""

from typing import Protocol


class Numbers(Protocol):
    """Gives a number by its place."""

    def __getitem__(self, at: int, /) -> float: ...


class Memory(Numbers, Protocol):
    """Takes one, too."""

    def __setitem__(self, at: int, value: float, /) -> None: ...
