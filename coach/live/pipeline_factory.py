"""Join the stages of a run's pipeline, for its sensors and its coach: the one place where that is done."""

from collections.abc import Sequence
from importlib.resources import files

from coach.coaching.engine import CueEngine
from coach.live.pipeline import Pipeline
from coach.model.links import SensorUse
from coach.model.runner import RunnerProfile
from coach.packets.decoders import decoder_for
from firmware_config.loader import load_profile


def make_pipeline(
    uses: Sequence[SensorUse],
    profile: RunnerProfile | None = None,
    coaching: CueEngine | None = None,
    *,
    seconds_only: bool = False,
) -> Pipeline:
    """Return a fresh pipeline for these sensors. seconds_only: as `Pipeline` says.

    Raises:
        ProfileError: a sensor's profile does not exist.
    """
    from coach.gait.fusion.body import BodyFacts, BodyGait  # only now: a service waits for its runner without them

    runner = profile or RunnerProfile()
    facts = BodyFacts(runner.height_m, runner.leg_length_m, runner.mass_kg)
    sites = [use.wear_site for use in uses if use.wear_site is not None]
    decoders = {use.sensor_id: decoder_for(load_profile(use.profile_id), use) for use in uses}
    return Pipeline(decoders, BodyGait(sites, facts), coaching, seconds_only=seconds_only)


def profile_texts(uses: Sequence[SensorUse]) -> dict[str, str]:
    """Return the profiles of these sensors as their files are today: kept with a recording."""
    folder = files("firmware_config") / "profiles"
    ids = {use.profile_id for use in uses}
    return {name: (folder / f"{name}.toml").read_text(encoding="utf-8") for name in sorted(ids)}
