"""A real run of a pod on a real data folder, what befalls the machine in its midst, and what is left of it."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from coach.bootstrap import Coach
from coach.model.runs import RunState
from coach.model.samples import Notification
from coach.recording.folder import inside
from coach.recording.reader import read_recording
from coach.settings import make_settings
from tests.reliability.workload import POD, STEP_S, Feeder, wait_for

# Does harm, calls what it is given in the midst of it, and undoes the harm; the pod shows what the run waited.
Harm = Callable[[Coach, Callable[[], None], Feeder], None]
WHOLE: Final = "nothing lost, the tap kept and answered in 1 s, the run ended"


@dataclass(frozen=True, slots=True)
class After:
    """n_sent, n_logged: notifications that the pod sent, and those in the raw log. n_taps: pain taps that are kept.
    tap_s: how long the answer to the tap took in the midst of the harm. duration_s, sent_s: length of the run as kept,
    and as it was."""

    n_sent: int
    n_logged: int
    n_taps: int
    tap_s: float
    duration_s: float
    sent_s: float
    state: RunState

    @property
    def is_whole(self) -> bool:
        """Whether nothing of the run is missing, and the tap was answered within a second."""
        is_ended = self.state is RunState.FINISHED and abs(self.duration_s - self.sent_s) <= 2 * STEP_S
        return is_ended and self.n_logged == self.n_sent and self.n_taps == 1 and self.tap_s < 1.0

    def __str__(self) -> str:
        return (
            f"{self.n_sent - self.n_logged} of {self.n_sent} notifications lost, {self.n_taps} of 1 tap kept "
            f"(answered in {self.tap_s:.2f} s), {self.duration_s:.1f} of {self.sent_s:.1f} s, {self.state.value}"
        )


def befallen(folder: Path, harm: Harm, faster: float = 8.0) -> After:
    """A run with one pain tap, which comes in the midst of the harm. faster: the run's clock against the wall's."""
    coach = Coach(make_settings(folder, "127.0.0.1", 0))
    feeder = Feeder(run_s=1e9, faster=faster)
    tap_s = 0.0

    def tap() -> None:
        nonlocal tap_s
        began_s = time.monotonic()
        coach.runs.pain(3, run_id=run_id)
        tap_s = time.monotonic() - began_s

    try:
        run_id = coach.runs.begin((POD,), lambda: (feeder, lambda: feeder.now_s)).run_id
        wait_for(lambda: feeder.now_s > 2.0)
        harm(coach, tap, feeder)
        until_s = feeder.now_s + 3.0
        wait_for(lambda: feeder.now_s > until_s)
        ended = coach.runs.stop(run_id)
        recording = read_recording(inside(coach.settings.recordings, str(ended.recording)))
        n_logged = sum(isinstance(item, Notification) for item in recording.items())
        n_taps = len(coach.store.pain.list(run_id=run_id))
        length_s = ended.duration_s or 0.0
        return After(feeder.n_sent, n_logged, n_taps, tap_s, length_s, feeder.now_s, ended.state)
    finally:
        coach.close()


def is_shown(coach: Coach) -> bool:
    """Whether a phone that opens the page now sees that the disk refuses the log."""
    links = coach.runs.status()["links"]
    assert isinstance(links, list)
    return "recording_failed" in [link["reason"] for link in links]
