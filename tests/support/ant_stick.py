"""An ANT stick at the USB boundary: a backend of pyusb, below openant's driver and our reading, as mean as a stick.

It cuts what it sends into pieces of any length, mixes in other sports' sensors, events of its channel and noise,
repeats pages, and answers a command only in the state in which a stick does. It can be pulled out, taken by another
program, forbidden, old, or left scanning by a program that was killed.
"""

import errno
import math
import random
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest
from openant.base.message import Message
from openant.devices import ANTPLUS_NETWORK_KEY
from usb.backend import IBackend
from usb.core import USBError, USBTimeoutError

ID = Message.ID
_POD_S, _STRAP_S = 8134 / 32768, 8070 / 32768  # channel periods of the two profiles
_WRONG_STATE, _INVALID = 0x15, 0x28


@dataclass
class Sender:
    """One ANT+ sensor in the room. page: of its n-th message, at a time [s]. number: up to 20 bits."""

    device_type: int
    number: int
    period_s: float
    page: Callable[[int, float], bytes]
    rssi_dbm: int = -58
    is_away: bool = False


def foot_pod(number: int = 12345, speed_mps: float = 3.0, strides_per_min: float = 85.0) -> Sender:
    """Pages 1 and 2 in turn, twice each, with who made it every 64 messages, as Nordic's encoder writes them."""

    def page(n: int, t_s: float) -> bytes:
        speed, now_s = round(256 * speed_mps), math.floor(t_s)
        if n % 64 in (0, 1):
            return bytes([80, 255, 255, 1, 1, 0, 1, 0])
        if n % 64 in (32, 33):
            return bytes([81, 255, 255, 23, 0x78, 0x56, 0x34, 0x12])
        if n % 4 < 2:
            units = round(16 * speed_mps * now_s) % 4096
            n_strides = int(strides_per_min / 60 * now_s) % 256
            upper = (units & 15) << 4 | speed >> 8
            return bytes([1, 0, now_s % 256, units >> 4, upper, speed & 255, n_strides, 16])
        units = round(16 * strides_per_min)
        return bytes([2, 255, 255, units >> 4, (units & 15) << 4 | speed >> 8, speed & 255, 255, 0x01])

    return Sender(124, number, _POD_S, page)


def strap(number: int = 54321, rate_bpm: int = 150, charge_pct: int = 80, battery_every: int = 64) -> Sender:
    """Page 4 with the beat before, its battery once in so many messages; the toggle bit changes every fourth."""

    def page(n: int, t_s: float) -> bytes:
        between_s = 60 / rate_bpm
        n_beats = int(t_s / between_s)
        beat = round(1024 * between_s * n_beats)
        before = round(1024 * between_s * max(n_beats - 1, 0))
        tail = struct.pack("<HBB", beat % 65536, n_beats % 256, rate_bpm)
        toggle = 0x80 if n % 8 > 3 else 0
        if n % battery_every == 7:
            return bytes([7 | toggle, charge_pct, 0, 0x23]) + tail
        return bytes([4 | toggle, 255]) + struct.pack("<H", before % 65536) + tail

    return Sender(120, number, _STRAP_S, page)


def power_meter(number: int = 777) -> Sender:
    """Another sport's: it must be passed over."""
    return Sender(11, number, 8182 / 32768, lambda n, _t_s: bytes([16, n % 256, 255, 90, 0, 0, 200, 0]))


@dataclass
class Faults:
    """What is wrong with the stick or the machine. hung: commands that it ignores before the next reset but one."""

    is_absent: bool = False
    open_errno: int | None = None
    has_no_system_driver: bool = False
    is_old: bool = False
    has_no_lib_config: bool = False
    is_half_there: bool = False  # its descriptors are read while it is pulled out: an endpoint is missing
    n_hung_openings: int = 0
    noise_share: float = 0.0
    lost_share: float = 0.0  # of pages that no receiver hears


