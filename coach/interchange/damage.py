"""What the standard library raises for a damaged zip or gzip, in one place."""

import zipfile
import zlib
from typing import Final

# NotImplementedError: an unknown compression; RuntimeError: a password is needed (both are how `zipfile` says it).
DAMAGE: Final = (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError, ValueError)
