"""Keep what TCX and GPX have no element for: numbers as attributes in a namespace of our own.

Both schemas let elements of any other namespace be where extensions may be; programs that do not know them leave them.
"""

import math
from collections.abc import Mapping
from typing import Final
from xml.etree import ElementTree as ET

from coach.interchange.activity import SHARED
from coach.interchange.xml_text import child, local
from coach.model.runs import Lap

OWN: Final = "urn:running-coach:1"
_VALUES: Final = (*SHARED, "foot_strike_angle_left_deg", "foot_strike_angle_right_deg")
_KINDS: Final = ("lap", "warm_up", "cool_down")


def register() -> None:
    """Give the namespace its usual prefix in files that are written."""
    ET.register_namespace("rc", OWN)


def add_values(extensions: ET.Element, values: Mapping[str, float]) -> None:
    """Add the values of one moment, to six digits."""
    if values:
        texts = {name: f"{value:.6g}" for name, value in values.items()}
        ET.SubElement(extensions, f"{{{OWN}}}gait", texts)


def values_of(extensions: ET.Element | None) -> dict[str, float]:
    """Return the values of one moment; what is unknown or no number is left out."""
    element = child(extensions, "gait")
    found = {} if element is None else {name: _number(element.get(name)) for name in _VALUES}
    return {name: value for name, value in found.items() if value is not None}


def add_lap(extensions: ET.Element, lap: Lap, end_s: float) -> None:
    """Add kind and exact times of a lap."""
    ET.SubElement(extensions, f"{{{OWN}}}lap", kind=lap.kind, start_s=_text(lap.start_s), end_s=_text(end_s))


def lap_of(extensions: ET.Element | None, lap: Lap) -> Lap:
    """Return `lap` with what the file says of it."""
    element = child(extensions, "lap")
    return lap if element is None else _lap(element, lap)


def laps_of(extensions: ET.Element | None) -> tuple[Lap, ...]:
    """Return all laps below this element, in their order."""
    found = [element for element in (() if extensions is None else extensions) if local(element) == "lap"]
    return tuple(_lap(element, Lap(number, 0.0, None)) for number, element in enumerate(found, start=1))


def _lap(element: ET.Element, lap: Lap) -> Lap:
    start_s, end_s, kind = _number(element.get("start_s")), _number(element.get("end_s")), element.get("kind")
    if start_s is None or end_s is None or not 0 <= start_s <= end_s or kind not in _KINDS:
        return lap
    return Lap(lap.number, start_s, end_s, kind)


def add_run(
    extensions: ET.Element, pauses: tuple[tuple[float, float], ...], is_indoor: bool, **numbers: float | None
) -> None:
    """Add pauses, place and whole numbers of a run."""
    texts = {name: _text(value) for name, value in numbers.items() if value is not None}
    run = ET.SubElement(extensions, f"{{{OWN}}}run", texts, is_indoor=str(is_indoor).lower())
    for start_s, end_s in pauses:
        ET.SubElement(run, f"{{{OWN}}}pause", start_s=_text(start_s), end_s=_text(end_s))


def run_facts(extensions: ET.Element | None) -> tuple[ET.Element, tuple[tuple[float, float], ...]] | None:
    """Return the element of the run and its pauses; None where another program wrote the file."""
    element = child(extensions, "run")
    if element is None:
        return None
    spans = [(_number(pause.get("start_s")), _number(pause.get("end_s"))) for pause in element]
    return element, tuple((a, b) for a, b in spans if a is not None and b is not None and 0 <= a < b)


def own_number(element: ET.Element, name: str) -> float | None:
    """Return a number of the run's element."""
    return _number(element.get(name))


def _text(value: float) -> str:
    return f"{value:.3f}".rstrip("0").rstrip(".")


def _number(text: str | None) -> float | None:
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value if math.isfinite(value) else None
