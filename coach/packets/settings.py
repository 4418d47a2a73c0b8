"""What a sensor is set to in a run: the profile's settings at its wear site, overlaid with what the use says."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from coach.model.links import SensorUse
from firmware_config.schema import DeviceProfile

LOWEST_RATE_HZ: Final = 100.0  # below it foot strike cannot be determined (the profiles' own warning)
NUMBERS = ("rate_hz", "acc_range_g", "gyr_range_dps", "bandwidth_hz")


def settings_of(profile: DeviceProfile, use: SensorUse) -> dict[str, float | str]:
    """Return the settings by name (`rate_hz`, `acc_range_g`, `gyr_range_dps`, `bandwidth_hz`, `mode`)."""
    settings = profile.settings_at(use.wear_site.value if use.wear_site else None)
    for name, text in use.settings:
        if name in NUMBERS and is_number(text):
            settings[name] = float(text)
        elif name == "mode" and text:
            settings[name] = text
    return settings


def with_lower_rate(profile: DeviceProfile, use: SensorUse) -> SensorUse | None:
    """Return the use with the next lower rate that the sensor has; None where there is none that would do.

    For sensors that are asked for their rate at each start; only a set-up changes what a sensor keeps in its memory.
    """
    is_asked_at_start = profile.conversation != "steps" or any("{rate_hz:" in (s.payload or "") for s in profile.start)
    rate_hz = number(settings_of(profile, use), "rate_hz") or 0.0
    lower = [rate for rate in profile.rates_hz if LOWEST_RATE_HZ <= rate < rate_hz]
    if not is_asked_at_start or not lower:
        return None
    return replace(without_rate(use), settings=(*without_rate(use).settings, ("rate_hz", f"{max(lower):g}")))


def without_rate(use: SensorUse) -> SensorUse:
    """Return the use at the rate of its profile."""
    return replace(use, settings=tuple(one for one in use.settings if one[0] != "rate_hz"))


def number(settings: Mapping[str, float | str], name: str) -> float | None:
    """Return a setting that is a number, None where there is none."""
    value = settings.get(name)
    return float(value) if isinstance(value, (int, float)) else None


def is_number(text: str) -> bool:
    """Whether `text` is a positive finite number."""
    try:
        return 0.0 < float(text) < float("inf")
    except ValueError:
        return False
