"""Plan the conversations that start, stop, set up and read a sensor, from its profile and use.

The radio holds them (`coach.model.steps`). A refusal that matters raises LinkError("refused") with what to do.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Final

from coach.errors import LinkError
from coach.model.links import SensorUse
from coach.model.steps import (
    Carrier,
    Conversation,
    LinkPlan,
    Listen,
    Pause,
    Read,
    ReadCharge,
    SettingsReport,
    Write,
)
from coach.packets import movella_dot, polar_talk
from coach.packets.answers import FORMS, AnswerFinder
from coach.packets.registry import format_named
from coach.packets.settings import settings_of
from coach.packets.templates import encode, words_of
from firmware_config.loader import settings_warnings
from firmware_config.schema import Answer, Characteristic, DeviceProfile, Step, is_meant_for

_UNITS: Final = {"rate_hz": "Hz", "acc_range_g": "g", "gyr_range_dps": "deg/s", "bandwidth_hz": "Hz", "mode": ""}
_NAMES: Final = {
    "rate_hz": "rate",
    "acc_range_g": "acceleration range",
    "gyr_range_dps": "gyroscope range",
    "bandwidth_hz": "bandwidth",
    "mode": "mode",
}
Values = dict[str, float | str]


def link_plan(profile: DeviceProfile, use: SensorUse) -> LinkPlan:
    """Return all the radio must know to run this sensor at its wear site."""
    found = [c for c in profile.characteristics().values() if _is_notified(c, profile, use)]
    return LinkPlan(
        use=use,
        subscribe=tuple(c.uuid for c in found if c.is_required),
        optional=tuple(c.uuid for c in found if not c.is_required),
        start=partial(start, profile, use),
        stop=partial(stop, profile, use),
        needs_bond=profile.needs_bond,
        carrier=_carrier(profile),
        read_charge=_read_charge(found),
    )


def start(profile: DeviceProfile, use: SensorUse) -> Conversation[None]:
    """Talk the sensor into streaming; raises LinkError where it refuses."""
    wanted = settings_of(profile, use)
    if profile.conversation == "polar_pmd":
        yield from polar_talk.start(wanted)
    elif profile.conversation == "movella_dot":
        yield from movella_dot.set_rate(float(wanted["rate_hz"]))
    yield from _hold(profile, use, profile.start)


def stop(profile: DeviceProfile, use: SensorUse) -> Conversation[None]:
    """End the stream before a disconnect of ours."""
    if profile.conversation == "polar_pmd":
        yield from polar_talk.stop(settings_of(profile, use))
    yield from _hold(profile, use, profile.stop)


def read_settings(profile: DeviceProfile, use: SensorUse) -> Conversation[SettingsReport]:
    """Read what the sensor is set to now; `before` and `after` are the same."""
    values, warnings = yield from _read_back(profile, use)
    shown = _shown(values)
    return SettingsReport(shown, shown, (*warnings, *settings_warnings(profile, _site(use), values)))


def configure(profile: DeviceProfile, use: SensorUse) -> Conversation[SettingsReport]:
    """Read, write what the wear site needs, read again; warns of what did not take or would ruin the data."""
    if profile.conversation == "polar_pmd":
        before = yield from polar_talk.settings_as_it_is(settings_of(profile, use))
    else:
        before, _ = yield from _read_back(profile, use)
    if profile.conversation == "movella_dot":
        yield from movella_dot.set_rate(float(settings_of(profile, use)["rate_hz"]))
    yield from _hold(profile, use, profile.configure)
    after, warnings = yield from _read_back(profile, use)
    wanted = settings_of(profile, use)
    can_set = bool(profile.configure) or profile.conversation != "steps"
    for name, value in after.items():
        if can_set and name in wanted and wanted[name] != value:
            warnings.append(
                f"{_NAMES[name]} is {_said(name, value)}, not {_said(name, wanted[name])}: the sensor did not take it"
            )
    return SettingsReport(_shown(before), _shown(after), (*warnings, *settings_warnings(profile, _site(use), after)))


def _carrier(profile: DeviceProfile) -> Carrier:
    if profile.find.ant_device_type is not None:
        return Carrier.ANT
    return Carrier.NETWORK if profile.is_built_in else Carrier.BLUETOOTH


def _read_charge(found: Sequence[Characteristic]) -> ReadCharge | None:
    """Return how the data say the battery's charge, where they do."""
    formats = [format_named(c.decoder) for c in found if c.decoder]
    return next((one.charge for one in formats if one.charge), None)


