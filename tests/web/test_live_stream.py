"""The live stream: newest numbers, fresh cues only, a heartbeat, an end, and slots that are given back."""

import json
import time
from typing import Any

import pytest

from coach.live.feed import LiveFeed
from web.stream import LiveStream, StreamSlots


def events(piece: bytes) -> list[tuple[str, Any, str]]:
    found = []
    for block in piece.decode().strip().split("\n\n"):
        lines = dict(line.split(": ", 1) for line in block.split("\n"))
        if "event" in lines:
            found.append((lines["event"], json.loads(lines["data"]), lines.get("id", "")))
    return found


def stream_of(feed: LiveFeed, after: int | None = None, most: int = 2) -> LiveStream:
    slots = StreamSlots(most)
    assert slots.take()
    return LiveStream(feed, slots, after, is_welcome=False)


@pytest.fixture(autouse=True)
def quick_heartbeat(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("web.stream.HEARTBEAT_S", 0.05)


def test_a_new_phone_gets_the_newest_numbers_and_no_old_cue() -> None:
    feed = LiveFeed()
    feed.publish("cue", {"cue_id": "old"})
    feed.publish("metrics", {"cadence_spm": 160})
    feed.publish("metrics", {"cadence_spm": 170})
    stream = stream_of(feed)
    assert events(next(stream)) == [("metrics", {"cadence_spm": 170}, "3")]
    feed.publish("cue", {"cue_id": "new"})
    assert events(next(stream)) == [("cue", {"cue_id": "new"}, "4")]


def test_numbers_come_short_with_what_the_page_shows_of_their_uncertainty_once_for_all_phones() -> None:
    feed = LiveFeed()
    data = {
        "cadence_spm": 163.123456789,
        "heart_rate_bpm": None,
        "uncertainty": {"cadence_spm": 0.41234, "pelvis_trunk_crp_sd_deg": 2.0},
        "unknown": {"heart_rate_bpm": "needs_heart_rate_sensor", "state": "no_strides"},
    }
    feed.publish("metrics", data)
    piece = next(stream_of(feed))
    metrics = {
        "cadence_spm": 163.1235,
        "heart_rate_bpm": None,
        "uncertainty": {"cadence_spm": 0.41},
        "unknown": {"heart_rate_bpm": "needs_heart_rate_sensor"},
    }
    assert events(piece) == [("metrics", metrics, "1")]
    assert next(stream_of(feed)) == piece
    assert feed.latest("metrics") == data


def test_a_phone_that_returns_gets_fresh_cues_but_never_a_backlog_of_numbers() -> None:
    feed = LiveFeed()
    first = feed.publish("metrics", {"n": 1})
    for n in range(2, 300):
        feed.publish("metrics", {"n": n})
    feed.publish("cue", {"cue_id": "c"})
    got = events(next(stream_of(feed, first)))
    assert [(name, data.get("n")) for name, data, _ in got] == [("metrics", 299), ("cue", None)]


def test_cues_older_than_ten_seconds_and_numbers_older_than_three_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    feed = LiveFeed()
    start = feed.publish("sensor", {"status": "lost"})
    feed.publish("cue", {"cue_id": "c"})
    feed.publish("metrics", {"n": 1})
    feed.publish("sensor", {"status": "streaming"})
    late = time.time() + 11
    monkeypatch.setattr("coach.live.feed.time.time", lambda: late)
    assert [name for name, _, _ in events(next(stream_of(feed, start)))] == ["sensor"]


def test_a_clock_that_is_set_back_two_hours_brings_no_old_cue_back(monkeypatch: pytest.MonkeyPatch) -> None:
    feed = LiveFeed()
    feed.publish("cue", {"cue_id": "old"})
    later_s, set_back = time.monotonic() + 60.0, time.time() - 7140.0
    monkeypatch.setattr("coach.live.feed.time.monotonic", lambda: later_s)
    monkeypatch.setattr("coach.live.feed.time.time", lambda: set_back)
    assert events(next(stream_of(feed, after=0))) == events(next(stream_of(LiveFeed())))
    feed.publish("cue", {"cue_id": "new"})
    assert [data["cue_id"] for name, data, _ in events(next(stream_of(feed, after=0))) if name == "cue"] == ["new"]


def test_silence_is_filled_by_heartbeats() -> None:
    assert events(next(stream_of(LiveFeed(), 0))) == [("heartbeat", {}, "")]


def test_an_id_of_another_life_of_the_service_counts_as_none() -> None:
    feed = LiveFeed()
    feed.publish("metrics", {"n": 1})
    assert events(next(stream_of(feed, 9999))) == [("metrics", {"n": 1}, "1")]


def test_a_stream_says_goodbye_when_its_time_is_over_or_the_feed_closes(monkeypatch: pytest.MonkeyPatch) -> None:
    feed = LiveFeed()
    feed.close()
    stream = stream_of(feed)
    assert events(next(stream)) == [("bye", {}, "")]
    with pytest.raises(StopIteration):
        next(stream)
    monkeypatch.setattr("web.stream.LONGEST_S", -1.0)
    assert events(next(stream_of(LiveFeed()))) == [("bye", {}, "")]


def test_slots_are_limited_and_given_back_even_by_streams_that_never_began() -> None:
    slots = StreamSlots(1)
    assert slots.take()
    assert not slots.take()
    stream = LiveStream(LiveFeed(), slots, None)
    stream.close()
    stream.close()
    assert slots.taken == 0
    assert slots.take()


def test_what_is_said_while_a_phone_is_being_welcomed_is_not_lost() -> None:
    feed = LiveFeed()
    feed.publish("cue", {"cue_id": "old"})
    stream = LiveStream(feed, StreamSlots(1), None)
    next(stream)
    feed.publish("cue", {"cue_id": "new"})
    said = next(stream) + next(stream)
    assert b"new" in said
    assert b"old" not in said
