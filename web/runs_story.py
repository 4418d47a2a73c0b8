"""The first screen of a run: one strip of its focus measure, one sentence, one picture against the runner's own runs.

Everything is computed from what is stored; a part that cannot be said is left out.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from coach.bootstrap import Coach
from coach.model.frozen import dataclass
from coach.model.history import RunDetail, Trend, TrendPoint
from coach.model.runs import Run, RunSummary
from coach.wall_clock import utc_now
from web.context import answer_of, clock, day, number, profile, said, unit, w
from web.runs_view import side_of, signed
from web.units import K95, difference_scale_of, duration_text

METRIC_OF_FOCUS: Final[Mapping[str, str]] = {
    "lengthen": "step_length_m",
    "quicker": "cadence_spm",
    "softer": "impact_g",
    "midfoot": "foot_strike_angle_deg",
}
_OTHERWISE: Final = ("step_length_m", "cadence_spm", "contact_time_ms")
N_CELLS: Final = 60  # of the strip: at 390 px each is 5 px wide, and of half an hour each is 30 s
STRIP_WIDTH: Final = 360.0
STRIP_HEIGHT: Final = 72.0
_MOST_DOTS: Final = 10
DOTS_HEIGHT: Final = 84.0
_SOON: Final = timedelta(days=3)  # a session further away is no next thing; chosen by judgement
_ASK_WITHIN: Final = timedelta(hours=10)  # as long as the answer is about this run, and no night has passed


@dataclass(frozen=True, slots=True)
class Cell:
    """One part of the strip: a bar from the bottom. side: "above", "below" or "like" the usual; "" not known."""

    x: float
    width: float
    height: float
    side: str


@dataclass(frozen=True, slots=True)
class Strip:
    """The focus measure over the run. band: top and height of the runner's usual, None where it is not known.

    least, most: of the values drawn, in the measure's unit; bars begin below the least, for parts to differ visibly.
    """

    cells: tuple[Cell, ...]
    band: tuple[float, float] | None
    end_s: float
    least: float
    most: float


@dataclass(frozen=True, slots=True)
class Dot:
    """One run at the matched speed with its 95 % interval."""

    x: float
    y: float
    low_y: float
    high_y: float
    is_this: bool
    run_id: str


@dataclass(frozen=True, slots=True)
class Next:
    """One thing to do, and where."""

    words: str
    button: str
    href: str


@dataclass(frozen=True, slots=True)
class Story:
    """What the first screen shows. share: what a picture made on the device needs; no position is among it."""

    metric: str | None
    sentence: str
    strip: Strip | None
    dots: tuple[Dot, ...]
    dots_words: str
    next: Next | None
    share: dict[str, object]


def story_of(coach: Coach, detail: RunDetail, title: str) -> Story | None:
    """Return the story of one run; None while it has no summary."""
    run, summary = detail.entry.run, detail.entry.summary
    if summary is None:
        return None
    metric = metric_of(run, summary)
    usual = detail.usual.get(metric) if metric else None
    speed = summary.speed_mps or None
    trend = answer_of(lambda: coach.history.trend(metric, speed, place=run.place)) if metric else None
    strip = _strip(coach, run, metric, usual, trend) if metric else None
    dots = dots_of(trend, run.run_id) if trend else ()
    facts = _facts(run, summary)
    finding = said(summary.findings[0].words) if summary.findings else ""
    share: dict[str, object] = {
        "title": title,
        "day": day(run.started_at),
        "facts": facts,
        "label": _strip_words(metric, strip) if metric and strip else "",
        "finding": finding,
        "strip": strip,
        "width": STRIP_WIDTH,
        "height": STRIP_HEIGHT,
    }
    return Story(
        metric,
        " ".join(filter(None, (_line(facts), finding))),
        strip,
        dots if len(dots) > 1 else (),
        _dots_words(metric, summary, usual, w(f"runs.at.{run.place.value}")) if metric else "",
        next_of(coach, run),
        share,
    )


def _strip_words(metric: str, strip: Strip) -> str:
    """Return what the strip shows, with its range: bars that do not begin at zero make a change look larger than it
    is."""
    least, most = (number(metric, value) for value in (strip.least, strip.most))
    label = w(f"metrics.{metric}.label")
    return w("runs.story.range", label=label, least=least, most=most, unit=unit(metric))


def metric_of(run: Run, summary: RunSummary) -> str | None:
    """Return the measure that the run was about, or the first of a few that it knows."""
    wanted = METRIC_OF_FOCUS.get(run.plan.focus or "") if run.plan else None
    names = (wanted, *_OTHERWISE) if wanted else _OTHERWISE
    return next((name for name in names if getattr(summary, name) is not None), None)


def _facts(run: Run, summary: RunSummary) -> list[tuple[str, str]]:
    """Return distance, time and pace as (number, unit); what is unknown is left out."""
    facts: list[tuple[str, str]] = []
    if summary.distance_m:
        facts.append((number("distance_m", summary.distance_m), unit("distance_m")))
    facts.append((duration_text(run.duration_s or summary.duration_s), ""))
    if summary.speed_mps:
        facts.append((number("speed_mps", summary.speed_mps), unit("speed_mps")))
    return facts


def _line(facts: Sequence[tuple[str, str]]) -> str:
    return ", ".join(f"{amount}\u00a0{of}".strip() for amount, of in facts) + "."  # a unit stays with its number


def _strip(coach: Coach, run: Run, metric: str, usual: tuple[float, float] | None, trend: Trend | None) -> Strip | None:
    """Return the measure over the run, moved to the run's own mean speed by the slope of the runner's runs.

    Without a slope the parts of the run are not compared with the usual: a faster part would look like another stride.
    """
    series = answer_of(lambda: coach.history.series(run.run_id, (metric, "speed_mps"), n_points=N_CELLS))
    if series is None or metric not in series.values:
        return None
    values, speeds = series.values[metric], series.values.get("speed_mps")
    if trend is None or trend.slope is None or trend.speed_mps is None or speeds is None:
        return strip_of(series.t_s, series.step_s, values, None)
    at_one_speed = [
        None if value is None or speed is None else value - trend.slope * (speed - trend.speed_mps)
        for value, speed in zip(values, speeds, strict=True)
    ]
    return strip_of(series.t_s, series.step_s, at_one_speed, usual)


def strip_of(
    t_s: Sequence[float], step_s: float, values: Sequence[float | None], usual: tuple[float, float] | None
) -> Strip | None:
    """Return bars over time, high enough to distinguish them; None with fewer than three values.
    t_s: middles of the parts."""
    known = [value for value in values if value is not None]
    if len(known) < 3:
        return None
    edges = _edges(usual)
    least, most = min([*known, *edges]), max([*known, *edges])
    room = 0.15 * ((most - least) or abs(most) or 1.0)
    low, high = least - room, most + room
    end_s = max(t_s) + step_s / 2

    def up(value: float) -> float:
        return float(STRIP_HEIGHT * (value - low) / (high - low))

    def across(at_s: float) -> float:
        return STRIP_WIDTH * max(0.0, at_s) / end_s

    cells = tuple(
        Cell(
            across(at - step_s / 2),
            across(at + step_s / 2) - across(at - step_s / 2),
            up(value),
            side_of(value, *usual) if usual else "",
        )
        for at, value in zip(t_s, values, strict=True)
        if value is not None
    )
    band = (STRIP_HEIGHT - up(edges[1]), up(edges[1]) - up(edges[0])) if edges else None
    return Strip(cells, band, end_s, min(known), max(known))


def _edges(usual: tuple[float, float] | None) -> tuple[float, float] | tuple[()]:
    """Return the ends of what is called like usual, as `side_of` has them."""
    if usual is None:
        return ()
    middle, spread = usual
    half = 2 * max(spread, 0.01 * abs(middle))
    return middle - half, middle + half


def dots_of(trend: Trend, run_id: str) -> tuple[Dot, ...]:
    """Return this run and up to nine before it, oldest first, at the same speed."""
    points: list[TrendPoint] = sorted(trend.points, key=lambda point: point.started_at)
    index = next((i for i, point in enumerate(points) if point.run_id == run_id), None)
    if index is None:
        return ()
    shown = points[max(0, index - _MOST_DOTS + 1) : index + 1]
    low = min(point.value - K95 * point.se for point in shown)
    high = max(point.value + K95 * point.se for point in shown)
    room = 8.0

    def up(value: float) -> float:
        return DOTS_HEIGHT - room - (DOTS_HEIGHT - 2 * room) * (value - low) / ((high - low) or 1.0)

    step = STRIP_WIDTH / (len(shown) + 1)
    return tuple(
        Dot(
            step * (i + 1),
            up(point.value),
            up(point.value - K95 * point.se),
            up(point.value + K95 * point.se),
            point.run_id == run_id,
            point.run_id,
        )
        for i, point in enumerate(shown)
    )


def _dots_words(metric: str, summary: RunSummary, usual: tuple[float, float] | None, where: str) -> str:
    """Return the measure against the runner's usual at this pace and place, in one line."""
    value = getattr(summary, metric)
    text = f"{number(metric, value)} {unit(metric)}"
    label = w(f"metrics.{metric}.label")
    if usual is None:
        return w("runs.story.alone", label=label, value=text)
    side = side_of(value, *usual)
    if side == "like" or difference_scale_of(metric, profile().units).is_pace:
        return w("runs.story.like", label=label, value=text, where=where)
    difference = signed(metric, value - usual[0])
    return w("runs.story.differs", label=label, value=text, difference=difference, where=where)


