"""Decode one packet to flat dictionaries named with units: for people who look at bytes."""

from coach.errors import UserError
from coach.packets.formats import Row
from coach.packets.registry import format_named
from firmware_config.loader import load_profiles
from firmware_config.schema import Characteristic, DeviceProfile, full_uuid


def decode_payload(profile_id: str, payload: bytes, characteristic: str | None = None) -> list[Row]:
    """Samples of one notification; `characteristic` is by default the profile's first data characteristic.

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
