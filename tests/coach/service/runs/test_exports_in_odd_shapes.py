"""Exports unpacked, packed within another folder, or broken as their makers break them; and a run that comes twice."""

import gzip
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from coach.model.history import Outcome
from coach.model.runs import RunFilter, Sport
from coach.service.runs.history import HistoryService
from coach.service.runs.importing import ImportService
from coach.storage.store import Store
from tests.coach.interchange import foreign
from tests.coach.service.runs import exports_of_others as others

BROKEN_DTD = (
    b'<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE HealthData [\n<!ELEMENT HealthData (Workout)*>\n'
    b"<!ATTLIST VisionPrescription\n  type CDATA #REQUIRED\n<!ELEMENT Me EMPTY>\n]>\n"
)


class Account:
    def __init__(self, folder: Path) -> None:
        self.store = Store(folder / "coach.sqlite")
        self.history = HistoryService(self.store, folder / "recordings")
        self.imports = ImportService(self.store, self.history.files, folder / "inbox")

    def take(self, path: Path) -> dict[str, Outcome]:
        return {done.name.rpartition("/")[2]: done.outcome for done, _ in self.imports.each(path)}

    def distances_m(self) -> list[float]:
        runs = self.history.list(RunFilter(sport=Sport.RUNNING)).entries
        return sorted(entry.run.distance_m or 0.0 for entry in runs)


@pytest.fixture
def account(tmp_path: Path) -> Iterator[Account]:
    made = Account(tmp_path)
    yield made
    made.store.close()


@pytest.mark.parametrize("top", ["", "apple_health_export/"])
def test_an_export_of_apple_health_comes_in_unpacked(account: Account, tmp_path: Path, top: str) -> None:
    members = {top + name.removeprefix("apple_health_export/"): data for name, data in others.apple().items()}
    members["watch.fit"] = others.fit(others.DAY + timedelta(days=60))
    found = account.take(others.unpack(tmp_path / "unpacked", members))
    # A route alone does not say whether it was run, walked or ridden: it comes in with its workout only.
    assert found == {
        "running 2026-05-24 07:00": Outcome.TAKEN,
        "running 2026-05-25 07:00": Outcome.TAKEN,
        "cycling 2026-05-26 07:00": Outcome.REFUSED,
        "watch.fit": Outcome.TAKEN,
    }


def test_an_export_of_apple_health_with_a_broken_document_type_is_read(account: Account, tmp_path: Path) -> None:
    members = others.apple()
    export = members["apple_health_export/export.xml"]
    body = export[export.index(b"<HealthData locale") :].replace(b'sourceName="Watch"', b'sourceName="Wa\x0btch"')
    (tmp_path / "export.zip").write_bytes(
        others.zipped({**members, "apple_health_export/export.xml": BROKEN_DTD + body})
    )
    account.take(tmp_path / "export.zip")
    assert account.distances_m() == [pytest.approx(600, rel=0.01)] * 2


def test_a_workout_with_two_routes_has_the_places_of_both(account: Account, tmp_path: Path) -> None:
    members = others.apple()
    name = "apple_health_export/export.xml"
    both = b'<FileReference path="/workout-routes/route_1.gpx"/><FileReference path="/workout-routes/route_2.gpx"/>'
    members[name] = members[name].replace(b'<FileReference path="/workout-routes/route_1.gpx"/>', both)
    day = others.DAY + timedelta(days=20)
    for number, start_s in ((1, 0), (2, 100)):
        at = day + timedelta(seconds=start_s)
        members[f"apple_health_export/workout-routes/route_{number}.gpx"] = foreign.gpx(
            foreign.track(foreign.points(seconds=95, at=at, from_m=3.0 * start_s))
        )
    (tmp_path / "export.zip").write_bytes(others.zipped(members))
    account.take(tmp_path / "export.zip")
    outdoor = next(e.run for e in account.history.list(RunFilter()).entries if e.run.started_at == day)
    route = account.history.route(outdoor.run_id)
    assert route is not None
    assert route.t_s[-1] == pytest.approx(195)
    exported = account.history.files.export(outdoor.run_id, "gpx")
    assert exported.count(b"<trkpt") > 180


@pytest.mark.parametrize("is_zip", [True, False])
def test_an_export_of_strava_within_another_folder_keeps_its_sports(
    account: Account, tmp_path: Path, is_zip: bool
) -> None:
    members = {f"downloads/export_1/{name}": data for name, data in others.strava().items()}
    path = tmp_path / "all.zip"
    if is_zip:
        path.write_bytes(others.zipped(members))
    else:
        path = others.unpack(tmp_path / "all", members)
    assert account.take(path) == {"1.fit.gz": Outcome.TAKEN, "2.gpx.gz": Outcome.TAKEN, "3.gpx": Outcome.REFUSED}


