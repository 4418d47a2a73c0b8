"""A report on a sensor as a file to send: JSON that its owner can read before, without what names person or device.

What is removed: the address is never written; digits and letters of the name that no profile knows become 0 and x (the
rest of "Polar H10 12AB34CD" or "Anna's Stryd" names a device or a person); in packets, the address in either order, the
serial number and the removed part of the name become zeros.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from coach.errors import InterchangeError
from coach.model.device_reports import DeviceReport, Packet
from coach.model.plain import from_plain, to_plain

FORMAT: Final = "running-coach-device-report"
VERSION: Final = 1
_SHORTEST_SECRET: Final = 4  # bytes; shorter ones are found in motion data by chance
_MAC: Final = re.compile(r"[0-9A-Fa-f]{2}(:[0-9A-Fa-f]{2}){5}")


def redacted(
    report: DeviceReport, sensor_id: str, serial: str | None, known_prefixes: Sequence[str], keep_name: bool = False
) -> DeviceReport:
    """Return the report without what names the person or the device.
    known_prefixes: beginnings of names that may stay."""
    name = report.advertised.name
    kept = max((len(p) for p in known_prefixes if name.casefold().startswith(p.casefold())), default=0)
    secrets = [*_bytes_of(sensor_id), (serial or "").strip("\0 ").encode()]
    if not keep_name:
        secrets.append(name[kept:].strip().encode())
    secrets = [secret for secret in secrets if len(secret) >= _SHORTEST_SECRET]
    n_redacted = 0
    packets = []
    for packet in report.packets:
        payload = bytes.fromhex(packet.hex)
        for secret in secrets:
            n_redacted += payload.count(secret)
            payload = payload.replace(secret, bytes(len(secret)))
        packets.append(Packet(packet.t_s, packet.characteristic, payload.hex()))
    shown = name if keep_name else name[:kept] + _shape(name[kept:])
    advertised = replace(report.advertised, name=shown)
    return replace(report, advertised=advertised, packets=tuple(packets), n_redacted=n_redacted)


def _bytes_of(sensor_id: str) -> list[bytes]:
    """Return an address in the order of writing and of the air; a system's own identifier (macOS) is in no packet."""
    if not _MAC.fullmatch(sensor_id):
        return []
    address = bytes.fromhex(sensor_id.replace(":", ""))
    return [address, address[::-1]]


def _shape(text: str) -> str:
    return re.sub(r"[^\W\d_]", "x", re.sub(r"\d", "0", text))


def report_name(report: DeviceReport) -> str:
    """Return a file name by profile, model and firmware, such as `polar_h10-h10-3.1.1.json`."""
    parts = [
        report.profile_id or "unknown",
        report.information.get("model", ""),
        report.information.get("firmware", ""),
    ]
    words = [re.sub(r"[^a-z0-9.]+", "_", part.casefold()).strip("._") for part in parts]
    return "-".join(word for word in words if word) + ".json"


def write_report(report: DeviceReport, path: Path) -> None:
    """Write a report; raises InterchangeError where the file exists or cannot be written."""
    document = {"format": FORMAT, "version": VERSION, **to_plain(report)}
    packets = document.pop("packets")
    head = json.dumps(document, indent=1, ensure_ascii=False).removesuffix("\n}")
    lines = ",\n  ".join(json.dumps(packet) for packet in packets)
    try:
        with path.open("x", encoding="utf-8") as out:
            out.write(f'{head},\n "packets": [\n  {lines}\n ]\n}}\n')
    except FileExistsError as error:
        raise InterchangeError(f"{path} exists already: choose another name") from error
    except OSError as error:
        raise InterchangeError(f"cannot write {path}: {error.strerror}") from error


def read_report(path: Path) -> DeviceReport:
    """Read a report back.

    Raises:
        InterchangeError: it is none, is of a newer program, or its fields do not fit.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        if document.pop("format") != FORMAT or document.pop("version") != VERSION:
            raise InterchangeError(f"{path} is a report of a newer program: update this one")
        return from_plain(DeviceReport, document)
    except (OSError, ValueError, KeyError, AttributeError, TypeError, ValidationError) as error:
        raise InterchangeError(f"{path} is no report on a sensor: make one with `coach sensors report`") from error
