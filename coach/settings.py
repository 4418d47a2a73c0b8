"""Where the service keeps its files and how it is reached: from the command line and COACH_* variables."""

import os
from pathlib import Path

import platformdirs

from coach.errors import UserError
from coach.model.frozen import dataclass


@dataclass(frozen=True, slots=True)
class Settings:
    """data: folder of everything that is kept. host, port: where the page is served.

    is_https: also by https; None: on a network, where the library for it is installed. trusts_local: programs on this
    machine, of whichever of its users, need no invitation.
    """

    data: Path
    host: str = "0.0.0.0"
    port: int = 8765
    is_https: bool | None = None
    trusts_local: bool = True

    @property
    def database(self) -> Path:
        """The file of the database."""
        return self.data / "coach.sqlite"

    @property
    def lock(self) -> Path:
        """Held by the process that is at work in the folder."""
        return self.data / "coach.lock"

    @property
    def recordings(self) -> Path:
        """The folder of the raw logs."""
        return self.data / "recordings"

    @property
    def inbox(self) -> Path:
        """What lies here is imported by itself."""
        return self.data / "inbox"

    @property
    def outbox(self) -> Path:
        """A FIT file of each run, where the runner asks for it."""
        return self.data / "outbox"

    @property
    def sealed(self) -> Path:
        """Runs on their way to a clinic, where the runner has one."""
        return self.data / "sealed"

    @property
    def secrets(self) -> Path:
        """The folder of keys, which leave it by no archive."""
        return self.data / "secrets"


def default_data_folder() -> Path:
    """Return the user's own data folder on this system."""
    return Path(platformdirs.user_data_dir("running-coach", appauthor=False))


def make_settings(
    data: Path | None, host: str, port: int, is_https: bool | None = None, trusts_local: bool = True
) -> Settings:
    """Check the settings and make the folders, open to their owner alone, as is all that this process writes later.

    Raises:
        UserError: the port is impossible or the folder cannot be written.
    """
    if not 0 <= port <= 65535:
        raise UserError(f"port {port} does not exist: choose one from 1024 to 65535")
    settings = Settings((data or default_data_folder()).expanduser().resolve(), host, port, is_https, trusts_local)
    os.umask(0o077)
    try:
        settings.recordings.mkdir(parents=True, exist_ok=True)
        settings.secrets.mkdir(exist_ok=True)
        _close_to_others(settings)
    except OSError as error:
        reason = error.strerror or str(error)
        raise UserError(f"cannot write to {settings.data} ({reason}): choose another folder with --data") from error
    return settings


def _close_to_others(settings: Settings) -> None:
    """Close folders (0700) and files (0600) to others, those of earlier versions, too. The data folder itself only
    where it is ours alone: someone may have named a folder that holds other things."""
    own = {settings.recordings, settings.secrets, *settings.data.glob(f"{settings.database.name}*"), settings.lock}
    if set(settings.data.iterdir()) <= own | {settings.inbox, settings.outbox, settings.sealed}:
        settings.data.chmod(0o700)
    for top in (path for path in own if path.exists()):
        for path in (top, *top.rglob("*")):
            if not path.is_symlink() and path.stat().st_mode & 0o077:
                path.chmod(0o700 if path.is_dir() else 0o600)


def demo_folder() -> Path:
    """Return where demonstrations keep their runs, apart from the runner's own."""
    return Path(platformdirs.user_data_dir("running-coach-demo", appauthor=False))
