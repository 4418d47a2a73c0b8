"""What questions to many runs cost: `python -m tests.benchmark.lifetime [N_RUNS ...]` prints CPU seconds of each.

The runs differ only in size; their summaries are those of a measured one. Limits: 0.2 s at 5,000 runs (a life of daily
runs), 1 s at 100,000.
"""

import resource
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from coach.model.runs import RunFilter
from coach.service.runs.history import HistoryService
from coach.storage.store import Store
from tests.web.long_history import keep_long_run, keep_many_runs

NEWEST = datetime(2026, 11, 1, 7, tzinfo=UTC)


def questions(history: HistoryService, n_runs: int) -> dict[str, Callable[[], object]]:
    """Every question that a page asks of all runs."""
    last = max(1, n_runs // 50)
    day = NEWEST.date()
    return {
        "list, first page": lambda: history.list(),
        "list, last page": lambda: history.list(page=last),
        "list, one pair of shoes": lambda: history.list(RunFilter(shoes="Blue pair")),
        "words in title or notes": lambda: history.list(RunFilter(words="hills")),
        "trend of cadence": lambda: history.trend("cadence_spm"),
        "trend of step length": lambda: history.trend("step_length_m"),
        "records": lambda: history.records(),
        "shoes": lambda: history.shoes(),
        "calendar, a month": lambda: history.calendar(date(day.year, day.month, 1), day),
        "calendar, a year": lambda: history.calendar(day - timedelta(days=365), day),
        "one run": lambda: history.detail("many-00010"),
        "two runs compared": lambda: history.compare("many-00010", "many-00020"),
    }


def measure(n_runs: int, folder: Path) -> dict[str, float]:
    """CPU seconds of each question, the better of two."""
    store = Store(folder / f"{n_runs}.sqlite")
    like = store.runs.summary(keep_long_run(store, "long", NEWEST + timedelta(days=1), 0.2).run_id)
    assert like is not None
    keep_many_runs(store, n_runs, NEWEST, like)
    history = HistoryService(store, folder)
    found = {}
    for name, ask in questions(history, n_runs).items():
        costs = []
        for _ in range(2):
            start_s = time.process_time()
            ask()
            costs.append(time.process_time() - start_s)
        found[name] = min(costs)
    store.close()
    return found


def main() -> None:
    counts = [int(text) for text in sys.argv[1:] if text.isdigit()] or [5000]
    with tempfile.TemporaryDirectory() as folder:
        for n_runs in counts:
            print(f"{n_runs:,} runs")
            for name, cpu_s in measure(n_runs, Path(folder)).items():
                print(f"  {name:28} {1000 * cpu_s:8.1f} ms")
    print(f"largest memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


if __name__ == "__main__":
    main()
