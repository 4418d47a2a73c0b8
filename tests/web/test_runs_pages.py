"""Pages and JSON of runs afterwards, over real runs in a real store."""

import io
import json
import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.coach.service.runs.exports_of_others import gpx, strava, zipped
from tests.web.kept_runs import kept_coach
from tests.web.page_coach import PageCoach
from web.app import create_app


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PageCoach]:
    coach = kept_coach(tmp_path_factory.mktemp("kept"), 3, 9)
    yield coach
    coach.close()


@pytest.fixture(scope="module")
def client(kept: PageCoach) -> FlaskClient:
    return create_app(kept, is_testing=True).test_client()


@pytest.fixture
def own(tmp_path: Path) -> Iterator[FlaskClient]:
    """An account of one run that a test may change."""
    coach = kept_coach(tmp_path, 1, 6)
    yield create_app(coach, is_testing=True).test_client()
    coach.close()


def text_of(client: FlaskClient, path: str) -> str:
    response = client.get(path)
    assert response.status_code == 200, response.text
    return response.text


def post(client: FlaskClient, path: str, **form: Any) -> str:
    """Post a form and give the page it leads to."""
    response = client.post(path, data=form, follow_redirects=True)
    assert response.status_code == 200, response.text
    return response.text


def read(client: FlaskClient, path: str) -> Any:
    response = client.get(f"/api/v1{path}")
    assert response.status_code == 200, response.text
    return response.json


def test_the_list_shows_runs_and_filters_them(client: FlaskClient) -> None:
    page = text_of(client, "/runs")
    assert page.count('class="card run-row"') == 3
    assert "3 runs" in page
    assert text_of(client, "/runs?shoes=Blue+pair").count("run-row") == 2
    assert text_of(client, "/runs?place=outdoor").count("run-row") == 1
    assert "No run fits" in text_of(client, "/runs?words=nothing+like+it")
    assert "calendar-run" in page
    assert "No run fits" in text_of(client, "/runs?until=2020-01-01&month=2020-01")
    assert text_of(client, "/runs?since=nonsense&page=-4&month=x").count("run-row") == 3
    assert text_of(client, "/runs?since=0001-01-01&until=9999-12-31").count("run-row") == 3


@pytest.mark.parametrize("moment", ["2026-01-01T00:00:00", "0001-01-01T00:00:00%2B12:00", "9999-12-31T23:59:59-12:00"])
@pytest.mark.parametrize("address", ["/api/v1/runs", "/api/v1/trends/cadence_spm"])
def test_a_moment_without_zone_or_beyond_the_calendar_is_refused(
    client: FlaskClient, address: str, moment: str
) -> None:
    assert client.get(f"{address}?since={moment}").status_code == 400


def test_one_run_says_what_mattered_and_everything_else(client: FlaskClient) -> None:
    page = text_of(client, "/runs/r0")
    for words in ("What mattered", "Averages", "Splits", "Laps", "Your average stride", "Fatigue drift", "Cues"):
        assert words in page, words
    assert "% shorter from the first third to the last" in page
    assert "interval without zero" in page
    assert "another focus was chosen for this run" in page
    assert "of the readings of the left foot are missing" in page
    assert "Back 2 of 10" in page
    assert "style=" not in page
    assert len(page.encode()) < 150_000


def test_a_run_that_is_not_there_is_not_found(client: FlaskClient) -> None:
    assert client.get("/runs/none").status_code == 404
    assert client.get("/api/v1/runs/none").status_code == 404
    assert client.get("/runs/compare?run=r0").status_code == 302  # back to the list, with words; not a dead end


def test_imperial_runners_read_miles_and_feet(tmp_path: Path) -> None:
    coach = kept_coach(tmp_path, 1, 9, units="imperial")
    client = create_app(coach, is_testing=True).test_client()
    page = text_of(client, "/runs/r0")
    assert "/mi" in page
    assert "ft</span>" in page
    splits = read(client, "/runs/r0")["splits"]
    assert splits[0]["distance_m"] == pytest.approx(1609, abs=6) or len(splits) == 1
    coach.close()


