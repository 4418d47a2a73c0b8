"""Write what `coach study table` gives of a store's trial: values, effects, the flow of participants and a figure."""

import csv
import dataclasses
import io
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from coach.errors import UserError
from coach.model.documents import JsonObject
from coach.model.frozen import dataclass
from coach.model.metrics_table import Use, names_for
from coach.service.study.computed import Computed, computed_runs
from coach.service.study.mixed_model import Effect, effects_of
from coach.service.study.participants import pseudonyms_of, read_outcomes
from coach.service.study.trial_figure import draw
from coach.study import bids
from coach.study.columns import MOMENTS, moment_column
from coach.study.trial import TrialPerson, TrialRun, TrialValue, flow, values_at_speed, values_of_answers

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


@dataclass(frozen=True, slots=True)
class Trial:
    """A trial's people with their runs and answers (moment, measure, value), by participant."""

    people: tuple[TrialPerson, ...]
    runs: Mapping[str, Sequence[TrialRun]]
    answers: Mapping[str, Sequence[tuple[datetime, str, float]]]


@dataclass(frozen=True, slots=True)
class TrialTable:
    """What a trial found. flow: of participants (`study.trial.flow`)."""

    speed_mps: float
    reference: str | None
    values: tuple[TrialValue, ...]
    effects: tuple[Effect, ...]
    flow: JsonObject


def trial_of(store_url: str, results_url: str | None = None) -> Trial:
    """Return the trial that a store holds; participants have their pseudonyms.

    Raises:
        UserError: nothing is computed. InterchangeError: a table does not fit.
    """
    moments = [moment_column(metric, key) for metric in names_for(Use.MATCHED) for key in MOMENTS]
    return _trial(computed_runs(store_url, results_url, ("speed_mps", *moments)))


def _trial(found: Computed) -> Trial:
    names = pseudonyms_of(found.store)
    runs: dict[str, list[TrialRun]] = {}
    for run in found.runs:
        label = names.label(run.participant.name)
        runs.setdefault(label, []).append(TrialRun(str(run.cells["sha256"]), run.started_at, run.cells))
    people = []
    for one in found.participants:
        label = names.label(one.name)
        own = runs.get(label, [])
        enrolled_at = one.enrolled_at or min((run.started_at for run in own), default=None)
        if enrolled_at is not None:
            people.append(TrialPerson(label, one.group, enrolled_at, one.excluded, one.lost_at, one.lost_reason))
    answers: dict[str, list[tuple[datetime, str, float]]] = {}
    for outcome in read_outcomes(found.store):
        answers.setdefault(names.label(outcome.participant), []).append((outcome.at, outcome.measure, outcome.value))
    return Trial(tuple(people), runs, answers)


def table_of_trial(
    trial: Trial, speed_mps: float, metrics: Sequence[str] = ("step_length_m",), reference: str | None = None
) -> TrialTable:
    """Return values and effects. reference: arm that the others are compared with;
    None: the first of the participants' table.

    Raises:
        UserError: there is no such metric or arm, or statsmodels is not installed.
    """
    known = names_for(Use.MATCHED)
    if unknown := [name for name in metrics if name not in known]:
        raise UserError(f"{unknown[0]} is not kept against speed: choose of {', '.join(known)}")
    people = [person for person in trial.people if not person.excluded]
    groups = list(dict.fromkeys(person.group for person in people))
    if reference is not None and reference not in groups:
        raise UserError(f"there is no arm {reference!r}: choose of {', '.join(groups)}")
    chosen = reference if reference is not None or len(groups) < 2 else groups[0]
    values: list[TrialValue] = []
    for metric in metrics:
        for person in people:
            values += values_at_speed(person, trial.runs.get(person.id, ()), metric, speed_mps)
    for person in people:
        values += values_of_answers(person, trial.answers.get(person.id, ()))
    measures = list(dict.fromkeys(value.measure for value in values))
    effects = [effect for measure in measures for effect in effects_of(values, measure, chosen)]
    return TrialTable(speed_mps, chosen, tuple(values), tuple(effects), flow(trial.people, values))


def write_table(table: TrialTable, metrics: Sequence[str], out: Path) -> None:
    """Write `values.csv`, `effects.csv`, `flow.json` and `figure.png` in a folder."""
    out.mkdir(parents=True, exist_ok=True)
    _csv(out / "values.csv", TrialValue, table.values)
    _csv(out / "effects.csv", Effect, table.effects)
    (out / "flow.json").write_text(bids.text(dict(table.flow)), encoding="utf-8")
    if table.values:
        draw(table.values, table.speed_mps, metrics, out / "figure.png")


def _csv(path: Path, noun: "type[DataclassInstance]", rows: Sequence[object]) -> None:
    text = io.StringIO(newline="")
    names = [field.name for field in dataclasses.fields(noun)]
    writer = csv.writer(text)
    writer.writerow(names)
    for row in rows:
        cells = (getattr(row, name) for name in names)
        writer.writerow(["" if cell is None else cell for cell in cells])
    path.write_text(text.getvalue(), encoding="utf-8", newline="")
