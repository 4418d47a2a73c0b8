"""Write and read workouts as FIT files, as watches and training sites exchange them.

Steps last for a time, a distance, or until a lap is pressed; a repeat goes back to an earlier step. Targets by speed
are kept; those by heart rate, power and cadence are left out, which the notes say. Source: FIT profile, messages
`workout` (26) and `workout_step` (27), as in fitdecode's export of SDK 21.171.
"""

import io
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final

import fitdecode

from coach.errors import InterchangeError
from coach.interchange import fit_messages as fm
from coach.interchange.fit_encoding import Field, FitFile, Value, fit_time
from coach.interchange.fit_reader import BAD_FIT
from coach.model.frozen import dataclass
from coach.model.workouts import PartKind, WorkoutBlock, WorkoutPart, WorkoutPlan

_FILE_WORKOUT: Final = 5
_RUNNING: Final = 1
_ON_FOOT: Final = ("running", "walking", "hiking", "generic", "training", "None")
_DEVELOPMENT: Final = 255
_TIME, _DISTANCE, _OPEN_END, _REPEAT = 0, 1, 5, 6
_SPEED, _NO_TARGET = 0, 2
_INTENSITIES: Final = {
    PartKind.RUN: 5,
    PartKind.WALK: 1,
    PartKind.EASY: 4,
    PartKind.WARM_UP: 2,
    PartKind.COOL_DOWN: 3,
}
_KINDS: Final = {
    "warmup": PartKind.WARM_UP,
    "cooldown": PartKind.COOL_DOWN,
    "rest": PartKind.WALK,
    "recovery": PartKind.EASY,
}

Step = dict[int | str, Any]  # values by name; of a step the raw ones by number, and its intensity by name


@dataclass(frozen=True, slots=True)
class ImportedWorkout:
    """A workout of a file. notes: what of it could not be kept, in words."""

    plan: WorkoutPlan
    notes: tuple[str, ...]


def write_workout(plan: WorkoutPlan, made_at: datetime | None = None) -> bytes:
    """Return the bytes of a FIT workout file. made_at: aware UTC, for the file's own head."""
    moment = fit_time(made_at or datetime(2026, 1, 1, tzinfo=UTC))
    rows = _steps(plan)
    file = FitFile()
    file.add(
        fm.FILE_ID,
        [
            (fm.FILE_TYPE, _FILE_WORKOUT),
            (fm.MANUFACTURER, _DEVELOPMENT),
            (fm.PRODUCT, 1),
            (fm.SERIAL, moment or 1),
            (fm.TIME_CREATED, moment),
        ],
    )
    file.add(fm.WORKOUT, [(fm.WORKOUT_SPORT, _RUNNING), (fm.WORKOUT_STEPS, len(rows)), (fm.WORKOUT_NAME, plan.title)])
    for index, row in enumerate(rows):
        file.add(fm.WORKOUT_STEP, [(fm.MESSAGE_INDEX, index), *row])
    return file.close()


def _steps(plan: WorkoutPlan) -> list[list[tuple[Field, Value]]]:
    rows: list[list[tuple[Field, Value]]] = []
    for block in plan.blocks:
        first = len(rows)
        rows += [_step(part) for part in block.parts]
        if block.times > 1:
            rows.append(
                [
                    (fm.STEP_DURATION_TYPE, _REPEAT),
                    (fm.STEP_DURATION, first),
                    (fm.STEP_TARGET_TYPE, _NO_TARGET),
                    (fm.STEP_TARGET, block.times),
                    (fm.STEP_LOW, None),
                    (fm.STEP_HIGH, None),
                    (fm.STEP_INTENSITY, 0),
                ]
            )
    return rows


