"""The judge of foreign files finds what is right, and would notice what is not."""

import gzip
from pathlib import Path

import pytest

from coach.model.runs import Run, RunState, Sport
from tests.coach.service.runs import exports_of_others as others
from tests.interchange_corpus import Session, _compare, judge, main
from tests.support.common import need_reference


@pytest.mark.slow
def test_every_reference_file_is_right() -> None:
    for path in sorted(need_reference("fit").glob("*.fit")):
        judged = judge(path.name, path.read_bytes())
        assert judged.verdict in ("run", "apart"), judged


def test_a_folder_is_judged_file_by_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    others.unpack(
        tmp_path,
        {
            "a.fit": others.fit(),
            "b.fit.gz": gzip.compress(others.fit()),
            "ride.fit": others.fit(sport=2),
            "walk.gpx": others.gpx(speed_mps=1.3),
            "broken.tcx": b"<TrainingCenterDatabase/>",
            "all.zip": others.zipped({"c.gpx": others.gpx(sport="running")}),
        },
    )
    assert main([str(tmp_path)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split() for line in lines[-4:-1]] == [
        ["fit", "2", "0", "1", "0", "0"],
        ["gpx", "1", "1", "0", "0", "0"],
        ["tcx", "0", "0", "1", "0", "0"],
    ]
    assert main([]) == 2


def test_what_is_wrong_is_noticed() -> None:
    run = Run("r1", others.DAY, RunState.FINISHED, duration_s=600.0, distance_m=2000.0)
    assert _compare([run], [Session("running", 2010.0, 601.0)]) == ""
    assert "not among" in _compare([run], [Session("running", 2100.0, 601.0)])
    assert "not among" in _compare([run], [Session("running", 2000.0, 700.0)])
    assert "not among" in _compare([run], [Session("running", 2000.0, 600.0), Session("running", 5000.0, 1500.0)])
    assert "cycling" in _compare([run], [Session("cycling", 2000.0, 600.0)])
    apart = Run("r2", others.DAY, RunState.FINISHED, sport=Sport.OTHER)
    assert _compare([apart], [Session("cycling", 2000.0, 600.0)]) == ""
