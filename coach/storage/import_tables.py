"""Table of the files that were imported, each by a mark that distinguishes it from others without reading it."""

from typing import Final

from coach.model.history import KeptImport
from coach.storage.nouns import NounTable

IMPORTS: Final = NounTable("imported_files", KeptImport, ("mark",))
