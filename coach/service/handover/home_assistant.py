"""Cadence, the next session and the pain reminder for Home Assistant, through a broker that the runner names.

Discovery: a retained configuration for each entity under `homeassistant/COMPONENT/running_coach/NAME/config`; states
under `running_coach/NAME`; the will says "offline" where the coach vanishes. Source:
https://www.home-assistant.io/integrations/mqtt (discovery, availability; payload "None": unknown). Needs paho-mqtt
(extra `mqtt`).
"""

import hashlib
import importlib.util
import json
import re
import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

from coach.errors import UserError
from coach.model.frozen import dataclass
from coach.model.handover import HandoverWishes

if TYPE_CHECKING:
    from paho.mqtt.client import Client
    from paho.mqtt.reasoncodes import ReasonCode


PULSE_S: Final = 5.0  # a dashboard needs no more, and a recorder keeps every state
_BASE: Final = "running_coach"
_ENTITIES: Final[Mapping[str, tuple[str, Mapping[str, str]]]] = {
    "cadence": ("sensor", {"name": "Cadence", "unit_of_measurement": "spm", "icon": "mdi:shoe-print"}),
    "next_session": ("sensor", {"name": "Next strength session", "device_class": "timestamp"}),
    "pain_reminder": ("binary_sensor", {"name": "Pain question open", "icon": "mdi:message-question"}),
}


@dataclass(frozen=True, slots=True)
class HomeState:
    """What leaves. cadence_spm: None without a run. next_session: ISO 8601 with zone; "": none."""

    cadence_spm: float | None
    next_session: str
    is_pain_open: bool


class HomeAssistant:
    """A link to one broker. state: asked for every few seconds, from a thread of its own.

    owner: the runner's name where several share one machine, and so perhaps one broker: each is a device of its own.
    """

    def __init__(
        self, wishes: HandoverWishes, state: Callable[[], HomeState], pulse_s: float = PULSE_S, owner: str = ""
    ) -> None:
        if not has_mqtt():
            raise UserError("MQTT needs paho-mqtt: pip install 'running-coach[mqtt]'")
        from paho.mqtt.client import Client
        from paho.mqtt.enums import CallbackAPIVersion

        self._base = _base_of(owner)
        self._available = f"{self._base}/available"
        self._device = {"identifiers": [self._base], "name": f"Running coach {owner}".strip()}
        self._state = state
        self._pulse_s = pulse_s
        self._sent: dict[str, str] = {}
        self._is_over = threading.Event()
        self.is_linked = False
        self.failure = ""
        self._client = Client(CallbackAPIVersion.VERSION2)
        self._client.will_set(self._available, "offline", qos=1, retain=True)
        if wishes.broker_user:
            self._client.username_pw_set(wishes.broker_user, wishes.broker_password)
        if wishes.is_broker_tls:
            self._client.tls_set()
        self._client.on_connect = self._on_connect
        self._client.on_disconnect = self._on_disconnect
        self._client.on_connect_fail = self._on_fail
        try:
            self._client.connect_async(wishes.broker, wishes.broker_port, keepalive=60)
        except ValueError as error:
            raise UserError(f"{wishes.broker} port {wishes.broker_port} is no address of a broker") from error
        self._client.loop_start()
        self._thread = threading.Thread(target=self._pulse, name="mqtt", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Say "offline" and leave."""
        self._is_over.set()
        self._thread.join(timeout=5)
        if self.is_linked:
            self._client.publish(self._available, "offline", qos=1, retain=True).wait_for_publish(2)
        self._client.disconnect()
        self._client.loop_stop()

    def forget(self) -> None:
        """Take the entities back: empty configurations remove them from Home Assistant."""
        if self.is_linked:
            for name, (component, _) in _ENTITIES.items():
                topic = f"homeassistant/{component}/{self._base}/{name}/config"
                self._client.publish(topic, "", qos=1, retain=True).wait_for_publish(2)

    def _on_connect(
        self, client: "Client", _data: object, _flags: object, reason: "ReasonCode", _properties: object
    ) -> None:
        if reason.is_failure:
            self.failure = f"the broker refuses: {reason}"
            return
        self.is_linked, self.failure = True, ""
        for name, (component, facts) in _ENTITIES.items():
            config = {
                **facts,
                "unique_id": f"{self._base}_{name}",
                "object_id": f"{self._base}_{name}",
                "state_topic": f"{self._base}/{name}",
                "availability_topic": self._available,
                "device": self._device,
            }
            topic = f"homeassistant/{component}/{self._base}/{name}/config"
            client.publish(topic, json.dumps(config), qos=1, retain=True)
        client.publish(self._available, "online", qos=1, retain=True)
        self._sent.clear()

    def _on_disconnect(
        self, _client: object, _data: object, _flags: object, reason: "ReasonCode", _properties: object
    ) -> None:
        if self.is_linked:  # else the reason why it was refused is kept
            self.failure = f"the broker is lost: {reason}" if reason.is_failure else ""
        self.is_linked = False

    def _on_fail(self, _client: object, _data: object) -> None:
        self.failure = "the broker does not answer: check its address"

    def _pulse(self) -> None:
        while not self._is_over.is_set():
            if self.is_linked:
                for name, text in _texts(self._state()).items():
                    if self._sent.get(name) != text:
                        self._client.publish(f"{self._base}/{name}", text, qos=0, retain=name != "cadence")
                        self._sent[name] = text
            self._is_over.wait(self._pulse_s)


def _texts(state: HomeState) -> dict[str, str]:
    return {
        "cadence": "None" if state.cadence_spm is None else f"{state.cadence_spm:.0f}",
        "next_session": state.next_session or "None",
        "pain_reminder": "ON" if state.is_pain_open else "OFF",
    }


def _base_of(owner: str) -> str:
    """Return the first part of all topics: plain letters, and a mark between names which look alike without signs."""
    if not owner:
        return _BASE
    plain = re.sub(r"[^a-z0-9]+", "_", owner.casefold()).strip("_")
    mark = hashlib.sha256(owner.encode()).hexdigest()[:6]
    return "_".join(part for part in (_BASE, plain, mark) if part)


def has_mqtt() -> bool:
    """Whether paho-mqtt is installed."""
    return importlib.util.find_spec("paho") is not None
