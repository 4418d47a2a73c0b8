"""The state of a sensor that is not previewed: in this runner's run, or in another's."""

from coach.model.links import LinkEvent, LinkStatus, SensorUse
from coach.model.samples import StreamReport
from coach.model.sensing import SensorState
from coach.packets.settings import number, settings_of
from coach.service.sensors.claims import in_use
from firmware_config.loader import load_profile
from firmware_config.schema import DeviceProfile


def expected_rate_hz(profile: DeviceProfile, use: SensorUse) -> float | None:
    """Return the rate that a motion sensor is asked for at its wear site [Hz]; None for one without rates."""
    return number(settings_of(profile, use), "rate_hz") if profile.kind == "imu" else None


def state_in_run(
    use: SensorUse, event: LinkEvent | None, battery_pct: float | None, report: StreamReport | None
) -> SensorState:
    """Return a sensor while a run is on.

    event: the newest of its link; report: of its bytes so far; both None where it is not part of the run.
    """
    profile = load_profile(use.profile_id)
    return SensorState(
        use=use,
        profile_title=profile.title,
        is_tried_on_hardware=profile.is_tried_on_hardware,
        status=event.status if event else None,
        reason=event.reason if event else "",
        words=event.words if event else "not part of this run",
        is_ready=event is not None and event.status is LinkStatus.STREAMING,
        battery_pct=battery_pct,
        rate_hz=_arriving_hz(report) if report else None,
        expected_rate_hz=expected_rate_hz(profile, use) if report else None,
        n_clipped=report.n_clipped if report else 0,
        cadence=report.cadence if report else None,
        is_in_run=True,
    )


def _arriving_hz(report: StreamReport) -> float | None:
    """Return the readings that arrive each second of the run; a report's own rate counts in what was lost."""
    if report.rate_hz is None or report.n_samples == 0:
        return None
    return report.rate_hz * report.n_samples / (report.n_samples + report.n_missing)


def claimed_state(use: SensorUse, holder: str) -> SensorState:
    """Return a sensor that another runner's run has."""
    profile = load_profile(use.profile_id)
    return SensorState(
        use=use,
        profile_title=profile.title,
        is_tried_on_hardware=profile.is_tried_on_hardware,
        status=None,
        reason="in_use",
        words=str(in_use(use.name, holder)),
        is_ready=False,
    )