def _is_notified(found: Characteristic, profile: DeviceProfile, use: SensorUse) -> bool:
    """Whether a characteristic is to be notified: data and answers,
    not what is only read or not meant for this wear site."""
    answers = {step.answers_on for step in (*profile.start, *profile.stop, *profile.configure, *profile.read_back)}
    if profile.conversation == "polar_pmd":
        answers.add(polar_talk.CONTROL)
    is_heard = found.role == "data" or found.uuid in answers
    return is_heard and is_meant_for(found.only_at, _site(use))


def _hold(profile: DeviceProfile, use: SensorUse, steps: tuple[Step, ...]) -> Conversation[Values]:
    """Take the steps; gives the settings that the answers hold."""
    settings = settings_of(profile, use)
    answers: Values = {}
    for step in steps:
        if not is_meant_for(step.only_at, _site(use)):
            continue
        try:
            answers |= yield from _take(profile, settings, step)
        except LinkError:
            if not step.is_optional:
                raise
    return answers


def _take(profile: DeviceProfile, settings: Mapping[str, float | str], step: Step) -> Conversation[Values]:
    """Take one step; give the settings that its answer holds."""
    if step.do == "pause":
        yield Pause(step.seconds)
        return {}
    uuid = str(step.characteristic)
    if step.do == "read":
        value = yield Read(uuid)
        if value is None and not step.is_optional:
            raise LinkError("wrong_sensor", step.words or f"{profile.title} lacks {uuid}: is it another model?")
        found = AnswerFinder(profile, settings, step).feed(value) if value is not None else None
        return _settings_in(profile, step, *found) if found else {}
    yield Write(uuid, encode(str(step.payload), settings, profile.codes), step.with_response)
    if step.answers_on is None:
        return {}
    finder = AnswerFinder(profile, settings, step)
    while (heard := (yield Listen(step.answers_on, step.within_s))) is not None:
        if found := finder.feed(heard):
            return _settings_in(profile, step, *found)
    raise LinkError("no_answer", step.words or f"{profile.title} does not answer: switch it off and on")


def _settings_in(profile: DeviceProfile, step: Step, answer: Answer, heard: bytes) -> Values:
    """Return the settings in an answer; raises LinkError for a refusal."""
    if not answer.is_good:
        raise LinkError("refused", step.words or f"{profile.title} refused {step.payload}: switch it off and on")
    answers: Values = {}
    for take in answer.take:
        form = FORMS[take.form]
        if len(heard) < take.at + form.size:
            continue
        (value,) = form.unpack_from(heard, take.at)
        if not take.is_code:
            answers[take.setting] = float(value)
            continue
        meanings = {code: text for text, code in profile.codes[take.setting].items()}
        if value in meanings:
            text = meanings[value]
            answers[take.setting] = text if take.setting == "mode" else float(text)
    return answers


def _read_back(profile: DeviceProfile, use: SensorUse) -> Conversation[tuple[Values, list[str]]]:
    """Read every setting that the sensor reports, and words for each that it does not."""
    settings = settings_of(profile, use)
    answers: Values = {}
    warnings: list[str] = []
    if profile.conversation == "polar_pmd":
        answers = yield from polar_talk.settings_as_started(settings)
    elif profile.conversation == "movella_dot":
        answers = yield from movella_dot.read_rate()
    for step in profile.read_back:
        try:
            answers |= yield from _take(profile, settings, step)
        except LinkError as error:
            warnings.append(f"Could not read back: {error}")
    return answers, warnings


def _site(use: SensorUse) -> str | None:
    return use.wear_site.value if use.wear_site else None


def _shown(values: Mapping[str, float | str]) -> tuple[tuple[str, str], ...]:
    return tuple((_NAMES[name], _said(name, value)) for name, value in values.items())


def _said(name: str, value: float | str) -> str:
    return f"{words_of(value)} {_UNITS[name]}".strip()