def test_two_runs_and_many_runs_are_compared(client: FlaskClient) -> None:
    page = text_of(client, "/runs/compare?run=r2&run=r0")
    assert "Step length" in page
    assert "clear" in page
    trends = text_of(client, "/runs/trends?metric=cadence_spm&days=90&place=treadmill")
    assert "Cadence" in trends
    assert "Fastest 1 km" in trends
    assert text_of(client, "/runs/trends?metric=nonsense&days=x&place=y")
    assert "2 runs on the treadmill." in text_of(client, "/runs/trends"), "like with like, and it says so"
    assert "of every place" in text_of(client, "/runs/trends?place=any")
    assert read(client, "/trends/step_length_m")["points"]
    assert {d["metric"] for d in read(client, "/compare?first_id=r0&second_id=r1")["differences"]} >= {"cadence_spm"}
    assert read(client, "/records")
    assert len(read(client, "/calendar?first=2000-01-01&last=2100-01-01")) >= 2


def test_today_says_what_mattered_most_in_the_last_run(client: FlaskClient) -> None:
    finding = read(client, "/runs/r0")["entry"]["summary"]["findings"][0]["words"]
    assert finding in text_of(client, "/")


def test_months_of_the_list_have_totals_and_an_empty_list_says_how_to_begin(tmp_path: Path) -> None:
    coach = kept_coach(tmp_path, 2, 3)
    client = create_app(coach, is_testing=True).test_client()
    assert text_of(client, "/runs").count('<li class="run-month') in (1, 2)
    assert " km · " in text_of(client, "/runs")
    assert '<span class="soft">2 run' not in text_of(client, "/runs?place=outdoor")  # totals are of all runs
    for run_id in ("r0", "r1"):
        coach.history.delete(run_id)
    empty = text_of(client, "/runs")
    assert "Start a run" in empty
    assert "Import files" in empty
    coach.close()


def test_the_report_has_gait_pain_and_programme_on_one_page(client: FlaskClient) -> None:
    page = text_of(client, "/runs/report")
    for words in (
        "Sam",
        "born 1984",
        "Gait at matched speed",
        "Pain by week",
        "Strength programme",
        "not a diagnosis",
    ):
        assert words in page, words


def test_the_report_shows_where_the_newest_run_went_only_if_asked(own: FlaskClient) -> None:
    content = gpx(datetime.now(UTC) - timedelta(days=2), 5.0, "running", seconds=500)
    assert own.post("/runs/import", data={"file": (io.BytesIO(content), "run.gpx")}).status_code == 302
    plain, mapped = own.get("/runs/report").text, own.get("/runs/report?map=1").text
    assert "Where the newest run went" not in plain
    assert '<path class="report-route" d="M' not in plain
    assert '<path class="report-route" d="M160.0 ' in mapped, "straight north, in the middle"
    assert mapped.count('class="report-split"') == 2, "kilometres"


def test_series_and_stretches_come_as_json(client: FlaskClient) -> None:
    series = read(client, "/runs/r0/series?names=cadence_spm,heart_rate_bpm&n_points=50")
    assert set(series["values"]) == {"cadence_spm", "heart_rate_bpm"}
    assert len(series["t_s"]) <= 51
    stretch = read(client, "/runs/r0/stretch?start_s=60&end_s=120")
    assert stretch["moving_s"] == pytest.approx(60, abs=2)
    assert client.get("/api/v1/runs/r0/stretch?start_s=60&end_s=50").status_code == 400
    assert client.get("/api/v1/runs/r0/series?names=colour").status_code == 400
    page = read(client, "/runs?per_page=2")
    assert (len(page["entries"]), page["n_total"], page["n_pages"]) == (2, 3, 2)


@pytest.mark.parametrize("kind", ["fit", "tcx", "csv", "strides"])
def test_a_run_is_exported_as_a_file(client: FlaskClient, kind: str) -> None:
    with client.get(f"/api/v1/runs/r0/export/{kind}") as response:
        assert response.status_code == 200
        assert "attachment" in response.headers["Content-Disposition"]
        assert len(response.data) > 1000
    assert client.get("/api/v1/runs/r0/export/pdf").status_code == 400


