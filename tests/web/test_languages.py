"""A page in the runner's language: chosen by the browser, then by the runner; whole, and within a small phone."""

import re
from collections.abc import Iterator
from contextlib import closing
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from playwright.sync_api import Browser, Page, expect

from coach.language.locales import OTHERS
from coach.language.phrases import phrases_of, read_phrases
from coach.model.workouts import PartKind, WorkoutBlock, WorkoutPart, WorkoutPlan
from tests.support.browser import overflowing
from tests.support.one_browser import opened
from tests.web.page_coach import PageCoach
from tests.web.test_every_page import ALL, PAGES, open_page, remember_sensors
from web.words import read_words


@pytest.fixture
def coach(tmp_path: Path) -> Iterator[PageCoach]:
    with closing(PageCoach(tmp_path)) as made:
        yield made


@pytest.fixture
def client(app: Any) -> FlaskClient:
    client: FlaskClient = app.test_client()
    return client


def page(client: FlaskClient, path: str, accepted: str = "fr, de-AT;q=0.8, en;q=0.5") -> str:
    return unescape(client.get(path, headers={"Accept": "text/html", "Accept-Language": accepted}).text)


def test_a_page_follows_the_browser_until_the_runner_chooses(client: FlaskClient) -> None:
    german, spanish = read_words("de"), read_words("es")
    assert '<html lang="de"' in page(client, "/")
    assert german["access.welcome.lead"] in page(client, "/welcome")
    assert '<html lang="en"' in page(client, "/", "fr")
    assert client.patch("/api/v1/runner", json={"language": "es"}).status_code == 200
    assert '<html lang="es"' in page(client, "/")
    assert spanish["access.welcome.lead"] in page(client, "/welcome")
    assert client.patch("/api/v1/runner", json={"language": "tlh"}).status_code == 400
    assert client.put("/api/v1/welcome", json={"language": "tlh"}).status_code == 400


def test_a_program_that_names_no_language_gets_english_until_the_runner_chose_another(client: FlaskClient) -> None:
    def refusal(**headers: str) -> tuple[str, str]:
        answer = client.post("/api/v1/today/pain", json={"moment": "now"}, headers=headers).json
        assert answer is not None
        return answer["error"]["code"], answer["error"]["words"]

    english = "give a number from 0 to 10 for the back, or for calf and Achilles"
    code, words = refusal()
    assert words == english
    assert refusal(**{"Accept-Language": "es"}) == (code, phrases_of("es")(english))
    client.patch("/api/v1/runner", json={"language": "de"})
    assert refusal() == (code, phrases_of("de")(english))
    info = client.get("/api/v1/openapi.json").json
    assert info is not None
    assert "Accept-Language" in info["info"]["description"]


@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("/strength/reminders", {"ntfy_url": "https://ntfy.example/secret"}),
        ("/strength/setup", {"days": ["mon", "thu"], "time": "18:30", "tz": "UTC", "track": "home"}),
    ],
)
def test_who_asks_for_reminders_gets_them_in_the_language_of_the_page(
    client: FlaskClient, coach: PageCoach, path: str, form: dict[str, Any]
) -> None:
    client.post(path, data=form)
    assert coach.runner.profile().language == "", "no browser named a language"
    client.post(path, data=form, headers={"Accept-Language": "de-AT"})
    assert coach.runner.profile().language == "de"
    client.post(path, data=form, headers={"Accept-Language": "es"})
    assert coach.runner.profile().language == "de", "the runner's choice stays"


def test_a_phone_that_takes_push_names_its_language(client: FlaskClient, coach: PageCoach) -> None:
    phone = {"endpoint": "https://push.example/1", "p256dh": "A" * 87, "auth": "A" * 22}
    client.post("/api/v1/reminders/push", json=phone, headers={"Accept-Language": "es-MX"})
    assert coach.runner.profile().language == "es"


def test_what_the_coach_says_and_refuses_is_in_the_language_of_the_page(client: FlaskClient) -> None:
    english = "give a number from 0 to 10 for the back, or for calf and Achilles"
    client.patch("/api/v1/runner", json={"language": "de"})
    answer = client.post("/api/v1/today/pain", json={"moment": "now"})
    assert answer.json is not None
    assert answer.json["error"]["words"] == phrases_of("de")(english) != english


@pytest.mark.parametrize("language", OTHERS)
def test_no_english_is_left_on_a_page(client: FlaskClient, language: str) -> None:
    own, left = read_words(language), {}
    sentences = {text for key, text in read_words().items() if len(text) > 20 and own[key] != text}
    sentences |= {text for text, said in read_phrases(language).items() if len(text) > 20 and said and said != text}
    for path in PAGES:
        shown = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "\n", page(client, path, language)))
        left |= {text: path for text in sentences if "{" not in text and text in shown}
    assert left == {}


def test_the_name_of_an_own_workout_stays_as_the_runner_wrote_it(client: FlaskClient, coach: PageCoach) -> None:
    blocks = (WorkoutBlock(1, (WorkoutPart(PartKind.RUN, seconds=60.0),)),)
    for title in ("Running", "Monday"):
        assert phrases_of("de")(title) != title, "a sentence that the coach has, too"
        coach.workouts.save(WorkoutPlan("", title, blocks, ""))
    for path in ("/workouts", "/live"):
        shown = page(client, path, "de")
        assert ">Running<" in shown
        assert ">Monday<" in shown
    asked = client.get("/you/red-flags?next=live", headers={"Accept-Language": "de"}).text
    assert 'name="next" value="live"' in asked


@pytest.mark.browser
@pytest.mark.parametrize("language", OTHERS)
def test_every_page_fits_a_small_phone_in_every_language(
    coach: PageCoach, url: str, browser: Browser, language: str
) -> None:
    faults: dict[str, list[str]] = {}
    remember_sensors(coach)
    with opened(browser, viewport={"width": 320, "height": 640}, has_touch=True, locale=language) as context:
        small = context.new_page()
        for path in ALL:
            open_page(coach, small, url, path)
            if found := overflowing(small, 1.0):
                faults[path] = found
    assert faults == {}


@pytest.mark.browser
def test_the_runner_chooses_the_language_in_welcome(coach: PageCoach, url: str, phone: Page) -> None:
    phone.goto(url + "/welcome")
    expect(phone.locator("html")).to_have_attribute("lang", "en")
    phone.get_by_label("Deutsch").check()
    expect(phone.locator("html")).to_have_attribute("lang", "de")
    expect(phone.locator("h1")).to_have_text(read_words("de")["access.welcome.title"])
    phone.goto(url + "/live")
    expect(phone.locator("html")).to_have_attribute("lang", "de")
    wishes = phone.evaluate("() => JSON.parse(document.getElementById('wishes').textContent)")
    assert wishes["language"] == "de", "cues are spoken by a German voice"
