"""What a sensor profile says: a TOML file of `profiles/` as frozen values, each key checked.

UUIDs are written short ("2a53") or in full and kept as 128 bits in lower case. Bytes are written as a template:
hex pairs, 'text' in quotes, and {setting:form} where form is u8, u16, u32 (little-endian), text, or code (one byte from
the table `codes.<setting>`).
"""

import re
from collections.abc import Mapping
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

BASE_UUID: Final = "-0000-1000-8000-00805f9b34fb"
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_TOKEN = re.compile(r"[0-9a-f]{2}|'[\x20-\x26\x28-\x7e]+'|\{[a-z_]+:(u8|u16|u32|text|code)\}")


def full_uuid(uuid: str) -> str:
    """Return a UUID of 16 or 128 bits as 128 bits in lower case; raises ValueError for anything else."""
    short = uuid.lower()
    if re.fullmatch(r"[0-9a-f]{4}", short):
        return f"0000{short}{BASE_UUID}"
    if not _UUID.fullmatch(short):
        raise ValueError(f"{uuid!r} is no UUID: write 4 hex digits or all 36 characters")
    return short


def _template(text: str) -> str:
    for token in text.split():
        if not _TOKEN.fullmatch(token):
            raise ValueError(
                f"{token!r} is neither a hex pair (lower case), 'text', nor {{setting:u8|u16|u32|text|code}}"
            )
    return text


Uuid = Annotated[str, AfterValidator(full_uuid)]
Template = Annotated[str, AfterValidator(_template)]
SiteName = Literal["left_foot", "right_foot", "left_shank", "right_shank", "pelvis", "chest"]
Place = Literal["foot", "shank", "trunk", "left_foot", "right_foot", "left_shank", "right_shank", "pelvis", "chest"]
DecoderName = Annotated[str, Field(pattern=r"^[a-z0-9_]+$")]  # of a `Format` in `coach.packets`


