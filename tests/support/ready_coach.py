"""A coach of its own for one test, whose runner has said what a run needs."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from coach.bootstrap import Coach
from coach.service.event_loop import LoopThread
from coach.settings import make_settings


@contextmanager
def ready_coach(folder: Path) -> Iterator[Coach]:
    """The coach on `folder`, whose runner has answered height and red flags; closed also where the test fails."""
    settings = make_settings(folder, "127.0.0.1", 0)
    with closing(LoopThread()) as loop, closing(Coach(settings, loop=loop)) as coach:
        coach.runner.change(height_m=1.75)
        coach.runner.answer_red_flags([])
        yield coach
