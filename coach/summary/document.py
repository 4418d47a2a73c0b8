"""Make the JSON-ready document of one analysed recording from what the gait room found."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from coach.model.documents import JsonObject
from coach.model.metrics import LiveMetrics
from coach.model.plain import to_plain
from coach.model.samples import StreamReport
from coach.model.strides import GaitEvent, Stride, TrunkStep
from coach.summary.summarise import summarise


def analysis_document(
    recording_info: Mapping[str, object],
    events: Sequence[GaitEvent],
    reports: Sequence[StreamReport] = (),
    seconds: Sequence[LiveMetrics] = (),
    algorithm: str = "",
) -> JsonObject:
    """Return {"recording", "strides", "summary"}; trunk steps are among the strides, null where a value is unknown.

    seconds: metrics once a second, which know what no stride does (running pod, treadmill, heart rate).
    algorithm: identity of what computed the events, kept in the summary.
    """
    strides = [event for event in events if isinstance(event, Stride)]
    steps = [event for event in events if isinstance(event, TrunkStep)]
    rows = [_stride_row(stride) for stride in strides] + [
        _step_row(step, after) for step, after in zip(steps, [*steps[1:], None][: len(steps)], strict=True)
    ]
    rows.sort(key=lambda row: float(row["initial_contact_s"]))
    return {
        "recording": to_plain(recording_info),
        "strides": to_plain(rows),
        "summary": to_plain(replace(summarise(strides, steps, seconds, reports=reports), algorithm=algorithm)),
    }


def _stride_row(stride: Stride) -> JsonObject:
    return {
        "wear_site": stride.wear_site,
        "initial_contact_s": stride.initial_contact_s,
        "toe_off_s": stride.toe_off_s,
        "contact_time_s": stride.contact_time_s,
        "flight_time_s": stride.flight_time_s,
        "stride_time_s": stride.stride_time_s,
        "stride_length_m": stride.stride_length_m,
        "speed_mps": stride.speed_mps,
        "foot_strike_angle_deg": stride.foot_strike_angle_deg,
        "foot_strike": stride.foot_strike,
        "impact_g": stride.impact_g,
        "state": stride.state,
        "is_clipped": stride.is_clipped,
        "uncertainty": stride.uncertainty,
    }


def _step_row(step: TrunkStep, after: TrunkStep | None) -> dict[str, object]:
    """Return a step as the stride it begins; the stride's time is known where the next step of the same sensor
    follows."""
    stride_time_s = None
    if after is not None and after.wear_site is step.wear_site and step.step_time_s and after.step_time_s:
        ends_s = step.initial_contact_s + step.step_time_s
        if abs(ends_s - after.initial_contact_s) < 1e-3:
            stride_time_s = step.step_time_s + after.step_time_s
    return {
        "wear_site": step.wear_site,
        "initial_contact_s": step.initial_contact_s,
        "toe_off_s": step.toe_off_s,
        "contact_time_s": step.contact_time_s,
        "flight_time_s": step.flight_time_s,
        "stride_time_s": stride_time_s,
        "stride_length_m": None,
        "speed_mps": None,
        "foot_strike_angle_deg": None,
        "foot_strike": None,
        "impact_g": step.impact_g,
        "state": step.state,
        "is_clipped": step.is_clipped,
        "uncertainty": step.uncertainty,
    }
