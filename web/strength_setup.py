"""Setting up the strength programme: the form of a new plan, or of changes to the present one."""

from datetime import date
from zoneinfo import available_timezones

from flask import Blueprint, redirect, render_template, request
from werkzeug.wrappers import Response as Redirect

from coach.errors import UserError
from coach.model.pain import Lock
from coach.model.strength import LongRun, Track
from coach.service.strength.wording import parse_time, parse_track
from coach.strength.loader import load_tracks
from coach.strength.rhythm import DAY_NAMES
from coach.wall_clock import utc_now
from web.context import keep_language, profile
from web.strength import programme

blueprint = Blueprint("strength_setup", __name__)


@blueprint.get("/strength/setup")
def setup() -> str:
    """Return the form of a new plan, or of changes to the present one."""
    return _setup_form(None)


def _setup_form(complaint: str | None) -> str:
    tracks, dose = load_tracks()
    made = programme()
    plan = made.plans.show()
    pain = made.plans.pain()
    return render_template(
        "strength/setup.html",
        tracks=tracks.values(),
        dose=dose,
        plan=plan,
        wish_days=[DAY_NAMES[day] for day in plan.wish.days] if plan else [],
        pain=pain,
        complaint=complaint,
        form=request.form,
        is_asked=pain.lock is not Lock.NOT_ASKED,
        zones=sorted(available_timezones()),
        zone=plan.wish.tz if plan else profile().time_zone,
        today=utc_now().astimezone().date(),
        suggested=Track.LADDER if (pain.level or 0) > 2 else Track.HOME,
    )


@blueprint.post("/strength/setup")
def make() -> str | Redirect | tuple[str, int]:
    """Begin a new plan or change the present one."""
    form = request.form
    plans = programme().plans
    try:
        days = tuple(DAY_NAMES.index(day) for day in form.getlist("days") if day in DAY_NAMES)
        runs = tuple(
            LongRun(DAY_NAMES.index(day), parse_time(form.get("long_run_at") or "09:00"))
            for day in form.getlist("long_runs")
            if day in DAY_NAMES
        )
        kit = tuple(form.getlist("kit"))
        activities = tuple(a.strip()[:60] for a in form.getlist("activities") if a.strip()) or ("Running",)
        more: dict[str, object] = {
            "kit": (*kit, "wall") if kit else None,
            "long_runs": runs,
            "activities": activities[:3],
            "maintenance_per_week": int(form.get("maintenance_per_week") or 1),
        }
        tz = form.get("tz") or "UTC"
        if form.get("what") == "change":
            at = parse_time(form.get("time") or "")
            plans.change(track=parse_track(form.get("track") or ""), days=days, at=at, tz=tz, **more)
        else:
            start = date.fromisoformat(form["start"]) if form.get("start") else None
            keep_language()
            plans.create(form.get("track") or "", days, form.get("time") or "", tz, start, **more)
    except (UserError, ValueError) as error:
        return _setup_form(str(error)), 400
    return redirect("/strength")
