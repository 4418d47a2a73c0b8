"""The quality check before a run: "jump three times": rate as promised, nothing clipped, both feet felt it together."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from coach.model.links import LinkStatus
from coach.model.samples import FloatArray, ImuChunk
from coach.model.sensing import CheckReport, SensorCheck
from coach.model.sites import WearSite
from coach.service.sensors.preview import Viewer, rate_of
from coach.service.sensors.registry import LOST_SHARE

N_JUMPS = 3
_G = 9.80665
_LANDING_G = 3.0  # chosen by eye, 2026-11-20: above any stride while standing or walking, below a small jump's landing
_APART_S = 0.35
_TOGETHER_S = 0.15
RATE_SHARE = 0.05
_FOOT_TURN_RADPS = 6.0  # a foot turns faster than this in every stride, a trunk never: protocols of both at hand


@dataclass(frozen=True, slots=True)
class Before:
    """Counts of a sensor when the check began."""

    n_missing: int
    n_clipped: int


def landings_s(chunks: Sequence[ImuChunk]) -> list[float]:
    """When the sensor felt a landing: the first reading above 3 g, at most one in 0.35 s."""
    found: list[float] = []
    for t_s in _hard_times(chunks):
        if not found or t_s - found[-1] > _APART_S:
            found.append(float(t_s))
    return found


def _hard_times(chunks: Sequence[ImuChunk]) -> FloatArray:
    if not chunks:
        return np.empty(0)
    t_s = np.concatenate([chunk.t_s for chunk in chunks])
    force = np.concatenate([np.sqrt(np.nansum(chunk.acc_mps2**2, axis=1)) for chunk in chunks])
    return t_s[force > _LANDING_G * _G]


def suggest_site(chunks: Sequence[ImuChunk], worn: WearSite | None) -> WearSite | None:
    """Foot or trunk by how fast it turns while its wearer moves; None where the data or the side do not tell."""
    turns = [np.linalg.norm(chunk.gyr_radps, axis=1) for chunk in chunks if chunk.gyr_radps is not None]
    if not turns or not landings_s(chunks):
        return None
    is_on_leg = float(np.percentile(np.concatenate(turns), 99)) > _FOOT_TURN_RADPS
    if worn is None:
        return None if is_on_leg else WearSite.PELVIS
    if is_on_leg == (not worn.is_trunk):
        return worn
    return WearSite.PELVIS if not is_on_leg else None


def check_sensor(viewer: Viewer, before: Before, start_s: float) -> SensorCheck:
    """What this sensor did since `start_s`."""
    use = viewer.use
    chunks = viewer.since(start_s)
    n_samples = sum(len(chunk.t_s) for chunk in chunks)
    readings = [t_s for t_s, _, _ in viewer.readings if t_s >= start_s]
    check = SensorCheck(
        sensor_id=use.sensor_id,
        name=use.name,
        wear_site=use.wear_site,
        rate_hz=rate_of(chunks),
        expected_rate_hz=viewer.expected_rate_hz,
        n_samples=n_samples or len(readings),
        n_missing=viewer.n_missing() - before.n_missing,
        n_clipped=viewer.n_clipped() - before.n_clipped,
        n_landings=len(landings_s(chunks)),
        battery_pct=viewer.battery_pct,
        suggested_site=suggest_site(chunks, use.wear_site),
    )
    return SensorCheck(
        **{name: getattr(check, name) for name in check.__slots__ if name != "problems"},
        problems=tuple(_problems(check, viewer)),
    )


def _problems(check: SensorCheck, viewer: Viewer) -> list[str]:
    event = viewer.last_event
    if event is None or event.status is not LinkStatus.STREAMING:
        return [event.words if event else f"{check.name} was not found: bring it near and switch it on"]
    if check.n_samples == 0:
        return [f"{check.name} sent nothing: move it, or switch it off and on"]
    if viewer.profile.kind != "imu":
        return []
    found = []
    if check.wear_site is None:
        found.append(f"Choose where {check.name} sits on the body")
    if check.rate_hz and check.expected_rate_hz and check.rate_hz < (1 - RATE_SHARE) * check.expected_rate_hz:
        found.append(
            f"{check.name} gives {check.rate_hz:.0f} readings a second instead of {check.expected_rate_hz:.0f}: "
            "configure it, and keep it within 3 m of the computer"
        )
    if check.n_missing > LOST_SHARE * check.n_samples:
        share = 100 * check.n_missing / (check.n_samples + check.n_missing)
        found.append(f"{share:.0f} % of the readings of {check.name} were lost: move the computer nearer")
    if check.n_clipped > 0 and not (check.wear_site and check.wear_site.is_foot):
        found.append(f"{check.name} was at the end of its range {check.n_clipped} times: set a larger range")
    if check.wear_site and not check.wear_site.is_trunk and check.n_landings < N_JUMPS:
        found.append(f"{check.name} felt {check.n_landings} of {N_JUMPS} landings: fasten it, and jump higher")
    if check.wear_site and check.suggested_site and check.suggested_site is not check.wear_site:
        found.append(f"{check.name} moves like one on the {check.suggested_site.value}: is it in the right place?")
    return found


def check_together(viewers: Sequence[Viewer], checks: Sequence[SensorCheck], start_s: float) -> list[str]:
    """What only several sensors show: both feet must feel the landings at the same time."""
    feet = {viewer.use.wear_site: landings_s(viewer.since(start_s)) for viewer in viewers}
    left, right = feet.get(WearSite.LEFT_FOOT), feet.get(WearSite.RIGHT_FOOT)
    if left is None and right is None:
        return [] if any(not check.problems for check in checks) else ["No sensor is ready"]
    if left is None or right is None:
        side = "left" if left is None else "right"
        return [f"No sensor on the {side} foot: flight time and balance are then estimated"]
    together = sum(any(abs(a - b) < _TOGETHER_S for b in right) for a in left)
    if left and right and together < min(len(left), len(right), N_JUMPS):
        return ["Left and right did not land together: jump with both feet, or check again"]
    return []


def report(viewers: Sequence[Viewer], befores: dict[str, Before], start_s: float, seconds: float) -> CheckReport:
    """The whole check. is_good: every sensor is well and the feet agree; one missing foot is named, not a fault."""
    checks = [check_sensor(viewer, befores[viewer.use.sensor_id], start_s) for viewer in viewers]
    problems = check_together(viewers, checks, start_s)
    is_good = bool(checks) and not any(check.problems for check in checks)
    is_good = is_good and all(problem.startswith("No sensor on") for problem in problems)
    return CheckReport(seconds, tuple(checks), tuple(problems), is_good)
