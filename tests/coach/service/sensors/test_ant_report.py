"""`coach sensors report` of a foot pod and a strap of ANT+: pages, maker and counts, without a serial number."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from coach.errors import LinkError, UserError
from coach.interchange.device_report import read_report, report_name, write_report
from coach.service.event_loop import LoopThread
from coach.service.sensors.device_report import report_on
from coach.service.sensors.service import SensorService
from coach.storage.store import Store
from tests.coach.packets.test_reports_from_owners import decoded
from tests.support.ant_stick import FakeUsb, foot_pod, plugged_in, strap

PACE = 10.0


@pytest.fixture
def service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[SensorService, LoopThread]]:
    monkeypatch.setattr("coach.radio.ant.stick._RESET_S", 0.01)
    store, loop = Store(tmp_path / "coach.db"), LoopThread()
    with plugged_in(FakeUsb([foot_pod(), strap()], pace=PACE)):
        service = SensorService(store, loop, speed=PACE)
        yield service, loop
        service.close()
    loop.close()
    store.close()


def test_a_pod_of_ant_is_reported_with_its_maker_and_no_serial_number(
    service: tuple[SensorService, LoopThread], tmp_path: Path
) -> None:
    report = report_on(*service, "ant-124-12345", seconds=20.0)
    assert (report.profile_id, report.problems, report.services) == ("ant_stride_speed", (), ())
    assert report.advertised.name == "ANT+ foot pod 00000"
    assert report.information == {"manufacturer": "ANT+ maker 1", "model": "1", "hardware": "1", "firmware": "2.3"}
    assert report.counts is not None
    assert 10 < report.counts.n_samples < 24, "one a second, less what a busy machine does not fetch in time"
    pages = [bytes.fromhex(packet.hex) for packet in report.packets]
    numbers = {page[0] for page in pages}
    assert {1, 2} <= numbers <= {1, 2, 80}, "81 has the serial number; 80 comes every 16 s, 15 s are kept"
    path = tmp_path / report_name(report)
    write_report(report, path)
    assert read_report(path) == report
    n_samples, n_bad = decoded(report)
    assert n_samples > 8
    assert n_bad == 0


def test_a_sensor_of_ant_that_is_not_there_is_said_to_be(service: tuple[SensorService, LoopThread]) -> None:
    with pytest.raises(LinkError, match="not heard over ANT"):
        report_on(*service, "ant-120-7", seconds=1.0)


@pytest.mark.parametrize("profile_id", ["ant_stride_speed", "movesense"])
def test_a_profile_of_another_kind_is_refused_for_its_pages_would_hold_the_serial_number(
    service: tuple[SensorService, LoopThread], profile_id: str
) -> None:
    with pytest.raises(UserError, match="ant_heart_rate"):
        report_on(*service, "ant-120-54321", profile_id, seconds=1.0)
