"""The page as an app: manifest, icons, service worker in a secure context, and what a plain address lacks."""

import json

import pytest
from flask import Flask, Response
from flask.testing import FlaskClient
from playwright.sync_api import Page, expect

from tests.support.browser import wait_until
from web.units import duration_text, pace_text, unit_text, value_text


def test_the_manifest_names_icons_that_exist(client: FlaskClient) -> None:
    answer = client.get("/manifest.webmanifest")
    assert answer.mimetype == "application/manifest+json"
    assert {icon["sizes"] for icon in answer.json["icons"]} >= {"192x192", "512x512"}
    assert {icon["purpose"] for icon in answer.json["icons"]} == {"any", "maskable"}
    for icon in answer.json["icons"]:
        assert client.get(icon["src"], buffered=True).status_code == 200


def test_every_file_that_the_service_worker_keeps_exists(client: FlaskClient) -> None:
    script = client.get("/service-worker.js", buffered=True)
    assert script.headers["Service-Worker-Allowed"] == "/"
    names = [part for part in script.text.split('"') if part.startswith(("/static/", "/offline"))]
    assert len(names) >= 8
    for name in names:
        if name != "/static/":
            assert client.get(name, buffered=True).status_code == 200, name


def test_without_https_there_is_no_certificate_to_fetch(client: FlaskClient) -> None:
    assert client.get("/ca.crt").status_code == 404
    assert client.get("/install/code.svg").status_code == 404


@pytest.mark.browser
def test_a_page_without_its_coach_says_what_to_do(url: str, desktop: Page) -> None:
    desktop.goto(f"{url}/install")
    expect(desktop.locator("#secure")).to_be_visible()
    wait_until(desktop, "() => navigator.serviceWorker.ready.then((r) => Boolean(r.active))")
    wait_until(desktop, "() => caches.match('/offline').then(Boolean)")
    desktop.reload()
    desktop.context.set_offline(True)
    desktop.goto(f"{url}/live")
    expect(desktop.locator("h1")).to_have_text("The coach cannot be reached")
    desktop.context.set_offline(False)


@pytest.mark.browser
def test_a_phone_whose_store_is_full_shows_the_newest_page(url: str, app: Flask, desktop: Page) -> None:
    """What cannot be kept for later is shown all the same, and not the older one that is kept."""
    desktop.goto(f"{url}/install")
    wait_until(desktop, "() => navigator.serviceWorker.ready.then((r) => Boolean(r.active))")
    desktop.reload()
    wait_until(desktop, "() => navigator.serviceWorker.controller !== null")
    wait_until(desktop, "() => caches.match('/static/js/dom.js').then(Boolean)")
    full = {"origin": url, "quotaSize": 1}
    desktop.context.new_cdp_session(desktop).send("Storage.overrideQuotaForOrigin", full)
    newer = "export const newest = " + json.dumps("x" * 100_000)
    app.view_functions["static"] = lambda filename: Response(newer, mimetype="text/javascript")
    for name in ("dom.js", "never_seen.js"):
        kept = desktop.evaluate("name => fetch(`/static/js/${name}`).then((r) => r.text())", name)
        assert kept == newer, name


@pytest.mark.browser
def test_a_plain_address_says_what_is_missing_and_how_to_get_it(url: str, phone: Page) -> None:
    phone.add_init_script("Object.defineProperty(window, 'isSecureContext', {get: () => false})")
    phone.goto(f"{url}/install")
    expect(phone.locator("#plain")).to_contain_text("coach serve --https")
    expect(phone.locator("#secure")).to_be_hidden()


@pytest.mark.parametrize(
    ("name", "value", "metric", "imperial"),
    [
        ("speed_mps", 2.84, "5:52 /km", "9:27 /mi"),
        ("speed_mps", 0.0, "– /km", "– /mi"),
        ("distance_m", 5000.0, "5.00 km", "3.11 mi"),
        ("step_length_m", 1.0, "100 cm", "39.4 in"),
        ("cadence_spm", 171.6, "172 spm", "172 spm"),
        ("foot_strike_angle_deg", -1.26, "−1.3 °", "−1.3 °"),
        ("step_time_asymmetry_pct", -0.04, "0.0 %", "0.0 %"),
        ("impact_g", None, "– g", "– g"),
    ],
)
@pytest.mark.browser
def test_server_and_script_write_numbers_alike(
    url: str, desktop: Page, name: str, value: float | None, metric: str, imperial: str
) -> None:
    for system, wanted in (("metric", metric), ("imperial", imperial)):
        assert f"{value_text(name, value, system)} {unit_text(name, system)}" == wanted
    desktop.goto(f"{url}/install")
    written = desktop.evaluate(
        "async ([name, value]) => { const u = await import('/static/js/units.js');"
        " return `${u.valueText(name, value)} ${u.unitOf(name)}`; }",
        [name, value],
    )
    assert written == metric


def test_durations_and_paces_read_as_clocks() -> None:
    assert [duration_text(s) for s in (None, 0, 59.9, 61, 3661)] == ["–", "0:00", "0:59", "1:01", "1:01:01"]
    assert pace_text(1000 / 299.6) == "5:00"
