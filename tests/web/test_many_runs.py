"""Pages that hold much: a long run and a long list say the same as short ones, and stay small on the wire."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from coach.summary.summarise import summarise
from tests.web.long_history import keep_long_run, keep_many_runs
from tests.web.page_coach import PageCoach
from tests.web.strength_coach import StrengthCoach
from web.app import create_app

NEWEST_AT = datetime(2026, 11, 20, 7, 30, tzinfo=UTC)
N_RUNS = 230


@pytest.fixture(scope="module")
def coach(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PageCoach]:
    folder: Path = tmp_path_factory.mktemp("many")
    made = PageCoach(folder)
    store = made.store
    keep_long_run(store, "long", NEWEST_AT, hours=0.2)
    like = store.runs.summary("long")
    assert like is not None
    keep_many_runs(store, N_RUNS, datetime(2026, 11, 10, 7, 30, tzinfo=UTC), like)
    yield made
    made.close()


@pytest.fixture(scope="module")
def client(coach: PageCoach) -> FlaskClient:
    app: Flask = create_app(coach, is_testing=True)
    return app.test_client()


def test_a_stretch_read_alone_says_what_the_whole_run_says_of_it(coach: PageCoach) -> None:
    history, runs = coach.history, coach.store.runs
    alone = history.stretch("long", 200.0, 460.0)
    run, before = runs.get("long"), runs.summary("long")
    everything = (
        runs.data.strides("long"),
        runs.data.steps("long"),
        runs.data.seconds("long"),
        runs.data.decisions("long"),
    )
    whole = summarise(*everything, before.streams, (), run.pauses, (), (200.0, 460.0))
    assert alone.n_strides == whole.n_strides > 500
    assert alone.distance_m == pytest.approx(whole.distance_m)
    for name in (
        "cadence_spm",
        "step_length_m",
        "contact_time_ms",
        "heart_rate_bpm",
        "moving_s",
        "duration_s",
        "drift_pct",
    ):
        assert getattr(alone, name) == getattr(whole, name), name


def test_the_list_goes_by_pages_and_every_run_is_on_one(client: FlaskClient) -> None:
    seen: list[str] = []
    for page in range(1, 6):
        found = client.get(f"/api/v1/runs?page={page}").get_json()
        seen += [entry["run"]["run_id"] for entry in found["entries"]]
    assert found["n_total"] == N_RUNS + 1 == len(seen) == len(set(seen))
    assert seen[0] == "long"


@pytest.mark.parametrize("path", ["/runs", "/runs?page=3", "/runs/long", "/runs/trends", "/runs/report", "/live"])
def test_a_page_stays_below_150_kb_packed(client: FlaskClient, path: str) -> None:
    answer = client.get(path, headers={"Accept-Encoding": "gzip"})
    assert answer.status_code == 200
    assert len(answer.data) < 60_000  # the rest of the 150 kB is for styles, scripts and the plot library


def test_all_runs_are_in_the_trend(client: FlaskClient) -> None:
    trend = client.get("/api/v1/trends/step_length_m").get_json()
    assert len(trend["points"]) == N_RUNS + 1
    assert trend["per_week_low"] <= trend["per_week"] <= trend["per_week_high"]


def test_the_trend_knows_when_the_programme_began(tmp_path: Path) -> None:
    strong = StrengthCoach(tmp_path)
    client = create_app(strong, is_testing=True).test_client()
    assert '"programme_start":null' in client.get("/runs/trends").text
    strong.strength.create("home", "mon,thu", "18:30", "Europe/Berlin")
    start = strong.strength.plans.show().wish.start
    assert f'"programme_start":"{start.isoformat()}"' in client.get("/runs/trends").text
    strong.close()
