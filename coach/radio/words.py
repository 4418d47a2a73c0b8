"""Explain why the radio failed and what to do: exceptions of bleak and the system become one LinkError."""

import sys

from bleak.exc import (
    BleakBluetoothNotAvailableError,
    BleakBluetoothNotAvailableReason,
    BleakCharacteristicNotFoundError,
    BleakDBusError,
    BleakDeviceNotFoundError,
    BleakError,
    BleakGATTProtocolError,
)

from coach.errors import LinkError

RADIO_FAULTS = (BleakError, OSError, EOFError, TimeoutError)
ADAPTER_REASONS = frozenset({"no_adapter", "adapter_off", "no_permission", "no_bluetooth_service"})

_SYSTEMS = {"linux": "linux", "darwin": "mac", "win32": "windows"}
_REMEDIES = {
    "no_adapter": {
        "linux": "plug in a Bluetooth 4.0+ adapter; `bluetoothctl list` must name it",
        "mac": "this Mac has no Bluetooth LE; use another machine",
        "windows": "plug in a Bluetooth 4.0+ adapter and look for it in the Device Manager",
    },
    "adapter_off": {
        "linux": "switch it on: `rfkill unblock bluetooth`, then `bluetoothctl power on`",
        "mac": "switch Bluetooth on in the Control Centre",
        "windows": "switch Bluetooth on in Settings, Bluetooth & devices",
    },
    "no_permission": {
        "linux": "add yourself to the group `bluetooth` and log in again, or ask the administrator",
        "mac": "allow it in System Settings, Privacy & Security, Bluetooth for your terminal",
        "windows": "allow it in Settings, Privacy & security, Radios",
    },
    "no_bluetooth_service": {
        "linux": "install and start it: `sudo apt install bluez`, then `sudo systemctl start bluetooth`",
        "mac": "restart the machine",
        "windows": "start the Bluetooth Support Service",
    },
}
_WHAT = {
    "no_adapter": "this machine has no Bluetooth LE adapter",
    "adapter_off": "Bluetooth is switched off",
    "no_permission": "this program may not use Bluetooth",
    "no_bluetooth_service": "the system's Bluetooth service does not run",
}
_AVAILABILITY = {
    BleakBluetoothNotAvailableReason.NO_BLUETOOTH: "no_adapter",
    BleakBluetoothNotAvailableReason.NO_BLE_CENTRAL_ROLE: "no_adapter",
    BleakBluetoothNotAvailableReason.POWERED_OFF: "adapter_off",
    BleakBluetoothNotAvailableReason.DENIED_BY_USER: "no_permission",
    BleakBluetoothNotAvailableReason.DENIED_BY_SYSTEM: "no_permission",
    BleakBluetoothNotAvailableReason.DENIED_BY_UNKNOWN: "no_permission",
    BleakBluetoothNotAvailableReason.UNKNOWN: "no_adapter",
}
_DBUS = {
    "org.bluez.Error.NotReady": "adapter_off",
    "org.bluez.Error.NotAuthorized": "needs_bond",
    "org.bluez.Error.NotPermitted": "needs_bond",
    "org.bluez.Error.AuthenticationFailed": "bond_refused",
    "org.bluez.Error.AuthenticationRejected": "bond_refused",
    "org.bluez.Error.AuthenticationCanceled": "bond_refused",
    "org.bluez.Error.AuthenticationTimeout": "bond_refused",
    "org.bluez.Error.InProgress": "busy",
    "org.bluez.Error.Failed": "refused",
    "org.bluez.Error.NotConnected": "dropped",
    "org.freedesktop.DBus.Error.AccessDenied": "no_permission",
    "org.freedesktop.DBus.Error.ServiceUnknown": "no_bluetooth_service",
    "org.freedesktop.DBus.Error.NameHasNoOwner": "no_bluetooth_service",
    "org.freedesktop.DBus.Error.UnknownObject": "not_heard",
    "org.freedesktop.DBus.Error.NoReply": "no_answer",
}
PAIRED = "paired"
_NEEDS_BOND = {0x05, 0x08, 0x0C, 0x0F}

