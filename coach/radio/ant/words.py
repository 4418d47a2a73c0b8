"""Why ANT+ cannot be heard and what to do, by system."""

import sys

from coach.errors import LinkError

_WHAT = {
    "ant_no_extra": "ANT+ needs a part that is not installed",
    "ant_no_libusb": "ANT+ needs libusb, which this machine lacks",
    "ant_no_stick": "no ANT+ stick is plugged in",
    "ant_no_permission": "this program may not use the ANT+ stick",
    "ant_no_driver": "the system gives no access to the ANT+ stick",
    "ant_busy": "another program uses the ANT+ stick",
    "ant_no_answer": "the ANT+ stick does not answer",
    "ant_no_scan": "this ANT+ stick is too old: it hears one sensor at a time",
    "ant_gone": "the ANT+ stick was pulled out or lost its power",
}
_REMEDIES = {
    "ant_no_extra": {"": "install it: `pip install 'running-coach[ant]'`"},
    "ant_no_libusb": {
        "": "install the extra again: `pip install 'running-coach[ant]'`",
        "linux": "`sudo apt install libusb-1.0-0`",
    },
    "ant_no_stick": {"": "plug in an ANT USB2 or USB-m stick (0fcf:1008, 0fcf:1009), on a short extension cable"},
    "ant_no_permission": {
        "": "end other programs that use it and plug it in again",
        "linux": "put the rule of docs/radio.md into /etc/udev/rules.d/70-ant.rules, then plug the stick in again",
    },
    "ant_no_driver": {
        "": "end other programs that use it and plug it in again",
        "win32": "give it the driver WinUSB with Zadig (zadig.akeo.ie)",
    },
    "ant_busy": {"": "end it (Garmin Express, a training program, another coach), then plug the stick in again"},
    "ant_no_answer": {"": "pull it out, wait five seconds and plug it in again"},
    "ant_no_scan": {"": "use an ANT USB2 or USB-m stick"},
    "ant_gone": {"": "plug it in again: what it heard goes on by itself"},
}
HARMLESS = frozenset({"ant_no_extra", "ant_no_libusb", "ant_no_stick"})  # a machine without ANT+ lacks nothing


def ant_error(reason: str, platform: str = sys.platform) -> LinkError:
    """Return the error for one of these reasons, with what to do on this system."""
    remedies = _REMEDIES[reason]
    return LinkError(reason, f"{_WHAT[reason]}: {remedies.get(platform, remedies[''])}")
