"""A board of 4 g is known by where its readings stop: its landings count as clipped, those of a 16 g board do not."""

import numpy as np

from coach.model.links import SensorUse
from coach.model.samples import ImuChunk, Notification
from coach.model.sites import WearSite
from coach.packets.decoders import Decoder, decoder_for
from coach.packets.wearable_my_foot import encode_reading
from firmware_config.loader import load_profile
from firmware_config.schema import full_uuid

G = 9.80665


def run(peak_g: float, edge_g: float | None, n_strides: int = 30) -> tuple[Decoder, list[ImuChunk]]:
    """Strides of 0.7 s at 100 Hz with six readings of landing each, cut at `edge_g` as a chip does."""
    decoder = decoder_for(
        load_profile("wearable_my_foot"), SensorUse("a", "IMU Run", "wearable_my_foot", WearSite.LEFT_FOOT)
    )
    chunks = []
    for i in range(70 * n_strides):
        z = peak_g * np.sin(np.pi * (i % 70 + 0.5) / 6) if i % 70 < 6 else 1.0
        acc = G * np.array([0.01 * (i % 7), 0.0, z if edge_g is None else min(z, edge_g)])
        payload = encode_reading(0.01 * i, acc, np.zeros(3))
        chunks += decoder.feed(Notification("a", full_uuid("2fff"), 0.01 * i, payload))
    return decoder, [chunk for chunk in chunks if isinstance(chunk, ImuChunk)]


def test_landings_that_stop_at_4_g_are_clipped_once_enough_of_them_were_seen() -> None:
    decoder, chunks = run(7.0, 3.9956)
    assert chunks[0].acc_range_mps2 == 16 * G
    assert chunks[-1].acc_range_mps2 == 4 * G
    n_at_edge = sum(bool(np.abs(c.acc_mps2).max() > 3.99 * G) for c in chunks)
    assert decoder.report().n_clipped == n_at_edge - 19


def test_a_board_that_goes_beyond_4_g_keeps_its_16() -> None:
    decoder, chunks = run(7.0, None)
    assert {chunk.acc_range_mps2 for chunk in chunks} == {16 * G}
    assert decoder.report().n_clipped == 0


def test_a_soft_runner_below_4_g_is_not_called_clipped() -> None:
    decoder, chunks = run(3.9, None)
    assert chunks[-1].acc_range_mps2 == 16 * G
    assert decoder.report().n_clipped == 0
