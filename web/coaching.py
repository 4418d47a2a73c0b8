"""The coach explained: the block, the cue log of a run with its reasons, and all rules with their sources."""

from collections.abc import Sequence
from typing import Final

from flask import Blueprint, render_template
from pydantic import Field

from coach.coaching.baseline import Baseline, Own
from coach.coaching.block import BlockView
from coach.coaching.programme import FOCUSES, Focus
from coach.model.cues import CueRule, Source
from coach.model.frozen import dataclass
from coach.model.runs import RunPlace, RunPlan
from coach.service.runs.explain import CueStory
from web.api import Body, route
from web.context import the_coach

blueprint = Blueprint("coaching", __name__)
_SHOWN: Final = ("step_length_m", "cadence_spm", "contact_time_ms", "impact_g", "foot_strike_angle_deg")
_SPEEDS: Final = 3


@dataclass(frozen=True, slots=True)
class Unsayable:
    """A focus that the coach can never cue with the paired sensors, and what it needs, in words."""

    focus: str
    title: str
    needs: str


@blueprint.get("/you/block")
def block_page() -> str:
    """Return where the runner is in the block, what the next run holds, and the runner's own numbers by speed."""
    coaching = the_coach().coaching
    baseline = coaching.baseline()
    return render_template(
        "coaching/block.html",
        block=coaching.block(),
        plan=coaching.plan(),
        own=[(place.value, here, own_table(here)) for place in baseline.places if (here := baseline.at(place))],
        needs=coaching.needs(),
    )


@blueprint.get("/you/rules")
def rules_page() -> str:
    """Return every rule in plain words with its sources."""
    coaching = the_coach().coaching
    return render_template("coaching/rules.html", rules=by_focus(coaching.rules()), sources=coaching.sources())


@blueprint.get("/runs/<run_id>/cues")
def cues_page(run_id: str) -> str:
    """Return the cue log of one run."""
    coach = the_coach()
    stories = coach.coaching.explain(run_id)
    coached = coach.coaching.coached_run(run_id)
    return render_template(
        "coaching/cues.html",
        run=coach.coaching.run(run_id),
        run_id=run_id,
        spoken=[s for s in stories if s.decision.is_spoken],
        silent=[s for s in stories if not s.decision.is_spoken],
        responses=coached.outcome.focus_responses if coached else (),
        rules={rule.id: rule for rule in coach.coaching.rules()},
        plan=coached.plan if coached else None,
    )


class PlanQuery(Body):
    """Of a run where, and in which shoes; without a place the likely one."""

    place: RunPlace | None = None
    shoes: str = Field("", max_length=80)


@route(
    blueprint,
    "GET",
    "/coaching/plan",
    query=PlanQuery,
    returns=RunPlan,
    summary="How a run that starts now would be coached",
)
def get_plan(query: PlanQuery) -> RunPlan:
    """Return the plan of the next run: its focus, or why there is none."""
    return the_coach().coaching.next_plan(place=query.place, shoes=query.shoes)


@route(blueprint, "GET", "/coaching/focuses", returns=list[Focus], summary="What could be worked on today")
def get_focuses() -> list[Focus]:
    """Return the focuses open to this runner today, those that pain or signs close left out."""
    return list(the_coach().coaching.focuses())


@route(blueprint, "GET", "/coaching/unsayable", returns=list[Unsayable], summary="What no cue can come for, and why")
def get_unsayable() -> list[Unsayable]:
    """Return the focuses that no cue can be spoken for, each with the sensor that it lacks."""
    return [Unsayable(focus, FOCUSES[focus].title, needs) for focus, needs in the_coach().coaching.unsayable().items()]


@route(blueprint, "GET", "/coaching/block", returns=BlockView, summary="Where the runner is in the retraining block")
def get_block() -> BlockView:
    """Return the block: its nine runs, which are done, what was dropped and why."""
    return the_coach().coaching.block()


@route(blueprint, "GET", "/coaching/rules", returns=list[CueRule], summary="Every cue rule")
def get_rules() -> list[CueRule]:
    """Return every cue rule, those that today cannot fire included."""
    return list(the_coach().coaching.rules())


@route(blueprint, "GET", "/coaching/sources", returns=list[Source], summary="The evidence behind the rules")
def get_sources() -> list[Source]:
    """Return the publications that rules name by id."""
    return list(the_coach().coaching.sources().values())


@route(blueprint, "GET", "/runs/<run_id>/cues", returns=list[CueStory], summary="The cue log of a run, explained")
def get_cues(run_id: str) -> list[CueStory]:
    """Return every cue of a run, spoken, withheld or suppressed, with its gates, sources and response.

    Raises:
        UserError: there is no such run.
    """
    return list(the_coach().coaching.explain(run_id))


def by_focus(rules: Sequence[CueRule]) -> list[tuple[str, list[CueRule]]]:
    """Return rules of one focus together, in the order of the file; the first one's title names them."""
    found: dict[str, list[CueRule]] = {}
    for rule in rules:
        found.setdefault(rule.focus, []).append(rule)
    return list(found.items())


def own_table(baseline: Baseline) -> list[tuple[float, list[tuple[str, Own]]]]:
    """Return the runner's own values at the slowest, middle and fastest speed seen."""
    speeds = baseline.speeds_mps
    if speeds is None:
        return []
    slow, fast = speeds
    steps = [slow + (fast - slow) * i / (_SPEEDS - 1) for i in range(_SPEEDS)] if fast - slow > 0.15 else [slow]
    return [
        (
            v,
            [
                (name, own)
                for name in _SHOWN
                if name in baseline.measures and (own := baseline.own(name, v)) is not None
            ],
        )
        for v in steps
    ]
