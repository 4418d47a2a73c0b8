"""The sensors page: find, connect, place on the body, see it move, set it up, check it, forget it."""

from typing import Annotated, Final, Literal

from flask import Blueprint, render_template
from pydantic import Base64Bytes, Field

from coach.model.frozen import dataclass
from coach.model.links import SensorUse
from coach.model.sensing import CheckReport, SensorState, Surroundings
from coach.model.sites import WearSite
from coach.model.steps import SettingsReport
from coach.packets.phone_motion import LONGEST
from coach.radio.served import ServedBatch
from coach.service.sensors.foot_lift import LIFT_S, LiftReport
from coach.service.sensors.service import SensorService
from firmware_config.loader import load_profiles, named_sensors, tried_sensors
from web.api import Body, route
from web.context import said, the_coach

blueprint = Blueprint("sensors", __name__)
_MOST_COUNTED: Final = 2**53 - 101  # beyond it, with a batch, a browser's numbers are no longer exact


@dataclass(frozen=True, slots=True)
class ProfileFacts:
    """What the page says of one sensor model.

    tried: real sensors that owners reported on, with their firmware. also_as: other models it can be connected as.
    is_built_in: it is the phone itself, which no scan finds. is_bluetooth: it can be set up from here.
    """

    id: str
    title: str
    maker: str
    kind: str
    is_tried_on_hardware: bool
    tried: tuple[str, ...]
    also_as: tuple[str, ...]
    wear_sites: tuple[str, ...]
    quirks: tuple[str, ...]
    has_settings: bool
    is_built_in: bool
    is_bluetooth: bool


class PairBody(Body):
    """profile_id: for a sensor that no profile recognised. cadence_unit: what a running pod counts, if known."""

    sensor_id: str = Field(min_length=1, max_length=80)
    wear_site: WearSite | None = None
    profile_id: str | None = None
    cadence_unit: Literal["steps", "strides"] | None = None


class PlaceBody(Body):
    """Where a sensor is worn; null: nowhere that matters."""

    wear_site: WearSite | None


class CadenceUnitBody(Body):
    """What a running pod counts; null: found out from its data."""

    cadence_unit: Literal["steps", "strides"] | None


class ReadingsBody(Body):
    """What a phone in the belt measured. sender: this visit of its page; first: the number of the first packet.

    is_beginning: nothing of this visit has been answered yet: it takes over from another page.
    packets: in base64, as `coach.packets.phone_motion` reads them.
    """

    sender: str = Field(min_length=1, max_length=60)
    first: int = Field(ge=0, le=_MOST_COUNTED)
    is_beginning: bool = False
    packets: list[Annotated[Base64Bytes, Field(max_length=LONGEST)]] = Field(min_length=1, max_length=100)


@dataclass(frozen=True, slots=True)
class Due:
    """next: the number of the packet that is due."""

    next: int


class CheckBody(Body):
    """How long the sensors are watched [s]."""

    seconds: float = Field(8.0, ge=3, le=30)


class LiftBody(Body):
    """How long the shoes are watched [s]."""

    seconds: float = Field(LIFT_S, ge=3, le=30)


@blueprint.get("/sensors")
def page() -> str:
    """Return the page; its lists are filled and kept fresh by its script."""
    named = [
        {
            "title": one.title,
            "name_prefixes": one.name_prefixes,
            "gives": [said(what) for what in one.gives],
            "lacks": [said(what) for what in one.lacks],
        }
        for one in named_sensors()
    ]
    sites = [site.value for site in WearSite]
    return render_template("sensors/sensors.html", sites=sites, profiles=_profiles(), named=named)


@route(blueprint, "GET", "/sensors", returns=list[SensorState], summary="How each remembered sensor does now")
def states() -> list[SensorState]:
    """Return how each remembered sensor does; asking keeps them linked while no run is on."""
    return _sensors().states()


@route(blueprint, "GET", "/sensors/around", returns=Surroundings, summary="What a scan hears; asking keeps it going")
def around() -> Surroundings:
    """Return what is heard now; who stops asking lets the scan end."""
    return _sensors().surroundings()


@route(blueprint, "GET", "/sensors/profiles", returns=list[ProfileFacts], summary="Sensor models known here")
def profiles() -> list[ProfileFacts]:
    """Return the sensor models known here, whether or not one is near."""
    return _profiles()


