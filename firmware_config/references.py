"""Find faults between the keys of a profile: a characteristic, setting or code that is named but not there.

Works on the raw TOML values, so that these faults are found together with those of single keys.
"""

import re
from collections.abc import Iterator, Mapping

from firmware_config.schema import full_uuid

_SETTINGS = {"rate_hz", "acc_range_g", "gyr_range_dps", "bandwidth_hz", "mode"}
_USED = re.compile(r"\{([a-z_]+):(u8|u16|u32|text|code)\}")


def reference_faults(raw: Mapping[str, object], shared_uuids: set[str]) -> Iterator[str]:
    """Yield each fault as "key: complaint"; shared_uuids are those every sensor may have."""
    known = shared_uuids | set(_declared(raw))
    for place in ("start", "stop", "configure", "read_back"):
        for i, step in enumerate(_dicts(raw.get(place))):
            key = f"{place}.{i}"
            yield from _uuid_faults(key, step, known)
            for name, text in _templates(key, step):
                yield from _template_faults(name, text, raw)
            for j, answer in enumerate(_dicts(step.get("answer"))):
                for k, take in enumerate(_dicts(answer.get("take"))):
                    yield from _take_faults(f"{key}.answer.{j}.take.{k}", take, raw)
    for i, warn in enumerate(_dicts(raw.get("warn"))):
        if warn.get("setting") not in _SETTINGS:
            yield f"warn.{i}.setting: no setting is called {warn.get('setting')!r}"


def _uuid_faults(key: str, step: Mapping[str, object], known: set[str]) -> Iterator[str]:
    for name in ("characteristic", "answers_on"):
        uuid = step.get(name)
        if isinstance(uuid, str) and _full(uuid) not in known:
            yield f"{key}.{name}: {uuid} is not among the characteristics of this profile"


def _templates(key: str, step: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    payload = step.get("payload")
    if isinstance(payload, str):
        yield f"{key}.payload", payload
    for j, answer in enumerate(_dicts(step.get("answer"))):
        begins = answer.get("begins")
        if isinstance(begins, str):
            yield f"{key}.answer.{j}.begins", begins


def _template_faults(key: str, text: str, raw: Mapping[str, object]) -> Iterator[str]:
    for setting, form in _USED.findall(text):
        values = [s[setting] for s in _dicts(list(_mapping(raw.get("settings")).values())) if setting in s]
        if not values:
            yield f"{key}: no settings give {setting}"
        codes = _mapping(_mapping(raw.get("codes")).get(setting))
        for value in values if form == "code" else ():
            if f"{value:g}" not in codes if isinstance(value, (int, float)) else value not in codes:
                yield f"{key}: codes.{setting} has no code for {value}"


def _take_faults(key: str, take: Mapping[str, object], raw: Mapping[str, object]) -> Iterator[str]:
    setting = take.get("setting")
    if setting not in _SETTINGS:
        yield f"{key}.setting: no setting is called {setting!r}"
    elif take.get("is_code") and setting not in _mapping(raw.get("codes")):
        yield f"{key}.is_code: there is no table codes.{setting}"


def _declared(raw: Mapping[str, object]) -> Iterator[str]:
    for service in _dicts(raw.get("service")):
        for characteristic in _dicts(service.get("characteristic")):
            yield _full(characteristic.get("uuid"))


def _full(uuid: object) -> str:
    try:
        return full_uuid(str(uuid))
    except ValueError:
        return str(uuid)


def _dicts(value: object) -> list[Mapping[str, object]]:
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}
