"""A phone that serves a run over the network: a repeated batch counts once, loss is said as of a radio link."""

import asyncio

import pytest

from coach.errors import ConflictError
from coach.model.links import LinkEvent, LinkStatus, SensorUse
from coach.model.samples import Notification
from coach.model.sites import WearSite
from coach.packets.commands import link_plan
from coach.radio.backend import Backend
from coach.radio.clock import RunClock
from coach.radio.links import LinkedSensors, open_radio
from coach.radio.served import ServedBatch, ServedSensors
from firmware_config.loader import load_profile
from tests.support.radio import JumpingLoop

USE = SensorUse("phone-1", "Phone in the belt", "phone", WearSite.PELVIS)
MOTION = "c0ac1001-7a1e-4b5c-9d2f-52554e4e4552"


def test_a_repeated_batch_counts_once_and_one_that_overlaps_gives_what_is_new() -> None:
    served, heard = ServedSensors(), list[bytes]()
    with served.listening("phone-1", heard.append):
        assert served.take("phone-1", ServedBatch("a", 0, (b"0", b"1"))) == 2
        assert served.take("phone-1", ServedBatch("a", 0, (b"0", b"1"))) == 2
        assert served.take("phone-1", ServedBatch("a", 1, (b"1", b"2"))) == 3
        assert served.take("phone-1", ServedBatch("a", 7, (b"7",))) == 8, "3 to 6 were left out"
    served.take("phone-1", ServedBatch("a", 8, (b"8",)))
    assert heard == [b"0", b"1", b"2", b"7"]


def test_a_new_page_takes_over_and_the_old_one_is_refused() -> None:
    served, heard = ServedSensors(), list[bytes]()
    with served.listening("phone-1", heard.append):
        assert served.take("phone-1", ServedBatch("a", 5, (b"5",))) == 6, "the service was started again in its midst"
        assert served.take("phone-1", ServedBatch("b", 3, (b"3",), is_beginning=True)) == 4
        with pytest.raises(ConflictError) as refused:
            served.take("phone-1", ServedBatch("a", 6, (b"6",)))
    assert refused.value.code == "other_sender"
    assert heard == [b"5", b"3"]


def test_silence_after_three_seconds_loss_after_thirty_and_back_again() -> None:
    events, notes = list[LinkEvent](), list[Notification]()

    async def run() -> None:
        clock = RunClock()
        radio = open_radio(Backend(), clock)
        source = LinkedSensors(radio, [link_plan(load_profile("phone"), USE)], clock)
        playing = asyncio.create_task(source.play(notes.append, events.append))
        for wait_s, number in ((4.0, 0), (35.0, 1), (1.0, 2)):
            await clock.sleep(wait_s)
            radio.served.take("phone-1", ServedBatch("a", number, (bytes([number]),)))
        playing.cancel()
        await asyncio.gather(playing, return_exceptions=True)

    with asyncio.Runner(loop_factory=JumpingLoop) as runner:
        runner.run(run())
    said = [(round(event.t_s), event.status.value) for event in events]
    lost = LinkStatus.LOST.value
    assert said == [
        (0, "connecting"),
        (3, lost),
        (4, "streaming"),
        (7, "silent"),
        (34, lost),
        (39, "streaming"),
        (40, "stopped"),
    ]
    assert [(note.sensor_id, note.characteristic, note.payload) for note in notes] == [
        ("phone-1", MOTION, bytes([number])) for number in range(3)
    ]
    assert events[1].reason == "not_served"
