"""What a run says, for tests of the page in motion: numbers, cues, and a feed that can fall silent."""

import threading
from typing import Any

from coach.live.feed import FeedEvent, LiveFeed
from coach.model.cues import CueDecision, FocusTarget, Gate
from coach.model.metrics import LiveMetrics
from coach.model.plain import to_plain


def numbers(
    cadence_spm: float | None = 172.0, vs_usual_pct: float = 5.0, place: str = "on", **more: Any
) -> dict[str, Any]:
    """One `metrics` event of a run, whose focus is cadence between +2 and +8 % of the runner's usual."""
    metrics = LiveMetrics(
        10.0,
        cadence_spm=cadence_spm,
        contact_time_ms=243.2,
        step_length_m=0.98,
        speed_mps=2.84,
        distance_m=4123.0,
        heart_rate_bpm=142,
        cadence_vs_baseline_pct=vs_usual_pct,
        uncertainty={"cadence_spm": 0.6, "contact_time_ms": 6.8, "step_length_m": 0.027, "speed_mps": 0.07},
    )
    target = FocusTarget("quicker", "cadence_vs_baseline_pct", "cadence", vs_usual_pct, 2.0, 8.0, "%", place)
    return {**to_plain(metrics), "elapsed_s": 1453.2, "target": to_plain(target), **more}


def cue(cue_id: str = "c0001", **more: Any) -> dict[str, Any]:
    """One spoken cue of a run."""
    decision = CueDecision(
        cue_id,
        10.0,
        "quicker_low_cadence",
        "quicker",
        "cue",
        True,
        False,
        "Quick, light steps, as on hot sand",
        0.6,
        2.0,
        "%",
        (Gate("pain_at_most_2", True, "pain is 1"),),
        "Your steps are few for your speed and height.",
        "Heiderscheit 2011",
        modality="speech tone vibration text",
    )
    return {**to_plain(decision), **more}


class FallingSilent:
    """Makes a feed's streams hang, as a network does that swallows everything. n_listens: how often it was asked."""

    def __init__(self, feed: LiveFeed) -> None:
        self._listen, self._close = feed.listen, feed.close
        feed.listen, feed.close = self.listen, self.close  # type: ignore[method-assign]
        self.n_listens = 0
        self._speaks = threading.Event()
        self._speaks.set()

    def hang(self) -> None:
        self._speaks.clear()

    def go_on(self) -> None:
        self._speaks.set()

    def listen(self, after_id: int | None, timeout_s: float) -> list[FeedEvent]:
        self.n_listens += 1
        self._speaks.wait(30)
        return self._listen(after_id, timeout_s)

    def close(self) -> None:
        self.go_on()
        self._close()
