"""Which runs and files an archive holds: the whole account, runs since a day, or those that no archive holds yet.

Tables whose rows have no number of a run go into every archive whole, what the coach remembers of each run among them:
they are small. What changes later in a run that is archived
already is in the next archive of the whole account.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from pathlib import PurePosixPath
from typing import Final

from coach.model.frozen import dataclass
from coach.storage.dump import runs_kept
from coach.storage.store import Store

_ARCHIVED: Final = "archive.runs"  # ids of the runs that an archive holds


@dataclass(frozen=True, slots=True)
class Choice:
    """keys: numbers of the chosen runs; None: all. run_ids, recordings: of the chosen runs."""

    keys: Collection[int] | None
    run_ids: frozenset[str]
    recordings: frozenset[str]

    def holds(self, name: str) -> bool:
        """Whether a file, by its name below the folder of recordings, belongs to a chosen run."""
        path = PurePosixPath(name)
        return self.keys is None or name in self.recordings or (len(path.parts) > 1 and path.stem in self.run_ids)


def choose(store: Store, since: datetime | None, is_incremental: bool) -> Choice:
    """Choose what an archive holds. since: an aware time; None: any."""
    done: Sequence[object] = store.settings.get(_ARCHIVED, ()) if is_incremental else ()
    known = set(done)
    chosen = {
        key: run
        for key, run in runs_kept(store.database).items()
        if run.run_id not in known and (since is None or run.started_at >= since)
    }
    keys = set(chosen) if since is not None or is_incremental else None
    runs = chosen.values()
    return Choice(keys, frozenset(r.run_id for r in runs), frozenset(r.recording for r in runs if r.recording))


def remember(store: Store, choice: Choice) -> None:
    """Note that the chosen runs are in an archive: call it once the file is whole."""
    known = set(store.settings.get(_ARCHIVED, ()))
    kept = {run.run_id for run in runs_kept(store.database).values()}
    store.settings.put(_ARCHIVED, sorted((known | choice.run_ids) & kept))
