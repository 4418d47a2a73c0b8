"""A watch and a pod in one file: one device a metric, said on the run's page, and the runner may choose the pod's."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from coach.errors import UserError
from coach.interchange import fit_messages as fm
from coach.interchange.fit_encoding import FLOAT32, DeveloperField, FitFile
from coach.service.runs.history import HistoryService
from coach.storage.store import Store
from tests.coach.interchange import foreign
from tests.coach.interchange.test_fit_files_go_out_and_come_back import frames
from tests.coach.service.runs import exports_of_others as others
from tests.web.kept_runs import kept_coach
from web.app import create_app

STANCE, POWER = fm.RECORD_VALUES["contact_time_ms"][0], fm.RECORD_VALUES["power_w"][0]
PODS = [DeveloperField(n, name, "", FLOAT32) for n, name in enumerate(("Ground Time", "Power", "RS_FootStrike_L"))]


def with_pods() -> bytes:
    """A Garmin's file: contact time of the watch 262 ms, of a Stryd 242 ms; power of the Stryd alone."""
    file = FitFile()
    first = foreign.seconds_of_fit(foreign.DAY)
    file.add(fm.FILE_ID, [(fm.FILE_TYPE, 4), (fm.MANUFACTURER, 1), (fm.PRODUCT, 1765)])
    file.add(fm.DEVELOPER_DATA_ID, [(fm.APPLICATION_ID, bytes(range(16))), (fm.DEVELOPER_INDEX, 0)])
    for field in PODS:
        file.add(
            fm.FIELD_DESCRIPTION,
            [
                (fm.DESCRIPTION_INDEX, 0),
                (fm.DESCRIPTION_NUMBER, field.number),
                (fm.DESCRIPTION_TYPE, field.kind.code),
                (fm.DESCRIPTION_NAME, field.name),
                (fm.DESCRIPTION_UNITS, ""),
            ],
        )
    for s in range(301):
        native = [(fm.TIMESTAMP, first + s), (foreign.DISTANCE, 3.0 * s), (foreign.SPEED, 3.0), (fm.CADENCE, 85)]
        file.add(fm.RECORD, [*native, (STANCE, 262.0)], list(zip(PODS, (242.0, 353.0, 5.0), strict=True)))
    session = [(fm.TIMESTAMP, first + 300), (fm.START_TIME, first), (fm.SPORT_SESSION, 1), (fm.TOTAL_DISTANCE, 900.0)]
    file.add(fm.SESSION, [*session, (fm.TOTAL_TIMER, 300), (fm.TOTAL_ELAPSED, 300)])
    return file.close()


KILLED = """
import os, signal, sys
from pathlib import Path
from coach.service.runs.history import HistoryService
from coach.storage.store import Store

folder = Path(sys.argv[1])
history = HistoryService(Store(folder / "coach.sqlite"), folder / "recordings")
history._store.runs.finish = lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL)
history.choose_devices(sys.argv[2], prefers_pods=True)
"""


@pytest.fixture
def history(tmp_path: Path) -> Iterator[HistoryService]:
    store = Store(tmp_path / "coach.sqlite")
    yield HistoryService(store, tmp_path / "recordings")
    store.close()


def test_each_metric_says_its_device_and_the_runner_may_choose(history: HistoryService) -> None:
    (run_id,) = history.files.import_bytes(with_pods(), "run.fit").run_ids
    entry = history.entry(run_id)
    assert entry.summary is not None
    assert entry.summary.contact_time_ms == pytest.approx(262)
    assert entry.summary.power_w == pytest.approx(353)
    assert entry.summary.foot_strike_type == pytest.approx(5)
    assert entry.run.sources["contact_time_ms"] == "Garmin fr920xt; also Stryd"
    assert entry.run.sources["power_w"] == "Stryd"
    assert entry.run.sources["foot_strike_type"] == "RunScribe"
    history.choose_devices(run_id, prefers_pods=True)
    entry = history.entry(run_id)
    assert entry.summary is not None
    assert entry.summary.contact_time_ms == pytest.approx(242)
    assert entry.run.sources["contact_time_ms"] == "Stryd; also Garmin fr920xt"
    assert entry.summary.distance_m == pytest.approx(900)
    history.choose_devices(run_id, prefers_pods=False)
    again = history.entry(run_id).summary
    assert again is not None
    assert again.contact_time_ms == pytest.approx(262)
    history.files.finish(entry.run, again.distance_m)
    assert history.entry(run_id).summary == again, "what is kept gives the same sum"


def test_a_choice_that_is_killed_before_the_run_is_summed_up_leaves_it_as_it_was(
    history: HistoryService, tmp_path: Path
) -> None:
    (run_id,) = history.files.import_bytes(with_pods(), "run.fit").run_ids
    before = history.entry(run_id), history.files.export(run_id, "csv")
    killed = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path), run_id], check=False, timeout=60)
    assert killed.returncode == -signal.SIGKILL
    assert (history.entry(run_id), history.files.export(run_id, "csv")) == before


def test_what_a_pod_measured_goes_out_again(history: HistoryService) -> None:
    (run_id,) = history.files.import_bytes(with_pods(), "run.fit").run_ids
    records = [frame for frame in frames(history.files.export(run_id, "fit")) if frame.name == "record"]
    assert records[100].get_value("power") == 353
    assert records[100].get_value("foot_strike_type") == 5.0
    assert b"<ae:Watts>353</ae:Watts>" in history.files.export(run_id, "tcx")
    assert b"power_w" in history.files.export(run_id, "csv").splitlines()[0]
    trend = history.trend("power_w")
    assert [point.run_id for point in trend.points] == [run_id]


def test_a_file_of_one_device_names_none(history: HistoryService) -> None:
    (run_id,) = history.files.import_bytes(others.fit(), "run.fit").run_ids
    assert history.entry(run_id).run.sources == {}
    (other,) = history.files.import_bytes(
        foreign.gpx(foreign.track(foreign.points(at=others.DAY.replace(day=9)))), "a.gpx"
    ).run_ids
    with pytest.raises(UserError, match="not imported from a FIT"):
        history.choose_devices(other, prefers_pods=True)


def test_the_page_says_by_which_device_and_lets_choose(tmp_path: Path) -> None:
    coach = kept_coach(tmp_path, 1, 6)
    try:
        (run_id,) = coach.history.files.import_bytes(with_pods(), "run.fit").run_ids
        client = create_app(coach, is_testing=True).test_client()
        assert "by Garmin fr920xt; also Stryd" in client.get(f"/runs/{run_id}").text
        said = client.post(f"/runs/{run_id}/devices", data={"use": "pod"}, follow_redirects=True).text
        assert "by Stryd; also Garmin fr920xt" in said
        assert "Running power" in said
    finally:
        coach.close()
