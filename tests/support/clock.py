"""A clock that only its test moves."""

from typing import Generic, TypeVar

T = TypeVar("T")


class ManualClock(Generic[T]):
    """Shows `now`, a date or seconds, whenever it is called."""

    def __init__(self, now: T) -> None:
        self.now = now

    def __call__(self) -> T:
        return self.now
