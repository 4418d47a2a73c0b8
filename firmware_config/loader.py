"""Load the profiles that come with the program from TOML as checked `DeviceProfile`s."""

import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from types import MappingProxyType

from pydantic import Field, TypeAdapter, ValidationError

from coach.errors import ProfileError
from firmware_config.references import reference_faults
from firmware_config.schema import DeviceProfile, Fact, Service, full_uuid, is_meant_for


@cache
def load_profiles() -> Mapping[str, DeviceProfile]:
    """Return every profile by id; raises ProfileError for the first file with faults, naming all of them."""
    folder = files("firmware_config") / "profiles"
    names = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".toml"))
    profiles = [read_profile((folder / name).read_text(encoding="utf-8"), name) for name in names]
    return MappingProxyType({profile.id: profile for profile in profiles})


def load_profile(profile_id: str) -> DeviceProfile:
    """Return one profile; raises ProfileError that names the ids there are."""
    profiles = load_profiles()
    if profile_id not in profiles:
        raise ProfileError("profiles", [f"{profile_id}: no such profile; there are {', '.join(profiles)}"])
    return profiles[profile_id]


def read_profile(text: str, file: str) -> DeviceProfile:
    """Check the TOML text of `file`; raises ProfileError with all its faults, each "key: complaint"."""
    raw = _parse(text, file)
    shared = _shared_services()
    known = {c.uuid for service in shared for c in service.characteristics}
    faults = list(reference_faults(raw, known))
    if raw.get("id") is not None and file != f"{raw['id']}.toml":
        faults.append(f"id: {raw['id']!r} must be the file's name")
    try:
        profile = DeviceProfile.model_validate(raw)
    except ValidationError as error:
        raise ProfileError(file, [*_words(error), *faults]) from None
    if faults:
        raise ProfileError(file, faults)
    if not profile.is_bluetooth:
        return profile
    own = {service.uuid for service in profile.services}
    extra = tuple(service for service in shared if service.uuid not in own)
    return profile.model_copy(update={"services": profile.services + extra})


def find_profile(name: str | None, services: Sequence[str]) -> DeviceProfile | None:
    """Return the profile whose advertisement this is: the longest name prefix wins, then a service by rank;
    None: unknown."""
    heard = {full_uuid(uuid) for uuid in services}
    best: tuple[int, int, int] = (0, 0, 0)
    found = None
    for profile in load_profiles().values():
        prefix = max((len(p) for p in profile.find.name_prefixes if _starts(name, p)), default=0)
        fit = (prefix, int(bool(heard & set(profile.find.services))), profile.find.rank)
        if fit[:2] > (0, 0) and fit > best:
            best, found = fit, profile
    return found


@cache
def find_ant_profile(device_type: int) -> DeviceProfile | None:
    """Return the profile of an ANT+ device type; None: none knows it."""
    return next((p for p in load_profiles().values() if p.find.ant_device_type == device_type), None)


def settings_warnings(
    profile: DeviceProfile, wear_site: str | None, actual: Mapping[str, float | str]
) -> tuple[str, ...]:
    """Return what to say where a sensor's actual settings would ruin the data at this wear site."""
    words = []
    for warn in profile.warnings:
        value = actual.get(warn.setting)
        if isinstance(value, (int, float)) and is_meant_for(warn.at, wear_site) and warn.fits(value):
            words.append(warn.words)
    return tuple(words)


def _starts(name: str | None, prefix: str) -> bool:
    return bool(name) and str(name).casefold().startswith(prefix.casefold())


class TriedSensor(Fact):
    """A real sensor that its owner reported on (`coach sensors report`). made_on: ISO date. problems: misfits."""

    profile: str
    manufacturer: str = ""
    model: str = ""
    firmware: str = ""
    system: str
    made_on: str
    problems: tuple[str, ...] = ()


@cache
def tried_sensors() -> tuple[TriedSensor, ...]:
    """Return sensors that were tried on hardware; raises ProfileError where `tried_sensors.toml` is wrong.

    The file is written by `python -m tests.docs` from the reports in the tests' data.
    """
    file = "tried_sensors.toml"
    raw = _parse((files("firmware_config") / file).read_text(encoding="utf-8"), file)
    try:
        return TypeAdapter(tuple[TriedSensor, ...]).validate_python(raw.get("sensor", ()))
    except ValidationError as error:
        raise ProfileError(file, _words(error)) from None


class NamedSensor(Fact):
    """A sensor of some maker that speaks a standard profile: what it gives here and what not.

    name_prefixes: how the names begin that it advertises, in any case; none where no source says. gives, lacks: words
    for the runner. sources: how we know.
    """

    title: str = Field(min_length=1)
    name_prefixes: tuple[str, ...] = ()
    profile: str
    gives: tuple[str, ...] = Field(min_length=1)
    lacks: tuple[str, ...] = Field(min_length=1)
    sources: tuple[str, ...] = Field(min_length=1)


@cache
def named_sensors() -> tuple[NamedSensor, ...]:
    """Return sensors known by name; raises ProfileError where `named_sensors.toml` is wrong or names no profile of
    ours."""
    file = "named_sensors.toml"
    raw = _parse((files("firmware_config") / file).read_text(encoding="utf-8"), file)
    try:
        named = TypeAdapter(tuple[NamedSensor, ...]).validate_python(raw.get("sensor", ()))
    except ValidationError as error:
        raise ProfileError(file, _words(error)) from None
    if faults := [f"{one.title}: no profile {one.profile}" for one in named if one.profile not in load_profiles()]:
        raise ProfileError(file, faults)
    return named


@cache
def _shared_services() -> tuple[Service, ...]:
    text = (files("firmware_config") / "shared_services.toml").read_text(encoding="utf-8")
    raw = _parse(text, "shared_services.toml")
    try:
        return TypeAdapter(tuple[Service, ...]).validate_python(raw.get("service"))
    except ValidationError as error:
        raise ProfileError("shared_services.toml", _words(error)) from None


def _parse(text: str, file: str) -> dict[str, object]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ProfileError(file, [f"file: not TOML, {error}"]) from None


def _words(error: ValidationError) -> list[str]:
    return [
        f"{'.'.join(map(str, e['loc'])) or 'file'}: {e['msg'].removeprefix('Value error, ')}" for e in error.errors()
    ]
