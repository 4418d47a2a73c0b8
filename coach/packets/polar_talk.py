"""The conversations with a Polar sensor: ask what it offers, choose, start; stop; what it is set to.

Only what a device lists is asked for. Settings that our decoder needs (rate, range, factor) are in the answers, which
go to the decoder too.
"""

from collections.abc import Mapping
from typing import Final

from coach.errors import LinkError, PacketError
from coach.model.steps import Conversation, Listen, Read, Write
from coach.packets.polar import Measure
from coach.packets.polar_control import (
    ALREADY,
    OK,
    Offer,
    Op,
    Replies,
    Reply,
    Setting,
    chosen,
    decode_features,
    decode_reply,
    decode_settings,
    encode_get_settings,
    encode_start,
    encode_stop,
)
from firmware_config.schema import full_uuid

CONTROL: Final = full_uuid("fb005c81-02e7-f387-1cad-8acd2d8df0c8")
_ANSWER_WITHIN_S: Final = 3.0
Wanted = Mapping[str, float | str]


def start(wanted: Wanted) -> Conversation[None]:
    """Talk it into streaming; raises LinkError where it refuses."""
    features = yield from _features()
    # A stream left over from a broken connection would answer "already so", and keeps SDK mode from switching.
    yield from stop_streams(wanted)
    if is_sdk(wanted) and Measure.SDK in features:
        yield from _sdk_mode_on()
    for measure in measures(wanted):
        offer = yield from _offer(measure)
        choice = choose(offer, measure, wanted)
        _insist((yield from _ask(encode_start(measure, choice), Op.START, measure)), measure.name)


def stop(wanted: Wanted) -> Conversation[None]:
    """End the streams, and SDK mode. ANOMALY: an H10 that is left streaming stays on until its battery is empty."""
    yield from stop_streams(wanted)
    if is_sdk(wanted):
        yield from _ask(encode_stop(Measure.SDK), Op.STOP, Measure.SDK)


def stop_streams(wanted: Wanted) -> Conversation[None]:
    """End what may run; that nothing ran is no error."""
    for measure in measures(wanted):
        yield from _ask(encode_stop(measure), Op.STOP, measure)


def settings_as_it_is(wanted: Wanted) -> Conversation[dict[str, float | str]]:
    """Read the settings that a start would get without SDK mode."""
    yield from stop(wanted)
    return (yield from _settings(wanted))


def settings_as_started(wanted: Wanted) -> Conversation[dict[str, float | str]]:
    """Read the settings that a start gets: the sensor keeps none of its own, each start brings them."""
    features = yield from _features()
    yield from stop_streams(wanted)
    has_sdk = is_sdk(wanted) and Measure.SDK in features
    if has_sdk:
        yield from _sdk_mode_on()
    answers = yield from _settings(wanted)
    if has_sdk:
        answers["mode"] = "sdk"
        yield from stop(wanted)
    return answers


def is_sdk(wanted: Wanted) -> bool:
    """Whether SDK mode is asked for."""
    return wanted.get("mode") == "sdk"


def _sdk_mode_on() -> Conversation[None]:
    answer = yield from _ask(encode_start(Measure.SDK, {}), Op.START, Measure.SDK)
    _insist(answer, "SDK mode", allowed=(OK, ALREADY))


def _settings(wanted: Wanted) -> Conversation[dict[str, float | str]]:
    settings: dict[str, float | str] = {}
    for measure in measures(wanted):
        choice = choose((yield from _offer(measure)), measure, wanted)
        if measure is Measure.ACC and Setting.RATE in choice:
            settings["rate_hz"] = float(choice[Setting.RATE])
        if Setting.RANGE in choice:
            name = "acc_range_g" if measure is Measure.ACC else "gyr_range_dps"
            settings[name] = float(choice[Setting.RANGE])
    return settings


def measures(wanted: Wanted) -> tuple[Measure, ...]:
    """Return the streams to run: turn rate only where a range is asked for."""
    return (Measure.ACC, Measure.GYRO) if "gyr_range_dps" in wanted else (Measure.ACC,)


def choose(offer: Offer, measure: Measure, wanted: Wanted) -> dict[Setting, int]:
    """Return the settings to start `measure` with."""
    range_ = wanted.get("acc_range_g" if measure is Measure.ACC else "gyr_range_dps")
    return chosen(offer, _float(wanted.get("rate_hz")), _float(range_))


def _float(value: float | str | None) -> float | None:
    return float(value) if isinstance(value, (int, float)) else None


def _features() -> Conversation[frozenset[Measure]]:
    block = yield Read(CONTROL)
    if block is None:
        raise LinkError("wrong_sensor", "This Polar sensor has no measurement service: update it with the Polar app")
    try:
        return decode_features(block)
    except PacketError:
        raise LinkError("wrong_sensor", "This Polar sensor does not say what it measures: update it") from None


def _offer(measure: Measure) -> Conversation[Offer]:
    answer = yield from _ask(encode_get_settings(measure), Op.SETTINGS, measure)
    whole = _insist(answer, f"settings of {measure.name}")
    try:
        return decode_settings(whole.parameters)
    except PacketError:
        raise LinkError("refused", "The sensor's settings are not understood: update it with the Polar app") from None


def _ask(request: bytes, op: Op, measure: Measure) -> Conversation[Reply | None]:
    """Write, then the whole answer; None where none came in time."""
    yield Write(CONTROL, request)
    replies = Replies()
    while (heard := (yield Listen(CONTROL, _ANSWER_WITHIN_S))) is not None:
        try:
            part = decode_reply(heard)
        except PacketError:
            continue
        if (part.op, part.measure) == (op, measure) and (whole := replies.join(part)):
            return whole
    return None


def _insist(answer: Reply | None, what: str, allowed: tuple[int, ...] = (OK,)) -> Reply:
    if answer is None:
        raise LinkError("no_answer", f"The Polar sensor does not answer ({what}): pair it in the system's settings")
    if answer.status not in allowed:
        words = f"The Polar sensor refused {what}: {answer.words}. End its use in other apps, take it off and on again"
        raise LinkError("refused", words)
    return answer
