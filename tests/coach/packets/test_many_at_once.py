"""Packets that are read many at once give exactly what they give one by one, whatever happened to them on the air."""

import struct
from collections.abc import Iterator, Sequence

import numpy as np
import pytest

from coach.errors import PacketError
from coach.model.links import SensorUse
from coach.model.samples import ImuChunk, Notification, Sample
from coach.model.sites import WearSite
from coach.packets.decoders import Decoder, decoder_for
from firmware_config.loader import load_profile
from tests.support.common import mostly_slow

N_PACKETS = 600


def decoder(rate_hz: float) -> Decoder:
    use = SensorUse("s", "Movesense 1", "movesense", WearSite.LEFT_FOOT, settings=(("rate_hz", f"{rate_hz:g}"),))
    return decoder_for(load_profile("movesense"), use)


def sent(rng: np.random.Generator, rate_hz: float, n: int, size: int) -> list[tuple[float, bytes]]:
    """Packets of `n` readings in parts of `size` bytes: losses, doubles, cuts, odd values, silences, restarts."""
    found: list[tuple[float, bytes]] = [(0.0, bytes.fromhex(h)) for h in ("0161c80010", "0162c800d007", "0163c800")]
    harm = rng.choice([0.0, 0.003, 0.03])
    began_ms, late_s, silent_to = 40_000.0, 0.0, 0.0
    for k in range(N_PACKETS):
        device_s = k * n / rate_hz * (1 + 30e-6)
        if rng.random() < 0.1 * harm:
            began_ms -= 30_000.0  # the sensor restarted
        if rng.random() < 0.1 * harm:
            silent_to = device_s + rng.uniform(0.1, 20.0)
        values = np.where(rng.random((2, n, 3)) < 0.05 * harm, np.nan, rng.normal(0.0, 30.0, (2, n, 3)))
        values[0] += 200.0 * (rng.random() < harm)  # beyond the chip's range
        body = struct.pack("<I", round(began_ms + 1000 * device_s) % 2**32) + values.astype("<f4").tobytes()
        late_s = rng.uniform(0.3, 12.0) if rng.random() < 0.2 * harm else rng.exponential(0.01)
        at = max(found[-1][0], device_s + n / rate_hz + late_s)
        for start in range(0, len(body), size):
            payload = (b"\x03\x63" if start else b"\x02\x63") + body[start : start + size]
            if device_s < silent_to or rng.random() < harm:
                continue
            payload = payload[: rng.integers(1, len(payload))] if rng.random() < 0.3 * harm else payload
            found += [(at, payload)] * (1 + (rng.random() < harm))
    return found


def pieces(stream: Sequence[Notification], rng: np.random.Generator) -> Iterator[Sequence[Notification]]:
    start = 0
    while start < len(stream):
        n = int(rng.choice([1, 2, 3, 7, 64, 500]))
        yield stream[start : start + n]
        start += n


def flat(samples: Sequence[Sample]) -> list[object]:
    """Samples as single readings, so that it does not matter how they were cut."""
    rows: list[object] = []
    for sample in samples:
        if isinstance(sample, ImuChunk):
            assert sample.gyr_radps is not None
            table = np.column_stack([sample.t_s, sample.acc_mps2, sample.gyr_radps])
            rows += [(sample.acc_range_mps2, sample.gyr_range_radps, sample.rate_hz, *row) for row in table.tolist()]
        else:
            rows.append(sample)
    return rows


@pytest.mark.parametrize("seed", mostly_slow(range(60), n_quick=6))
def test_a_movesense_read_many_at_once_gives_what_it_gives_one_by_one(seed: int) -> None:
    rng = np.random.default_rng(seed)
    rate_hz, n = [(52.0, 2), (104.0, 4), (208.0, 8), (208.0, 6)][seed % 4]
    data = load_profile("movesense").with_role("data")[0].uuid
    made = sent(rng, rate_hz, n, int(rng.choice([500, 152, 148, 100, 17])))
    stream = [Notification("s", data, t_s, payload) for t_s, payload in made]
    one, many = decoder(rate_hz), decoder(rate_hz)
    expected: list[Sample] = []
    faults: list[str] = []
    for notification in stream:
        try:
            expected += one.feed(notification)
        except PacketError as fault:
            faults.append(str(fault))
    found: list[Sample] = []
    found_faults: list[str] = []
    for piece in pieces(stream, rng):
        samples, odd = many.feed_many(piece)
        found += samples
        found_faults += [str(fault) for fault in odd]
    assert flat(found) == flat(expected)
    assert found_faults == faults
    assert many.report() == one.report()
    assert one.report().n_samples > 100
