"""An ankle strap's strides on recorded walks and runs with a force plate under the leg."""

from dataclasses import replace

import numpy as np
import pytest

from coach.gait.shank import ShankGait
from coach.model.strides import GaitState, InitialContact, StateChange, Stride, ToeOff
from tests.as_sent import random_rotation
from tests.coach.gait.on_recordings import events, pairs
from tests.recordings import names, read

RUNS = names("shank_run") or ["shank_run_01"]
WALKS = names("shank_walk") or ["shank_walk_03"]


def strides_of(found):
    return [event for event in found if isinstance(event, Stride)]


@pytest.mark.parametrize("name", RUNS + WALKS)
def test_strides_are_found_on_time_and_of_the_right_kind(name):
    recording = read(name)
    found = events(ShankGait(recording.wear_site), recording)
    strides = strides_of(found)
    state = GaitState.RUNNING if name in RUNS else GaitState.WALKING
    assert {s.state for s in strides} == {state}
    assert [c.state for c in found if isinstance(c, StateChange)] == [state]
    matched = pairs(strides, recording.strides[1:])
    assert len(matched) == len(recording.strides) - 1
    first, last = recording.strides[0]["initial_contact_s"], recording.strides[-1]["initial_contact_s"]
    inside = [s for s in strides if first - 0.08 <= s.initial_contact_s <= last + 0.08]
    assert len(inside) <= len(recording.strides)
    late_ms = np.array([1e3 * (s.initial_contact_s - row["initial_contact_s"]) for s, row in matched])
    assert abs(late_ms.mean()) <= 10
    contact_ms = [1e3 * (s.contact_time_s - r["contact_time_s"]) for s, r in matched if s.contact_time_s is not None]
    assert len(contact_ms) >= len(matched) - 1
    assert abs(np.mean(contact_ms)) <= 12
    cadence = 120 / np.mean([s.stride_time_s for s, _ in matched])
    assert cadence == pytest.approx(recording.truth["cadence_spm"]["value"], abs=0.7)


@pytest.mark.parametrize("name", ["shank_run_02", "shank_walk_11"])
def test_neither_the_cut_nor_the_mounting_changes_a_thing(name):
    recording = read(name)
    whole = events(ShankGait(recording.wear_site), recording)
    for size in (1, 7, 64):
        assert events(ShankGait(recording.wear_site), recording, size) == whole
    turned = strides_of(events(ShankGait(recording.wear_site), recording, mounting=random_rotation(4)))
    for a, b in zip(strides_of(whole), turned, strict=True):
        assert b.initial_contact_s == pytest.approx(a.initial_contact_s, abs=1e-6)
        assert b.toe_off_s == (None if a.toe_off_s is None else pytest.approx(a.toe_off_s, abs=1e-6))


def test_contacts_and_toe_offs_come_before_their_strides_and_agree_with_them():
    recording = read("shank_run_01")
    found = events(ShankGait(recording.wear_site), recording)
    strides = {s.initial_contact_s: s for s in strides_of(found)}
    contacts = [e.t_s for e in found if isinstance(e, InitialContact)]
    assert contacts == sorted(contacts)
    assert set(strides) <= set(contacts)
    for toe_off in (e for e in found if isinstance(e, ToeOff)):
        if toe_off.initial_contact_s in strides:
            assert strides[toe_off.initial_contact_s].toe_off_s == toe_off.t_s
            assert strides[toe_off.initial_contact_s].contact_time_s == pytest.approx(toe_off.contact_time_s)


def test_a_leg_that_stands_gives_no_strides():
    recording = read("shank_run_01")
    still = np.random.default_rng(1).normal([0.0, 0.0, 9.81], 0.05, recording.chunk.acc_mps2.shape)
    recording = replace(recording, chunk=replace(recording.chunk, acc_mps2=still))
    assert events(ShankGait(recording.wear_site), recording) == [
        change for change in events(ShankGait(recording.wear_site), recording) if isinstance(change, StateChange)
    ]
