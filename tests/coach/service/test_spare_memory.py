"""What a run's sum took of memory goes back to the system."""

import ctypes
import subprocess
import sys

import pytest

import coach.service.runs.finish_run as finish_run
from coach.model.runs import Run
from tests.coach.storage.test_store_keeps_nouns import RUN

# Blocks of 2 kB, of which some are kept all over the heap, as a run leaves rows and summaries between what it frees.
WORDS = """
from coach.service.spare_memory import give_back
def resident_mb():
    return int(open("/proc/self/statm").read().split()[1]) * 4096 / 1e6
blocks = [bytes(2000) for _ in range(20_000)]
kept = blocks[::100]
del blocks
before = resident_mb()
give_back()
print(before - resident_mb())
"""


@pytest.mark.skipif(
    sys.platform != "linux" or not hasattr(ctypes.CDLL(None), "malloc_trim"), reason="this C library keeps what it has"
)
def test_free_pages_between_what_is_kept_go_back() -> None:
    went = subprocess.run([sys.executable, "-c", WORDS], capture_output=True, text=True, check=True)
    assert float(went.stdout) > 30.0  # of 40 MB


def test_it_is_done_once_the_sum_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    done = []
    monkeypatch.setattr(finish_run, "give_back", lambda: done.append("given back"))

    def finish() -> Run:
        done.append("summed up")
        return RUN

    assert finish_run.at_last(finish, lambda: False) is RUN
    assert done == ["summed up", "given back"]


def test_elsewhere_nothing_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    from coach.service import spare_memory

    monkeypatch.setattr(sys, "platform", "darwin")
    spare_memory.give_back()
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(ctypes, "CDLL", lambda _: object())
    spare_memory.give_back()