def test_one_run_in_every_format_and_twice_in_each_is_one_run(account: Account, tmp_path: Path) -> None:
    points = "".join(foreign.tcx_point(foreign.DAY + timedelta(seconds=s), 3.0 * s) for s in range(301))
    kinds = {
        "run.fit": foreign.fit((foreign.RUNNING, foreign.DAY, 300, 900.0)).close(),
        "run.gpx": foreign.gpx(foreign.track(foreign.points())),
        "run.tcx": foreign.tcx(foreign.activity(foreign.lap(points))),
        "both.gpx": foreign.gpx(foreign.track(foreign.points()), foreign.track(foreign.points())),
    }
    members = {f"{n}/{name}": data for n in range(2) for name, data in kinds.items()}
    account.take(others.unpack(tmp_path / "all", members))
    assert account.distances_m() == [pytest.approx(900.0, rel=0.01)]


def test_a_file_that_names_the_sport_answers_what_another_left_open(account: Account, tmp_path: Path) -> None:
    open_one = foreign.gpx(foreign.track(foreign.points(), name="Ride"))
    (tmp_path / "a.gpx").write_bytes(open_one)
    account.take(tmp_path / "a.gpx")
    assert account.distances_m() == []
    (tmp_path / "b.fit").write_bytes(foreign.fit((foreign.RUNNING, foreign.DAY, 300, 900.0)).close())
    account.take(tmp_path / "b.fit")
    assert account.distances_m() == [pytest.approx(900.0, rel=0.01)]


def test_a_clock_that_was_set_makes_no_run_too_long_to_be_one(account: Account, tmp_path: Path) -> None:
    stray = '<trkpt lat="0" lon="8"><time>1970-01-01T00:00:00Z</time></trkpt>'
    (tmp_path / "a.gpx").write_bytes(foreign.gpx(foreign.track(stray + foreign.points(), "running")))
    assert account.take(tmp_path / "a.gpx") == {"a.gpx": Outcome.TAKEN}
    assert account.distances_m() == [pytest.approx(900.0, rel=0.01)]


@pytest.mark.parametrize("is_zip", [True, False])
def test_a_list_of_activities_that_is_broken_keeps_no_file_out(account: Account, tmp_path: Path, is_zip: bool) -> None:
    quote_without_end = b'a,b\n1,"' + b"x" * 200_000  # longer than the reader of CSV takes for one cell
    members = {"activities.csv": quote_without_end, "activities/1.fit": others.fit()}
    path = others.unpack(tmp_path / "unpacked", members)
    if is_zip:
        path = tmp_path / "export.zip"
        path.write_bytes(others.zipped(members))
    assert account.take(path) == {"1.fit": Outcome.TAKEN}


def test_a_link_to_a_file_that_is_gone_is_refused_and_the_rest_comes_in(account: Account, tmp_path: Path) -> None:
    folder = others.unpack(tmp_path / "unpacked", {"b.fit": others.fit()})
    (folder / "a.fit").symlink_to(tmp_path / "gone.fit")
    assert account.take(folder) == {"a.fit": Outcome.REFUSED, "b.fit": Outcome.TAKEN}


@pytest.mark.parametrize("is_zip", [True, False])
def test_a_run_that_an_export_lists_without_a_file_is_reported(account: Account, tmp_path: Path, is_zip: bool) -> None:
    members = others.strava()
    members["activities.csv"] += b'\n5,"8. Mai 2026, 07:00:00","Ohne Uhr",Lauf,,,3600,"10,0"'
    path = tmp_path / "export.zip"
    if is_zip:
        path.write_bytes(others.zipped(members))
    else:
        path = others.unpack(tmp_path / "export", members)
    done = [one for one, _ in account.imports.each(path) if one.name.startswith("activities.csv")]
    assert [(one.name, one.outcome) for one in done] == [
        ("activities.csv: 8. Mai 2026, 07:00:00, Ohne Uhr", Outcome.REFUSED)
    ]
    assert "no file of it" in done[0].reason


def test_packed_files_of_any_name_come_in(account: Account, tmp_path: Path) -> None:
    members = {"a/12345.gz": gzip.compress(others.fit()), "a/notes.gz": gzip.compress(b"no run")}
    assert account.take(others.unpack(tmp_path / "export", members)) == {
        "12345.gz": Outcome.TAKEN,
        "notes.gz": Outcome.REFUSED,
    }
