"""States for Home Assistant through mosquitto itself: discovery, states, a broker that goes and comes, a password."""

import json
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt
import pytest

from coach.model.handover import HandoverWishes
from coach.model.pain import PainEntry, PainMoment
from coach.model.runner import RunnerProfile
from coach.model.runs import Run, RunState, RunSummary
from coach.service.handover.home_assistant import HomeAssistant, HomeState
from coach.service.handover.home_state import HomeStates
from coach.service.runs.coaching import CoachingService
from coach.service.strength.programme import Programme
from coach.storage.store import Store
from tests.support.common import free_port, missing

BROKER = shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin:/usr/bin:/opt/homebrew/sbin")


class Broker:
    def __init__(self, folder: Path, port: int, password: str = "") -> None:
        self.port = port
        lines = [f"listener {port} 127.0.0.1", "persistence false", "user root"]
        if password:
            path = folder / "passwords"
            tool = shutil.which("mosquitto_passwd") or missing("no mosquitto_passwd: apt-get install mosquitto")
            subprocess.run([str(tool), "-b", "-c", str(path), "coach", password], check=True)
            lines += ["allow_anonymous false", f"password_file {path}"]
        else:
            lines.append("allow_anonymous true")
        self._config = folder / "mosquitto.conf"
        self._config.write_text("\n".join(lines))
        self.start()

    def start(self) -> None:
        assert BROKER
        quiet = subprocess.DEVNULL
        self._process = subprocess.Popen([BROKER, "-c", str(self._config)], stdout=quiet, stderr=quiet)
        wait(self._listens, "the broker listens")

    def _listens(self) -> bool:
        with socket.socket() as door:
            return door.connect_ex(("127.0.0.1", self.port)) == 0

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(10)


class Dashboard:
    """Another client of the broker: the newest payload of each topic."""

    def __init__(self, port: int) -> None:
        self.found: dict[str, str] = {}
        self._client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2)
        self._client.on_message = lambda _client, _data, message: self.found.update(
            {message.topic: message.payload.decode()}
        )
        self._client.on_connect = lambda client, *_: client.subscribe("#")
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


def wait(holds: Any, what: str, timeout_s: float = 20.0) -> None:
    until = time.monotonic() + timeout_s
    while not holds():
        assert time.monotonic() < until, what
        time.sleep(0.02)


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    if BROKER is None:
        missing("no mosquitto: apt-get install mosquitto")
    made = Broker(tmp_path, free_port())
    yield made
    made.stop()


def test_entities_are_found_and_states_follow(broker: Broker) -> None:
    state = [HomeState(None, "2026-05-05T07:00:00+02:00", True)]
    home = HomeAssistant(HandoverWishes(broker="127.0.0.1", broker_port=broker.port), lambda: state[0], 0.05)
    dashboard = Dashboard(broker.port)
    found = dashboard.found
    wait(lambda: found.get("running_coach/pain_reminder") == "ON", "the pain reminder")
    config = json.loads(found["homeassistant/sensor/running_coach/cadence/config"])
    assert config["state_topic"] == "running_coach/cadence"
    assert config["unit_of_measurement"] == "spm"
    assert found[config["availability_topic"]] == "online"
    assert found["running_coach/next_session"] == "2026-05-05T07:00:00+02:00"
    state[0] = HomeState(172.4, "", False)
    wait(lambda: found.get("running_coach/cadence") == "172", "the cadence")
    wait(lambda: found.get("running_coach/pain_reminder") == "OFF", "the answer")
    assert found["running_coach/next_session"] == "None"
    home.forget()
    wait(lambda: found.get("homeassistant/sensor/running_coach/cadence/config") == "", "the entity goes")
    home.close()
    wait(lambda: found.get("running_coach/available") == "offline", "it says goodbye")
    dashboard.close()


def test_two_runners_of_a_household_are_two_devices(broker: Broker) -> None:
    wishes = HandoverWishes(broker="127.0.0.1", broker_port=broker.port)
    names = ("Jo-Ann", "Jo Ann")
    homes = [HomeAssistant(wishes, lambda n=n: HomeState(None, "", n == 0), 0.05, names[n]) for n in (0, 1)]  # type: ignore[misc]
    dashboard = Dashboard(broker.port)

    def answers() -> dict[str, str]:
        return {topic: text for topic, text in dashboard.found.items() if topic.endswith("/pain_reminder")}

    wait(lambda: sorted(answers().values()) == ["OFF", "ON"], "an answer of each")
    configs = [json.loads(text) for topic, text in dashboard.found.items() if topic.endswith("/cadence/config")]
    assert {config["device"]["name"] for config in configs} == {f"Running coach {name}" for name in names}
    for home in homes:
        home.close()
    dashboard.close()


def test_a_broker_that_comes_back_gets_all_again(broker: Broker) -> None:
    home = HomeAssistant(
        HandoverWishes(broker="127.0.0.1", broker_port=broker.port), lambda: HomeState(170.0, "", False), 0.05
    )
    wait(lambda: home.is_linked, "linked")
    broker.stop()
    wait(lambda: not home.is_linked, "the loss is seen")
    assert "lost" in home.failure
    broker.start()
    dashboard = Dashboard(broker.port)
    wait(lambda: dashboard.found.get("running_coach/pain_reminder") == "OFF", "published again")
    assert "homeassistant/sensor/running_coach/cadence/config" in dashboard.found
    dashboard.close()
    home.close()


def test_a_wrong_password_is_said_and_no_broker_too(tmp_path: Path) -> None:
    if BROKER is None:
        missing("no mosquitto: apt-get install mosquitto")
    broker = Broker(tmp_path, free_port(), "right")
    state = HomeState(None, "", False)
    for password, is_linked in (("wrong", False), ("right", True)):
        wishes = HandoverWishes(
            broker="127.0.0.1", broker_port=broker.port, broker_user="coach", broker_password=password
        )
        home = HomeAssistant(wishes, lambda: state, 0.05)
        wait(lambda home=home: home.is_linked or home.failure, "an answer")  # type: ignore[misc]
        assert home.is_linked is is_linked
        assert is_linked or "refuses" in home.failure
        home.close()
    broker.stop()
    home = HomeAssistant(HandoverWishes(broker="127.0.0.1", broker_port=broker.port), lambda: state, 0.05)
    wait(lambda: home.failure, "it says that nobody answers")
    home.close()


def test_the_state_of_the_house_follows_runs_answers_and_plan(tmp_path: Path) -> None:
    store = Store(tmp_path / "coach.sqlite")
    coaching = CoachingService(store)
    strength = Programme(store, coaching.pain_state, lambda *_: 0, tmp_path / "secrets")
    now = [datetime(2026, 5, 4, 8, tzinfo=UTC)]
    states = [None, 171.0]

    def state() -> HomeState:
        return HomeStates(store, strength, lambda: states[-1], lambda: now[0]).now()

    assert state() == HomeState(171.0, "", False)
    store.runs.create(Run("r1", now[0], RunState.RECORDING))
    store.runs.finish("r1", RunState.FINISHED, RunSummary(1800.0, 1800.0, 5000.0, 0, 0, 0, 0, 0))
    assert not state().is_pain_open
    now[0] += timedelta(hours=24)
    assert state().is_pain_open
    store.runner.save(RunnerProfile(time_zone="Mars/Olympus"))  # kept by a machine that knows more zones
    assert state().is_pain_open
    store.pain.add(PainEntry(now[0], PainMoment.NEXT_MORNING, back=1))
    assert not state().is_pain_open
    store.close()
