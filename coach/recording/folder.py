"""Names of files that came from outside, resolved inside one folder: the only conversion of a kept name to a path.

What a row, a header or an archive calls a file is text of whoever wrote it. A name leads to a path here or nowhere.
"""

from pathlib import Path, PurePosixPath

from coach.errors import InterchangeError


def inside(folder: Path, name: str) -> Path:
    """Return the path of `name` below `folder`, symbolic links followed.

    Raises:
        InterchangeError: the name is empty, absolute, of another kind of system, or leads outside `folder`.
    """
    parts = PurePosixPath(name).parts
    is_odd = any(sign in name for sign in ("\\", ":", "\0")) or not name.isprintable()
    if not parts or is_odd or ".." in parts or PurePosixPath(name).is_absolute() or len(name) > 200:
        raise InterchangeError(f"a file name leads outside its folder: {name!r}")
    root = folder.resolve()
    path = (root / name).resolve()
    if not path.is_relative_to(root) or path == root:
        raise InterchangeError(f"a file name leads outside its folder: {name!r}")
    return path
