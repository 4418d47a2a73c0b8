"""All that is kept: one repository per subject, of one database file."""

from pathlib import Path

from coach.errors import StorageError
from coach.storage.database import Database
from coach.storage.imports import KeptImports
from coach.storage.inventory import KeptSettings, Phones, Sensors, Shoes
from coach.storage.runner import Pain, Runner
from coach.storage.runs import Runs
from coach.storage.schema import bring_up_to_date


class Store:
    """The open database. Thread-safe; every verb is one transaction; `database.together` makes one of several.

    Raises:
        StorageError: the folder cannot be written, or the file is not ours or newer than this program.
    """

    def __init__(self, path: Path) -> None:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StorageError(f"cannot make {path.parent}: {error.strerror}. Choose another folder") from error
        self.database = Database(path)
        try:
            bring_up_to_date(self.database)
        except StorageError:
            self.database.close()
            raise
        self.runs = Runs(self.database)
        self.runner = Runner(self.database)
        self.pain = Pain(self.database)
        self.sensors = Sensors(self.database)
        self.phones = Phones(self.database)
        self.shoes = Shoes(self.database)
        self.imports = KeptImports(self.database)
        self.settings = KeptSettings(self.database)

    def close(self) -> None:
        """Close the database; the store cannot be used afterwards."""
        self.database.close()