@dataclass
class FakeUsb(IBackend):
    """pyusb's backend with one stick (0fcf:1009) or none. pace: seconds of the sensors per second of the wall."""

    senders: list[Sender] = field(default_factory=list)
    faults: Faults = field(default_factory=Faults)
    pace: float = 1.0
    n_resets: int = 0

    def __post_init__(self) -> None:
        self._random = random.Random(1)
        self._out = bytearray()
        self._lock = threading.Condition()
        self._set: dict[int, bytes] = {}
        self._since_s: float | None = None
        self._sent: dict[int, int] = {}
        self._handle: object | None = None

    # -- the machine

    def pull_out(self) -> None:
        self.faults.is_absent = True
        with self._lock:
            self._since_s, self._handle = None, None  # it has no power

    def plug_in(self) -> None:
        self.faults.is_absent = False

    @property
    def is_scanning(self) -> bool:
        return self._since_s is not None

    # -- descriptors

    def enumerate_devices(self) -> Iterator[str]:
        return iter(() if self.faults.is_absent else ("stick",))

    def get_device_descriptor(self, dev: Any) -> SimpleNamespace:
        return SimpleNamespace(
            bLength=18, bDescriptorType=1, bcdUSB=0x0200, bDeviceClass=0, bDeviceSubClass=0, bDeviceProtocol=0,
            bMaxPacketSize0=64, idVendor=0x0FCF, idProduct=0x1009, bcdDevice=0x0100, iManufacturer=0, iProduct=0,
            iSerialNumber=0, bNumConfigurations=1, address=1, bus=1, port_number=1, port_numbers=(1,), speed=2,
        )  # fmt: skip

    def get_configuration_descriptor(self, dev: Any, config: int) -> SimpleNamespace:
        if config:
            raise IndexError(config)
        return SimpleNamespace(
            bLength=9, bDescriptorType=2, wTotalLength=32, bNumInterfaces=1, bConfigurationValue=1, iConfiguration=0,
            bmAttributes=0x80, bMaxPower=50, extra_descriptors=[],
        )  # fmt: skip

    def get_interface_descriptor(self, dev: Any, intf: int, alt: int, config: int) -> SimpleNamespace:
        if intf or alt:
            raise IndexError(intf)
        return SimpleNamespace(
            bLength=9, bDescriptorType=4, bInterfaceNumber=0, bAlternateSetting=0,
            bNumEndpoints=2 - self.faults.is_half_there, iInterface=0,
            bInterfaceClass=255, bInterfaceSubClass=0, bInterfaceProtocol=0, extra_descriptors=[],
        )  # fmt: skip

    def get_endpoint_descriptor(self, dev: Any, ep: int, intf: int, alt: int, config: int) -> SimpleNamespace:
        if ep > 1 - self.faults.is_half_there:
            raise IndexError(ep)
        return SimpleNamespace(
            bLength=7, bDescriptorType=5, bEndpointAddress=(0x81, 0x01)[ep], bmAttributes=2, wMaxPacketSize=64,
            bInterval=1, bRefresh=0, bSynchAddress=0, extra_descriptors=[],
        )  # fmt: skip

    # -- opening

    def open_device(self, dev: Any) -> object:
        self._demand_there()
        if self.faults.open_errno is not None:
            raise USBError("refused", errno=self.faults.open_errno)
        return object()

    def close_device(self, dev_handle: object) -> None:
        pass

    def set_configuration(self, dev_handle: object, config_value: int) -> None:
        if self.faults.has_no_system_driver:
            raise NotImplementedError("Operation not supported or unimplemented on this platform")

    def get_configuration(self, dev_handle: object) -> int:
        return 1

    def claim_interface(self, dev_handle: object, intf: int) -> None:
        if self._handle is not None:
            raise USBError("Resource busy", errno=errno.EBUSY)
        self._handle = dev_handle

    def release_interface(self, dev_handle: object, intf: int) -> None:
        self._handle = None
        self._demand_there()

    def reset_device(self, dev_handle: object) -> None:
        self._demand_there()

    def is_kernel_driver_active(self, dev_handle: object, intf: int) -> bool:
        return False

    def attach_kernel_driver(self, dev_handle: object, intf: int) -> None:
        raise USBError("Entity not found", errno=errno.ENOENT)

    def _demand_there(self) -> None:
        if self.faults.is_absent:
            raise USBError("No such device (it may have been disconnected)", errno=errno.ENODEV)

    # -- bytes

    def bulk_write(self, dev_handle: object, ep: int, intf: int, data: Any, timeout: int) -> int:
        self._demand_there()
        message = Message.parse(data)  # of openant: refuses what is no message
        with self._lock:
            if message._id == ID.RESET_SYSTEM:
                self._reset()
            elif self.n_resets > self.faults.n_hung_openings:
                self._obey(message._id, bytes(message._data))
            self._lock.notify()
        return len(data)

    def bulk_read(self, dev_handle: object, ep: int, intf: int, buff: Any, timeout: int) -> int:
        end_s = time.monotonic() + timeout / 1000
        while True:
            self._demand_there()
            with self._lock:
                self._send_due()
                if self._out:
                    n = min(len(self._out), self._random.randint(1, 64))
                    buff[:n] = type(buff)("B", self._out[:n])
                    del self._out[:n]
                    return n
                self._lock.wait(0.005)
            if time.monotonic() > end_s:
                raise USBTimeoutError("Operation timed out", errno=errno.ETIMEDOUT)

    def _say(self, message_id: int, data: bytes) -> None:
        self._out += Message(message_id, data).get().tobytes()
        if self._random.random() < self.faults.noise_share:
            self._out += self._random.choice((b"\xa4", b"\xa4\x09\x4e\x00", self._random.randbytes(7)))

    def _reset(self) -> None:
        self.n_resets += 1
        self._out.clear()
        self._set.clear()
        self._since_s = None
        self._say(ID.STARTUP_MESSAGE, b"\x20")

    def _obey(self, message_id: int, data: bytes) -> None:
        if message_id == ID.REQUEST_MESSAGE and data[1] == ID.RESPONSE_CAPABILITIES:
            scans = 0 if self.faults.is_old else 1 << 2
            self._say(ID.RESPONSE_CAPABILITIES, bytes([8, 8, 0, 0xBA, 0x32 | scans, 0, 0xDF, 0]))
            return
        self._say(ID.RESPONSE_CHANNEL, bytes([0, message_id, self._verdict(message_id, data)]))

    def _verdict(self, message_id: int, data: bytes) -> int:
        if message_id == ID.LIB_CONFIG and self.faults.has_no_lib_config:
            return _INVALID
        after = {ID.SET_CHANNEL_ID: ID.ASSIGN_CHANNEL, ID.SET_CHANNEL_RF_FREQ: ID.ASSIGN_CHANNEL}
        after[ID.OPEN_RX_SCAN_MODE] = ID.SET_CHANNEL_ID
        if self.is_scanning or (message_id in after and after[message_id] not in self._set):
            return _WRONG_STATE
        self._set[message_id] = data
        if message_id == ID.OPEN_RX_SCAN_MODE:
            self._since_s = time.monotonic()
            self._sent.clear()
        return 0

    def _hears(self) -> bool:
        """Whether key and frequency are those of ANT+: with others the stick agrees to all and hears nothing."""
        key, frequency = self._set.get(ID.SET_NETWORK_KEY, b""), self._set.get(ID.SET_CHANNEL_RF_FREQ, b"\0\x42")
        return list(key[1:]) == ANTPLUS_NETWORK_KEY and frequency[1] == 57

    def _send_due(self) -> None:
        if self._since_s is None or not self._hears():
            return
        now_s = (time.monotonic() - self._since_s) * self.pace
        for i, sender in enumerate(self.senders):
            n = self._sent.setdefault(i, 0)
            due = int(now_s / sender.period_s)
            self._sent[i] = due
            if sender.is_away:
                continue
            for k in range(max(n, due - 40), due):
                if self._random.random() < self.faults.lost_share:
                    continue
                self._broadcast(sender, sender.page(k, k * sender.period_s))

    def _broadcast(self, sender: Sender, page: bytes) -> None:
        low, high = sender.number & 255, sender.number >> 8 & 255
        whose = bytes([low, high, sender.device_type | 0x80, (sender.number >> 16) << 4 | 1])  # 0x80: it may be paired
        lib_config = self._set.get(ID.LIB_CONFIG)
        added = b""
        if lib_config is not None:
            flags = lib_config[1] & 0xC0
            added = bytes([flags]) + whose + (bytes([0x20, sender.rssi_dbm & 255, 0x80]) if flags & 0x40 else b"")
        elif ID.ENABLE_EXT_RX_MESGS in self._set:
            added = bytes([0x80]) + whose
        self._say(ID.BROADCAST_DATA, bytes([0]) + page + added)
        if self._random.random() < 0.1:
            self._say(ID.RESPONSE_CHANNEL, bytes([0, 1, self._random.choice((1, 2, 8))]))  # timeout, fail, go to search


@contextmanager
def plugged_in(usb_backend: FakeUsb | None) -> Iterator[None]:
    """While inside, pyusb finds this machine's USB to be `usb_backend`; None: there is no libusb."""
    with pytest.MonkeyPatch.context() as patch:
        for module in ("libusb1", "libusb0", "openusb"):
            found = usb_backend if module == "libusb1" else None
            patch.setattr(f"usb.backend.{module}.get_backend", lambda *_, found=found, **__: found)
        patch.setattr("libusb_package.get_libusb1_backend", lambda *_, **__: None)
        yield
