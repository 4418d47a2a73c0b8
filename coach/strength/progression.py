"""Prescribe one exercise for next time from its history and the pain, with the reason.

The rules (ours, strength.md): +5 % load or the harder version after two sessions in a row at the top of the range with
two or more repetitions in reserve and pain at most 2; hold at pain 3-5; one version back above 5 or when not settled by
next morning; two steps back after more than 10 days away.
"""

from collections.abc import Sequence

from coach.model.frozen import dataclass
from coach.model.strength import Decision, Dose, Exercise, Prescription, Slot
from coach.strength.history import Past, Situation

MACHINE_START = "First time on this machine: find a weight you can lift twelve times with four in reserve."


@dataclass(frozen=True, slots=True)
class Level:
    """The state of an exercise: version, load and range."""

    exercise: Exercise
    load_kg: float | None
    amount: int
    n_sets: int
    rpe: int


def versions(slot: Slot, situation: Situation) -> list[Exercise]:
    """Return the versions of a slot that the kit allows, easiest first."""
    found = (situation.exercises[name] for name in slot.versions)
    return [exercise for exercise in found if set(exercise.kit) <= situation.kit]


def prescribe(slot: Slot, history: Sequence[Past], situation: Situation) -> Prescription | None:
    """Return the next prescription for a slot; None where no version fits the kit. history: oldest first."""
    ladder = versions(slot, situation)
    if not ladder:
        return None
    known = [past for past in history if past.done.exercise_id in {e.id for e in ladder} and past.done.sets]
    if not known:
        return _write(slot, *_start(slot, ladder, situation))
    return _write(slot, *_decide(ladder, known, situation))


def _write(slot: Slot, level: Level, decision: Decision, reason: str) -> Prescription:
    is_hold = level.exercise.kind == "hold"
    return Prescription(
        slot=slot.id,
        exercise_id=level.exercise.id,
        n_sets=level.n_sets,
        reps=None if is_hold else level.amount,
        hold_s=level.amount if is_hold else None,
        load_kg=level.load_kg,
        rest_s=slot.rest_s,
        target_rpe=level.rpe,
        decision=decision,
        reason=reason,
    )


def _low(exercise: Exercise, dose: Dose) -> int:
    return dose.hold_low_s if exercise.kind == "hold" else dose.reps_low


def _high(exercise: Exercise, dose: Dose) -> int:
    return dose.hold_high_s if exercise.kind == "hold" else dose.reps_high


def _step(exercise: Exercise, dose: Dose) -> int:
    return dose.hold_step_s if exercise.kind == "hold" else dose.reps_step


def week_effort(dose: Dose, n_done: int) -> tuple[int, int]:
    """Return sets and effort out of 10 after so many sessions done."""
    n_sets = dose.sets_first if n_done < dose.sets_later_after else dose.sets_later
    return n_sets, [rpe for since, rpe in dose.rpe_steps if n_done >= since][-1]


def _fresh(exercise: Exercise, load_kg: float | None, dose: Dose) -> Level:
    return Level(exercise, load_kg, _low(exercise, dose), dose.sets_first, dose.rpe_steps[0][1])


def _start(slot: Slot, ladder: list[Exercise], situation: Situation) -> tuple[Level, Decision, str]:
    ids = [exercise.id for exercise in ladder]
    wanted = slot.versions.index(slot.first)
    index = max((i for i, name in enumerate(ids) if slot.versions.index(name) <= wanted), default=0)
    pain = _pain_now(situation)
    reason = "Begins at the low end of the range."
    if pain > situation.dose.pain_hold and index > 0:
        index -= 1
        reason = f"Begins one version easier, because pain is {pain} of 10."
    exercise = ladder[index]
    if exercise.load == "machine":
        reason = MACHINE_START
    return _fresh(exercise, None, situation.dose), Decision.START, reason


def _pain_now(situation: Situation) -> int:
    return situation.pain.level or 0


def _calf(exercise: Exercise, situation: Situation) -> int:
    works_calf = any("calf" in muscle for muscle in exercise.muscles)
    return (situation.pain.calf_level or 0) if works_calf else 0


def _decide(ladder: list[Exercise], known: list[Past], situation: Situation) -> tuple[Level, Decision, str]:
    dose = situation.dose
    last = known[-1]
    exercise = situation.exercises[last.done.exercise_id]
    pain = max(last.worst_pain, _pain_now(situation), _calf(exercise, situation))
    is_settled = last.is_settled(dose.pain_go_on) and situation.pain.is_settled
    if situation.days_away > dose.absence_days:
        is_sore = pain > dose.pain_hold or not is_settled
        one = (
            _version_back(exercise, last, ladder, dose)
            if is_sore
            else _step_down(_now(exercise, last, dose), ladder, dose)
        )
        words = f"Two steps back after {int(situation.days_away)} days away: start gently again."
        return _step_down(one, ladder, dose), Decision.BACK_TWO, words
    if pain > dose.pain_hold:
        return _version_back(exercise, last, ladder, dose), Decision.STEP_BACK, f"One version easier: pain was {pain}."
    if not is_settled:
        reason = "One version easier: the pain had not settled by next morning."
        return _version_back(exercise, last, ladder, dose), Decision.STEP_BACK, reason
    if pain > dose.pain_go_on:
        return _now(exercise, last, dose), Decision.HOLD, f"The same as last time: pain was {pain}."
    if situation.pain.is_rising:
        return _now(exercise, last, dose), Decision.HOLD, "The same as last time: pain rises from week to week."
    return _go_on(ladder, known, situation)