@route(blueprint, "POST", "/sensors/pair", body=PairBody, returns=SensorUse, summary="Connect a sensor and remember it")
def pair(body: PairBody) -> SensorUse:
    """Connect to a sensor once, find out what it is, and remember it.

    Raises:
        LinkError: it cannot be reached. UserError: no profile fits, or it cannot be worn there.
    """
    return _sensors().pair(body.sensor_id, body.wear_site, profile_id=body.profile_id, cadence_unit=body.cadence_unit)


@route(
    blueprint, "POST", "/sensors/check", body=CheckBody, returns=CheckReport, summary="Check all sensors: jump 3 times"
)
def check(body: CheckBody) -> CheckReport:
    """Watch all remembered sensors while the runner jumps three times; answers when the time is over.

    Raises:
        UserError: a run is on, or no sensor is paired.
    """
    return _sensors().checks.check(body.seconds)


@route(
    blueprint, "POST", "/sensors/lift", body=LiftBody, returns=LiftReport, summary="Learn the sides: lift the left foot"
)
def lift(body: LiftBody) -> LiftReport:
    """Watch the shoes while the runner lifts the left foot, and place both where it is clear.

    Raises:
        UserError: a run is on, or not one or two sensors can be on a foot.
    """
    return _sensors().checks.lift(body.seconds)


@route(blueprint, "PUT", "/sensors/<sensor_id>/place", body=PlaceBody, returns=SensorUse, summary="Where it is worn")
def place(sensor_id: str, body: PlaceBody) -> SensorUse:
    """Remember where a sensor is worn.

    Raises:
        UserError: there is no such sensor, or its model cannot be worn there.
    """
    return _sensors().book.place(sensor_id, body.wear_site)


@route(
    blueprint,
    "PUT",
    "/sensors/<sensor_id>/cadence_unit",
    body=CadenceUnitBody,
    returns=SensorUse,
    summary="What a running pod counts",
)
def cadence_unit(sensor_id: str, body: CadenceUnitBody) -> SensorUse:
    """Remember what a running pod counts; a run that is on follows at once."""
    return _sensors().set_cadence_unit(sensor_id, body.cadence_unit)


@route(blueprint, "GET", "/sensors/<sensor_id>/settings", returns=SettingsReport, summary="What the sensor is set to")
def settings(sensor_id: str) -> SettingsReport:
    """Connect to a sensor and return what it is set to, beside what its place asks for.

    Raises:
        LinkError: it cannot be reached. UserError: a run is on.
    """
    return _sensors().read_settings(sensor_id)


@route(
    blueprint, "POST", "/sensors/<sensor_id>/settings", returns=SettingsReport, summary="Set it up for where it is worn"
)
def configure(sensor_id: str) -> SettingsReport:
    """Set a sensor up for where it is worn; return what it had, what it has, what to beware of.

    Raises:
        LinkError: it cannot be reached. UserError: a run is on.
    """
    return _sensors().configure(sensor_id)


@route(blueprint, "POST", "/sensors/phone", returns=SensorUse, summary="Make the runner's phone a sensor in the belt")
def remember_phone() -> SensorUse:
    """Make the runner's phone a sensor at the small of the back, or return the one that it is already.

    Raises:
        UserError: another sensor is worn there.
    """
    return _sensors().phone.remember()


@route(
    blueprint,
    "POST",
    "/sensors/<sensor_id>/readings",
    body=ReadingsBody,
    returns=Due,
    summary="What a phone in the belt measured; a repeated batch counts once",
)
def readings(sensor_id: str, body: ReadingsBody) -> Due:
    """Take packets of the phone in the belt; return the number of the one that is due, from which it goes on.

    Raises:
        UserError: it was forgotten. ConflictError: another page is the sensor now.
    """
    batch = ServedBatch(body.sender, body.first, tuple(body.packets), body.is_beginning)
    return Due(_sensors().phone.take(sensor_id, batch))


@route(blueprint, "DELETE", "/sensors/<sensor_id>", summary="Forget a sensor")
def forget(sensor_id: str) -> None:
    """Disconnect a sensor and remember it no more; runs that it measured stay."""
    _sensors().forget(sensor_id)


def _sensors() -> SensorService:
    return the_coach().sensors


def _profiles() -> list[ProfileFacts]:
    return [
        ProfileFacts(
            profile.id,
            said(profile.title),
            profile.maker,
            profile.kind,
            profile.is_tried_on_hardware,
            tuple(f"{one.model} {one.firmware}".strip() for one in tried_sensors() if one.profile == profile.id),
            profile.also_as,
            profile.wear_sites,
            tuple(said(quirk) for quirk in profile.quirks),
            bool(profile.settings),
            profile.is_built_in,
            profile.is_bluetooth,
        )
        for profile in load_profiles().values()
    ]
