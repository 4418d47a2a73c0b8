"""Where the service keeps its files and how it is reached: from the command line and COACH_* variables."""

from dataclasses import dataclass
from pathlib import Path

import platformdirs

from coach.errors import SettingsError


@dataclass(frozen=True, slots=True)
class Settings:
    """data: folder of everything that is kept. host, port: where the page is served."""

    data: Path
    host: str = "0.0.0.0"
    port: int = 8765
    is_https: bool = False

    @property
    def database(self) -> Path:
        return self.data / "coach.sqlite"

    @property
    def recordings(self) -> Path:
        return self.data / "recordings"

    @property
    def secrets(self) -> Path:
        return self.data / "secrets"


def default_data_folder() -> Path:
    """The user's own data folder on this system."""
    return Path(platformdirs.user_data_dir("running-coach", appauthor=False))


def make_settings(data: Path | None, host: str, port: int, is_https: bool = False) -> Settings:
    """Check the settings and make the folders.

    Raises:
        SettingsError: the port is impossible or the folder cannot be written.
    """
    if not 0 <= port <= 65535:
        raise SettingsError(f"port {port} does not exist: choose one from 1024 to 65535")
    settings = Settings((data or default_data_folder()).expanduser().resolve(), host, port, is_https)
    try:
        settings.recordings.mkdir(parents=True, exist_ok=True)
        settings.secrets.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        reason = error.strerror or str(error)
        raise SettingsError(f"cannot write to {settings.data} ({reason}): choose another folder with --data") from error
    return settings
