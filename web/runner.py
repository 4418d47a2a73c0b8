"""The runner: profile and goals, red-flag questions, the pain check-in, and where all that leaves the coach today."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final
from zoneinfo import available_timezones

from flask import Blueprint, redirect, render_template, request
from pydantic import BaseModel, ConfigDict, Field
from werkzeug.wrappers import Response as Redirect

from coach.errors import SettingsError
from coach.model.pain import PainEntry, PainMoment, PainState, RedFlag, RedFlagAnswers, SignKind
from coach.model.runner import RunnerProfile
from web.api import route
from web.context import profile, the_coach
from web.units import MILE_M

blueprint = Blueprint("runner", __name__)
CHART_DAYS: Final = 28
MOMENTS: Final = (PainMoment.BEFORE_RUN, PainMoment.AFTER_RUN, PainMoment.NEXT_MORNING, PainMoment.NOW)
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


class ProfileBody(BaseModel):
    """Fields of the profile to change; what is left out stays."""

    model_config = ConfigDict(extra="forbid")
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
    speaks_cues: bool | None = None
    plays_tones: bool | None = None
    vibrates: bool | None = None
    shows_cue_text: bool | None = None


class PainAnswer(BaseModel):
    """One answer, 0-10. moment: when it was asked; now by default."""

    model_config = ConfigDict(extra="forbid")
    moment: PainMoment = PainMoment.NOW
    back: int | None = Field(None, ge=0, le=10)
    calf: int | None = Field(None, ge=0, le=10)
    run_id: str | None = None
    session_id: str | None = None
    note: str = Field("", max_length=500)


class RedFlagAnswer(BaseModel):
    """Signs said yes to, by id; seen_on: date of a clinician's look at those that are open."""

    model_config = ConfigDict(extra="forbid")
    signs: tuple[str, ...] = ()
    seen_on: date | None = None


# Pages


@blueprint.get("/you")
def you() -> str:
    """Where the runner is: pain today, the coach's block, red flags, profile."""
    coach = the_coach()
    return render_template(
        "runner/you.html",
        pain=coach.runner.pain_state(),
        answers=coach.runner.red_flag_answers(),
        flags=coach.runner.red_flags(),
        block=coach.coaching.block(),
        plan=coach.coaching.plan(),
        amounts=amounts(profile()),
    )


@blueprint.get("/you/profile")
def profile_page() -> str:
    return _profile_form(None)


@blueprint.post("/you/profile")
def save_profile() -> str | Redirect | tuple[str, int]:
    """Keep the form; a complaint brings it back with what was typed."""
    try:
        the_coach().runner.change(**_told_profile(request.form, profile()))
    except (SettingsError, ValueError) as error:
        return _profile_form(str(error)), 400
    return redirect("/you")


@blueprint.get("/you/red-flags")
def red_flags_page() -> str:
    return _red_flags_form(None)


@blueprint.post("/you/red-flags")
def save_red_flags() -> str | Redirect | tuple[str, int]:
    """Keep the answers; what they lock is shown on the page that follows."""
    told = request.form
    try:
        seen_on = date.fromisoformat(told["seen_on"]) if told.get("seen_on") else None
        the_coach().runner.tell_red_flags(told.getlist("signs"), seen_on)
    except (SettingsError, ValueError) as error:
        return _red_flags_form(str(error)), 400
    return redirect("/you/red-flags?told=1")


@blueprint.get("/you/pain")
def pain_page() -> str:
    return _pain_form(None)


@blueprint.post("/you/pain")
def save_pain() -> str | Redirect | tuple[str, int]:
    """Keep one answer and show what it allows."""
    told = request.form
    try:
        levels = {place: int(told[place]) if told.get(place) else None for place in ("back", "calf")}
        the_coach().runner.tell_pain(told.get("moment") or PainMoment.NOW, **levels, note=told.get("note", ""))
    except (SettingsError, ValueError) as error:
        return _pain_form(str(error)), 400
    return redirect("/you/pain?told=1")


# JSON


@route(blueprint, "GET", "/runner", returns=RunnerProfile, summary="The runner's profile")
def get_profile() -> RunnerProfile:
    told: RunnerProfile = the_coach().runner.profile()
    return told


