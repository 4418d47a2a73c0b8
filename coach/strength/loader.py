"""Load the TOML files of this room as nouns; a file with faults is refused with all of them at once."""

import dataclasses
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Final, TypeVar

from pydantic import ValidationError

from coach.errors import ProfileError
from coach.model.documents import JsonObject
from coach.model.plain import from_plain
from coach.model.strength import Dose, Exercise, Slot, Track, TrackPlan
from coach.model.strength_tests import StrengthTest

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


KIT: Final = frozenset({"wall", "chair", "step", "mat", "band", "weight", "machines"})
_KINDS: Final = ("reps", "hold")
_LOADS: Final = ("none", "optional", "machine")
_TIMERS: Final = ("none", "countdown", "stopwatch")


def _parse(file: str, text: str) -> JsonObject:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ProfileError(file, [str(error)]) from error


def _entries(data: JsonObject, key: str, faults: list[str]) -> list[JsonObject]:
    found = data.get(key)
    if not isinstance(found, list) or not found or not all(isinstance(item, dict) for item in found):
        faults.append(f"{key}: must be a list of tables [[{key}]]")
        return []
    return found


Noun = TypeVar("Noun", bound="DataclassInstance")


def _check(kind: type[Noun], data: Mapping[str, object], where: str, faults: list[str]) -> Noun | None:
    known = {field.name for field in dataclasses.fields(kind)}
    faults.extend(f"{where}.{key}: unknown key" for key in data if key not in known)
    try:
        return from_plain(kind, {k: v for k, v in data.items() if k in known})
    except ValidationError as error:
        faults.extend(
            f"{where}.{'.'.join(str(part) for part in fault['loc'])}: {fault['msg']}" for fault in error.errors()
        )
        return None


def _need(ok: bool, complaint: str, faults: list[str]) -> None:
    if not ok:
        faults.append(complaint)


def _twice(ids: list[str], where: str, faults: list[str]) -> None:
    faults.extend(f"{where}: id {name!r} is there twice" for name in sorted({i for i in ids if ids.count(i) > 1}))


def read_exercises(text: str, file: str = "exercises.toml") -> dict[str, Exercise]:
    """Return exercises by id, in the order of the file.

    Raises:
        ProfileError: with every fault of the file.
    """
    faults: list[str] = []
    data = _parse(file, text)
    common = tuple(data.get("common_stop_signs", ()))
    _need(bool(common), "common_stop_signs: must be a list of sentences", faults)
    made: list[Exercise] = []
    for index, raw in enumerate(_entries(data, "exercise", faults)):
        name = str(raw.get("id", index))
        pictures = {f"{part}_picture": f"{name}-{part}.svg" for part in ("start", "end", "move")}
        entry = pictures | raw | {"stop_signs": (*common, *raw.get("stop_signs", ()))}
        exercise = _check(Exercise, entry, f"exercise.{name}", faults)
        if exercise is not None:
            made.append(exercise)
    _twice([e.id for e in made], "exercise", faults)
    known = {e.id: e for e in made}
    for exercise in made:
        _check_exercise(exercise, known, faults)
    if faults:
        raise ProfileError(file, faults)
    return known


def _check_exercise(exercise: Exercise, known: Mapping[str, Exercise], faults: list[str]) -> None:
    where = f"exercise.{exercise.id}"
    _need(exercise.kind in _KINDS, f"{where}.kind: must be one of {', '.join(_KINDS)}", faults)
    _need(exercise.load in _LOADS, f"{where}.load: must be one of {', '.join(_LOADS)}", faults)
    _need(bool(exercise.steps), f"{where}.steps: say how it is done", faults)
    _need(bool(exercise.muscles), f"{where}.muscles: name at least one", faults)
    _need(bool(exercise.source.strip()), f"{where}.source: required", faults)
    for kit in (*exercise.kit, *exercise.optional_kit):
        _need(kit in KIT, f"{where}.kit: {kit!r} is not known", faults)
    for key in ("easier", "harder"):
        other = getattr(exercise, key)
        _need(other is None or other in known, f"{where}.{key}: no exercise {other!r}", faults)
        _need(other != exercise.id, f"{where}.{key}: is the exercise itself", faults)
    needs_load = exercise.load == "optional"
    has_load = exercise.first_load_kg is not None and exercise.first_load_kg > 0
    _need(has_load == needs_load, f"{where}.first_load_kg: exactly where load is optional", faults)


