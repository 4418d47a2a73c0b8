"""An ANT USB stick that hears every ANT+ sensor in range at once, in its continuous scan mode.

One channel without an address receives all pages on the ANT+ frequency, and the stick says whose each is: no channel
for each sensor, no search that times out, no limit of eight. That takes a chip of the kind nRF24AP2 or newer.

openant (MIT) gives the drivers, the numbers of messages and the ANT+ network key, which its maker publishes there; its
own reading loop is not used, as it goes round without end once a stick is pulled out. All methods block and belong into
one thread.
"""

import contextlib
import errno
import time
from collections.abc import Callable
from typing import Any

import libusb_package
import usb.backend.libusb1
import usb.core
from openant.base.driver import AdvancedOptionsTwo, USB2Driver, USB3Driver
from openant.base.message import Message as Known
from openant.devices import ANTPLUS_NETWORK_KEY

from coach.errors import LinkError
from coach.radio.ant.messages import AntMessage, MessageFinder, Page, encode, page_in
from coach.radio.ant.words import ant_error

_ANTPLUS_MHZ = 57  # above 2400
_TWO_WAY_RECEIVE = 0x00
_ADD_SENDER, _ADD_SIGNAL = 0x80, 0x40
_ATTEMPTS = 3  # a stick that was left scanning by a killed program takes no notice of the first (antplus-recorder)
_RESET_S = 0.6  # the makers ask for half a second after a reset
_ANSWER_S = 0.7  # a stick that works answers within some 30 ms
_MOST_FAULTS = 5  # reads that fail one after the other: the stick is gone, whatever the system calls it
_DATA = {Known.ID.BROADCAST_DATA, Known.ID.ACKNOWLEDGED_DATA}
_REASONS = {
    errno.EACCES: "ant_no_permission",
    errno.EPERM: "ant_no_permission",
    errno.EBUSY: "ant_busy",
    errno.ENODEV: "ant_gone",
    errno.ENOENT: "ant_gone",
}
_NO_ENDPOINT = (AttributeError, AssertionError)  # of openant, for a stick that is pulled out while it is looked at
_OPENING_FAULTS = (usb.core.USBError, usb.core.NoBackendError, NotImplementedError, ValueError, *_NO_ENDPOINT)


class _NoAnswerError(Exception):
    """The stick took no notice of a command."""


class UsbStick:
    """One stick, from `open` to `close`."""

    def __init__(self) -> None:
        self._driver: Any = None  # of openant, which has no types
        self._finder = MessageFinder()
        self._n_faults = 0

    def open(self) -> None:
        """Find a stick and let it scan; takes a second or two.

        Raises:
            LinkError: why it cannot: see `coach.radio.ant.words`.
        """
        for _ in range(_ATTEMPTS):
            try:
                self._open_once()
            except _NoAnswerError:
                self.close()
            except _OPENING_FAULTS as fault:
                self.close()
                raise _explained(fault) from fault
            except LinkError:
                self.close()
                raise
            else:
                return
        raise ant_error("ant_no_answer")

    def read(self) -> list[Page]:
        """Return pages that came since, waiting up to a second for the first.

        Raises:
            LinkError: the stick is gone.
        """
        return [page for message in self._receive() if message.id in _DATA and (page := page_in(message.data))]

    def close(self) -> None:
        """Stop scanning and let the stick go; one that is gone already, too."""
        driver, self._driver = self._driver, None
        if driver is None:
            return
        # Gone, or never quite opened: then openant has no endpoint to write to, and nothing scans.
        with contextlib.suppress(usb.core.USBError, AttributeError):
            driver.write(encode(Known.ID.RESET_SYSTEM, b"\0"))
        # The same, or there was no other driver to give it back to.
        with contextlib.suppress(usb.core.USBError, AttributeError, NotImplementedError):
            driver.close()

    # -- opening

    def _open_once(self) -> None:
        if usb.backend.libusb1.get_backend() is None:
            libusb_package.get_libusb1_backend()  # pyusb keeps the first that it loads, and openant asks for that one
        driver = next((kind() for kind in (USB3Driver, USB2Driver) if kind.find()), None)
        if driver is None:
            raise ant_error("ant_no_stick")
        self._driver, self._finder, self._n_faults = driver, MessageFinder(), 0
        driver.open()
        self._write(Known.ID.RESET_SYSTEM, b"\0")
        time.sleep(_RESET_S)
        self._demand_scan_mode()
        self._command(Known.ID.SET_NETWORK_KEY, bytes([0, *ANTPLUS_NETWORK_KEY]))
        self._command(Known.ID.ASSIGN_CHANNEL, bytes([0, _TWO_WAY_RECEIVE, 0]))
        self._command(Known.ID.SET_CHANNEL_ID, bytes(5))
        self._command(Known.ID.SET_CHANNEL_RF_FREQ, bytes([0, _ANTPLUS_MHZ]))
        if not self._try(Known.ID.LIB_CONFIG, bytes([0, _ADD_SENDER | _ADD_SIGNAL])):
            self._command(Known.ID.ENABLE_EXT_RX_MESGS, bytes([0, 1]))
        self._command(Known.ID.OPEN_RX_SCAN_MODE, bytes([0, 1]))

    def _demand_scan_mode(self) -> None:
        self._write(Known.ID.REQUEST_MESSAGE, bytes([0, Known.ID.RESPONSE_CAPABILITIES]))
        answer = self._await(lambda message: message.id == Known.ID.RESPONSE_CAPABILITIES)
        if len(answer.data) < 5 or not answer.data[4] >> AdvancedOptionsTwo.ScanModeEnabled.value & 1:
            raise ant_error("ant_no_scan")

    def _command(self, message_id: int, data: bytes) -> None:
        if not self._try(message_id, data):
            raise ant_error("ant_no_scan")  # a stick that refuses one of these is none of those that are known to do it

    def _try(self, message_id: int, data: bytes) -> bool:
        """Whether the stick agreed."""
        self._write(message_id, data)
        answer = self._await(
            lambda message: (
                message.id == Known.ID.RESPONSE_CHANNEL and len(message.data) > 2 and message.data[1] == message_id
            )
        )
        return bool(answer.data[2] == Known.Code.RESPONSE_NO_ERROR)

    def _await(self, is_answer: Callable[[AntMessage], bool]) -> AntMessage:
        until_s = time.monotonic() + _ANSWER_S
        while time.monotonic() < until_s:
            for message in self._receive():
                if is_answer(message):
                    return message
        raise _NoAnswerError

    def _write(self, message_id: int, data: bytes) -> None:
        self._driver.write(encode(message_id, data))

    def _receive(self) -> list[AntMessage]:
        try:
            data = bytes(self._driver.read())
        except usb.core.USBTimeoutError:
            return []
        except usb.core.USBError as fault:
            self._n_faults += 1
            if fault.errno in (errno.ENODEV, errno.ENOENT) or self._n_faults >= _MOST_FAULTS:
                raise ant_error("ant_gone") from fault
            return []
        self._n_faults = 0
        return self._finder.feed(data)


def _explained(fault: Exception) -> LinkError:
    if isinstance(fault, usb.core.NoBackendError):
        return ant_error("ant_no_libusb")
    if isinstance(fault, usb.core.USBError):
        return ant_error(_REASONS.get(fault.errno or 0, "ant_no_driver"))
    if isinstance(fault, (NotImplementedError, *_NO_ENDPOINT)):
        return ant_error("ant_no_driver")
    return ant_error("ant_no_stick")  # pulled out between finding and opening
