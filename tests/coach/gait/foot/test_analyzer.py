"""One foot's strides: the same however the stream is cut, right against force plates, and none out of nothing."""

import numpy as np
import pytest

from coach.gait.bulk import analyse
from coach.gait.foot import stride_state as foot_open
from coach.gait.foot.analyzer import FootGait
from coach.gait.foot.params import PARAMS
from coach.model.plain import to_plain
from coach.model.samples import ImuChunk
from coach.model.strides import GaitEvent, GaitState, InitialContact, MidStance, Stride, ToeOff
from tests.support.as_sent import at_rate, part
from tests.support.common import mostly_slow
from tests.support.recordings import read


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


@pytest.mark.parametrize(
    "name", mostly_slow(["demo_run_left_foot_device", "pyshoe_jog_2017-11-27-11-11-24", "wmf_shoe_run"], n_quick=1)
)
def test_events_do_not_depend_on_the_cuts_and_bulk_equals_the_stream(name: str) -> None:
    chunk = read(name).chunk
    whole = streamed(chunk, len(chunk.t_s))
    assert any(isinstance(e, Stride) for e in whole)
    for size in (1, 7, 64):
        assert_same(streamed(chunk, size), whole)
    assert_same(analyse([chunk]), whole)
    for kind in (InitialContact, MidStance, ToeOff):
        assert any(isinstance(e, kind) for e in whole)


def test_the_mid_stance_of_a_foot_that_comes_to_rest_does_not_depend_on_the_cuts() -> None:
    chunk = read("demo_run_left_foot_clean").chunk
    assert chunk.gyr_radps is not None
    contact_s = float(read("demo_run_left_foot_clean").strides[8]["initial_contact_s"])
    n, still = int(np.searchsorted(chunk.t_s, contact_s + 0.12)), np.arange(1, 401) / chunk.rate_hz
    t = np.concatenate((chunk.t_s[:n], chunk.t_s[n - 1] + still))
    acc = np.concatenate((chunk.acc_mps2[:n], np.tile([0.0, 0.0, 9.81], (400, 1))))
    gyr = np.concatenate((chunk.gyr_radps[:n], 0.05 * np.exp(-still)[:, None] * [0.0, 1.0, 0.0]))  # ever slower
    standing = ImuChunk(chunk.wear_site, t, acc, gyr, np.inf, np.inf, chunk.rate_hz)
    whole = streamed(standing, len(t))
    last = [e for e in whole if isinstance(e, MidStance)][-1]
    assert last.t_s > contact_s + 0.5
    for size in (1, 3, 64):
        assert_same(streamed(standing, size), whole)


FORCE_PLATE = [
    "demo_run_left_foot_clean",
    "demo_run_left_foot_device",
    "demo_run_right_foot_clean",
    "demo_run_right_foot_device",
    "biomac_p01_left_foot",
    "biomac_p01_right_foot",
]


def matched(name: str) -> list[tuple[Stride, dict[str, str]]]:
    found = [e for e in analyse([read(name).chunk]) if isinstance(e, Stride)]
    pairs = []
    for true in read(name).strides:
        near = min(found, key=lambda s, t=true: abs(s.initial_contact_s - float(t["initial_contact_s"])))
        if abs(near.initial_contact_s - float(true["initial_contact_s"])) < 0.08:
            pairs.append((near, true))
    return pairs


def bias_sd(errors: list[float]) -> tuple[float, float]:
    return float(np.mean(errors)), float(np.std(errors, ddof=1))


@pytest.mark.parametrize("name", mostly_slow(FORCE_PLATE, n_quick=3))
def test_contact_and_contact_time_are_right_against_force_plates(name: str) -> None:
    pairs = matched(name)
    assert len(pairs) == len(read(name).strides)
    # A mean stride repeated smears the landing, and its two clocks are known to 15 ms.
    most = 20.0 if name.startswith("biomac") else 6.0
    bias, sd = bias_sd([1e3 * (s.initial_contact_s - float(t["initial_contact_s"])) for s, t in pairs])
    assert abs(bias) <= most
    assert sd <= 3.0
    bias, sd = bias_sd([1e3 * ((s.contact_time_s or 0.0) - float(t["contact_time_s"])) for s, t in pairs])
    assert abs(bias) <= max(most, 10.0)
    assert sd <= 3.0


@pytest.mark.parametrize("name", FORCE_PLATE)
def test_stride_length_is_right_against_motion_capture(name: str) -> None:
    errors = [100.0 * ((s.stride_length_m or 0.0) / float(t["stride_length_m"]) - 1.0) for s, t in matched(name)]
    assert abs(np.mean(errors)) <= 2.0
    assert np.mean(np.abs(errors)) <= 2.5


