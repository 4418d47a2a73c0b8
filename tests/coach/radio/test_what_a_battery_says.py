"""What a sensor says of its battery: said when it is low, and not over and over."""

import asyncio

import pytest

from coach.model.links import LinkEvent, LinkStatus, SensorUse
from coach.model.steps import Charge
from coach.packets.commands import link_plan
from coach.radio.clock import RunClock
from coach.radio.link_state import LinkSettings, LinkState
from coach.service.sensors.preview import Viewer
from firmware_config.loader import load_profile

USE = SensorUse("ant-124-7", "Foot pod 7", "ant_stride_speed")


@pytest.fixture
def events() -> list[LinkEvent]:
    return []


@pytest.fixture
def state(events: list[LinkEvent]) -> LinkState:
    async def make() -> LinkState:
        return LinkState(link_plan(load_profile(USE.profile_id), USE), RunClock(), events.append, LinkSettings())

    return asyncio.run(make())


def test_a_battery_that_is_low_is_said_once_though_pages_disagree(state: LinkState, events: list[LinkEvent]) -> None:
    state.say_data()
    for is_low in (False, True, False, True):
        state.note_charge(Charge(None, is_low))
    assert [event.reason for event in events] == ["streaming", "battery_low"]
    state.say(LinkStatus.LOST, "ant_absent", "gone, its cell is changed")
    state.note_charge(Charge(None, is_low=True))
    assert [event.reason for event in events][2:] == ["ant_absent", "battery_low"]


def test_a_battery_that_calls_itself_low_is_believed_whatever_its_charge(
    state: LinkState, events: list[LinkEvent]
) -> None:
    state.note_charge(Charge(60.0, is_low=True))
    assert [(event.reason, event.battery_pct) for event in events] == [("battery_low", 60.0)]


def test_the_sensors_page_says_that_a_battery_is_low_where_no_charge_is_known() -> None:
    viewer = Viewer(USE)
    viewer.last_event = LinkEvent(USE.sensor_id, 0.0, LinkStatus.STREAMING, "battery_low", "", None)
    viewer.readings.append((0.0, 3.0, "m/s"))
    viewer.is_low = True
    assert viewer.state(0.5).words == "Ready, but the battery is low. Charge it or change the cell soon"
