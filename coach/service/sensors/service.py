"""Sensors for the page and the command line: find, pair, place, set up, look at, check, and give to a run.

Every method may be called from any thread; the radio's work happens on its event loop.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace

from coach.errors import LinkError, UserError
from coach.model.device_reports import Advertised
from coach.model.links import FoundSensor, LinkEvent, SensorUse
from coach.model.samples import Notification, StreamReport
from coach.model.sensing import SensorState, Surroundings
from coach.model.sites import WearSite
from coach.model.steps import Carrier, Conversation, LinkPlan, SettingsReport
from coach.packets import commands
from coach.packets.settings import without_rate
from coach.radio.ant.air import is_ant
from coach.radio.backend import Backend
from coach.radio.clock import RunClock
from coach.radio.links import LinkedSensors, open_radio
from coach.radio.scan import can_listen
from coach.radio.session import Session, again_where_paired, connected
from coach.radio.words import loss_error
from coach.service.event_loop import LoopThread
from coach.service.sensors.cadence_unit import PodCounts
from coach.service.sensors.checks import SensorChecks
from coach.service.sensors.claims import SensorClaims, in_use
from coach.service.sensors.keep_alive import Leases
from coach.service.sensors.preview import Preview, Viewer
from coach.service.sensors.registry import SensorBook, check_site
from coach.service.sensors.run_source import RunSource
from coach.service.sensors.served_phone import ServedPhone
from coach.service.sensors.states import claimed_state, state_in_run
from coach.storage.store import Store
from firmware_config.loader import load_profile
from firmware_config.schema import DeviceProfile

_FIRST_HEARD_S = 8.0
_ANSWER_S = 90.0
_MakeConversation = Callable[[DeviceProfile, SensorUse], Conversation[SettingsReport]]


def _ignore(_notification: Notification) -> None:
    """Do nothing: a short visit to a sensor records nothing."""


class SensorService:
    """All use cases of sensors. backend: the machine's radio, or the virtual one. speed: of the virtual world's clock.

    Scanning and previews go on while someone asks for them (a page polls) and end some seconds after the last question.
    """

    def __init__(
        self,
        store: Store,
        loop: LoopThread,
        backend: Backend | None = None,
        speed: float = 1.0,
        claims: SensorClaims | None = None,
        owner: str = "",
    ) -> None:
        self._store = store
        self.book = SensorBook(store)
        self._loop = loop
        self._backend = backend or Backend()
        self._clock = loop.call(lambda: RunClock(speed))
        self._radio = loop.call(lambda: open_radio(self._backend, self._clock))
        self.phone = ServedPhone(self.book, loop, self._radio.served)
        self._preview: Preview | None = None
        self._met: dict[str, SensorUse] = {}  # paired a moment ago: who asked before that does not know them yet
        self._leases = Leases()
        self._problem: str | None = None
        self._is_running = False
        self._run_events: dict[str, LinkEvent] = {}
        self._run_links: LinkedSensors | None = None
        self.pod_counts = PodCounts()
        self.checks = SensorChecks(self.book, loop, self._clock, self._viewers)
        self._alone = loop.call(asyncio.Lock)
        self._claims, self._owner = claims or SensorClaims(), owner
        self._claims.join(owner, self._let_go)

    # -- finding

    def surroundings(self) -> Surroundings:
        """Return what is heard now; asking keeps the scan alive."""
        return self._loop.call(self._surroundings)

    def _surroundings(self) -> Surroundings:
        self._leases.renew("scan", self._scan_while_asked)
        fault = self._radio.ear.fault
        problem = self._problem or (str(fault) if fault else None)
        return Surroundings(tuple(self._radio.found()), problem is None, problem, self._radio.backend.ant.problem)

    async def _scan_while_asked(self) -> None:
        try:
            async with self._radio.listening():
                self._problem = None
                await self._leases.expiry("scan")
        except LinkError as fault:
            self._problem = str(fault)
            with self._radio.backend.ant.wanted():
                await asyncio.sleep(2.0)

    def scan(
        self, seconds: float = 5.0, on_found: Callable[[list[FoundSensor]], None] | None = None
    ) -> list[FoundSensor]:
        """Scan for so long; `on_found` gets the list twice a second, on this thread.

        Raises:
            LinkError: this machine can hear neither Bluetooth nor ANT+; the words say what to do about Bluetooth.
        """
        end_s = self._clock() + seconds
        while (now_s := self._clock()) < end_s:
            found = self._loop.do(self._listen(min(0.5, end_s - now_s)))
            if on_found:
                on_found(found)
        return self._loop.call(self._radio.found)

    async def _listen(self, seconds: float) -> list[FoundSensor]:
        ant = self._radio.backend.ant
        with ant.wanted():
            try:
                async with self._radio.ear.listening():
                    await self._clock.sleep(seconds)
            except LinkError:
                await self._clock.sleep(seconds)
                if ant.fault is not None:
                    raise
        return self._radio.found()

    def ant_problem(self) -> str | None:
        """Return why an ANT+ stick that is there could not be used in the last scan; None where it could,
        or there is none."""
        return self._loop.call(lambda: self._radio.backend.ant.problem)

    def problem(self) -> str | None:
        """Return why this machine's Bluetooth cannot be used, and what to do; None if it can."""
        fault = self._loop.do(can_listen(self._backend, self._clock))
        return str(fault) if fault else None

    # -- pairing

    def pair(
        self,
        sensor_id: str,
        wear_site: WearSite | None = None,
        profile_id: str | None = None,
        cadence_unit: str | None = None,
    ) -> SensorUse:
        """Connect once, learn what the sensor is, and remember it. profile_id: for one that no profile recognised.

        Raises:
            LinkError: it cannot be reached. UserError: no profile fits, or it cannot be worn there.
        """
        use = self._loop.do(self._meet(sensor_id, wear_site, profile_id, cadence_unit), _ANSWER_S)
        try:
            return self.book.keep(use)
        except BaseException:  # whatever hinders it: a sensor that is not remembered is not kept linked
            self._loop.do(self._let_go(use.sensor_id))
            raise

    async def _meet(
        self, sensor_id: str, wear_site: WearSite | None, profile_id: str | None, cadence_unit: str | None
    ) -> SensorUse:
        found = await self._radio.find(sensor_id, _FIRST_HEARD_S)
        known = profile_id or found.profile_id
        if known is None:
            raise UserError(f"{found.name or sensor_id} is of no kind known here: choose its profile")
        profile = load_profile(known)
        use = SensorUse(sensor_id, found.name or profile.title, known, wear_site, cadence_unit)
        check_site(use)
        self._refuse_in_run()
        self._refuse_claimed(use)
        async with self._alone:
            self._met[sensor_id] = use = await self._open_preview().meet(use)
        return use

    def _keep_identities(self) -> None:
        """Remember a sensor that was bonded on the way by the address that it keeps from then on."""
        for known_by, address in tuple(self._radio.identities.items()):
            for use in self._store.sensors.list():
                if use.sensor_id == known_by:
                    self._store.sensors.forget(known_by)
                    self.book.keep(replace(use, sensor_id=address))
                    del self._radio.identities[known_by]

    def forget(self, sensor_id: str) -> None:
        """Remember it no more, and let it go."""
        use = self.book.remembered_one(sensor_id)
        self._store.sensors.forget(use.sensor_id)
        self._loop.do(self._let_go(use.sensor_id))

    # -- setting up

    def set_cadence_unit(self, sensor_id: str, cadence_unit: str | None) -> SensorUse:
        """Set the unit as `SensorBook` does; a run that is going on follows at once."""
        use = self.book.set_cadence_unit(sensor_id, cadence_unit)
        self._loop.call(lambda: self.pod_counts.set_unit(use.sensor_id, cadence_unit))
        return use

    def configure(self, sensor_id: str) -> SettingsReport:
        """Set the sensor up for its wear site: what it had, what it has now, what to beware of.

        A rate that was lowered because of losses goes back to the profile's.
        """
        self._refuse_in_run()
        use = self.book.remember(without_rate(self.book.remembered_one(sensor_id)))
        return self._loop.do(self._talk(use, commands.configure), _ANSWER_S)

    def read_settings(self, sensor_id: str) -> SettingsReport:
        """Return what the sensor is set to."""
        use = self.book.remembered_one(sensor_id)
        return self._loop.do(self._talk(use, commands.read_settings), _ANSWER_S)

    async def _talk(self, use: SensorUse, make_conversation: _MakeConversation) -> SettingsReport:
        profile = load_profile(use.profile_id)
        plan = commands.link_plan(profile, use)
        if plan.carrier is not Carrier.BLUETOOTH:
            raise UserError(f"{use.name} only sends: there is nothing to read or change here")

        async def once() -> SettingsReport:
            async with self.visit(use, plan.needs_bond) as session:
                for characteristic in (*plan.subscribe, *plan.optional):
                    if session.wire.can_notify(characteristic):
                        await session.wire.subscribe(characteristic)
                return await session.wire.hold(make_conversation(profile, use))

        return await again_where_paired(once)

    @contextlib.asynccontextmanager
    async def visit(
        self, use: SensorUse, needs_bond: bool, receive: Callable[[Notification], None] = _ignore
    ) -> AsyncIterator[Session]:
        """On the event loop: a connection outside a run; previews give way.

        Raises:
            UserError: a run is on. LinkError: why it cannot be reached.
        """
        self._refuse_in_run()
        self._refuse_claimed(use)
        async with self._alone:
            await self._let_go(use.sensor_id)
            async with connected(self._radio, use, receive, needs_bond) as session:
                yield session

    async def overhear(self, use: SensorUse, seconds: float, receive: Callable[[Notification], None]) -> None:
        """Give `receive` what a sensor of ANT+ sends in so long. On the event loop.

        Raises:
            UserError: a run is on.
        """
        self._refuse_in_run()
        (page,) = self.plans([use])[0].subscribe
        with self._radio.backend.ant.listening(
            use.sensor_id, lambda payload: receive(Notification(use.sensor_id, page, self._clock(), payload))
        ):
            await self._clock.sleep(seconds)

    async def advertised(self, sensor_id: str) -> Advertised:
        """Return, on the event loop, how a sensor advertises now; raises LinkError where it is not heard."""
        if is_ant(sensor_id):
            heard = await self._radio.find(sensor_id, _FIRST_HEARD_S)
            return Advertised(heard.name, (), (), heard.rssi_dbm)
        address = self._radio.identify(sensor_id)
        await self._radio.ear.find(address, _FIRST_HEARD_S)
        found = self._radio.ear.advertised(address)
        if found is None:
            raise loss_error("not_heard", sensor_id)
        return found

    @property
    def clock(self) -> RunClock:
        """The clock that stamps what previews and visits hear."""
        return self._clock

    def _refuse_in_run(self) -> None:
        if self._is_running:
            raise UserError("a run is on: stop it first")

    def _refuse_claimed(self, use: SensorUse) -> None:
        holder = self._holder(use)
        if holder is not None:
            raise in_use(use.name, holder)

    async def _let_go(self, sensor_id: str) -> None:
        self._met.pop(sensor_id, None)
        if self._preview:
            await self._preview.drop(sensor_id)

    # -- looking

    def states(self) -> list[SensorState]:
        """Return how each remembered sensor does; asking keeps them linked, outside a run."""
        if not self._is_running:
            self._keep_identities()
        uses = self.book.remembered()
        return self._loop.do(self._states(uses), _ANSWER_S)

    async def _states(self, uses: Sequence[SensorUse]) -> list[SensorState]:
        if self._is_running:
            reports = {report.sensor_id: report for report in self.pod_counts.reports()}
            return [self._state_in_run(use, reports.get(use.sensor_id)) for use in uses]
        preview = self._open_preview()
        if not self._alone.locked():
            self._met = {i: use for i, use in self._met.items() if i not in {use.sensor_id for use in uses}}
            free = [use for use in (*uses, *self._met.values()) if self._holder(use) is None]
            await preview.show(free)
        known = {use.sensor_id for use in uses}
        seen = [self.pod_counts.shown(state) for state in preview.states() if state.use.sensor_id in known]
        return [*seen, *(claimed_state(use, holder) for use in uses if (holder := self._holder(use)) is not None)]

    def _state_in_run(self, use: SensorUse, report: StreamReport | None) -> SensorState:
        sensor_id = use.sensor_id
        battery_pct = self._run_links.battery_pct(sensor_id) if self._run_links else None
        return state_in_run(use, self._run_events.get(sensor_id), battery_pct, report)

    def _holder(self, use: SensorUse) -> str | None:
        return self._claims.holder(use.sensor_id, self._owner)

    def _open_preview(self) -> Preview:
        self._leases.renew("preview", self._preview_while_asked)
        if self._preview is None:
            self._preview = Preview(self._radio, self._clock)
        return self._preview

    async def _preview_while_asked(self) -> None:
        try:
            await self._leases.expiry("preview")
        finally:
            await self._end_preview()

    async def _end_preview(self) -> None:
        preview, self._preview = self._preview, None
        if preview:
            await preview.close()

    # -- checking

    async def _viewers(self, uses: Sequence[SensorUse]) -> list[Viewer]:
        """Return the viewers of these sensors for a check: they are previewed from now on,
        each with what it sent lately."""
        self._refuse_in_run()
        await self._states(uses)
        return list(self._preview.viewers.values()) if self._preview else []

    # -- running

    def plans(self, uses: Sequence[SensorUse]) -> list[LinkPlan]:
        """Return how the radio is to run these sensors."""
        return [commands.link_plan(load_profile(use.profile_id), use) for use in uses]

    def source(self, uses: Sequence[SensorUse], clock: RunClock) -> RunSource:
        """Return the source of notifications for a run with these sensors; previews end when it plays."""
        links = self._run_links = LinkedSensors(self._radio, self.plans(uses), clock)
        return RunSource(links, self.begin_run, self.note_event, self.end_run)

    def claim(self, uses: Sequence[SensorUse]) -> None:
        """Claim these sensors for a run; other runners' previews let them go.

        Raises:
            ConflictError: another runner's run has one of them.
        """
        self._claims.take(self._owner, ((use.sensor_id, use.name) for use in uses))
        self._loop.do(self._claims.hand_over(self._owner, [use.sensor_id for use in uses]), _ANSWER_S)

    def release(self) -> None:
        """Give all claimed sensors back."""
        self._claims.release(self._owner)

    async def begin_run(self) -> None:
        """Have previews and scans make way. On the event loop."""
        self._is_running = True
        self._run_events.clear()
        await self._leases.end()

    async def _end_listening(self) -> None:
        await self.begin_run()
        await self._radio.backend.ant.close()

    def note_event(self, event: LinkEvent) -> None:
        """Note a change of a link during a run, so that the sensors' page shows it."""
        self._run_events[event.sensor_id] = event

    def end_run(self) -> None:
        """Allow scans and previews again, and keep what the sensors said of themselves in the run."""
        self._is_running = False
        self._keep_identities()

    def close(self) -> None:
        """End scans and previews; sensors are disconnected."""
        self._loop.do(self._end_listening())
        self._claims.leave(self._owner)
        self._keep_identities()
