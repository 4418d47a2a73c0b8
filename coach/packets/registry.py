"""The one table of formats: every `FORMATS` of the modules of this package, by the name that profiles use.

By it one packet is decoded to flat dictionaries named with units, for people who look at bytes.
"""

import importlib
import pkgutil
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

import coach.packets
from coach.errors import UserError
from coach.packets.formats import Format, Row
from firmware_config.loader import load_profiles
from firmware_config.schema import Characteristic, DeviceProfile, full_uuid


@cache
def formats() -> Mapping[str, Format]:
    """Return every format by name."""
    found: dict[str, Format] = {}
    for name in sorted(info.name for info in pkgutil.iter_modules(coach.packets.__path__)):
        module = importlib.import_module(f"coach.packets.{name}")
        for one in getattr(module, "FORMATS", ()):
            assert one.name not in found, f"two formats are called {one.name}"
            found[one.name] = one
    return MappingProxyType(found)


def format_named(name: str) -> Format:
    """Return the format that a profile names; raises UserError, which names those there are."""
    if name not in formats():
        raise UserError(f"no format of bytes is called {name}: choose one of {', '.join(sorted(formats()))}")
    return formats()[name]


def decode_payload(profile_id: str, payload: bytes, characteristic: str | None = None) -> list[Row]:
    """Return the samples of one notification; `characteristic` is by default the profile's first data characteristic.

    Raises:
        PacketError: the bytes do not fit.
        UserError: no such profile or characteristic; the message names those there are.
    """
    profiles = load_profiles()
    if profile_id not in profiles:
        raise UserError(f"no profile is called {profile_id}: choose one of {', '.join(profiles)}")
    found = _characteristic(profiles[profile_id], characteristic)
    return format_named(str(found.decoder)).rows(bytes(payload))


def _characteristic(profile: DeviceProfile, uuid: str | None) -> Characteristic:
    readable = {c.uuid: c for c in profile.characteristics().values() if c.decoder}
    if uuid is None:
        return profile.with_role("data")[0]
    try:
        return readable[full_uuid(uuid)]
    except (KeyError, ValueError):
        names = ", ".join(f"{c.uuid} ({c.name})" for c in readable.values())
        raise UserError(f"{profile.id} reads no characteristic {uuid}: choose one of {names}") from None