class Fact(BaseModel):
    """Frozen; an unknown key is a fault."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True, defer_build=True)


class Characteristic(Fact):
    """role: what it is for. decoder: who reads its bytes in `coach.packets`. is_required: without it, no use.

    is_stream: its notifications are a stream of bytes, cut anywhere; else each is one message.
    """

    uuid: Uuid
    name: str = Field(min_length=1)
    role: Literal["data", "control", "description", "battery", "information"]
    decoder: DecoderName | None = None
    is_required: bool = True
    only_at: tuple[Place, ...] = ()
    is_stream: bool = False


class Service(Fact):
    """A GATT service. A service that a sensor may lack is not required."""

    uuid: Uuid
    name: str = Field(min_length=1)
    is_required: bool = True
    characteristics: tuple[Characteristic, ...] = Field(alias="characteristic", min_length=1)


class Find(Fact):
    """How its advertisement is known. rank: which profile wins where two know the same service (higher).

    ant_device_type: it is no Bluetooth sensor but one of ANT+, known by this number.
    """

    name_prefixes: tuple[str, ...] = ()
    services: tuple[Uuid, ...] = ()
    ant_device_type: int | None = Field(default=None, ge=1, le=127)
    rank: int = 0

    @model_validator(mode="after")
    def _says_something(self) -> "Find":
        if not self.name_prefixes and not self.services and self.ant_device_type is None:
            raise ValueError("give name_prefixes, services or ant_device_type, else nobody can find it")
        return self


class SensorSettings(Fact):
    """What a sensor is asked for. None: it has no such setting. mode: a word of its protocol."""

    rate_hz: float | None = Field(default=None, gt=0)
    acc_range_g: float | None = Field(default=None, gt=0)
    gyr_range_dps: float | None = Field(default=None, gt=0)
    bandwidth_hz: float | None = Field(default=None, gt=0)
    mode: str | None = None

    def known(self) -> dict[str, float | str]:
        """Return the settings it has, by name."""
        return {name: value for name, value in self.model_dump().items() if value is not None}


class Take(Fact):
    """A setting read out of an answer: at which byte, as which type; is_code looks it up in `codes.<setting>`."""

    setting: str
    at: int = Field(ge=0)
    form: Literal["u8", "u16", "u32", "f32"] = "u8"
    is_code: bool = False


class Answer(Fact):
    """An answer that is understood: it begins with these bytes. is_good: False for a refusal."""

    begins: Template
    is_good: bool = True
    take: tuple[Take, ...] = ()


class Step(Fact):
    """One step of a conversation with the sensor.

    answers_on: characteristic that notifies the answer. answers: what it may be; any other notification is passed
    over. is_optional: no answer, or a refusal, is not an error. only_at: places it is for.
    """

    do: Literal["write", "read", "pause"]
    characteristic: Uuid | None = None
    payload: Template | None = None
    with_response: bool = True
    seconds: float = Field(default=0.0, ge=0, le=10)
    within_s: float = Field(default=3.0, gt=0, le=30)
    answers_on: Uuid | None = None
    answers: tuple[Answer, ...] = Field(default=(), alias="answer")
    is_optional: bool = False
    only_at: tuple[Place, ...] = ()
    words: str = ""

    @model_validator(mode="after")
    def _is_whole(self) -> "Step":
        if self.do == "write" and (self.characteristic is None or self.payload is None):
            raise ValueError("a write needs characteristic and payload")
        if self.do == "read" and self.characteristic is None:
            raise ValueError("a read needs characteristic")
        if self.answers_on and not self.answers:
            raise ValueError("answers_on needs at least one answer")
        return self


class Warn(Fact):
    """A value that would ruin the data: below, above or none of `allowed` for these places, and what to say."""

    setting: str
    below: float | None = None
    above: float | None = None
    at: tuple[Place, ...] = ()
    words: str = Field(min_length=1)

    def fits(self, value: float) -> bool:
        """Whether `value` is one to warn of."""
        return (self.below is not None and value < self.below) or (self.above is not None and value > self.above)


class CadenceUnit(Fact):
    """What a pod known by name counts; source: how we know."""

    name_prefix: str = Field(min_length=1)
    counts: Literal["steps", "strides"]
    source: str = Field(min_length=1)


class TreadmillFault(Fact):
    """How a treadmill known by name departs from the standard; source: how we know.

    has_wrong_incline: what it sends as incline is another quantity and is not used. may_send_miles: its speed is in
    miles per hour while its display is set to miles, which its packets do not say.
    """

    name_prefix: str = Field(min_length=1)
    has_wrong_incline: bool = False
    may_send_miles: bool = False
    source: str = Field(min_length=1)


class DeviceProfile(Fact):
    """All that is known of one sensor model.

    conversation: "steps" where start, stop, configure and read_back are said here; else the name of a conversation
    in `coach.packets` that negotiates. settings: by place, "default" first. codes: setting -> value -> code.
    is_tried_on_hardware: whether someone ran this very profile on a real sensor. is_built_in: it is part of the device
    that the coach runs on, so no radio finds it and nobody pairs it. also_as: other profiles that such a sensor can be
    used with, for the runner to choose (a strap as a heart rate sensor alone).
    """

    id: str = Field(pattern=r"^[a-z0-9_]+$")
    title: str = Field(min_length=1)
    maker: str = Field(min_length=1)
    kind: Literal["imu", "running_speed", "heart_rate", "treadmill"]
    source: str = Field(min_length=1)
    is_tried_on_hardware: bool
    is_built_in: bool = False
    axes: str = ""
    units: Mapping[str, str] = Field(default_factory=dict)
    quirks: tuple[str, ...] = ()
    wear_sites: tuple[SiteName, ...] = ()
    needs_bond: bool = False
    also_as: tuple[str, ...] = ()
    find: Find
    services: tuple[Service, ...] = Field(alias="service", min_length=1)
    rates_hz: tuple[float, ...] = ()
    settings: Mapping[Literal["default", "foot", "shank", "trunk"] | SiteName, SensorSettings] = Field(
        default_factory=dict
    )
    codes: Mapping[str, Mapping[str, int]] = Field(default_factory=dict)
    conversation: Literal["steps", "polar_pmd", "movella_dot"] = "steps"
    start: tuple[Step, ...] = ()
    stop: tuple[Step, ...] = ()
    configure: tuple[Step, ...] = ()
    read_back: tuple[Step, ...] = ()
    warnings: tuple[Warn, ...] = Field(default=(), alias="warn")
    cadence_units: tuple[CadenceUnit, ...] = Field(default=(), alias="cadence_unit")
    treadmill_faults: tuple[TreadmillFault, ...] = Field(default=(), alias="treadmill_fault")

    @property
    def is_bluetooth(self) -> bool:
        """Whether it is found, connected and set up over Bluetooth."""
        return not self.is_built_in and self.find.ant_device_type is None

    def treadmill_fault(self, name: str) -> TreadmillFault | None:
        """Return what is known of a treadmill by its advertised name."""
        return next((f for f in self.treadmill_faults if name.casefold().startswith(f.name_prefix.casefold())), None)

    def settings_at(self, wear_site: str | None) -> dict[str, float | str]:
        """Return what to ask for at a wear site (a `WearSite` value or None): default, then its group,
        then the site."""
        merged: dict[str, float | str] = {}
        for place in ("default", *places_of(wear_site)):
            if place in self.settings:
                # `place` is a key, as the line above asks; mypy does not narrow text to the literals that keys are.
                merged |= self.settings[place].known()  # type: ignore[index]
        return merged

    def characteristics(self) -> dict[str, Characteristic]:
        """Return every characteristic by UUID."""
        return {c.uuid: c for service in self.services for c in service.characteristics}

    def with_role(self, role: str) -> tuple[Characteristic, ...]:
        """Return the characteristics of one role, in the order of the file."""
        return tuple(c for c in self.characteristics().values() if c.role == role)


def places_of(wear_site: str | None) -> tuple[str, ...]:
    """Return the names a wear site goes by, widest first: its group, then itself."""
    if wear_site is None:
        return ()
    group = "trunk" if wear_site in ("pelvis", "chest") else wear_site.rsplit("_", 1)[-1]
    return (group, wear_site)


def is_meant_for(only_at: tuple[object, ...], wear_site: str | None) -> bool:
    """Whether a step, warning or characteristic for `only_at` holds at this wear site; empty holds everywhere."""
    return not only_at or any(place in only_at for place in places_of(wear_site))