def _step(part: WorkoutPart) -> list[tuple[Field, Value]]:
    if part.metres is not None:
        kind, length = _DISTANCE, round(part.metres * 100)
    elif part.seconds > 0:
        kind, length = _TIME, round(part.seconds * 1000)
    else:
        kind, length = _OPEN_END, None
    has_pace = part.low_mps is not None or part.high_mps is not None
    low, high = (None if speed is None else round(speed * 1000) for speed in (part.low_mps, part.high_mps))
    return [
        (fm.STEP_DURATION_TYPE, kind),
        (fm.STEP_DURATION, length),
        (fm.STEP_TARGET_TYPE, _SPEED if has_pace else _NO_TARGET),
        (fm.STEP_TARGET, 0),
        (fm.STEP_LOW, low if low is not None or not has_pace else 0),
        (fm.STEP_HIGH, high if high is not None or not has_pace else 0),
        (fm.STEP_INTENSITY, _INTENSITIES[part.kind]),
    ]


def read_workout(content: bytes, workout_id: str) -> ImportedWorkout:
    """Return the running workout of a FIT file.

    Raises:
        InterchangeError: it is no FIT file, holds no workout, one of another sport, or steps that cannot be led.
    """
    head: Step = {}
    steps: list[Step] = []
    try:
        for name, raw in _messages(content):
            if name == "workout":
                head = raw
            elif name == "workout_step":
                steps.append(raw)
    except BAD_FIT as error:
        raise InterchangeError(f"this FIT file is damaged: {error}; export it again") from error
    if not steps:
        raise InterchangeError("this FIT file holds no workout: choose the file of a planned workout")
    if str(head.get("sport")) not in _ON_FOOT:
        raise InterchangeError(f"this workout is for {head['sport']}, not for running")
    notes: list[str] = []
    blocks = _blocks(steps, notes)
    title = str(head.get("wkt_name") or "Workout").strip("\0 ")[:60] or "Workout"
    return ImportedWorkout(WorkoutPlan(workout_id, title, blocks), tuple(dict.fromkeys(notes)))


def _messages(content: bytes) -> Iterator[tuple[str, Step]]:
    """Name and values of each message; of steps the raw numbers, whose meaning hangs on their kinds."""
    with fitdecode.FitReader(io.BytesIO(content), check_crc=fitdecode.CrcCheck.RAISE) as reader:
        for frame in reader:
            if frame.frame_type != fitdecode.FIT_FRAME_DATA:
                continue
            if frame.name == "workout_step":
                named: Step = {"intensity": frame.get_value("intensity", fallback=None)}
                raw: Step = {field.def_num: field.raw_value for field in frame.fields}
                yield frame.name, {**raw, **named}
            else:
                yield frame.name, {field.name: field.value for field in frame.fields}


def _blocks(steps: list[Step], notes: list[str]) -> tuple[WorkoutBlock, ...]:
    """Turn steps into blocks; a repeat takes the blocks since the step that it goes back to."""
    found: list[tuple[int, WorkoutBlock]] = []
    for index, step in enumerate(steps):
        if step.get(1) == _REPEAT:
            first, times = int(step.get(2) or 0), int(step.get(4) or 1)
            inner = [block for start, block in found if start >= first]
            if not inner or not 1 <= times <= 100:
                raise InterchangeError("this workout repeats what is not there")
            parts = tuple(part for block in inner for part in block.parts * block.times)
            if len(parts) > 200:
                raise InterchangeError("this workout has too many parts")
            found = [(start, block) for start, block in found if start < first]
            found.append((first, WorkoutBlock(times, parts)))
        else:
            found.append((index, WorkoutBlock(1, (_part(step, notes),))))
    return tuple(block for _, block in found)


def _part(step: Step, notes: list[str]) -> WorkoutPart:
    kind = _KINDS.get(str(step.get("intensity")), PartKind.RUN)
    ends, length = step.get(1), step.get(2)
    seconds = float(length) / 1000 if ends == _TIME and length else 0.0
    metres = float(length) / 100 if ends == _DISTANCE and length else None
    if ends not in (_TIME, _DISTANCE, _OPEN_END):
        notes.append("A step that ends by heart rate, power or calories ends when you tap Lap.")
    target, low, high = step.get(3), step.get(5), step.get(6)
    if target not in (_SPEED, _NO_TARGET, None):
        notes.append("Targets by heart rate, power or cadence are left out.")
    if target != _SPEED:
        low = high = None
    return WorkoutPart(
        kind, seconds, 0, metres, float(low) / 1000 if low else None, float(high) / 1000 if high else None
    )
