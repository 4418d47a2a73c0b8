"""The clinic's pages: each sees the own runners, with reasons and "seen by"; messages may be refused."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from coach.bootstrap import Coach
from coach.model.pain import PainMoment
from coach.model.strength import Track
from coach.roster.people import PersonKind
from coach.seal.events import OrderKind
from coach.seal.manifest import Scope
from tests.support.browser import DESKTOP, PHONE, THEMES, axe_findings, choose_theme, overflowing
from tests.support.clinic import Clinic, Home, joined
from tests.support.postgres import ClinicDatabase, Cluster, database_of
from tests.web.clinic_ward import fill

Scene = tuple[Home, Clinic]


@pytest.fixture(scope="module")
def ward(postgres: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clinic]:
    """Ten runners, one in each state."""
    with database_of(postgres) as database:
        clinic = Clinic(tmp_path_factory.mktemp("ward"), database)
        fill(clinic.host, clinic.ada, 10, 30)
        yield clinic
        clinic.close()


@pytest.fixture
def scene(tmp_path: Path, clinic_database: ClinicDatabase) -> Iterator[Scene]:
    with joined(tmp_path, clinic_database, 2, Scope.CARE) as found:
        yield found


def test_monday_names_each_reason_in_order_and_says_that_nobody_watches_at_night(ward: Clinic) -> None:
    ada = ward.person("Ada Two", PersonKind.CLINICIAN)
    with ward.roster.transaction(ward.person("Kim", PersonKind.KEEPER).person_id) as connection:
        connection.execute("insert into care select %s, runner_id from care", (ada.person_id,))
    browser = ward.session("Ada Two")
    page = browser.get("/monday").text
    assert "Nobody watches this page at night" in page
    assert "We do not know how this runner is: that is not the same as well." in page
    names = re.findall(r'<h3><a href="/runners/\w+">([^<]+)</a></h3>', page)
    assert names == ["Anna B.", "Chart 1042", "Ben K.", "Carla M.", "Dmitri", "Chart 2200"]
    assert "step length 5.2 ± 1.8 cm shorter at 5:57 min/km" in page
    assert "this week 2.6 points above the four weeks before; now 6 of 10" in page
    assert "2 sessions not done" in page
    german = browser.get("/monday", headers={"Accept-Language": "de"}).text
    assert "Taubheit oder Kribbeln" in german
    assert "Schrittlänge 5,2 ± 1,8 cm kürzer" in german


def test_seen_is_kept_with_its_name_until_something_new_comes(ward: Clinic) -> None:
    browser = ward.session("Ada")
    page = browser.get("/monday").text
    form = re.search(r'action="(/runners/\w+/seen)"><input type="hidden" name="mark" value="([^"]*)"', page)
    assert form
    page = browser.post(form[1], data={"mark": form[2]}, follow_redirects=True).text
    assert "Seen by Ada, " in page
    assert page.index("<h2>Seen</h2>") < page.index(form[1].split("/")[2])
    assert browser.post("/runners/nobody/seen", data={"mark": ""}).status_code == 400


def test_who_is_not_let_in_sees_nothing_and_each_role_its_own_pages(ward: Clinic) -> None:
    stranger = ward.app.test_client()
    for path in ("/", "/monday", "/people", "/audit", "/research", "/invite", "/runners/x"):
        assert stranger.get(path).status_code == 401
    assert stranger.get("/come-in?token=x").status_code == 200
    assert stranger.post("/come-in", data={"token": "x"}).status_code == 400
    pages = {PersonKind.CLINICIAN: "/monday", PersonKind.KEEPER: "/people", PersonKind.RESEARCHER: "/research"}
    for kind, own in pages.items():
        ward.person(f"a {kind}", kind)
        browser = ward.session(f"a {kind}")
        assert browser.get("/").headers["Location"] == own
        for path in (*pages.values(), "/audit"):
            is_own = path == own or (kind is PersonKind.KEEPER and path == "/audit")
            assert browser.get(path).status_code == (200 if is_own else 400), (kind, path)
        browser.post("/leave")
        assert browser.get(own).status_code == 401


def test_another_clinicians_runner_is_not_there(scene: Scene) -> None:
    home, clinic = scene
    home.clinic.push()
    runner_id = clinic.runner_id(home.clinic.status().pseudonym)
    clinic.person("Bob", PersonKind.CLINICIAN)
    bob, ada = clinic.session("Bob"), clinic.session("Ada")
    assert "You have no runners yet" in bob.get("/monday").text
    assert bob.get(f"/runners/{runner_id}").status_code == 400
    assert bob.post(f"/runners/{runner_id}/orders", data={"kind": "well_done"}).status_code == 400
    page = ada.get(f"/runners/{runner_id}").text
    assert "Chart 17" in page
    assert "5:57" in page
    assert "Consents to: care" in page


def test_another_site_cannot_write(ward: Clinic) -> None:
    assert ward.app.test_client().post("/people", headers={"Origin": "http://evil.example"}).status_code == 403


def test_a_message_waits_for_the_runner_who_accepts_or_refuses_it(scene: Scene) -> None:
    home, clinic = scene
    home.runner.answer_red_flags([])
    home.strength.create(Track.GYM.value, "mon,thu", "18:00", "Europe/Berlin")
    home.clinic.push()
    runner_id, ada = clinic.runner_id(home.clinic.status().pseudonym), clinic.session("Ada")
    until = (datetime.now(UTC) + timedelta(days=5)).date()

    def give(**form: str) -> None:
        assert ada.post(f"/runners/{runner_id}/orders", data=form).status_code == 303

    give(kind="plan_changed", track="home")
    give(kind="pause_running", day=until.isoformat())
    give(kind="well_done", day="2026-01-01", track="gym")  # fields of others are left aside
    orders = {order.kind.value: order for order in home.clinic.push().orders}
    assert set(orders) == {"plan_changed", "pause_running", "well_done"}
    assert home.strength.plans.plan().wish.track is Track.GYM  # nothing changes before the runner accepts
    assert home.clinic.status().pause_until is None
    home.clinic.answer(orders["plan_changed"].order_id, is_accepted=True)
    home.clinic.answer(orders["pause_running"].order_id, is_accepted=True)
    home.clinic.answer(orders["well_done"].order_id, is_accepted=False)
    assert home.strength.plans.plan().wish.track is Track.HOME
    assert home.clinic.push().pause_until == until
    assert home.clinic.push().orders == ()  # answered ones do not come again
    page = ada.get(f"/runners/{runner_id}").text
    assert len(re.findall("<strong>accepted</strong>", page)) == 2
    assert f"Pause running, {until:%a} {until.day} {until:%b}:" in page
    assert len(re.findall("<strong>refused</strong>", page)) == 1
    for form in (
        {"kind": "chat"},
        {"kind": "pause_running", "day": "2026-01-01"},
        {"kind": "seen", "day": "2099-01-01"},
        {"kind": "pause_running", "day": "soon"},
        {"kind": "plan_changed", "track": "x"},
    ):
        assert ada.post(f"/runners/{runner_id}/orders", data=form).status_code == 400


def test_signs_are_opened_by_the_clinicians_date_only_when_the_runner_accepts(scene: Scene) -> None:
    home, clinic = scene
    from coach.coaching.loader import load_red_flags

    sign = next(sign for sign, flag in load_red_flags().items() if flag.locks and not flag.is_lasting)
    home.runner.answer_red_flags([sign])
    home.clinic.push()
    runner_id, ada = clinic.runner_id(home.clinic.status().pseudonym), clinic.session("Ada")
    assert load_red_flags()[sign].asks in ada.get("/monday").text.replace("&#39;", "'")
    today = datetime.now(UTC).date().isoformat()
    ada.post(f"/runners/{runner_id}/orders", data={"kind": "seen", "day": today})
    (order,) = home.clinic.push().orders
    assert home.runner.pain_state().lock.is_sign_open
    home.clinic.answer(order.order_id, is_accepted=True)
    assert not home.runner.pain_state().lock.is_sign_open
    home.clinic.push()
    (row,) = clinic.host.monday(clinic.ada)
    assert not row.patient.state.lock.is_sign_open


def test_an_order_of_another_clinic_or_one_that_was_changed_is_left_aside(scene: Scene) -> None:
    home, clinic = scene
    home.clinic.push()
    runner_id, ada = clinic.runner_id(home.clinic.status().pseudonym), clinic.session("Ada")
    ada.post(f"/runners/{runner_id}/orders", data={"kind": "well_done"})
    sql = "update runner_order set document = jsonb_set(document, '{order}', '\"call_me\"')"
    clinic.database.cluster.sql(sql, clinic.database.name)
    assert home.clinic.push().orders == ()


def test_the_index_made_again_equals_what_came_in(scene: Scene) -> None:
    home, clinic = scene
    home.runner.report_pain(PainMoment.NOW, 4)
    home.clinic.push()
    tables = ("run_index", "runner_state")

    def rows() -> list[Any]:
        found = [
            clinic.database.cluster.sql(
                f"select to_jsonb(t) - 'computed_at' from {t} t order by 1", clinic.database.name
            )
            for t in tables
        ]
        assert all(found)
        return found

    before = rows()
    clinic.database.cluster.sql("delete from run_index; delete from runner_state", clinic.database.name)
    assert clinic.host.keeping.reindex() == (1, [])
    assert rows() == before
    folder = clinic.host.folders.path(clinic.runner_id(home.clinic.status().pseudonym))
    (folder / "coach.sqlite").write_bytes(b"no database")
    for extra in ("-wal", "-shm"):
        (folder / f"coach.sqlite{extra}").unlink(missing_ok=True)
    assert clinic.host.keeping.reindex() == (0, [folder.name])


def test_the_keeper_invites_grants_and_reads_the_audit_without_any_health(scene: Scene) -> None:
    home, clinic = scene
    home.runner.answer_red_flags(["saddle_numbness"])
    home.clinic.push()
    pseudonym = home.clinic.status().pseudonym
    runner_id = clinic.runner_id(pseudonym)
    (row,) = clinic.host.monday(clinic.ada)
    assert "saddle_numbness" in row.mark
    clinic.host.see(clinic.ada, runner_id, row.mark)
    order = clinic.host.order(clinic.ada, runner_id, OrderKind.PAUSE_RUNNING, datetime.now(UTC).date())
    clinic.person("Kim", PersonKind.KEEPER)
    kim = clinic.session("Kim")
    page = kim.post("/people", data={"name": "Bob", "kind": "clinician"}).text
    clinic.links["Bob"] = re.search(r"/come-in\?token=([\w-]+)", page)[1]  # type: ignore[index]
    bob = clinic.session("Bob")
    (number,) = re.findall(r'<option value="(\d+)">Bob</option>', kim.get("/people").text)
    assert "Chart 17" not in kim.get("/people").text
    assert kim.post("/care", data={"person": number, "pseudonym": pseudonym, "verb": "grant"}).status_code == 303
    assert "Chart 17" in bob.get("/monday").text
    bob.get(f"/runners/{clinic.runner_id(pseudonym)}")
    audit = kim.get("/audit").text
    assert "entries fit together" in audit
    assert "look" in audit
    assert order.order_id in audit
    assert not [word for word in ("numbness", "emergency", "pause") if word in audit]
    kim.post("/care", data={"person": number, "pseudonym": pseudonym, "verb": "end"})
    assert "Chart 17" not in bob.get("/monday").text
    kim.post(f"/people/{number}/end")
    assert bob.get("/monday").status_code == 401


def test_an_invitation_is_a_code_and_a_link_for_the_runners_own_coach(scene: Scene) -> None:
    _, clinic = scene
    ada = clinic.session("Ada")
    page = ada.post("/invite", data={"label": "Chart 99"}).text
    assert "<svg" in page
    link = re.search(r"http://127\.0\.0\.1/join\?token=[\w-]+&amp;key=[0-9a-f]{64}", page)
    assert link
    path = link[0].replace("&amp;", "&").removeprefix("http://127.0.0.1")
    assert "paste this link" in clinic.app.test_client().get(path).text
    assert ada.post("/invite", data={"label": " "}).status_code == 400


def test_the_runner_joins_consents_and_leaves_on_the_page(tmp_path: Path, clinic_database: ClinicDatabase) -> None:
    from tests.web.page_coach import page_coach

    with page_coach(tmp_path / "home") as home:
        join_consent_and_leave(Clinic(tmp_path, clinic_database), home)


def join_consent_and_leave(clinic: Clinic, home: Coach) -> None:
    from web.app import create_app

    browser = create_app(home, is_testing=True).test_client()  # type: ignore[arg-type]
    assert "checked" not in browser.get("/you/clinic").text
    form = {"invitation": clinic.invite(), "scopes": ["raw_logs"]}
    refused = browser.post("/you/clinic/join", data=form)
    assert (refused.status_code, "choose who may see your runs" in refused.text) == (400, True)
    page = browser.post("/you/clinic/join", data={**form, "scopes": ["care"]}, follow_redirects=True).text
    assert "You are with Back clinic" in page
    assert page.count("checked") == 1
    assert browser.put("/api/v1/clinic/consent", json={"scopes": ["everything"]}).status_code == 400
    answer = browser.put("/api/v1/clinic/consent", json={"scopes": []}).json
    assert answer["scopes"] == []
    assert "You are with Back clinic" in browser.get("/you/delete").text
    pseudonym = home.clinic.status().pseudonym
    home.clinic.consent([Scope.CARE])
    home.clinic.push()
    clinic.host.order(clinic.ada, clinic.runner_id(pseudonym), OrderKind.CALL_ME)
    home.clinic.push()
    assert "Back clinic writes" in browser.get("/").text
    page = browser.get("/you/clinic").text
    assert f"Chosen on {datetime.now(UTC):%a}, {datetime.now(UTC).day} " in page
    assert "Please call us." in page
    assert "Ada, sent you a message" in page
    (order,) = re.findall(r'action="(/you/clinic/orders/\w+)"', page)
    browser.post(order, data={"answer": "refuse"})
    assert "Back clinic writes" not in browser.get("/").text
    browser.post("/you/clinic/consent", data={})
    assert "Nothing leaves now" in browser.get("/you/clinic").text
    assert browser.post("/you/clinic/leave").status_code == 400
    assert "deletes what it has in 7 days" in browser.post("/you/clinic/leave", data={"sure": "on"}).text
    assert "Join a clinic" in browser.get("/you/clinic").text
    clinic.close()


@pytest.mark.browser
def test_axe_finds_nothing_and_large_text_fits(ward: Clinic, desktop: Page) -> None:
    ward.person("Cleo", PersonKind.CLINICIAN)
    token = ward.links.pop("Cleo")
    ids = [row[0] for row in ward.database.cluster.sql("select distinct runner_id from care", ward.database.name)]
    (cleo,) = ward.database.cluster.sql("select person_id from person where name = 'Cleo'", ward.database.name)
    ward.database.cluster.sql(f"insert into care select distinct {cleo[0]}, runner_id from care", ward.database.name)
    desktop.goto(f"{ward.url}/come-in?token={token}")
    desktop.click("button[type=submit]")
    for path in ("/monday", f"/runners/{ids[0]}", "/invite"):
        desktop.goto(ward.url + path)
        for size, themes in ((DESKTOP, THEMES[:1]), (PHONE, ("day", "night"))):
            desktop.set_viewport_size(size)
            for theme in themes:
                choose_theme(desktop, theme)
                assert axe_findings(desktop) == [], (path, theme)
        desktop.set_viewport_size({"width": 320, "height": 640})
        assert overflowing(desktop, 1.0) == [], path
        assert overflowing(desktop, 2.0) == [], path
