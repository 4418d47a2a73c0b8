"""The state of a sensor that is not previewed: in this runner's run, or in another's."""

from coach.model.links import LinkEvent, LinkStatus, SensorUse
from coach.model.samples import CadenceDecision
from coach.model.sensing import SensorState
from coach.service.sensors.claims import in_use
from firmware_config.loader import load_profile


def state_in_run(
    use: SensorUse, event: LinkEvent | None, battery_pct: float | None, cadence: CadenceDecision | None
) -> SensorState:
    """Return a sensor while a run is on. event: the newest of its link, None where it is not part of the run."""
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
        cadence=cadence,
    )


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
