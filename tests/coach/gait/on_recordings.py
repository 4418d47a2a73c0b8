"""What the gait tests share about reference recordings: all events of an engine, pairs with the truth."""

from typing import Any

from coach.model.samples import FloatArray
from tests.support.recordings import Recording


def events(engine: Any, recording: Recording, size: int = 10**9, mounting: FloatArray | None = None) -> list[Any]:
    """All events of an engine over a recording."""
    found = [event for chunk in recording.chunks(size, mounting) for event in engine.feed(chunk)]
    return found + engine.finish()


def pairs(found: list[Any], truth: list[dict[str, Any]], window_s: float = 0.08) -> list[tuple[Any, dict[str, Any]]]:
    """Each true row with the event nearest to its contact, where one is within the window."""
    out = []
    for row in truth:
        near = min(found, key=lambda e: abs(e.initial_contact_s - row["initial_contact_s"]), default=None)
        if near is not None and abs(near.initial_contact_s - row["initial_contact_s"]) <= window_s:
            out.append((near, row))
    return out