LOSS_WORDS = {
    "not_heard": "{name} is not heard: it is off, asleep, out of range or held by another phone or app. "
    "Move it, bring it near, and close other apps that use it",
    "refused": "{name} is near but takes no connection: another phone, watch or app may hold it. Close that one first",
    "no_answer": "{name} does not answer. Bring it nearer, or take its battery out and in",
    "dropped": "{name} ended the connection: it was switched off, went to sleep or was taken by another phone",
    "out_of_range": "{name} faded out: out of range or covered. Bring it near",
    "stalled": "{name} is connected but sends nothing. It is being connected again",
    "not_served": "{name} sends nothing: open the Run page on that phone, tap Use this phone as a sensor, and keep "
    "that page in front with the screen on",
    "ant_absent": "{name} is not heard over ANT+: put it on or move it, and bring it within 3 m of the stick",
    "silent": "{name} has sent nothing for {seconds:.0f} s",
    "needs_bond": "{name} wants to be paired with this machine: pair it in the system's Bluetooth settings",
    "dialog": "{name} wants to be paired: say yes to the system's question, and it is tried again",
    "unreachable": "{name} was heard, but Windows cannot reach it. Remove it in Settings, Bluetooth & devices if it "
    "is named there, switch it off and on, and bring it near",
    "access_denied": "Windows lets another program use {name}: close other apps that use it, or remove it in Settings, "
    "Bluetooth & devices, and pair it again here",
    "bond_refused": "{name} refused to pair: forget it in this and other devices' Bluetooth settings, then try again",
    PAIRED: "{name} is paired with this machine now. It is being connected again",
    "busy": "the adapter is busy with another connection; trying again",
    "wrong_sensor": "{name} lacks what its profile needs: it is another model or has other firmware. Pair it again",
    "rejected": "{name} rejected a command ({detail}). Switch it off and on",
    "adapter_gone": "the Bluetooth adapter vanished. Plug it in again",
    "radio_fault": "the radio failed with {name}: {detail}",
}


def adapter_error(reason: str, platform: str = sys.platform) -> LinkError:
    """Return the error for one of ADAPTER_REASONS with what to do on this system."""
    remedy = _REMEDIES[reason][_SYSTEMS.get(platform, "linux")]
    return LinkError(reason, f"{_WHAT[reason]}: {remedy}")


def loss_error(reason: str, name: str, detail: str = "", seconds: float = 0.0) -> LinkError:
    """Return the error for one of LOSS_WORDS about the sensor `name`."""
    return LinkError(reason, LOSS_WORDS[reason].format(name=name, detail=detail, seconds=seconds))


def explain(fault: BaseException, name: str = "the sensor", platform: str = sys.platform) -> LinkError:
    """Return the LinkError for whatever bleak or the system raised."""
    if isinstance(fault, LinkError):
        return fault
    reason = _reason_of(fault)
    if reason in ADAPTER_REASONS:
        return adapter_error(reason, platform)
    return loss_error(reason, name, str(fault) or type(fault).__name__)


def _reason_of(fault: BaseException) -> str:
    if isinstance(fault, BleakBluetoothNotAvailableError):
        return _AVAILABILITY.get(fault.reason, "no_adapter")
    if isinstance(fault, BleakDeviceNotFoundError):
        return "not_heard"
    if isinstance(fault, BleakCharacteristicNotFoundError):
        return "wrong_sensor"
    if isinstance(fault, BleakGATTProtocolError):
        return "needs_bond" if int(fault.code) in _NEEDS_BOND else "rejected"
    if isinstance(fault, BleakDBusError):
        if fault.dbus_error == "org.bluez.Error.NotPermitted" and "not permitted" in (fault.dbus_error_details or ""):
            return "rejected"  # ATT 0x02, 0x03: never to be read or written; BlueZ says "Not paired" of the others
        return _DBUS.get(fault.dbus_error, "radio_fault")
    if isinstance(fault, TimeoutError):
        return "no_answer"
    if isinstance(fault, PermissionError):
        return "no_permission"
    if isinstance(fault, OSError | EOFError):
        return "no_bluetooth_service"
    text = str(fault).lower()
    if "unreachable" in text:  # GattCommunicationStatus of Windows, as bleak's winrt backend words it
        return "unreachable"
    if "access denied" in text:
        return "access_denied"
    if "not connected" in text or "disconnected" in text or "service discovery" in text:
        return "dropped"
    return "radio_fault"
