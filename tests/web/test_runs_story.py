"""The first screen of a run: short, against the runner's own runs, with one next thing, and a picture to share."""

import base64
import dataclasses
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from playwright.sync_api import Page

from coach.model.pain import PainEntry, PainMoment
from coach.model.runs import Run, RunPlan, RunState
from coach.summary.summarise import summarise
from tests.coach.summary.runs import make_seconds
from tests.support.browser import served, wait_until
from tests.web.kept_runs import keep_run, kept_coach
from tests.web.page_coach import PageCoach
from web.app import create_app
from web.runs_story import STRIP_HEIGHT, STRIP_WIDTH, metric_of, strip_of


@pytest.fixture
def coach(tmp_path: Path) -> Iterator[PageCoach]:
    made = kept_coach(tmp_path, 5, 8)  # four on the treadmill, one outdoors
    yield made
    made.close()


@pytest.fixture
def client(coach: PageCoach) -> FlaskClient:
    return create_app(coach, is_testing=True).test_client()


def story(client: FlaskClient, run_id: str = "r0") -> str:
    found = re.search(r'<section class="card card-focus story".*?</section>', client.get(f"/runs/{run_id}").text, re.S)
    assert found is not None
    return found[0]


def test_the_story_says_what_happened_in_few_words_and_leaves_the_rest_behind_details(client: FlaskClient) -> None:
    page = client.get("/runs/r0").text
    first_screen, _, rest = page.partition('<details class="run-details"')
    assert "Averages" in rest
    assert "Averages" not in first_screen
    words = re.sub(r"<[^>]+>", " ", story(client)).split()
    assert 10 <= len(words) <= 60, " ".join(words)


def test_a_strip_says_where_the_run_lay_against_the_runners_usual(client: FlaskClient) -> None:
    text = story(client)
    assert re.search(r"Step length over [78]:\d\d", text)
    assert re.search(r"Step length, \d+ to \d+ cm; at one pace", text)  # bars do not begin at zero: the range says so
    assert len(re.findall(r'class="strip-cell', text)) >= 40
    assert 'class="strip-usual"' in text
    assert re.search(r"Step length \d+ cm(, like|: [+−][\d.]+ cm against) your usual at this pace", text)


def test_a_strip_of_numbers_known_by_hand() -> None:
    strip = strip_of((5.0, 15.0, 25.0, 35.0), 10.0, (1.0, 1.1, None, 0.9), (1.0, 0.005))
    assert strip is not None
    assert [(cell.x, cell.side) for cell in strip.cells] == [(0.0, "like"), (90.0, "above"), (270.0, "below")]
    assert strip.end_s == 40.0
    assert (strip.least, strip.most) == (0.9, 1.1)
    top, height = strip.band
    bottom = STRIP_HEIGHT - (top + height)
    assert bottom < strip.cells[0].height < bottom + height  # the bar of the usual ends within its band
    assert strip.cells[1].height > bottom + height
    assert strip.cells[2].height < bottom
    assert all(cell.x >= 0 and cell.x + cell.width <= STRIP_WIDTH for cell in strip.cells)
    assert strip_of((0.0, 1.0), 1.0, (1.0, 2.0), None) is None
    flat = strip_of((0.0, 1.0, 2.0), 1.0, (1.0, 1.0, 1.0), None)
    assert flat is not None
    assert {cell.side for cell in flat.cells} == {""}


def test_the_strip_shows_what_the_run_was_about(coach: PageCoach) -> None:
    entry = coach.history.entry("r0")
    plan = RunPlan("quicker", 1.0, 1, False, False, "")
    assert metric_of(entry.run, entry.summary) == "step_length_m"
    assert metric_of(dataclasses.replace(entry.run, plan=plan), entry.summary) == "cadence_spm"
    bare = dataclasses.replace(entry.summary, step_length_m=None, cadence_spm=None, contact_time_ms=None)
    assert metric_of(entry.run, bare) is None


def test_only_the_newest_run_has_a_next_thing_and_pain_is_asked_first(coach: PageCoach, client: FlaskClient) -> None:
    assert "story-next" not in story(client, "r2")
    assert "Next run" in story(client)  # the morning after has been answered
    keep_run(coach.history, "new", datetime.now(UTC) - timedelta(minutes=30), 8, 0.0, seed=9)
    assert "story-next" not in story(client, "r0")
    assert "story-next" in story(client, "new")