def test_a_run_is_edited_trimmed_and_given_laps(own: FlaskClient) -> None:
    page = post(own, "/runs/r0/edit", title="Hills <b>", notes="wet", shoes="Red", place="outdoor", slope_pct="1,5")
    assert "Hills &lt;b&gt;" in page
    assert "Kept." in page
    assert read(own, "/runs/r0")["entry"]["run"]["slope_pct"] == 1.5
    post(own, "/runs/r0/trim", start="1:00", end="4:00")
    assert read(own, "/runs/r0")["entry"]["run"]["duration_s"] == 180
    post(own, "/runs/r0/trim", start="", end="")
    post(own, "/runs/r0/laps", start=["0:00", "2:00", ""], kind=["warm_up", "lap", "lap"])
    laps = read(own, "/runs/r0")["entry"]["run"]["laps"]
    assert [(lap["start_s"], lap["end_s"], lap["kind"]) for lap in laps] == [(0, 120, "warm_up"), (120, None, "lap")]
    assert own.post("/runs/r0/trim", data={"start": "x:y"}).status_code == 400
    post(own, "/runs/shoes", name="Red", start="100", is_retired="on")
    assert read(own, "/shoes")[0]["name"] in ("Blue pair", "Red")


def test_a_run_is_deleted_and_brought_back_and_cut(own: FlaskClient) -> None:
    page = post(own, "/runs/r0/delete")
    assert "Undo" in page
    assert page.count("run-row") == 0
    assert "Bring back" in text_of(own, "/runs?deleted=on")
    assert "The run is back." in post(own, "/runs/r0/restore")
    assert post(own, "/runs/r0/split", at="3:00").count("run-row") == 2
    assert own.post("/runs/r0/split", data={"at": ""}).status_code == 400
    assert "The run is whole again." in post(own, "/runs/r0/join")
    assert text_of(own, "/runs").count("run-row") == 1
    cut_again = post(own, "/runs/r0/split", at="2:00")
    assert cut_again.count("run-row") == 2
    assert 'action="/runs/r0/join"' in cut_again


def test_a_trim_is_undone_with_what_was_before(own: FlaskClient) -> None:
    post(own, "/runs/r0/trim", start="0:30", end="4:30")
    page = post(own, "/runs/r0/trim", start="1:00", end="4:00")
    assert '<input type="hidden" name="start" value="30">' in page
    assert '<input type="hidden" name="end" value="270">' in page
    post(own, "/runs/r0/trim", start="30", end="270")
    assert read(own, "/runs/r0")["entry"]["run"]["duration_s"] == 240


def test_the_same_verbs_as_json(own: FlaskClient) -> None:
    assert own.patch("/api/v1/runs/r0", json={"title": "A"}).json["title"] == "A"
    assert own.patch("/api/v1/runs/r0", json={"state": "recording"}).status_code == 400
    assert own.post("/api/v1/runs/r0/trim", json={"start_s": 10.0, "end_s": 60.0}).json["duration_s"] == 50
    assert own.put("/api/v1/runs/r0/laps", json={"laps": [{"start_s": 0.0, "kind": "lap"}]}).status_code == 200
    assert len(own.post("/api/v1/runs/r0/split", json={"at_s": 100.0}).json) == 2
    assert own.delete("/api/v1/runs/r0-a").status_code == 204
    assert own.post("/api/v1/runs/r0-a/restore").status_code == 204
    assert own.post("/api/v1/runs/r0/recompute").status_code == 400


def test_null_in_a_change_leaves_what_was_there(own: FlaskClient) -> None:
    body = {"title": None, "notes": None, "shoes": None, "place": None, "sport": None, "slope_pct": None}
    response = own.patch("/api/v1/runs/r0", json=body, headers={"Origin": "http://localhost"})
    assert response.status_code == 200
    assert (response.json["sport"], response.json["slope_pct"]) == ("running", None)


