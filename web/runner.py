"""The runner: profile and goals, and where they, pain and red flags leave the coach today."""

from collections.abc import Mapping
from typing import Final
from zoneinfo import available_timezones

from flask import Blueprint, redirect, render_template, request
from pydantic import Field
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as Redirect

from coach.errors import UserError
from coach.model.frozen import dataclass
from coach.model.metrics_table import MILE_M
from coach.model.runner import RunnerProfile
from web.api import Body, route
from web.context import profile, the_coach

blueprint = Blueprint("runner", __name__)
_GOALS: Final = 5
_FLAGS: Final = ("wants_strike_training", "speaks_cues", "plays_tones", "vibrates", "shows_cue_text")
_INCH_M: Final = 0.0254
_POUND_KG: Final = 0.45359237


@dataclass(frozen=True, slots=True)
class Amount:
    """A number of the profile as people write it. factor: kept value per written one."""

    name: str
    unit: str
    factor: float
    low: float
    high: float
    step: float


_METRIC: Final = (
    Amount("height_m", "cm", 0.01, 100, 230, 0.5),
    Amount("leg_length_m", "cm", 0.01, 50, 130, 0.5),
    Amount("mass_kg", "kg", 1.0, 30, 250, 0.5),
    Amount("weekly_km", "km", 1.0, 0, 400, 0.5),
)
_IMPERIAL: Final = (
    Amount("height_m", "in", _INCH_M, 40, 90, 0.25),
    Amount("leg_length_m", "in", _INCH_M, 20, 51, 0.25),
    Amount("mass_kg", "lb", _POUND_KG, 66, 551, 1),
    Amount("weekly_km", "mi", MILE_M / 1000, 0, 248, 0.5),
)
_PLAIN: Final = (
    Amount("birth_year", "", 1.0, 1900, 2026, 1),
    Amount("running_years", "", 1.0, 0, 90, 0.5),
    Amount("weekly_runs", "", 1.0, 0, 21, 1),
)


class ProfileBody(Body):
    """Fields of the profile to change; what is left out stays."""

    name: str | None = Field(None, max_length=60)
    birth_year: int | None = None
    height_m: float | None = None
    mass_kg: float | None = None
    leg_length_m: float | None = None
    sex: str | None = None
    running_years: float | None = None
    weekly_km: float | None = None
    weekly_runs: int | None = None
    has_back_pain: bool | None = None
    has_calf_history: bool | None = None
    goals: tuple[str, ...] = ()
    focus_wish: str | None = None
    wants_strike_training: bool | None = None
    units: str | None = None
    time_zone: str | None = None
    language: str | None = None
    speaks_cues: bool | None = None
    plays_tones: bool | None = None
    vibrates: bool | None = None
    shows_cue_text: bool | None = None


# Pages


@blueprint.get("/you")
def you() -> str:
    """Return where the runner is: pain today, the coach's block, red flags, profile."""
    coach = the_coach()
    return render_template(
        "runner/you.html",
        pain=coach.runner.pain_state(),
        block=coach.coaching.block(),
        plan=coach.coaching.plan(),
        amounts=amounts(profile()),
    )


@blueprint.get("/you/profile")
def profile_page() -> str:
    """Show the form of the profile, its amounts in the runner's units."""
    return _profile_form(None)


@blueprint.post("/you/profile")
def save_profile() -> str | Redirect | tuple[str, int]:
    """Keep the form; a complaint brings it back with what was typed."""
    try:
        the_coach().runner.change(**_profile_fields(request.form, profile()))
    except (UserError, ValueError) as error:
        return _profile_form(str(error)), 400
    return redirect("/you")


# JSON


@route(blueprint, "GET", "/runner", returns=RunnerProfile, summary="The runner's profile")
def get_profile() -> RunnerProfile:
    """Return the profile in metres and kilograms, whatever units the runner reads."""
    return the_coach().runner.profile()


@route(blueprint, "PATCH", "/runner", body=ProfileBody, returns=RunnerProfile, summary="Change the profile")
def change_profile(body: ProfileBody) -> RunnerProfile:
    """Change the fields given; the others stay.

    Raises:
        UserError: a value cannot be; nothing is changed then.
    """
    return the_coach().runner.change(**body.model_dump(exclude_unset=True))


# Parts


def amounts(runner: RunnerProfile) -> Mapping[str, tuple[Amount, float | None]]:
    """Return numbers of the profile in the runner's units, by field."""
    table = (*(_IMPERIAL if runner.units == "imperial" else _METRIC), *_PLAIN)
    values = {a.name: getattr(runner, a.name) for a in table}
    return {a.name: (a, None if values[a.name] is None else round(values[a.name] / a.factor, 1)) for a in table}


def _profile_fields(form: MultiDict[str, str], before: RunnerProfile) -> dict[str, object]:
    found: dict[str, object] = {name: name in form for name in _FLAGS}
    for name, (amount, old) in amounts(before).items():
        text = str(form.get(name, "")).strip().replace(",", ".")
        if text and old is not None and float(text) == old:
            continue  # unchanged: rounding for the eye must not change what is kept
        value = float(text) * amount.factor if text else None
        found[name] = int(value) if value is not None and name in ("birth_year", "weekly_runs") else value
    found["name"] = str(form.get("name", "")).strip()[:60]
    found["sex"] = form.get("sex") or None
    found["focus_wish"] = form.get("focus_wish") or None
    found["units"] = form.get("units") or before.units
    found["language"] = form.get("language") or before.language
    found["time_zone"] = form.get("time_zone") or before.time_zone
    found["goals"] = tuple(g.strip()[:120] for g in form.getlist("goals") if g.strip())[:_GOALS]
    for name in ("has_back_pain", "has_calf_history"):
        found[name] = {"yes": True, "no": False}.get(form.get(name, ""))
    return found


def _profile_form(complaint: str | None) -> str:
    coach = the_coach()
    return render_template(
        "runner/profile.html",
        complaint=complaint,
        amounts=amounts(profile()),
        focuses=coach.coaching.all_focuses(),
        zones=sorted(available_timezones()),
        n_goals=max(3, min(_GOALS, len(profile().goals) + 1)),
    )
