"""The quality check before a run: "stand still, then jump three times".

Rate as promised, nothing clipped, and three jumps are three landings on every sensor, at the same moments: a runner who
runs, a sensor that lies in the other pair of shoes, swings, or turned on its mounting is distinguished from one that
is well. A landing is a blow on a foot or shank; on the trunk, where steps give blows of the same size, it is a free
fall and then a blow. Left and right cannot be distinguished by jumps.
"""

from collections.abc import Mapping, Sequence

from coach.model.arrays import np
from coach.model.frozen import dataclass
from coach.model.links import LinkStatus
from coach.model.samples import FloatArray, ImuChunk
from coach.model.sensing import CheckReport, SensorCheck
from coach.model.sites import WearSite
from coach.model.units import GRAVITY_MPS2
from coach.service.sensors.preview import Viewer, rate_of
from coach.service.sensors.registry import LOST_SHARE

N_JUMPS = 3
_NO_FOOT = "No sensor on the"
# A body falls freely for 0.29 s in a jump of 10 cm, and lands at 1.4 m/s; on the trunk a half sine of 0.15 s then has a
# peak of 2.5 g (mechanics of a falling body; the time by judgement). A sensor in free fall reads 0.
_FALL_G = 0.5  # halfway from standing to falling
_FALL_S = 0.1  # a third of that fall; a step of a walk has none
_TRUNK_LANDING_G = 1.8
_SOON_S = 0.3  # from the end of the fall to the peak, with the landing's 0.15 s twice; by judgement
_TURNED_DEG = 20.0  # a body sways by less between standing and standing again; by judgement
_STILL_S = 0.5  # so long is a moment of standing; by judgement
_STILL_MPS2 = 0.6  # SD of an axis; as of a leg that is standing (`ShankParams.still_mps2`)
_LANDING_G = 3.0  # chosen by eye, 2026-11-20: above any stride while standing or walking, below a small jump's landing
_APART_S = 0.35  # a jump of 10 cm falls for 0.29 s before it lands, and its push-off comes first
_TOGETHER_S = 0.15  # feet and trunk peak 0.05 s apart, clocks and links differ by less than 0.1; by judgement
RATE_SHARE = 0.05  # sensors are off their nominal rate by a percent or two (`ImuStream`); by judgement
_FOOT_TURN_RADPS = 6.0  # a foot turns faster than this in every stride, a trunk never: protocols of both at hand
_TRUNK_TURN_RADPS = 2.0  # a foot points down faster than this in any jump; by judgement


@dataclass(frozen=True, slots=True)
class Before:
    """Counts of a sensor when the check began."""

    n_missing: int
    n_clipped: int


def landings_s(chunks: Sequence[ImuChunk], site: WearSite | None = None) -> list[float]:
    """Return when the sensor measured a landing [s], at most one in 0.35 s: the first reading above 3 g; on the trunk
    the first above 1.8 g within 0.3 s of a free fall of at least 0.1 s."""
    if not chunks:
        return []
    t_s = np.concatenate([chunk.t_s for chunk in chunks])
    force_g = np.concatenate([np.sqrt(np.nansum(chunk.acc_mps2**2, axis=1)) for chunk in chunks]) / GRAVITY_MPS2
    is_trunk = site is not None and site.is_trunk
    hard_s = t_s[force_g > (_TRUNK_LANDING_G if is_trunk else _LANDING_G)]
    if is_trunk:
        fallen_s = _ends_of_falls(t_s, force_g)
        hard_s = np.array([t for t in hard_s if any(0 <= t - end_s <= _SOON_S for end_s in fallen_s)])
    found: list[float] = []
    for t in hard_s:
        if not found or t - found[-1] > _APART_S:
            found.append(float(t))
    return found


def _ends_of_falls(t_s: FloatArray, force_g: FloatArray) -> list[float]:
    """Return when each free fall ended [s]."""
    ends: list[float] = []
    start_s: float | None = None
    for t, is_falling in zip(t_s, force_g < _FALL_G, strict=True):
        if is_falling and start_s is None:
            start_s = float(t)
        elif not is_falling and start_s is not None:
            if t - start_s >= _FALL_S:
                ends.append(float(t))
            start_s = None
    return ends


def turned_deg(chunks: Sequence[ImuChunk]) -> float | None:
    """Return how far the sensor turned on the body [deg]: the angle between gravity as it read it while its wearer was
    still first, and last; None where there were no two such moments."""
    if not chunks:
        return None
    t_s = np.concatenate([chunk.t_s for chunk in chunks])
    acc = np.concatenate([chunk.acc_mps2 for chunk in chunks])
    still: list[FloatArray] = []
    for start_s in np.arange(t_s[0], t_s[-1] - _STILL_S, _STILL_S):
        part = acc[(t_s >= start_s) & (t_s < start_s + _STILL_S)]
        if len(part) > 4 and bool((np.std(part, axis=0) < _STILL_MPS2).all()):
            still.append(np.mean(part, axis=0))
    if len(still) < 2:
        return None
    first, last = still[0], still[-1]
    cosine = float(first @ last / (np.linalg.norm(first) * np.linalg.norm(last)))
    return float(np.degrees(np.arccos(np.clip(cosine, -1.0, 1.0))))