def test_after_a_run_the_back_is_asked_about_first(tmp_path: Path) -> None:
    coach = kept_coach(tmp_path, 0)
    client = create_app(coach, is_testing=True).test_client()
    ended = datetime.now(UTC) - timedelta(minutes=20)
    run = Run("new", ended - timedelta(minutes=8), RunState.FINISHED)
    seconds = make_seconds(480)
    coach.store.runs.create(run)
    coach.store.runs.data.add("new", (), seconds)
    coach.store.runs.finish("new", RunState.FINISHED, summarise([], (), seconds))
    assert "How is your back now?" in story(client, "new")
    coach.store.pain.add(PainEntry(datetime.now(UTC), PainMoment.AFTER_RUN, back=1))
    assert "How is your back now?" not in story(client, "new")
    coach.close()


def test_a_faster_part_is_not_called_another_stride(coach: PageCoach, client: FlaskClient) -> None:
    """The runs here swing in speed by 0.15 m/s, and step length goes with it by 0.25 m per m/s: 3.7 cm up and down."""
    series = coach.history.series("r0", ("step_length_m",), n_points=60).values["step_length_m"]
    raw = [value for value in series if value is not None]
    heights = [float(h) for h in re.findall(r'class="strip-cell[^>]*height="([\d.]+)"', story(client))]
    usual = coach.history.detail("r0").usual["step_length_m"]
    band = re.search(r'class="strip-usual"[^>]*height="([\d.]+)"', story(client))
    metres_per_px = 4 * max(usual[1], 0.01 * usual[0]) / float(band[1])
    assert (max(heights) - min(heights)) * metres_per_px < 0.85 * (max(raw) - min(raw))


def test_a_run_in_miles_is_shown_in_miles(tmp_path: Path) -> None:
    made = kept_coach(tmp_path, 3, 8, units="imperial")
    text = story(create_app(made, is_testing=True).test_client())
    assert re.search(r"[\d.]+\u00a0mi, [78]:\d\d, \d+:\d\d\u00a0/mi\.", text)
    assert re.search(r"Step length [\d.]+ in", text)
    made.close()


@pytest.mark.browser
def test_the_first_screen_holds_the_story_and_details_open_on_request(coach: PageCoach, phone: Page) -> None:
    with served(create_app(coach, is_testing=True)) as url:
        phone.goto(f"{url}/runs/r0")
        for part in (".strip-picture", ".story-sentence", ".dots-picture"):
            box = phone.locator(part).bounding_box()
            assert box["y"] + box["height"] <= 844 - 60, part  # above the menu of a phone
        assert phone.locator("#plots").is_hidden()
        phone.get_by_text("Details", exact=True).click()
        wait_until(phone, "() => document.querySelectorAll('.plot canvas').length > 0")
        phone.reload()
        wait_until(phone, "() => document.querySelectorAll('.plot canvas').length > 0")  # who opened it keeps it open
        coach.feed.close()


@pytest.mark.browser
def test_the_picture_is_made_on_the_device_and_holds_no_place(coach: PageCoach, phone: Page) -> None:
    phone.add_init_script(
        """window.shared = []; navigator.canShare = () => true;
        navigator.share = async ({ files }) => {
          const bytes = new Uint8Array(await files[0].arrayBuffer());
          const bitmap = await createImageBitmap(files[0]);
          let text = ""; for (const byte of bytes) text += String.fromCharCode(byte);
          window.shared.push({ type: files[0].type, width: bitmap.width, height: bitmap.height, data: btoa(text) });
        };"""
    )
    with served(create_app(coach, is_testing=True)) as url:
        phone.goto(f"{url}/runs/r0")
        sent: list[str] = []
        phone.on("request", lambda request: sent.append(request.url) if "/icons/" not in request.url else None)
        phone.click("#share-picture")
        wait_until(phone, "() => window.shared.length === 1")
        picture = phone.evaluate("() => window.shared[0]")
        assert (picture["type"], picture["width"], picture["height"]) == ("image/png", 1080, 1350)
        assert base64.b64decode(picture["data"])[:8] == b"\x89PNG\r\n\x1a\n"
        assert len(base64.b64decode(picture["data"])) > 15_000  # more than an empty ground
        assert sent == []
        text = phone.evaluate("() => document.getElementById('share').textContent")
        assert not re.search(r"lat|lon|position|Sam", text)
        coach.feed.close()
