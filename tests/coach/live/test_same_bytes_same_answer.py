"""The same bytes give the same answer: what a live run kept is what its recording gives when it is read again."""

from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from coach.live.pipeline_factory import make_pipeline
from coach.model.links import SensorUse
from coach.model.samples import Notification
from coach.recording.reader import read_recording
from coach.service.runner import RunnerService
from coach.service.runs.coaching import CoachingService
from coach.service.runs.replay import encoded, use_of
from coach.service.runs.replay_reader import PIECE_S, Reading, read_again
from coach.storage.store import Store
from tests.coach.live import mean_radio
from tests.coach.live.mean_radio import ALL, LENGTH_S, STARTED_AT, harmed, lived, lived_on_phone, sent
from tests.support import recordings
from tests.support.common import mostly_slow

N_RANDOM, A_TEST = 200, 5
PIECES_S = (PIECE_S, 3.0, 0.45)  # a whole run here, some ticks, two or three
SLICE_S = 12.0  # of each reference recording: a foot's axes are known after some six


def differences(live: Reading, again: Reading) -> list[str]:
    """Where two readings of one run differ, exactly; empty where nowhere."""
    found = []
    for name in ("seconds", "strides", "steps", "decisions", "laps", "pauses", "reports"):
        ours, theirs = list(getattr(live, name)), list(getattr(again, name))
        if ours != theirs:
            first = next((k for k, (a, b) in enumerate(zip(ours, theirs, strict=False)) if a != b), None)
            found.append(f"{name}: {len(ours)} and {len(theirs)}, first at {first}")
    return found + ([] if live.end_s == again.end_s else [f"end: {live.end_s} and {again.end_s}"])


def read(path: Path, piece_s: float = PIECE_S) -> Reading:
    """As a recompute reads: pieces at once, the ticks between two seconds without metrics; the seconds are the same."""
    recording = read_recording(path)
    return read_again(recording.items(), make_pipeline(recording.header.sensors, seconds_only=True), piece_s)


@pytest.mark.parametrize("first", mostly_slow(range(0, N_RANDOM, A_TEST), n_quick=1))
async def test_a_run_read_again_is_the_run_that_was_lived(first: int, tmp_path: Path) -> None:
    """Random sensors, with losses, duplicates, torn packets, silences, late packets, a busy host and taps."""
    n_seconds = n_strides = 0
    for seed in range(first, first + A_TEST):
        rng = np.random.default_rng(seed)
        uses = [use for use in ALL if rng.random() < 0.45] or [ALL[0]]
        streams = [harmed(sent()[use.sensor_id], rng) for use in uses]
        live, path = await lived(uses, streams, rng, tmp_path / str(seed), end_s=rng.uniform(0.4, 1.0) * LENGTH_S)
        assert differences(live, read(path, PIECES_S[seed % len(PIECES_S)])) == [], seed
        n_seconds, n_strides = n_seconds + len(live.seconds), n_strides + len(live.strides) + len(live.steps)
    assert n_seconds > 8 * A_TEST
    assert n_strides > 8 * A_TEST


async def test_a_coached_run_read_again_has_the_same_metrics_and_responses(tmp_path: Path) -> None:
    store = Store(tmp_path / "coach.sqlite")
    try:
        RunnerService(store, lambda: STARTED_AT - timedelta(minutes=5)).answer_red_flags([])
        rng = np.random.default_rng(1)
        coaching = CoachingService(store, lambda: STARTED_AT)
        streams = [harmed(sent()[use.sensor_id], rng) for use in ALL]
        live, path = await lived(ALL, streams, rng, tmp_path, coaching.prepare("run", STARTED_AT))
        recording = read_recording(path)
        engine = coaching.prepare("run", STARTED_AT)
        again = read_again(recording.items(), make_pipeline(recording.header.sensors, coaching=engine))
        assert differences(live, again) == []
        assert engine.responses() == live.responses
    finally:
        store.close()


@pytest.mark.parametrize("seed", mostly_slow(range(12), n_quick=1))
def test_a_run_on_the_phone_read_again_is_the_run_that_was_lived(seed: int, tmp_path: Path) -> None:
    rng = np.random.default_rng(1000 + seed)
    uses = [use for use in ALL if rng.random() < 0.6] or [ALL[0]]
    streams = [harmed(sent()[use.sensor_id], rng) for use in uses]
    live, path = lived_on_phone(uses, streams, rng, tmp_path, end_s=rng.uniform(0.4, 1.0) * LENGTH_S)
    assert differences(live, read(path)) == []
    assert len(live.seconds) > 8


@pytest.mark.reference
@pytest.mark.parametrize("name", mostly_slow(recordings.names(), n_quick=2))
async def test_a_reference_recording_sent_live_is_what_its_log_gives(name: str, tmp_path: Path) -> None:
    reference = mean_radio.reference_of(name)
    if reference is None:
        return  # without gyroscope no sensor known here could have sent it
    use: SensorUse = use_of(reference)
    stream: list[Notification] = mean_radio.until(encoded(reference), SLICE_S)
    rng = np.random.default_rng(len(name))
    live, path = await lived([use], [harmed(stream, rng)], rng, tmp_path, end_s=SLICE_S)
    assert len(live.seconds) >= SLICE_S - 2
    assert differences(live, read(path)) == []
