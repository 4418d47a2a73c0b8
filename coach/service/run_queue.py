"""Runs that wait to be sent somewhere: a list of their ids that outlives the program, oldest first. Thread-safe."""

import threading

from coach.model.frozen import dataclass
from coach.storage.store import Store


@dataclass(frozen=True, slots=True)
class Waiting:
    """A run that waits. is_tried: it was sent once, and no answer came: it may have arrived."""

    run_id: str
    is_tried: bool = False


class RunQueue:
    """The queue kept under `key` in the settings of a store. Nothing here fails where a run is named twice."""

    def __init__(self, store: Store, key: str) -> None:
        self._store = store
        self._key = key
        self._guard = threading.Lock()

    def items(self) -> list[Waiting]:
        """Return what waits, oldest first."""
        return [Waiting(str(one["run_id"]), bool(one["is_tried"])) for one in self._rows()]

    def add(self, run_id: str) -> None:
        """Put a run at the end, where it does not wait already."""
        with self._guard:
            rows = self._rows()
            if all(one["run_id"] != run_id for one in rows):
                self._put([*rows, {"run_id": run_id, "is_tried": False}])

    def mark_tried(self, run_id: str) -> None:
        """Note that from here on the run may have arrived, whatever happens."""
        with self._guard:
            self._put([{**one, "is_tried": one["is_tried"] or one["run_id"] == run_id} for one in self._rows()])

    def drop(self, run_id: str) -> None:
        """Take a run out of the queue; do nothing where it is not in it."""
        with self._guard:
            self._put([one for one in self._rows() if one["run_id"] != run_id])

    def clear(self) -> None:
        """Forget all that waits."""
        with self._guard:
            self._put([])

    def _rows(self) -> list[dict[str, object]]:
        return list(self._store.settings.get(self._key, []))

    def _put(self, rows: list[dict[str, object]]) -> None:
        self._store.settings.put(self._key, rows)
