"""A Stryd pod: a running pod with power (0x1818) and its own characteristic for contact time, once a second each.

Source: as `coach.packets.stryd`.
"""

import struct
from collections.abc import Iterator
from typing import Any

from bumble.gatt import Service

from coach.model.motion import MotionSource
from coach.radio.clock import RunClock
from coach.radio.virtual.controller import Air
from coach.radio.virtual.twin import Outgoing, notifying, uuid
from coach.radio.virtual.twins.running_pod import RunningPod

_OWN = "7e78aa18-72cd-d3b8-a81f-5b7e589bea0f"
_CONTACT = "7e78aa19-72cd-d3b8-a81f-5b7e589bea0f"


class Stryd(RunningPod):
    """contact_time_s: what it sends while its wearer runs. power_w: likewise."""

    def __init__(
        self,
        air: Air,
        clock: RunClock,
        source: MotionSource,
        name: str = "Stryd",
        contact_time_s: float = 0.24,
        power_w: int = 230,
        **options: Any,
    ) -> None:
        super().__init__(air, clock, source, name, **options)
        self._contact_time_s = contact_time_s
        self._power_w = power_w
        self.power = notifying("2A63")
        self.contact = notifying(_CONTACT)
        self.device.add_service(Service(uuid("1818"), [self.power]))
        self.device.add_service(Service(uuid(_OWN), [self.contact]))

    def beside(self, _now_s: float) -> Iterator[Outgoing]:
        """Yield contact time and power, each where it is subscribed."""
        if self.is_subscribed(self.contact):
            contact_ms = struct.pack("<H", round(1000 * self._contact_time_s))
            yield self.contact, b"\x32\x00\x00\x00" + contact_ms + bytes(14)
        if self.is_subscribed(self.power):
            yield self.power, struct.pack("<Hh", 0, self._power_w)
