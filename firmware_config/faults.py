"""What a file of ours that is wrong raises, with all its faults; everyone above takes both names from coach.errors."""

from typing import Any


class CoachError(Exception):
    """Base of every failure of the service. `str(error)` is one line for the runner."""

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickled whole, whatever a kind is made with: a worker's failure comes to the serving process as it is."""
        return _made_again, (type(self), self.args, dict(self.__dict__))


class ProfileError(CoachError):
    """A file of ours (sensor profile, cue rules, exercises) is wrong, or a profile is asked for that does not exist.

    faults: every fault of the file, each "key: complaint".
    """

    def __init__(self, file: str, faults: list[str]) -> None:
        self.file = file
        self.faults = tuple(faults)
        super().__init__(f"{file}: " + "; ".join(faults))


def _made_again(kind: type[CoachError], args: tuple[object, ...], facts: dict[str, object]) -> CoachError:
    error = kind.__new__(kind, *args)
    error.args = args
    error.__dict__.update(facts)
    return error
