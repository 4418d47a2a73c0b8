"""What a sensor is set to in a run: the profile's settings at its wear site, overlaid with what the use says."""

from collections.abc import Mapping

from coach.model.links import SensorUse
from firmware_config.schema import DeviceProfile

NUMBERS = ("rate_hz", "acc_range_g", "gyr_range_dps", "bandwidth_hz")


def settings_of(profile: DeviceProfile, use: SensorUse) -> dict[str, float | str]:
    """Settings by name (`rate_hz`, `acc_range_g`, `gyr_range_dps`, `bandwidth_hz`, `mode`)."""
    settings = profile.settings_at(use.wear_site.value if use.wear_site else None)
    for name, text in use.settings:
        if name in NUMBERS and is_number(text):
            settings[name] = float(text)
        elif name == "mode" and text:
            settings[name] = text
    return settings


def number(settings: Mapping[str, float | str], name: str) -> float | None:
    """A setting that is a number, None where there is none."""
    value = settings.get(name)
    return float(value) if isinstance(value, (int, float)) else None


def is_number(text: str) -> bool:
    """Whether `text` is a positive finite number."""
    try:
        return 0.0 < float(text) < float("inf")
    except ValueError:
        return False
