"""The one error of this room: a profile that is wrong, with all its faults."""


class ProfileError(Exception):
    """faults: every fault of the file, each "key: complaint"."""

    def __init__(self, file: str, faults: list[str]) -> None:
        self.file = file
        self.faults = tuple(faults)
        super().__init__(f"{file}: " + "; ".join(faults))
