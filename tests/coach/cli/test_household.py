"""Several runners on one machine: kept apart on the page and on the radio, over the virtual radio and real servers."""

import http.client
import json
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import pytest

from coach.bootstrap import Coach
from coach.cli.household import household_serving
from coach.demo.world import Demo
from coach.errors import ConflictError
from coach.model.links import SensorUse
from coach.model.runs import RunState
from coach.model.sites import WearSite
from coach.service.household import Household
from coach.settings import make_settings
from tests.coach.cli.ports import free_run_of_ports


@dataclass
class House:
    demo: Demo
    coaches: dict[str, Coach]
    port: int

    def ask(
        self, member: int, method: str, path: str, body: str = "", **headers: str
    ) -> tuple[int, dict[str, str], str]:
        """Status, headers and text that the member's server (0: the door) answers."""
        port = self.port + 10 * member
        with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=20)) as connection:
            connection.request(method, path, body or None, {"Host": f"localhost:{port}", **headers})
            with connection.getresponse() as answer:
                return answer.status, dict(answer.getheaders()), answer.read().decode()


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    household = Household(tmp_path)
    household.add("Anna")
    household.add("Ben")
    port = free_run_of_ports()
    settings = make_settings(tmp_path, "127.0.0.1", port)
    with (
        Demo(make_settings(tmp_path / "demo", "127.0.0.1", 0), 4.0) as demo,
        household_serving(settings, is_quiet=True, backend=demo.world.backend, loop=demo.loop) as coaches,
    ):
        yield House(demo, coaches, port)


def shoe(demo: Demo, site: WearSite) -> SensorUse:
    twin = demo.left if site is WearSite.LEFT_FOOT else demo.right
    return SensorUse(twin.sensor_id, twin.identity.name, "movesense", site)


def wait_for_strides(coach: Coach) -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        metrics = coach.runs.status().get("metrics") or {}
        if metrics.get("cadence_spm"):
            return
        time.sleep(0.2)
    raise AssertionError("no cadence within a minute")


def test_two_runners_run_at_once_and_each_has_only_the_own_strides(house: House) -> None:
    anna, ben = house.coaches["anna"], house.coaches["ben"]
    for coach, site in ((anna, WearSite.LEFT_FOOT), (ben, WearSite.RIGHT_FOOT)):
        coach.runner.answer_red_flags([])
        coach.sensors.book.remember(shoe(house.demo, site))
        coach.runs.start()
    for coach in (anna, ben):
        wait_for_strides(coach)
    ended = {coach: coach.runs.stop() for coach in (anna, ben)}
    for coach, site in ((anna, WearSite.LEFT_FOOT), (ben, WearSite.RIGHT_FOOT)):
        strides = coach.store.runs.data.strides(ended[coach].run_id)
        assert {s.wear_site for s in strides} == {site}
    assert anna.store.runs.count() == ben.store.runs.count() == 1


@pytest.mark.slow
def test_a_shoe_in_another_runners_run_is_refused_by_name_and_free_again_afterwards(house: House) -> None:
    anna, ben = house.coaches["anna"], house.coaches["ben"]
    for coach in (anna, ben):
        coach.runner.answer_red_flags([])
        coach.sensors.book.remember(shoe(house.demo, WearSite.LEFT_FOOT))
    anna.runs.start()
    wait_for_strides(anna)
    with pytest.raises(ConflictError, match="in use in Anna's run"):
        ben.runs.start()
    assert ben.runs.current() is None
    (state,) = ben.sensors.states()
    assert (state.reason, state.is_ready) == ("in_use", False)
    with pytest.raises(ConflictError, match="Anna's run"):
        ben.sensors.configure(state.use.sensor_id)
    missing = [report.n_missing for report in anna.store.runs.entry(anna.runs.stop().run_id).summary.streams]
    assert missing == [0]
    ben.runs.start()
    wait_for_strides(ben)
    ben.runs.stop()


@pytest.mark.slow
def test_a_run_that_goes_on_claims_its_shoes_as_a_new_one_does(house: House) -> None:
    anna, ben = house.coaches["anna"], house.coaches["ben"]
    for coach in (anna, ben):
        coach.runner.answer_red_flags([])
        coach.sensors.book.remember(shoe(house.demo, WearSite.LEFT_FOOT))
    anna.runs.start()
    wait_for_strides(anna)
    run_id = anna.runs.stop().run_id
    anna.store.runs.change(run_id, state=RunState.RECOVERED)  # as the next start finds one that was cut off
    ben.runs.start()
    with pytest.raises(ConflictError, match="in use in Ben's run"):
        anna.runs.go_on(run_id)
    assert anna.store.runs.get(run_id).state is RunState.RECOVERED
    ben.runs.stop()
    anna.runs.go_on(run_id)
    with pytest.raises(ConflictError, match="in use in Anna's run"):
        ben.runs.start()
    anna.runs.stop()


