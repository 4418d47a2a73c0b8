"""Golden packets of every profile: read right, cut at every length, bent bit by bit; a sample or a PacketError."""

import contextlib
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coach.errors import PacketError
from coach.model.links import SensorUse
from coach.model.samples import ImuChunk, Notification
from coach.packets.decoders import decoder_for
from coach.packets.registry import decode_payload
from firmware_config.loader import load_profile, load_profiles
from firmware_config.schema import full_uuid
from tests.coach.packets.golden import PACKETS, Golden

every_packet = pytest.mark.parametrize("golden", PACKETS, ids=lambda golden: golden.name)


def flat(value) -> list:
    if isinstance(value, dict):
        return [leaf for item in value.values() for leaf in flat(item)]
    if isinstance(value, list):
        return [leaf for item in value for leaf in flat(item)]
    return [value]


def through_a_decoder(golden: Golden, payload: bytes) -> list:
    profile = load_profile(golden.profile)
    uuid = full_uuid(golden.characteristic) if golden.characteristic else profile.with_role("data")[0].uuid
    decoder = decoder_for(profile, SensorUse("aa:bb", "x", profile.id))
    samples = decoder.feed(Notification("aa:bb", uuid, 1.0, payload))
    for sample in samples:
        if isinstance(sample, ImuChunk):
            assert math.isfinite(float(abs(sample.acc_mps2).max()))
    return samples


def test_every_profile_has_a_golden_packet():
    assert {golden.profile for golden in PACKETS} == set(load_profiles())


@every_packet
def test_means_what_its_source_says(golden):
    (row,) = decode_payload(golden.profile, golden.payload, golden.characteristic)
    for name, expected in golden.expected.items():
        found, wanted = flat(row[name]), flat(expected)
        assert len(found) == len(wanted), name
        for value, want in zip(found, wanted, strict=True):
            assert value == (pytest.approx(want, abs=6e-6, rel=1e-5) if isinstance(want, float) else want), name
    through_a_decoder(golden, golden.payload)


@every_packet
def test_cut_anywhere_it_gives_no_new_number(golden):
    """A shorter packet is refused, or gives readings that the whole one has too, at their place."""
    (whole,) = decode_payload(golden.profile, golden.payload, golden.characteristic)
    for n in range(len(golden.payload)):
        try:
            (row,) = decode_payload(golden.profile, golden.payload[:n], golden.characteristic)
        except PacketError:
            continue
        for name, value in row.items():
            if name in ("raw", "acc_mps2", "gyr_radps", "rr_s", "locations", "measures"):
                assert value == whole[name][: len(value)], (n, name)
            elif name == "words":
                assert whole[name].startswith(value)
            else:
                assert value in (whole[name], None), (n, name)


@every_packet
def test_cut_anywhere_a_decoder_gives_samples_or_a_packet_error(golden):
    for n in range(len(golden.payload)):
        with contextlib.suppress(PacketError):
            through_a_decoder(golden, golden.payload[:n])


@given(
    golden=st.sampled_from(PACKETS), flips=st.lists(st.integers(0, 1023), min_size=1, max_size=8), cut=st.integers(0, 3)
)
def test_bits_flipped_at_random_never_raise_another_error(golden, flips, cut):
    bent = bytearray(golden.payload)
    for flip in flips:
        bent[flip // 8 % len(bent)] ^= 1 << flip % 8
    for reader in (
        lambda payload: decode_payload(golden.profile, payload, golden.characteristic),
        lambda payload: through_a_decoder(golden, payload),
    ):
        try:
            found = reader(bytes(bent[: len(bent) - cut]))
        except PacketError:
            continue
        if found and isinstance(found[0], dict):
            assert all(math.isfinite(v) for v in flat(found) if isinstance(v, float))


@given(profile=st.sampled_from(sorted(load_profiles())), payload=st.binary(max_size=64), data=st.data())
def test_any_bytes_on_any_characteristic_give_samples_or_a_packet_error(profile, payload, data):
    readable = [c.uuid for c in load_profile(profile).characteristics().values() if c.decoder]
    uuid = data.draw(st.sampled_from(readable))
    decoder = decoder_for(load_profile(profile), SensorUse("aa:bb", "x", profile))
    for t_s in (1.0, 1.1):
        try:
            decoder.feed(Notification("aa:bb", uuid, t_s, payload))
        except PacketError:
            assert decoder.report().n_bad_packets > 0
    with contextlib.suppress(PacketError):
        decode_payload(profile, payload, uuid)