@route(blueprint, "PATCH", "/runner", body=ProfileBody, returns=RunnerProfile, summary="Change the profile")
def change_profile(body: ProfileBody) -> RunnerProfile:
    told: RunnerProfile = the_coach().runner.change(**body.model_dump(exclude_unset=True))
    return told


@route(blueprint, "GET", "/runner/pain_state", returns=PainState, summary="What pain and red flags allow now")
def get_pain_state() -> PainState:
    state: PainState = the_coach().runner.pain_state()
    return state


@route(blueprint, "GET", "/runner/pain", returns=list[PainEntry], summary="Pain answers of the last 28 days")
def get_pain() -> list[PainEntry]:
    return _recent()


@route(blueprint, "POST", "/runner/pain", body=PainAnswer, returns=PainState, summary="Tell how back and calf feel")
def tell_pain(body: PainAnswer) -> PainState:
    state: PainState = the_coach().runner.tell_pain(**body.model_dump())
    return state


@route(blueprint, "GET", "/runner/red_flags", returns=list[RedFlagAnswers], summary="Red-flag answers, oldest first")
def get_red_flags() -> list[RedFlagAnswers]:
    return list(the_coach().runner.red_flag_answers())


@route(blueprint, "GET", "/runner/red_flags/signs", returns=list[RedFlag], summary="The signs that are asked about")
def get_signs() -> list[RedFlag]:
    return list(the_coach().runner.red_flags().values())


@route(blueprint, "POST", "/runner/red_flags", body=RedFlagAnswer, returns=PainState, summary="Answer the red flags")
def tell_red_flags(body: RedFlagAnswer) -> PainState:
    state: PainState = the_coach().runner.tell_red_flags(body.signs, body.seen_on)
    return state


# Parts


def amounts(told: RunnerProfile) -> Mapping[str, tuple[Amount, float | None]]:
    """Numbers of the profile in the runner's units, by field."""
    table = (*(_IMPERIAL if told.units == "imperial" else _METRIC), *_PLAIN)
    values = {a.name: getattr(told, a.name) for a in table}
    return {a.name: (a, None if values[a.name] is None else round(values[a.name] / a.factor, 1)) for a in table}


def _told_profile(form: Any, before: RunnerProfile) -> dict[str, Any]:
    found: dict[str, Any] = {name: name in form for name in _FLAGS}
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


def _red_flags_form(complaint: str | None) -> str:
    runner = the_coach().runner
    state: PainState = runner.pain_state()
    signs: Mapping[str, RedFlag] = runner.red_flags()
    return render_template(
        "runner/red_flags.html",
        complaint=complaint,
        is_told="told" in request.args,
        pain=state,
        signs=signs,
        kinds=[(kind.value, [s for s in signs.values() if s.kind is kind]) for kind in SignKind],
        answers=runner.red_flag_answers(),
        sources=the_coach().coaching.sources(),
        today=datetime.now().astimezone().date(),
    )


def _pain_form(complaint: str | None) -> str:
    entries = _recent()
    return render_template(
        "runner/pain.html",
        complaint=complaint,
        is_told="told" in request.args,
        pain=the_coach().runner.pain_state(),
        moments=MOMENTS,
        moment=request.args.get("moment", PainMoment.BEFORE_RUN.value),
        entries=entries[::-1],
        dots=pain_dots(entries, datetime.now(UTC)),
        chart_days=CHART_DAYS,
    )


def _recent() -> list[PainEntry]:
    since = datetime.now(UTC) - timedelta(days=CHART_DAYS)
    return list(the_coach().runner.pain_entries(since=since))


def pain_dots(entries: Sequence[PainEntry], now: datetime) -> list[tuple[str, float, float]]:
    """Place, x (10 a day, newest at the right) and y (10 a point, none at the bottom) of each answer."""
    dots = []
    for entry in entries:
        x = 10.0 * (CHART_DAYS - (now - entry.at).total_seconds() / 86400.0)
        dots += [(place, round(x, 1), 100.0 - 10.0 * level) for place, level in _levels(entry)]
    return dots


def _levels(entry: PainEntry) -> list[tuple[str, int]]:
    return [(place, level) for place, level in (("back", entry.back), ("calf", entry.calf)) if level is not None]
