"""A slow reader gets the newest numbers and every cue; nobody waits for anybody."""

import threading

from coach.live.feed import KEPT_EVENTS, LiveFeed


def test_a_slow_reader_gets_only_the_newest_metrics_but_every_cue() -> None:
    feed = LiveFeed()
    start = feed.publish("run", {"state": "recording"})
    for n in range(100):
        feed.publish("metrics", {"n": n})
        if n % 40 == 0:
            feed.publish("cue", {"n": n})
    events = feed.listen(start, 0)
    assert [(e.event, e.data["n"]) for e in events] == [("cue", 0), ("cue", 40), ("cue", 80), ("metrics", 99)]


def test_a_new_reader_sees_the_newest_metrics_and_no_old_cue() -> None:
    feed = LiveFeed()
    feed.publish("cue", {"say": "old"})
    feed.publish("metrics", {"n": 1})
    assert [e.event for e in feed.listen(None, 0)] == ["metrics"]


def test_a_waiting_reader_wakes_when_something_comes() -> None:
    feed = LiveFeed()
    got: list[str] = []
    reader = threading.Thread(target=lambda: got.extend(e.event for e in feed.listen(0, 10)))
    reader.start()
    feed.publish("sensor", {})
    reader.join(10)
    assert got == ["sensor"]


def test_closing_wakes_readers_with_nothing() -> None:
    feed = LiveFeed()
    threading.Timer(0.05, feed.close).start()
    assert feed.listen(0, 10) == []
    assert feed.is_closed


def test_memory_is_bounded() -> None:
    feed = LiveFeed()
    for n in range(KEPT_EVENTS * 3):
        feed.publish("cue", {"n": n})
    assert len(feed.listen(0, 0)) == KEPT_EVENTS