def test_files_are_imported_and_the_account_goes_round(own: FlaskClient, tmp_path: Path) -> None:
    with own.get("/api/v1/runs/r0/export/fit") as exported:
        fit = exported.data
    with own.get("/api/v1/account/archive") as whole:
        archive = whole.data
    other = kept_coach(tmp_path / "other", 0)
    client = create_app(other, is_testing=True).test_client()
    assert 'href="/runs#import"' in client.get("/runs/import").text, "without an import the page leads to one"
    page = post(client, "/runs/import", file=(io.BytesIO(fit), "watch.fit"))
    assert "Imported as a run." in page
    answer = client.post("/api/v1/runs/import", data=archive, headers={"X-File-Name": "account.zip"})
    assert answer.json["n_runs"] == 1
    assert client.post("/runs/import", data={"file": (io.BytesIO(b"GIF89a"), "x.gif")}).status_code == 400
    assert client.post("/runs/import", data={}).status_code == 400
    assert json.loads(client.get("/api/v1/runs").data)["n_total"] == 2
    other.close()


def test_an_export_of_another_service_comes_in_with_a_report(own: FlaskClient) -> None:
    files = [(io.BytesIO(zipped(strava())), "strava.zip"), (io.BytesIO(b"GIF89a"), "x.fit")]
    answer = own.post("/runs/import", data={"file": files})
    assert answer.headers["Location"] == "/runs/import"
    until = time.monotonic() + 90
    while own.get("/api/v1/runs/import").json["is_running"]:
        assert time.monotonic() < until
        time.sleep(0.02)
    status = own.get("/api/v1/runs/import").json
    assert status["counts"] == {"taken": 2, "refused": 2}
    page = own.get("/runs/import").text
    assert "The import has ended." in page
    assert "activities/1.fit.gz" in page
    report = own.get("/api/v1/runs/import/report")
    assert report.text.count("\n") == 5
    assert own.post("/api/v1/runs/import/stop").json["is_running"] is False
    alone = own.post("/runs/import", data={"file": (io.BytesIO(zipped(strava())), "strava.zip")})
    assert alone.headers["Location"] == "/runs/import"


def test_a_difference_of_pace_is_a_pace(tmp_path: Path) -> None:
    for units, unit in (("metric", "/km"), ("imperial", "/mi")):
        coach = kept_coach(tmp_path / units, 3, 6, units=units)
        page = create_app(coach, is_testing=True).test_client().get("/runs/compare?run=r0&run=r2").text
        assert "m/s" not in page
        row = re.search(r"Pace.*?</tr>", page, re.S)
        assert row is not None
        assert re.search(rf"<td class=\"number\">[+\u2212]?\d+:\d\d {unit}</td>", row[0]), row[0]
        coach.close()


def test_plus_minus_means_one_thing_and_a_spread_has_two_ends(client: FlaskClient) -> None:
    page = client.get("/runs/r0").text
    assert "± is the 95 % interval, the sensor&#39;s own error in it" in page
    table = re.search(r"95 of 100 strides lie.*?</table>", page, re.S)
    assert table is not None
    assert "±" not in table[0]
    assert re.search(r"\d+ to \d+", table[0])


@pytest.mark.parametrize("query", ["", "?run=r0", "?run=r0&run=r0", "?run=r0&run=r1&run=r2"])
def test_comparing_other_than_two_leads_back_to_the_list_with_words(client: FlaskClient, query: str) -> None:
    answer = client.get(f"/runs/compare{query}", follow_redirects=True)
    assert answer.status_code == 200
    assert "Choose two runs in the list" in answer.text
    assert 'class="run-link"' in answer.text


@pytest.mark.parametrize("path", ["/runs", "/runs/r0", "/live", "/sensors", "/progress"])
def test_without_javascript_a_page_says_what_it_needs(client: FlaskClient, path: str) -> None:
    assert re.search(r"<noscript>.*JavaScript is off.*</noscript>", client.get(path).text)


def test_landings_are_a_total_with_its_interval(client: FlaskClient) -> None:
    page = client.get("/runs/r0").text
    landings = re.search(r"<dt>Landings</dt>.*?</dd>", page, re.S)
    assert landings is not None
    assert re.search(r"\d\u202f\d{3}</span>.*±.*> \d+</span>", landings[0], re.S), landings[0]
