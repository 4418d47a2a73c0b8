"""Make rows ready for a template from the summaries of runs."""

from collections.abc import Mapping, Sequence
from typing import Final

from coach.language.locales import number_text
from coach.language.signs import localised
from coach.model.cues import CueDecision, CueResponse
from coach.model.frozen import dataclass
from coach.model.metrics_table import MILE_M, Use, names_for
from coach.model.parts import Split
from coach.model.runs import Run, RunSummary
from web.context import language, profile, said, w
from web.units import K95, difference_scale_of, duration_text, local_time

KINDS: Final = ("rearfoot", "midfoot", "forefoot")


@dataclass(frozen=True, slots=True)
class Tile:
    """One average of a run. usual: in other runs at this speed. side: "above", "below" or "like" it."""

    name: str
    value: float
    sd: float | None
    usual: float | None = None
    side: str = ""


def tiles_of(summary: RunSummary, usual: Mapping[str, tuple[float, float]]) -> list[Tile]:
    """Return the averages that this run knows."""
    found = []
    for name in names_for(Use.TILE):
        value = getattr(summary, name)
        if value is None:
            continue
        middle, spread = usual.get(name, (None, None))
        if name == "impacts_per_km" and "step_length_m" in usual:
            length, length_sd = usual["step_length_m"]
            middle, spread = 1000 / length, 1000 * length_sd / length**2
        found.append(Tile(name, value, summary.total_uncertainty(name), middle, side_of(value, middle, spread)))
    return found


def side_of(value: float, middle: float | None, spread: float | None) -> str:
    """Return on which side of usual a value lies: beyond two spreads counts, each at least 1 % of the value."""
    if middle is None or spread is None:
        return ""
    width = 2 * max(spread, 0.01 * abs(middle))
    return "above" if value > middle + width else "below" if value < middle - width else "like"


@dataclass(frozen=True, slots=True)
class DriftRow:
    """Change of a measure from the first to the last third [%], with its 95 % half width."""

    name: str
    change_pct: float
    half_pct: float | None
    is_clear: bool

    def place(self, most_pct: float) -> tuple[float, float, float]:
        """Return the change and the ends of its interval on a line from -50 to 50 that reaches `most_pct` to each
        side."""
        half = self.half_pct or 0.0
        ends = (self.change_pct, self.change_pct - half, self.change_pct + half)
        return tuple(max(-50.0, min(50.0, 50.0 * end / most_pct)) for end in ends)  # type: ignore[return-value]  # three


def reach_of(rows: Sequence[DriftRow]) -> float:
    """Return how far a line of drifts reaches to each side [%]: all of them, and at least 5."""
    return max([5.0, *(abs(row.change_pct) + (row.half_pct or 0.0) for row in rows)])


def drifts_of(summary: RunSummary) -> list[DriftRow]:
    """Return the drift of each measure, at matched speed."""
    rows = []
    for name in names_for(Use.DRIFT):
        change = summary.drift_pct.get(name)
        if change is not None:
            se = summary.uncertainty.get(f"drift_{name}")
            rows.append(
                DriftRow(name, change, None if se is None else K95 * se, se is not None and abs(change) > 2.6 * se)
            )
    return rows


def split_names(splits: Sequence[Split]) -> list[str]:
    """Return the measures that at least one split knows, for the columns of their table."""
    return [name for name in names_for(Use.SPLIT) if any(name in split.values for split in splits)]


@dataclass(frozen=True, slots=True)
class CueRow:
    """A cue and what it did. effect: text with its interval, "" where too little was seen. metric, numbers: the measure
    that was looked at, and effect, low and high in the runner's unit."""

    decision: CueDecision
    effect: str
    is_clear: bool
    metric: str = ""
    numbers: tuple[float | None, float | None, float | None] = (None, None, None)


def cues_of(decisions: Sequence[CueDecision], responses: Sequence[CueResponse]) -> list[CueRow]:
    """Return cues in the order of time, each with its measured response."""
    by_id = {response.cue_id: response for response in responses}
    return [_cue_row(decision, by_id.get(decision.cue_id)) for decision in decisions]