def next_of(coach: Coach, run: Run) -> Next | None:
    """Return the one next thing after the newest run; None for older ones, whose next thing has passed."""
    newest = answer_of(lambda: coach.history.list(per_page=1))
    if newest is None or not newest.entries or newest.entries[0].run.run_id != run.run_id or not run.state.is_over:
        return None
    now = utc_now()
    ended_at = run.started_at + timedelta(seconds=run.duration_s or 0.0)
    answers = answer_of(lambda: coach.runner.pain_entries(since=ended_at))
    if now - ended_at <= _ASK_WITHIN and answers is not None and not answers:
        return Next(w("runs.story.ask_pain"), w("runs.story.enter_pain"), "/you/pain?moment=after_run")
    if session := _session_within(coach, now):
        return Next(session, w("runs.story.open_session"), "/strength")
    plan = answer_of(coach.coaching.plan)
    if plan is None:
        return None
    titles = {focus.id: said(focus.title) for focus in answer_of(coach.coaching.focuses) or ()}
    focus = titles.get(plan.focus or "")
    words = w("runs.story.next_focus", focus=focus) if focus else w("runs.story.next_run")
    return Next(words, w("runs.story.open_today"), "/")


def _session_within(coach: Coach, now: datetime) -> str:
    """Return the next strength session in words, where it is due soon."""
    plan = answer_of(coach.strength.show)
    session = answer_of(lambda: coach.strength.next_session(plan)) if plan else None
    if session is None or session.due_at is None or session.due_at - now > _SOON:
        return ""
    at = f"{day(session.due_at)}, {clock(session.due_at)}"
    return w("runs.story.session", number=session.number, at=at)