def suggest_site(chunks: Sequence[ImuChunk], worn: WearSite | None) -> WearSite | None:
    """Return foot or trunk by how fast it turns while its wearer moves; None where the data or the side do not say."""
    turns = [np.linalg.norm(chunk.gyr_radps, axis=1) for chunk in chunks if chunk.gyr_radps is not None]
    if not turns or not (landings_s(chunks) or landings_s(chunks, WearSite.PELVIS)):
        return None
    turn_radps = float(np.percentile(np.concatenate(turns), 99))
    is_on_leg, is_on_trunk = turn_radps > _FOOT_TURN_RADPS, turn_radps < _TRUNK_TURN_RADPS
    if worn is None:
        return WearSite.PELVIS if is_on_trunk else None
    if worn.is_trunk:
        return None if is_on_leg else worn
    return WearSite.PELVIS if is_on_trunk else worn


def check_sensor(viewer: Viewer, before: Before, start_s: float) -> SensorCheck:
    """Return what this sensor did since `start_s`."""
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
        n_missing=max(viewer.n_missing() - before.n_missing, 0),  # an absence before may be counted better since
        n_clipped=viewer.n_clipped() - before.n_clipped,
        n_landings=len(landings_s(chunks, use.wear_site)),
        battery_pct=viewer.battery_pct,
        suggested_site=suggest_site(chunks, use.wear_site),
    )
    return SensorCheck(
        **{name: getattr(check, name) for name in check.__slots__ if name != "problems"},
        problems=tuple(_problems(check, viewer, turned_deg(chunks))),
    )


def _problems(check: SensorCheck, viewer: Viewer, turn_deg: float | None) -> list[str]:
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
    if check.wear_site and check.n_landings < N_JUMPS:
        found.append(f"{check.name} measured {check.n_landings} of {N_JUMPS} landings: fasten it, and jump higher")
    if turn_deg is not None and turn_deg > _TURNED_DEG:
        found.append(f"{check.name} turned by {turn_deg:.0f} degrees in the jumps: fasten it so that it cannot move")
    if check.wear_site and check.suggested_site and check.suggested_site is not check.wear_site:
        found.append(f"{check.name} moves like one on the {check.suggested_site.value}: is it in the right place?")
    return found


def check_together(viewers: Sequence[Viewer], checks: Sequence[SensorCheck], start_s: float) -> list[str]:
    """Return what only several sensors show: all of them measure the same three jumps, at the same moments."""
    measured = {
        viewer.use.sensor_id: landings_s(viewer.since(start_s), viewer.use.wear_site)
        for viewer in viewers
        if viewer.profile.kind == "imu" and viewer.use.wear_site
    }
    return [
        *_missing_foot(viewers, checks),
        *(_too_many(checks, measured) or _apart(checks, measured)),
    ]


def _apart(checks: Sequence[SensorCheck], measured: Mapping[str, Sequence[float]]) -> list[str]:
    """Return complaints of sensors that landed with none of those that landed three times; of two it may be either."""
    found = []
    names = {check.sensor_id: check.name for check in checks}
    for sensor_id, landings in measured.items():
        others = [one for other, one in measured.items() if other != sensor_id and len(one) == N_JUMPS]
        if not others:
            continue
        if not landings:
            found.append(
                f"{names[sensor_id]} measured nothing of the jumps that the others measured: is it on your body, or "
                "on a pair of shoes that you do not wear?"
            )
        elif not any(_n_together(landings, one) >= min(len(landings), N_JUMPS) for one in others):
            found.append(f"{names[sensor_id]} did not land with the others: jump with both feet, or check again")
    return found


def _missing_foot(viewers: Sequence[Viewer], checks: Sequence[SensorCheck]) -> list[str]:
    sites = {viewer.use.wear_site for viewer in viewers}
    feet = [site for site in (WearSite.LEFT_FOOT, WearSite.RIGHT_FOOT) if site in sites]
    if not feet:
        return [] if any(not check.problems for check in checks) else ["No sensor is ready"]
    if len(feet) == 1:
        side = "right" if feet == [WearSite.LEFT_FOOT] else "left"
        return [f"{_NO_FOOT} {side} foot: flight time and balance are then estimated"]
    return []


def _too_many(checks: Sequence[SensorCheck], measured: Mapping[str, Sequence[float]]) -> list[str]:
    """Return complaints of more landings than jumps: the runner did more, where all agree; else one sensor swings."""
    many = [check for check in checks if len(measured.get(check.sensor_id, ())) > N_JUMPS]
    if not many:
        return []
    if len(many) == len(measured):
        n = max(len(measured[check.sensor_id]) for check in many)
        return [f"{n} landings for {N_JUMPS} jumps: stand still, then jump {N_JUMPS} times and stand again"]
    return [
        f"{check.name} measured {len(measured[check.sensor_id])} landings for {N_JUMPS} jumps: it swings; fasten it"
        for check in many
    ]


def _n_together(some: Sequence[float], others: Sequence[float]) -> int:
    return sum(any(abs(a - b) < _TOGETHER_S for b in others) for a in some)


def report(viewers: Sequence[Viewer], befores: dict[str, Before], start_s: float, seconds: float) -> CheckReport:
    """Return the whole check. is_good: every sensor is well and the feet agree; one missing foot is named,
    not a fault."""
    checks = [check_sensor(viewer, befores[viewer.use.sensor_id], start_s) for viewer in viewers]
    problems = check_together(viewers, checks, start_s)
    is_good = bool(checks) and not any(check.problems for check in checks)
    is_good = is_good and all(problem.startswith(_NO_FOOT) for problem in problems)
    return CheckReport(seconds, tuple(checks), tuple(problems), is_good)