def read_tracks(
    text: str, exercises: Mapping[str, Exercise], file: str = "tracks.toml"
) -> tuple[dict[Track, TrackPlan], Dose]:
    """Return tracks and dose.

    Raises:
        ProfileError: with every fault of the file.
    """
    faults: list[str] = []
    data = _parse(file, text)
    dose = _check(Dose, data.get("dose", {}), "dose", faults)
    if dose is not None:
        _check_dose(dose, faults)
    made: list[TrackPlan] = []
    for index, raw in enumerate(_entries(data, "track", faults)):
        name = str(raw.get("id", index))
        slots = [
            _check(Slot, slot, f"track.{name}.slot.{slot.get('id', n)}", faults)
            for n, slot in enumerate(_entries(raw, "slot", faults))
        ]
        entry = {k: v for k, v in raw.items() if k != "slot"} | {"slots": tuple(s for s in slots if s is not None)}
        track = _check(TrackPlan, entry, f"track.{name}", faults)
        if track is not None:
            made.append(track)
            _check_track(track, exercises, faults)
    _twice([t.id.value for t in made], "track", faults)
    faults.extend(f"track: {t.value} is missing" for t in Track if t not in {m.id for m in made})
    if faults or dose is None:
        raise ProfileError(file, faults)
    return {track.id: track for track in made}, dose


def _check_dose(dose: Dose, faults: list[str]) -> None:
    _need(0 < dose.reps_low <= dose.reps_high, "dose.reps_low: must be at most reps_high", faults)
    _need(0 < dose.hold_low_s <= dose.hold_high_s, "dose.hold_low_s: must be at most hold_high_s", faults)
    _need(0 < dose.sets_first <= dose.sets_later, "dose.sets_first: must be at most sets_later", faults)
    _need(bool(dose.rpe_steps) and dose.rpe_steps[0][0] == 0, "dose.rpe_steps: must begin at 0 sessions", faults)
    _need(list(dose.rpe_steps) == sorted(dose.rpe_steps), "dose.rpe_steps: must rise", faults)
    # Two days: muscles trained twice a week have recovered; by judgement.
    _need(dose.rest_between_h >= 48, "dose.rest_between_h: at least 48 hours", faults)


def _check_track(track: TrackPlan, exercises: Mapping[str, Exercise], faults: list[str]) -> None:
    where = f"track.{track.id.value}"
    _need(bool(track.source.strip()), f"{where}.source: required", faults)
    _twice([s.id for s in track.slots], f"{where}.slot", faults)
    for kit in track.kit:
        _need(kit in KIT, f"{where}.kit: {kit!r} is not known", faults)
    for slot in track.slots:
        here = f"{where}.slot.{slot.id}"
        for name in slot.versions:
            _need(name in exercises, f"{here}.versions: no exercise {name!r}", faults)
        _need(slot.first in slot.versions, f"{here}.first: must be one of its versions", faults)
        _need(slot.on in ("every", "odd", "even"), f"{here}.on: must be every, odd or even", faults)
        _need(60 <= slot.rest_s <= 120, f"{here}.rest_s: 60 to 120 s", faults)
    for parity in ("odd", "even"):
        count = sum(s.on in ("every", parity) for s in track.slots)
        # As many as the tracks are made for; by judgement.
        _need(5 <= count <= 6, f"{where}.slot: {parity} sessions have {count} exercises, must be 5 or 6", faults)


def read_tests(text: str, file: str = "assessments.toml") -> dict[str, StrengthTest]:
    """Return tests by id, in the order of the file.

    Raises:
        ProfileError: with every fault of the file.
    """
    faults: list[str] = []
    made: list[StrengthTest] = []
    for index, raw in enumerate(_entries(_parse(file, text), "test", faults)):
        where = f"test.{raw.get('id', index)}"
        test = _check(StrengthTest, raw, where, faults)
        if test is None:
            continue
        made.append(test)
        _need(test.timer in _TIMERS, f"{where}.timer: must be one of {', '.join(_TIMERS)}", faults)
        _need(test.timer != "countdown" or bool(test.timer_s), f"{where}.timer_s: a countdown needs it", faults)
        _need(test.low < test.high, f"{where}.low: must be below high", faults)
        _need(bool(test.steps), f"{where}.steps: say how it is done", faults)
        is_list = test.kind == "checklist"
        _need(bool(test.items) == is_list, f"{where}.items: a checklist needs them, and nothing else", faults)
        _need(not is_list or test.high == len(test.items), f"{where}.high: must be the number of items", faults)
        _need(bool(test.source.strip()), f"{where}.source: required", faults)
        for track in test.tracks:
            _need(track in tuple(Track), f"{where}.tracks: no track {track!r}", faults)
    _twice([t.id for t in made], "test", faults)
    if faults:
        raise ProfileError(file, faults)
    return {test.id: test for test in made}


def _ours(name: str) -> str:
    return resources.files("coach.strength").joinpath(name).read_text(encoding="utf-8")


@cache
def load_exercises() -> Mapping[str, Exercise]:
    """Return our exercises, by id."""
    return read_exercises(_ours("exercises.toml"))


@cache
def load_tracks() -> tuple[Mapping[Track, TrackPlan], Dose]:
    """Return our tracks and dose."""
    return read_tracks(_ours("tracks.toml"), load_exercises())


@cache
def load_tests() -> Mapping[str, StrengthTest]:
    """Return our tests, by id."""
    return read_tests(_ours("assessments.toml"))
