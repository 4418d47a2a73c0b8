"""One foot's strides: the same however the stream is cut, right against force plates, and none out of nothing."""

import csv
import gzip
import json

import numpy as np
import pytest

from coach.gait.bulk import analyse
from coach.gait.foot import FootGait
from coach.model.plain import to_plain
from coach.model.samples import ImuChunk
from coach.model.sites import WearSite
from coach.model.strides import GaitEvent, InitialContact, MidStance, Stride, ToeOff
from tests.support import need_reference


def recorded(name: str) -> ImuChunk:
    folder = need_reference(name)
    about = json.loads((folder / "recording.json").read_text())
    with gzip.open(folder / "imu.csv.gz", "rt") as file:
        values = np.loadtxt(file, delimiter=",", skiprows=1)
    return ImuChunk(
        WearSite(about["wear_site"]),
        values[:, 0].copy(),
        values[:, 1:4].copy(),
        values[:, 4:7].copy() if values.shape[1] == 7 else None,
        about["acc_range_g"] * 9.80665 if about["acc_range_g"] else np.inf,
        np.deg2rad(2000.0),
        float(about["rate_hz"]),
    )


def true_strides(name: str) -> list[dict[str, str]]:
    return list(csv.DictReader((need_reference(name) / "strides.csv").read_text().splitlines()))


def part(chunk: ImuChunk, start: int, end: int) -> ImuChunk:
    gyr = None if chunk.gyr_radps is None else chunk.gyr_radps[start:end]
    return ImuChunk(
        chunk.wear_site,
        chunk.t_s[start:end],
        chunk.acc_mps2[start:end],
        gyr,
        chunk.acc_range_mps2,
        chunk.gyr_range_radps,
        chunk.rate_hz,
    )


def streamed(chunk: ImuChunk, size: int) -> list[GaitEvent]:
    gait = FootGait(chunk.wear_site)
    events = []
    for start in range(0, len(chunk.t_s), size):
        events += gait.feed(part(chunk, start, start + size))
    return events + gait.finish()


def assert_same(a: list[GaitEvent], b: list[GaitEvent], tolerance: float = 1e-9) -> None:
    assert [type(e) for e in a] == [type(e) for e in b]
    for one, other in zip(a, b, strict=True):
        mine, theirs = to_plain(one), to_plain(other)
        mine.update(mine.pop("uncertainty", {}))
        theirs.update(theirs.pop("uncertainty", {}))
        assert mine.keys() == theirs.keys()
        for name, value in mine.items():
            if isinstance(value, float):
                assert value == pytest.approx(theirs[name], abs=tolerance, rel=tolerance), name
            else:
                assert value == theirs[name], name


@pytest.mark.parametrize("name", ["demo_run_left_foot_device", "pyshoe_jog_2017-11-27-11-11-24", "wmf_shoe_run"])
def test_events_do_not_depend_on_the_cuts_and_bulk_equals_the_stream(name: str) -> None:
    chunk = recorded(name)
    whole = streamed(chunk, len(chunk.t_s))
    assert any(isinstance(e, Stride) for e in whole)
    for size in (1, 7, 64):
        assert_same(streamed(chunk, size), whole)
    assert_same(analyse([chunk]), whole)
    for kind in (InitialContact, MidStance, ToeOff):
        assert any(isinstance(e, kind) for e in whole)
