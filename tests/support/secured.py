"""A running pod that wants encryption where the test says: at its subscription, at a read, at a write."""

import struct
from collections.abc import Iterator

from bumble.att import Attribute
from bumble.core import UUID
from bumble.gatt import Characteristic, CharacteristicValue, Descriptor, Service
from bumble.keys import MemoryKeyStore
from bumble.pairing import PairingConfig, PairingDelegate

from coach.radio.clock import RunClock
from coach.radio.virtual.controller import Air
from coach.radio.virtual.twin import Identity, Outgoing, P, Twin, uuid

RSC = "00002a53-0000-1000-8000-00805f9b34fb"
FEATURE = "00002a54-0000-1000-8000-00805f9b34fb"
CONTROL = "00002a55-0000-1000-8000-00805f9b34fb"


def bonding_config(_connection: object) -> PairingConfig:
    """Secure Connections without keys, kept."""
    delegate = PairingDelegate(PairingDelegate.NO_OUTPUT_NO_INPUT)
    return PairingConfig(sc=True, mitm=False, bonding=True, delegate=delegate)


class SecuredPod(Twin):
    """asks_at: "subscribe", "read", "write". is_refusing: it takes no pairing. pairings: grows with each."""

    def __init__(
        self,
        air: Air,
        clock: RunClock,
        asks_at: frozenset[str],
        address: str = "F0:F1:F2:F3:F4:F6",
        is_refusing: bool = False,
    ) -> None:
        identity = Identity("Secured RunPod", address, "Running Coach", "Secured", "1", services=(uuid("1814"),))
        super().__init__(air, clock, identity)
        self.is_notifying = False
        self.written: list[bytes] = []
        self.pairings: list[str] = []
        self._next_s = 0.0
        self._n = 0
        encrypted = Attribute.Permissions
        plain = Characteristic.READABLE | Characteristic.WRITEABLE
        switch = Descriptor(
            UUID.from_16_bits(0x2902),
            plain | (encrypted.WRITE_REQUIRES_ENCRYPTION if "subscribe" in asks_at else plain),
            CharacteristicValue(
                read=lambda _bearer: bytes([self.is_notifying, 0]), write=lambda _bearer, value: self._switch(value)
            ),
        )
        self.measurement = Characteristic(uuid("2A53"), P.NOTIFY, Characteristic.Permissions(0), b"", [switch])
        read = plain | (encrypted.READ_REQUIRES_ENCRYPTION if "read" in asks_at else plain)
        write = plain | (encrypted.WRITE_REQUIRES_ENCRYPTION if "write" in asks_at else plain)
        feature = Characteristic(uuid("2A54"), P.READ, read, b"\x07\x00")
        control = Characteristic(
            uuid("2A55"), P.WRITE, write, CharacteristicValue(write=lambda _bearer, value: self.written.append(value))
        )
        self.device.add_service(Service(uuid("1814"), [self.measurement, feature, control]))
        self.device.keystore = MemoryKeyStore()
        self.device.pairing_config_factory = (lambda _c: None) if is_refusing else bonding_config
        self.device.on("connection", lambda c: c.on("pairing", lambda _keys: self.pairings.append(str(c))))

    def _switch(self, value: bytes) -> None:
        self.is_notifying = bool(value[0])

    def disconnected(self) -> None:
        self.is_notifying = False

    def is_subscribed(self, characteristic: Characteristic[bytes]) -> bool:
        return self.is_notifying if characteristic is self.measurement else super().is_subscribed(characteristic)

    def due(self, now_s: float) -> Iterator[Outgoing]:
        if now_s >= self._next_s and self.is_notifying:
            self._next_s = now_s + 0.2
            self._n += 1
            yield self.measurement, struct.pack("<BHBI", 2, 768, 84, self._n)
