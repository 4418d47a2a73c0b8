"""A treadmill that sends miles is found out by the runner's feet, one that is merely inexact is not."""

from types import SimpleNamespace

import pytest

from coach.live.feed import LiveFeed
from coach.live.pipeline import Outputs
from coach.live.run import LiveRun
from coach.live.treadmill_check import TreadmillCheck
from coach.model.links import LinkEvent, LinkStatus
from coach.model.samples import Notification, TreadmillSample
from coach.model.sites import WearSite
from coach.model.strides import Stride


def said(ratio: float, seconds: float, foot_mps: float = 3.0, silent_from_s: float = 1e9) -> list[tuple[float, str]]:
    check = TreadmillCheck()
    found = []
    for n in range(int(seconds / 0.7)):
        t_s = n * 0.7
        if t_s < silent_from_s:
            check.belt(t_s, ratio * foot_mps)
        words = check.stride(t_s, foot_mps * (1.03 if n % 2 else 0.97))
        if words:
            found.append((t_s, words))
    return found


def test_miles_are_said_once_after_half_a_minute() -> None:
    ((t_s, words),) = said(0.6214, 120.0)
    assert 30.0 <= t_s < 31.0
    assert "seems to send miles as kilometres" in words


def test_the_other_way_round_has_its_own_words() -> None:
    ((_, words),) = said(1.609, 60.0)
    assert "kilometres as miles" in words


@pytest.mark.parametrize("ratio", [0.75, 0.9, 1.0, 1.1, 1.3, 1.42])
def test_a_treadmill_that_is_merely_inexact_is_left_alone(ratio: float) -> None:
    assert said(ratio, 300.0) == []


def test_half_a_minute_must_be_whole_and_fresh() -> None:
    assert said(0.6214, 29.0) == []
    assert said(0.6214, 120.0, silent_from_s=25.0) == []


def test_a_slow_start_says_nothing() -> None:
    assert said(0.6214, 120.0, foot_mps=0.8) == []


async def test_the_runner_reads_it_on_the_treadmill_s_line_during_the_run() -> None:
    def outputs(notification: Notification) -> Outputs:
        t_s = notification.t_s
        if notification.sensor_id == "belt":
            return Outputs(samples=(TreadmillSample(t_s, 1.9),))
        return Outputs(events=(Stride(WearSite.LEFT_FOOT, t_s - 0.7, speed_mps=3.05),))

    feed = LiveFeed()
    start = feed.publish("run", {})
    pipeline = SimpleNamespace(feed=outputs)
    run = LiveRun(SimpleNamespace(run_id="r"), pipeline, None, None, feed, lambda: 0.0)  # type: ignore[arg-type]
    run.tell(LinkEvent("belt", 0.0, LinkStatus.STREAMING, "streaming", "it is streaming"))
    for second in range(40):
        run.receive(Notification("belt", "2acd", float(second), b""))
        run.receive(Notification("foot", "any", second + 0.1, b""))
    assert run.links["belt"].status is LinkStatus.STREAMING
    assert "set its display to km/h" in run.links["belt"].words
    said = [event.data["reason"] for event in feed.listen(start, 0) if event.event == "sensor"]
    assert said.count("wrong_unit") == 1
