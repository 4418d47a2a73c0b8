"""A storm of sensors: eight of them lose packets, drop, go away and come back in one run, and calm follows.

The radio is the virtual one below the real Bluetooth client (`coach.radio.virtual`): it drops what the air would drop.
"""

import random
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from coach.bootstrap import Coach
from coach.model.links import SensorUse
from coach.model.runs import RunState
from coach.model.samples import Notification
from coach.model.sites import WearSite
from coach.radio.clock import RunClock
from coach.radio.virtual.world import VirtualWorld
from coach.recording.folder import inside
from coach.recording.reader import read_recording
from coach.service.event_loop import LoopThread
from coach.settings import make_settings
from coach.virtual_runner.runner import VirtualRunner
from tests.reliability.rows import Row

LOST_SHARE = 0.02
CALM_S = 40.0  # twice the longest wait of a link (LinkSettings.max_wait_s: 15 s), and connecting; by judgement
_LATEST_S = 5.0  # the slowest of the eight sends once a second; by judgement


def worn(world: VirtualWorld) -> list[SensorUse]:
    """Eight sensors of six kinds, as a runner with all of them has."""
    # The virtual runner has no shanks: the boards there send a foot's motion, as only packets matter here.
    found = [
        (world.add_movesense(WearSite.LEFT_FOOT), "movesense", WearSite.LEFT_FOOT),
        (world.add_movesense(WearSite.RIGHT_FOOT), "movesense", WearSite.RIGHT_FOOT),
        (world.add_coach_board(WearSite.LEFT_FOOT), "coach_board", WearSite.LEFT_SHANK),
        (world.add_coach_board(WearSite.RIGHT_FOOT), "coach_board", WearSite.RIGHT_SHANK),
        (world.add_movella_dot(WearSite.PELVIS), "movella_dot", WearSite.PELVIS),
        (world.add_polar_h10(), "polar_h10", WearSite.CHEST),
        (world.add_running_pod(), "running_speed_cadence", None),
        (world.add_treadmill(), "ftms_treadmill", None),
    ]
    return [SensorUse(twin.sensor_id, twin.identity.name, profile, site) for twin, profile, site in found]


def storm(folder: Path, seconds: float, seed: int = 1, calm_s: float = CALM_S) -> Row:
    """One run in the storm: every two seconds something happens to one of the eight; then `calm_s` of nothing."""
    chance = random.Random(seed)
    settings = make_settings(folder, "127.0.0.1", 0)
    loop = LoopThread()
    world = loop.call(lambda: VirtualWorld(VirtualRunner(), RunClock()))
    uses = loop.call(lambda: worn(world))
    loop.do(world.start())
    coach = Coach(settings, world.backend, loop=loop)
    try:
        coach.runner.answer_red_flags(())
        for use in uses:
            coach.sensors.book.remember(use)
        run_id = coach.runs.start().run_id
        loop.call(lambda: world.lose_packets(LOST_SHARE, seed))
        until_s, n_events, away = time.monotonic() + seconds, 0, ""
        while time.monotonic() < until_s:
            time.sleep(2.0)
            n_events += 1
            if away:
                loop.call(partial(world.come_back, away))
                away = ""
            elif chance.random() < 0.5:
                away = chance.choice(uses).sensor_id
                loop.call(partial(world.go_away, away, 1.0))
            else:
                loop.do(world.drop(chance.choice(uses).sensor_id))
        if away:
            loop.call(partial(world.come_back, away))
        time.sleep(calm_s)
        entry = coach.store.runs.entry(coach.runs.stop(run_id).run_id)
        items = list(read_recording(inside(settings.recordings, str(entry.run.recording))).items())
    finally:
        coach.close()
        loop.do(world.stop())
        loop.close()
    logged = [item for item in items if isinstance(item, Notification)]
    last_s = {item.sensor_id: item.t_s for item in logged}
    end_s = max(last_s.values(), default=0.0)
    back = [sensor_id for sensor_id, t_s in last_s.items() if t_s > end_s - _LATEST_S]
    n_logged = len(logged)
    streams = entry.summary.streams if entry.summary else ()
    n_notified = sum(report.n_notifications for report in streams)
    n_missing = entry.summary.n_missing if entry.summary else 0
    words = (
        f"{n_events} drops and absences: {len(back)} of {len(uses)} sensors back, {n_logged} notifications logged, "
        f"{n_missing} readings counted as missing, {entry.run.state.value}"
    )
    is_ended = entry.run.state is RunState.FINISHED and len(back) == len(uses)
    is_held = is_ended and n_missing > 0 and n_logged >= n_notified
    demanded = "every sensor comes back, what was lost is counted, the run ends"
    return Row(f"a storm over eight sensors for {seconds:g} s", demanded, words, is_held)


def rows(folder: Path, seconds: float = 120.0) -> Iterator[Row]:
    yield storm(folder / "storm", seconds)