def _now(exercise: Exercise, last: Past, dose: Dose) -> Level:
    """Return what was last asked for and done, the lower of both where both are known."""
    asked = last.prescribed
    load = last.load_kg
    if asked is not None and asked.load_kg is not None:
        load = asked.load_kg if load is None else min(load, asked.load_kg)
    if asked is not None:
        amount = asked.hold_s if asked.hold_s is not None else asked.reps
        return Level(exercise, load, amount or _low(exercise, dose), asked.n_sets, asked.target_rpe)
    amount = int(max(_low(exercise, dose), min(_high(exercise, dose), last.least)))
    return Level(exercise, load, amount, max(1, min(len(last.done.sets), dose.sets_first)), dose.rpe_steps[0][1])


def _gentle(level: Level, exercise: Exercise, load_kg: float | None, dose: Dose) -> Level:
    """Return a lower rung, never asking for more sets or effort than the one before."""
    fresh = _fresh(exercise, load_kg, dose)
    amount = min(fresh.amount, level.amount) if exercise.kind == level.exercise.kind else fresh.amount
    return Level(exercise, load_kg, amount, min(fresh.n_sets, level.n_sets), min(fresh.rpe, level.rpe))


def _lighter(load_kg: float, dose: Dose) -> float:
    return round(load_kg / (1 + dose.load_step_pct / 100), 1)


def _easier(exercise: Exercise, ladder: list[Exercise]) -> Exercise | None:
    index = ladder.index(exercise)
    return ladder[index - 1] if index > 0 else None


def _version_back(exercise: Exercise, last: Past, ladder: list[Exercise], dose: Dose) -> Level:
    now = _now(exercise, last, dose)
    easier = _easier(exercise, ladder)
    if easier is not None:
        return _gentle(now, easier, None, dose)
    return _step_down(now, ladder, dose)


def _step_down(level: Level, ladder: list[Exercise], dose: Dose) -> Level:
    """Go one step down: less load, then none, then the easier version; at the bottom the smallest dose."""
    exercise, load = level.exercise, level.load_kg
    first = exercise.first_load_kg or 0.0
    if load and (exercise.load == "machine" or load > first):
        return _gentle(level, exercise, max(first, _lighter(load, dose)), dose)
    if load:
        return _gentle(level, exercise, None, dose)
    easier = _easier(exercise, ladder)
    return _gentle(level, easier or exercise, None, dose)


def _is_at_top(past: Past, dose: Dose, exercise: Exercise) -> bool:
    asked = past.prescribed
    n_asked = asked.n_sets if asked is not None else dose.sets_first
    sides = 2 if any(one.side for one in past.done.sets) else 1
    return (
        len(past.done.sets) >= n_asked * sides
        and past.least >= _high(exercise, dose)
        and past.done.rpe is not None
        and past.done.rpe <= 10 - dose.reserve_reps
        and past.done.pain is not None
        and past.worst_pain <= dose.pain_go_on
        and past.is_settled(dose.pain_go_on)
    )


def _go_on(ladder: list[Exercise], known: list[Past], situation: Situation) -> tuple[Level, Decision, str]:
    dose = situation.dose
    last = known[-1]
    exercise = situation.exercises[last.done.exercise_id]
    n_sets, rpe = week_effort(dose, situation.n_done)
    load = last.load_kg
    pair = known[-2:]
    is_ripe = (
        len(pair) == 2
        and pair[0].done.exercise_id == exercise.id
        and pair[0].load_kg == load
        and all(_is_at_top(past, dose, exercise) for past in pair)
    )
    if is_ripe:
        harder = _progress(exercise, load, ladder, situation)
        if harder is not None:
            return harder
    amount, words = _amount(exercise, last, dose)
    if exercise.load == "machine" and load is None:
        words = MACHINE_START
    return Level(exercise, load, amount, n_sets, rpe), Decision.GO_ON, words


def _progress(
    exercise: Exercise, load: float | None, ladder: list[Exercise], situation: Situation
) -> tuple[Level, Decision, str] | None:
    """Go up: more load where there is some, else the harder version, else a first load; None at the top of all."""
    dose = situation.dose
    n_sets, rpe = week_effort(dose, situation.n_done)
    why = "Two sessions in a row at the top of the range with two in reserve and pain at most 2: "
    if load:
        more = round(load * (1 + dose.load_step_pct / 100), 1)
        amount = max(dose.reps_low, dose.reps_high - dose.reps_step)
        words = f"{why}{dose.load_step_pct:g} % more load. Take the nearest weight you have."
        return Level(exercise, more, amount, n_sets, rpe), Decision.PROGRESS, words
    index = ladder.index(exercise)
    if index + 1 < len(ladder):
        harder = ladder[index + 1]
        words = f"{why}the harder version. {MACHINE_START if harder.load == 'machine' else ''}".strip()
        return Level(harder, None, _low(harder, dose), n_sets, rpe), Decision.PROGRESS, words
    if exercise.load == "optional" and "weight" in situation.kit:
        words = f"{why}the first load, {exercise.first_load_kg:g} kg."
        return Level(exercise, exercise.first_load_kg, dose.reps_low, n_sets, rpe), Decision.PROGRESS, words
    return None


def _amount(exercise: Exercise, last: Past, dose: Dose) -> tuple[int, str]:
    low, high = _low(exercise, dose), _high(exercise, dose)
    now = int(max(low, min(high, last.least)))
    if last.done.rpe is None:
        return now, "The same again: enter the effort after the last set, then it can grow."
    if last.done.pain is None:
        return now, "The same again: enter the pain after the last set, then it can grow."
    if last.done.rpe > 10 - dose.reserve_reps:
        return now, "The same again until two repetitions are left in reserve."
    if now >= high:
        return high, "Top of the range reached: once more like this, then it gets harder."
    unit = "seconds" if exercise.kind == "hold" else "repetitions"
    more = min(high, now + _step(exercise, dose))
    return more, f"{more - now} more {unit}: last time went well."