@pytest.mark.slow
def test_a_preview_makes_way_for_another_runners_run(house: House) -> None:
    anna, ben = house.coaches["anna"], house.coaches["ben"]
    for coach in (anna, ben):
        coach.runner.answer_red_flags([])
        coach.sensors.book.remember(shoe(house.demo, WearSite.LEFT_FOOT))
    end = time.monotonic() + 60
    while not any(state.is_ready for state in ben.sensors.states()) and time.monotonic() < end:
        time.sleep(0.2)
    anna.runs.start()
    wait_for_strides(anna)
    assert [state.reason for state in ben.sensors.states()] == ["in_use"]
    anna.runs.stop()


def test_a_phone_of_one_runner_is_a_stranger_to_the_other(house: House) -> None:
    invitation = house.coaches["anna"].access.invitation(f"http://127.0.0.1:{house.port + 10}")
    token = dict(pair.split("=", 1) for pair in urlsplit(invitation).query.split("&"))["token"]
    far = {"Forwarded": "for=192.0.2.7"}  # as from the network: not this machine
    body = json.dumps({"token": token, "name": "phone"})
    status, headers, _ = house.ask(1, "POST", "/api/v1/phones", body, **far, **{"Content-Type": "application/json"})
    assert status == 200, headers
    cookie = headers["Set-Cookie"].split(";")[0]
    assert cookie.startswith("coach-anna=")
    assert house.ask(1, "GET", "/api/v1/runs", Cookie=cookie, **far)[0] == 200
    assert house.ask(2, "GET", "/api/v1/runs", Cookie=cookie, **far)[0] == 401
    forged = cookie.replace("coach-anna", "coach-ben")
    assert house.ask(2, "GET", "/api/v1/runs", Cookie=forged, **far)[0] == 401


def test_the_door_lists_all_runners_and_adds_one_from_this_machine_alone(house: House) -> None:
    status, _, page = house.ask(0, "GET", "/")
    assert status == 200
    assert all(f"http://localhost:{house.port + 10 * n}/" in page for n in (1, 2))
    origin = {"Origin": f"http://localhost:{house.port}", "Content-Type": "application/x-www-form-urlencoded"}
    body = urlencode({"name": "Carla"})
    assert house.ask(0, "POST", "/runners", body, **origin, Forwarded="for=192.0.2.7")[0] == 403
    assert "Carla" not in house.ask(0, "GET", "/")[2]
    assert house.ask(0, "POST", "/runners", body, **origin)[0] == 303
    assert "Carla" in house.ask(0, "GET", "/")[2]
    assert house.ask(3, "GET", "/healthz")[0] == 200
    status, _, page = house.ask(0, "POST", "/runners", body, **origin)
    assert status == 400
    assert "already" in page
    status, _, page = house.ask(0, "POST", "/runners", body, **origin, **{"Accept-Language": "de-AT"})
    assert status == 400
    assert "es gibt schon jemanden mit dem Namen Carla" in page


def test_a_stranger_at_the_door_reads_no_name(house: House) -> None:
    far = {"Host": f"10.0.0.7:{house.port}"}
    strange = house.ask(0, "GET", "/", **far)[2]
    assert "Anna" not in strange
    assert "Ben" not in strange
    assert all(f"http://10.0.0.7:{house.port + 10 * n}/" in strange for n in (1, 2))
    phone, cookie = house.coaches["anna"].access.let_in(
        house.coaches["anna"].access.invitation("http://h").partition("token=")[2], "Phone"
    )
    assert "Anna" not in house.ask(0, "GET", "/", Cookie=f"coach-ben={cookie}", **far)[2]
    known = house.ask(0, "GET", "/", Cookie=f"coach-anna={cookie}", **far)[2]
    assert "Anna" in known
    assert "Ben" in known
    house.coaches["anna"].access.revoke(phone.phone_id)
    assert "Anna" not in house.ask(0, "GET", "/", Cookie=f"coach-anna={cookie}", **far)[2]


def test_invitations_and_the_door_lead_phones_to_https_as_serve_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    Household(tmp_path).add("Anna")
    port = free_run_of_ports()
    monkeypatch.setattr("coach.cli.household.lan_address", lambda: "127.0.0.2")
    monkeypatch.setattr("coach.cli.showing.lan_address", lambda: "127.0.0.2")
    with household_serving(make_settings(tmp_path, "0.0.0.0", port)):
        said = capsys.readouterr().out
        assert f"Anna: http://127.0.0.2:{port + 10}/trust?token=" in said
        with closing(http.client.HTTPConnection("127.0.0.2", port, timeout=20)) as connection:
            connection.request("GET", "/", headers={"Host": f"127.0.0.2:{port}"})
            page = connection.getresponse().read().decode()
        assert f"https://127.0.0.2:{port + 11}/" in page


def test_a_runner_added_by_command_is_left_out_of_the_page_until_the_next_start(house: House, tmp_path: Path) -> None:
    Household(tmp_path).add("Cleo")
    status, _, text = house.ask(0, "GET", "/")
    assert status == 200
    assert "Anna" in text
    assert "Cleo" not in text