def _cue_row(decision: CueDecision, response: CueResponse | None) -> CueRow:
    if response is None or response.change is None:
        return CueRow(decision, "", False)
    number = response.effect if response.effect is not None else response.change
    text = signed(response.metric, number)
    numbers = (number, response.low, response.high)
    shown = tuple(None if value is None else value * _factor(response.metric) for value in numbers)
    if response.low is None or response.high is None:
        return CueRow(decision, text, False, response.metric, (shown[0], None, None))
    low, high = signed(response.metric, response.low, has_unit=False), signed(response.metric, response.high)
    effect = w("runs.cues.interval", effect=text, low=low, high=high)
    is_clear = response.low > 0 or response.high < 0
    return CueRow(decision, effect, is_clear, response.metric, (shown[0], shown[1], shown[2]))


def _factor(metric: str) -> float:
    try:
        scale = difference_scale_of(metric, profile().units)
    except KeyError:
        return 1.0
    return 1.0 if scale.is_pace else scale.factor


def lane_of(rows: Sequence[CueRow]) -> dict[str, object]:
    """Return the cues that were spoken for the lane beside the plots;
    numbers where they are of the measure most looked at."""
    spoken = [row for row in rows if row.decision.is_spoken]
    seen = [row.metric for row in spoken if row.metric]
    metric = max(sorted(set(seen)), key=seen.count, default="")
    cues = []
    for row in spoken:
        effect, low, high = row.numbers if row.metric == metric else (None, None, None)
        words = row.effect or w("runs.cues.unknown")
        cue = {"t_s": row.decision.t_s, "say": row.decision.say, "effect_words": words, "is_clear": row.is_clear}
        cues.append({**cue, "effect": effect, "low": low, "high": high})
    return {"cues": cues, "response": {"unit": _unit_of(metric), "label": _label_of(metric)}}


def _unit_of(metric: str) -> str:
    try:
        scale = difference_scale_of(metric, profile().units)
    except KeyError:
        return ""
    return "m/s" if scale.is_pace else said(scale.unit)


def _label_of(metric: str) -> str:
    return w(f"metrics.{metric}.label") if _unit_of(metric) else metric


def signed(name: str, value: float | None, n_more: int = 0, has_unit: bool = True) -> str:
    """Return a difference with its sign and unit in the runner's units, with `n_more` decimals; speed stays in m/s."""
    if value is None:
        return "–"
    try:
        scale = difference_scale_of(name, profile().units)
    except KeyError:
        return localised(f"{value:+.2f}", language())
    if scale.is_pace:
        return localised(f"{value:+.2f} m/s", language())
    text = without_sign_of_zero(f"{value * scale.factor:+.{scale.decimals + n_more}f}")
    return f"{text} {said(scale.unit)}" if has_unit else text


def without_sign_of_zero(text: str) -> str:
    """Return the text without the sign of a rounded nothing, which has no direction; a minus is written as one."""
    return localised(text if float(text) else text.lstrip("+-"), language())


def is_shown(name: str, difference: float) -> bool:
    """Whether a difference is large enough to be seen in the decimals that are shown."""
    return any(digit in "123456789" for digit in signed(name, difference).split()[0])


def difference_text(name: str, difference: float, se: float | None, first: float | None = None) -> str:
    """Return a difference with its 95 % half width. first: the value that it starts from, for a pace."""
    scale = difference_scale_of(name, profile().units)
    if scale.is_pace and first and first + difference > 0:
        seconds = round(scale.factor / (first + difference)) - round(scale.factor / first)
        sign = "\u2212" if seconds < 0 else "+" if seconds else ""
        return f"{sign}{duration_text(abs(seconds))} {scale.unit}"
    if se is None or scale.is_pace:
        return signed(name, difference)
    half = K95 * se * scale.factor
    around = number_text(half, scale.decimals, language())
    return f"{signed(name, difference, has_unit=False)} ± {around} {said(scale.unit)}"


def split_length() -> float:
    """Return metres of one split in the runner's units."""
    return MILE_M if profile().units == "imperial" else 1000.0


def title_of(run: Run) -> str:
    """Return the runner's title, or one by the time of day."""
    if run.title:
        return run.title
    hour = local_time(run.started_at, profile().time_zone).hour
    part = (
        "night"
        if hour < 5
        else "morning"
        if hour < 11
        else "midday"
        if hour < 14
        else "afternoon"
        if hour < 18
        else "evening"
    )
    return w(f"runs.title.{part}")


def record_name(metres: str) -> str:
    """Return a distance as runners call it."""
    return w(f"runs.records.m{metres}")
