"""Every failure of the service, sorted by who can mend it. The message ends by saying what to do."""


class CoachError(Exception):
    """Base of every failure of the service. `str(error)` is one line for the runner."""

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle the whole error, whatever its kind is made with: a worker's failure comes to the serving process as it
        is."""
        return _made_again, (type(self), self.args, dict(self.__dict__))


class ProfileError(CoachError):
    """A file of ours (sensor profile, cue rules, exercises) is wrong, or a profile is asked for that does not exist.

    faults: every fault of the file, each "key: complaint".
    """

    def __init__(self, file: str, faults: list[str]) -> None:
        self.file = file
        self.faults = tuple(faults)
        super().__init__(f"{file}: " + "; ".join(faults))


class PacketError(CoachError):
    """A sensor sent bytes that do not fit its protocol. payload: the bytes."""

    def __init__(self, what: str, payload: bytes) -> None:
        self.what = what
        self.payload = bytes(payload)
        super().__init__(f"{what}: {self.payload.hex(' ') or 'no bytes'}")


class LinkError(CoachError):
    """The radio failed. reason: a short machine word (`no_adapter`, `no_permission`, `out_of_range`, `refused` ...)."""

    def __init__(self, reason: str, words: str) -> None:
        self.reason = reason
        super().__init__(words)


class RecordingError(CoachError):
    """A recording on disk cannot be written or read."""


class StorageError(CoachError):
    """The database cannot be used."""


class WorkerError(CoachError):
    """Heavy work was ended before it was done: by its limits, by the system, or because the service is stopped."""


class UserError(CoachError):
    """The user asked for something that does not exist or cannot be: the message says what can."""


class ConflictError(UserError):
    """What was asked for does not fit what is going on now. code: short machine word ("already_running" ...)."""

    def __init__(self, code: str, words: str) -> None:
        self.code = code
        super().__init__(words)


class InterchangeError(CoachError):
    """A file given for import cannot be read as what it claims to be."""


class LockedArchiveError(InterchangeError):
    """An archive is encrypted, and the password is missing or another one."""


class AlreadyHereError(InterchangeError):
    """A file holds only what is kept already. run_ids: as which runs."""

    def __init__(self, words: str, run_ids: tuple[str, ...] = ()) -> None:
        super().__init__(words)
        self.run_ids = run_ids


def _made_again(kind: type[CoachError], args: tuple[object, ...], facts: dict[str, object]) -> CoachError:
    error = kind.__new__(kind, *args)
    error.args = args
    error.__dict__.update(facts)
    return error