@pytest.mark.parametrize("name", FORCE_PLATE[:4])
def test_strike_angle_is_right_against_motion_capture(name: str) -> None:
    pairs = matched(name)
    bias, sd = bias_sd([(s.foot_strike_angle_deg or 0.0) - float(t["foot_strike_angle_deg"]) for s, t in pairs])
    assert abs(bias) <= 1.5
    assert sd <= 1.0
    assert all(s.foot_strike is not None and s.foot_strike.value == t["foot_strike"] for s, t in pairs)


@pytest.mark.parametrize("name", FORCE_PLATE)
def test_no_stride_is_found_while_standing(name: str) -> None:
    recording = read(name)
    start, end = recording.about["synthetic"]["standing_still_s"]
    for event in analyse([recording.chunk]):
        assert not start <= (event.initial_contact_s if isinstance(event, Stride) else event.t_s) < end - 0.1


def test_walking_is_never_called_running() -> None:
    strides = [e for e in analyse([read("pyshoe_walk_2017-11-22-11-30-14").chunk]) if isinstance(e, Stride)]
    assert len(strides) > 20
    assert all(s.state is GaitState.WALKING for s in strides)


def test_without_a_standing_start_the_same_strides_are_found() -> None:
    chunk = read("demo_run_right_foot_device").chunk
    start = int(np.searchsorted(chunk.t_s, 4.5))
    moving = [e for e in analyse([part(chunk, start, len(chunk.t_s))]) if isinstance(e, Stride)]
    whole = [e for e in analyse([chunk]) if isinstance(e, Stride) and e.initial_contact_s > 5.0]
    assert len(moving) == len(whole)
    for a, b in zip(moving, whole, strict=True):
        assert a.initial_contact_s == pytest.approx(b.initial_contact_s, abs=0.003)
        assert a.stride_length_m == pytest.approx(b.stride_length_m, rel=0.01)
        assert a.foot_strike_angle_deg == pytest.approx(b.foot_strike_angle_deg, abs=1.5)


@pytest.mark.parametrize("name", FORCE_PLATE[1:5:2])
def test_each_event_comes_soon_after_it_happened(name: str) -> None:
    chunk = read(name).chunk
    gait = FootGait(chunk.wear_site)
    delays: dict[type, list[float]] = {InitialContact: [], MidStance: [], ToeOff: []}
    for start in range(len(chunk.t_s)):
        events = gait.feed(part(chunk, start, start + 1))
        if len(events) > 5:
            continue  # what was held back while the mounting was learnt
        for event in events:
            if isinstance(event, InitialContact | MidStance | ToeOff):
                delays[type(event)].append(float(chunk.t_s[start]) - event.t_s)
    assert max(delays[InitialContact]) <= 0.065
    assert np.median(delays[InitialContact]) <= 0.060
    assert max(delays[MidStance]) <= 0.12
    assert max(delays[ToeOff]) <= 0.20


def test_a_clipped_landing_gives_no_impact_and_no_length() -> None:
    chunk = read("demo_run_right_foot_clean").chunk
    limit = 60.0
    acc = np.clip(chunk.acc_mps2, -limit, limit)
    clipped = ImuChunk(chunk.wear_site, chunk.t_s, acc, chunk.gyr_radps, limit, np.inf, chunk.rate_hz)
    strides = [e for e in analyse([clipped]) if isinstance(e, Stride)]
    assert len(strides) >= 11
    assert all(s.is_clipped and s.impact_g is None and s.stride_length_m is None for s in strides)


def test_interpolated_strides_say_so_by_their_uncertainty() -> None:
    chunk = read("demo_run_right_foot_clean").chunk
    row = int(np.searchsorted(chunk.t_s, 8.3))
    assert chunk.gyr_radps is not None
    holed = ImuChunk(
        chunk.wear_site,
        np.delete(chunk.t_s, row),
        np.delete(chunk.acc_mps2, row, axis=0),
        np.delete(chunk.gyr_radps, row, axis=0),
        np.inf,
        np.inf,
        chunk.rate_hz,
    )
    whole = [e for e in analyse([chunk]) if isinstance(e, Stride)]
    strides = [e for e in analyse([holed]) if isinstance(e, Stride)]
    assert len(strides) == len(whole)
    ratios = np.array([
        max(a.uncertainty[name] / sd for name, sd in b.uncertainty.items())
        for a, b in zip(strides, whole, strict=True)
    ])  # fmt: skip
    holed_s = [s.initial_contact_s for s, ratio in zip(strides, ratios, strict=True) if ratio > 1.2]
    assert ratios.max() == pytest.approx(2.0, abs=0.1)
    assert 1 <= len(holed_s) <= 2
    assert all(abs(t - float(chunk.t_s[row])) < 1.0 for t in holed_s)


