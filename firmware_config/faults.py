"""What a file of ours that is wrong raises, with all its faults; everyone above takes both names from coach.errors."""


class CoachError(Exception):
    """Base of every failure of the service. `str(error)` is one line for the runner."""


class ProfileError(CoachError):
    """A file of ours (sensor profile, cue rules, exercises) is wrong, or a profile is asked for that does not exist.

    faults: every fault of the file, each "key: complaint".
    """

    def __init__(self, file: str, faults: list[str]) -> None:
        self.file = file
        self.faults = tuple(faults)
        super().__init__(f"{file}: " + "; ".join(faults))
