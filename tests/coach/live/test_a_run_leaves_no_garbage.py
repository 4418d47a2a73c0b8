"""A live run makes nothing in circles: what only a search for garbage frees would make the service grow with it."""

import gc
from pathlib import Path

from coach.live.feed import LiveFeed
from coach.recording.reader import read_recording
from coach.storage.store import Store
from tests.benchmark.live_run import play
from tests.benchmark.recordings import make_recording


def test_a_run_twice_as_long_leaves_no_more_for_a_search_for_garbage(tmp_path: Path) -> None:
    make_recording(tmp_path / "run.mcap", 1, has_chest=False)
    whole = read_recording(tmp_path / "run.mcap")
    items = list(whole.notifications())

    def n_left_by(seconds: float) -> int:
        """Objects in circles that a run of this length leaves; its loop, its parts and its store are among them."""
        folder = tmp_path / f"{len(list(tmp_path.iterdir()))}"
        folder.mkdir()
        gc.collect()
        gc.disable()
        try:
            store = Store(folder / "coach.sqlite")
            play((n for n in items if n.t_s < seconds), whole.header, store, LiveFeed(), folder)
            store.close()
            return gc.collect()
        finally:
            gc.enable()

    n_left_by(40.0)  # what is loaded and built once in a process is not counted
    assert n_left_by(40.0) - n_left_by(20.0) < 200  # none; some 2,700 where each batch of rows left some