def matched_errors_s(name: str, strides: list[Stride]) -> np.ndarray:
    """Found minus true contact of each true stride; nan where none was found within 80 ms."""
    found = np.array([s.initial_contact_s for s in strides])
    true = np.array([float(row["initial_contact_s"]) for row in read(name).strides])
    error = found[np.abs(found[:, None] - true).argmin(axis=0)] - true
    return np.where(np.abs(error) < 0.08, error, np.nan)


@pytest.mark.parametrize("phase", [0.2, 0.7])
@pytest.mark.parametrize(
    "name", mostly_slow(["biomac_p01_left_foot", "biomac_p01_right_foot", "demo_run_right_foot_device"], n_quick=2)
)
def test_a_slow_sensor_finds_the_same_strides_and_is_sure_of_its_axes(name: str, phase: float) -> None:
    strides = [e for e in analyse([at_rate(read(name).chunk, 52.0, phase)]) if isinstance(e, Stride)]
    error = matched_errors_s(name, strides)
    assert np.isfinite(error[1:]).all()
    assert abs(np.median(error[1:])) < (0.025 if name.startswith("biomac") else 0.006)  # a smeared mean stride
    assert all(s.foot_strike_angle_deg is not None for s in strides)


@pytest.mark.parametrize("name", ["rbds020_run_3p5_right_foot_device", "rbds008_run_3p5_left_foot_device"])
def test_a_landing_whose_shock_falls_between_two_readings_is_found(name: str) -> None:
    """It was seen after its heel had lifted: a fifth and a third of these strides were lost."""
    recording = read(name)
    strides = [e for e in analyse([at_rate(recording.chunk, 52.0)]) if isinstance(e, Stride)]
    assert np.isfinite(matched_errors_s(name, strides)).all()
    assert len(strides) <= len(recording.strides) + 1


def test_a_ripple_of_the_leg_is_no_landing_where_the_landing_is_clipped() -> None:
    chunk = read("demo_run_left_foot_clean").chunk
    limit = 8 * 9.80665
    clipped = ImuChunk(
        chunk.wear_site, chunk.t_s, np.clip(chunk.acc_mps2, -limit, limit), chunk.gyr_radps, limit, np.inf, 200.0
    )
    strides = [e for e in analyse([clipped]) if isinstance(e, Stride)]
    assert np.abs(matched_errors_s("demo_run_left_foot_clean", strides)).max() < 0.012
    assert_same(streamed(clipped, 20), streamed(clipped, len(chunk.t_s)))


def test_many_interpolated_readings_in_one_chunk_are_all_marked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(foot_open, "MOST_INTERPOLATED", 8)  # hours of losses in a small recording
    chunk = read("biomac_p01_right_foot").chunk
    assert chunk.gyr_radps is not None
    keep = np.arange(len(chunk.t_s)) % 50 != 0
    holed = ImuChunk(
        chunk.wear_site, chunk.t_s[keep], chunk.acc_mps2[keep], chunk.gyr_radps[keep], np.inf, np.inf, chunk.rate_hz
    )
    strides = [e for e in analyse([holed]) if isinstance(e, Stride)]
    assert len(strides) > 60
    assert all(stride.uncertainty["foot_clearance_m"] > PARAMS.clearance_sd_m for stride in strides)
    assert_same(streamed(holed, 64), analyse([holed]))


def test_an_accelerometer_alone_gives_cadence() -> None:
    chunk = read("adept_left_shoe").chunk
    events = analyse([part(chunk, 0, 30_000)])
    strides = [e for e in events if isinstance(e, Stride)]
    assert 120.0 / np.median([s.stride_time_s for s in strides]) == pytest.approx(156.7, abs=1.5)
    assert all(s.contact_time_s is None and s.stride_length_m is None for s in strides)


def test_a_shoe_that_was_put_on_otherwise_is_learnt_again() -> None:
    chunk = read("biomac_p01_right_foot").chunk
    assert chunk.gyr_radps is not None
    n = len(chunk.t_s)
    turned = np.array([[-1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, 1.0, 0.0]])
    other = slice(3000, n)
    t = np.concatenate((chunk.t_s, chunk.t_s[other] + chunk.t_s[-1] - chunk.t_s[2999]))
    acc = np.concatenate((chunk.acc_mps2, chunk.acc_mps2[other] @ turned.T))
    gyr = np.concatenate((chunk.gyr_radps, chunk.gyr_radps[other] @ turned.T))
    both = ImuChunk(chunk.wear_site, t, acc, gyr, np.inf, np.inf, chunk.rate_hz)
    strides = [e for e in analyse([both]) if isinstance(e, Stride)]
    late = [s for s in strides if s.initial_contact_s > t[-1] - 10.0]
    assert len(late) >= 11
    assert np.mean([s.stride_length_m for s in late if s.stride_length_m]) == pytest.approx(2.54, rel=0.03)
    assert_same(streamed(both, 997), streamed(both, len(t)))
