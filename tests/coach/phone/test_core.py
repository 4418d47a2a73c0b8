"""The core as the page's worker calls it: it talks to sensors and keeps the log ahead of everything."""

import json
import math
from dataclasses import replace
from pathlib import Path

import pytest

from coach.coaching.workout_plans import load_templates
from coach.errors import CoachError
from coach.model.links import SensorUse
from coach.model.plain import to_plain
from coach.model.recordings import RunEvent
from coach.model.samples import Notification
from coach.packets.commands import link_plan
from coach.phone.core import PhoneCore
from coach.recording.reader import read_recording
from firmware_config.loader import load_profile, load_profiles
from tests.coach.phone.scenes import (
    LEFT,
    MOVESENSE,
    NOW,
    POD,
    RIGHT,
    RUNNING_SPEED,
    TIRED,
    answers,
    make_pack,
    virtual_run,
)

ANSWERS = json.dumps(to_plain(answers()))


def text(value: object) -> str:
    return json.dumps(to_plain(value))


def started(*uses: SensorUse) -> PhoneCore:
    core = PhoneCore("0.1.0", "abc")
    core.open_pack(text(make_pack(uses)), False)
    for use in uses:
        core.link(text(use))
    core.start("20261129-090000-abcd", NOW.isoformat(), ANSWERS)
    return core


def conversed(core: PhoneCore, sensor_id: str) -> list[bytes]:
    """Hold the conversation as a Movesense that says yes to everything; gives what was written to it."""
    answer: bytes | None = None
    written: list[bytes] = []
    for _ in range(40):
        step = json.loads(core.step(sensor_id, answer))
        if step["do"] == "end":
            return written
        if step["do"] == "write":
            written.append(bytes.fromhex(step["payload"]))
            answer = b""
        elif step["do"] == "listen":
            answer = bytes([1, written[-1][1], 200, 0]) + (b"\x10" if b"Acc" in written[-1] else b"")
    raise AssertionError(f"the conversation never ends: {written}")


def fed(core: PhoneCore, items: list[Notification]) -> bytes:
    """The log as the worker would have written it by now."""
    log = bytearray()
    for n, item in enumerate(items):
        core.feed(item.sensor_id, item.characteristic, item.t_s, item.payload)
        if n % 100 == 0:
            log += core.take_log()
    return bytes(log + core.take_log())


def read(log: bytes, folder: Path) -> list[Notification | RunEvent]:
    (path := folder / "log.mcap").write_bytes(log)
    return list(read_recording(path).sound_items())


@pytest.mark.parametrize("profile_id", sorted(p.id for p in load_profiles().values() if p.find.services))
def test_each_profile_can_be_asked_for_and_its_conversation_held(profile_id: str) -> None:
    """Every answer in time, every step carried out: as the page does. A sensor that never answers ends in words."""
    profile, core = load_profile(profile_id), PhoneCore()
    found = json.loads(core.find(profile_id))
    assert found["filters"]
    assert set(found["services"]) >= set(profile.find.services)
    site = profile.wear_sites[0] if profile.wear_sites else None
    use = SensorUse("x", profile.title, profile_id, None if site is None else make_pack().sensors[0].wear_site)
    plan = json.loads(core.link(text(use)))
    assert plan["subscribe"] == list(link_plan(profile, use).subscribe)
    for _ in range(200):
        step = json.loads(core.step("x"))
        if step["do"] in ("end", "fail"):
            break
        assert step["do"] in ("read", "write", "listen", "pause")
    else:
        pytest.fail("the conversation never ends")


def test_movesense_is_asked_for_its_ranges_and_its_stream_and_the_answers_begin_the_log(tmp_path: Path) -> None:
    core = PhoneCore()
    core.open_pack(text(make_pack()), False)
    core.link(text(LEFT))
    written = conversed(core, LEFT.sensor_id)
    assert written[0] == b"\x04\x61/Meas/Acc/Config"
    assert written[-1] == b"\x01\x63/Meas/IMU6/208"
    core.feed(LEFT.sensor_id, MOVESENSE, 0.0, b"\x02\x63" + bytes(100))  # streams before the run: not part of it
    core.start("r", NOW.isoformat(), ANSWERS)
    items = read(core.take_log(), tmp_path)
    assert next((i.t_s, i.payload[:2]) for i in items if isinstance(i, Notification)) == (0.0, b"\x01\x61")
    assert all(i.payload[0] == 1 for i in items if isinstance(i, Notification))


def test_the_log_is_ahead_of_a_pipeline_that_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    core = started(LEFT)
    assert core._run is not None

    def fails(_: Notification) -> None:
        raise RuntimeError("a fault of ours")

    monkeypatch.setattr(core._run.pipeline, "feed", fails)
    with pytest.raises(RuntimeError):
        core.feed(LEFT.sensor_id, MOVESENSE, 1.0, b"\x02\x63abc")
    assert [i.payload for i in read(core.take_log(), tmp_path) if isinstance(i, Notification)] == [b"\x02\x63abc"]


def test_every_cut_of_the_log_is_readable_up_to_its_last_flush(tmp_path: Path) -> None:
    sent = virtual_run(TIRED, 12.0)
    core = started(LEFT, RIGHT)
    log = fed(core, sent)
    whole = [i for i in read(log, tmp_path) if isinstance(i, Notification)]
    assert [(i.sensor_id, i.payload) for i in whole] == [(i.sensor_id, i.payload) for i in sent]
    assert [i.t_s for i in whole] == pytest.approx([i.t_s for i in sent], abs=1e-8)
    for part in (0.2, 0.5, 0.9, 0.999):
        cut = [i for i in read(log[: int(len(log) * part)], tmp_path) if isinstance(i, Notification)]
        assert len(cut) >= len(whole) * part - 250
        assert [i.payload for i in cut] == [i.payload for i in whole[: len(cut)]]


def test_laps_pauses_taps_gaps_and_the_clock_are_in_the_log(tmp_path: Path) -> None:
    core = started(POD)
    core.act("lap", 10.0, json.dumps({"kind": "warm_up"}))
    core.act("pause", 20.0)
    core.act("pause", 21.0)  # twice: once
    core.act("resume", 30.0)
    core.act("pain", 40.0, json.dumps({"level": 3}))
    core.act("pain", 40.2, json.dumps({"level": 8}))
    core.act("take_back_pain", 40.4)
    with pytest.raises(CoachError, match="ten seconds"):
        core.act("take_back_pain", 40.6)
    core.act("mute", 41.0, json.dumps({"is_muted": True}))
    core.hidden(50.0, 170.0)
    core.clock(171.0, 1.8e12)
    assert json.loads(core.link_changed(POD.sensor_id, 172.0, "lost", "out_of_range", "gone"))[0][0] == "sensor"
    end = json.loads(core.finish(200.0))
    log = core.take_end()
    events = [i for i in read(log, tmp_path) if isinstance(i, RunEvent) and i.kind != "cue"]
    kinds = ["lap", "pause", "resume", "pain", "pain", "pain_undone", "mute", "hidden", "clock", "link", "stop"]
    assert [e.kind for e in events] == kinds
    assert events[7].data == {"start_s": 50.0, "end_s": 170.0}
    assert end["run"]["elapsed_s"] == pytest.approx(190.0)
    assert read_recording(tmp_path / "log.mcap").is_complete


def test_times_that_go_back_are_held(tmp_path: Path) -> None:
    core = started(POD)
    core.feed(POD.sensor_id, RUNNING_SPEED, 5.0, b"\x04\x00\x03\x54")
    core.feed(POD.sensor_id, RUNNING_SPEED, 4.0, b"\x04\x00\x03\x54")
    items = [i for i in read(core.take_log(), tmp_path) if isinstance(i, Notification)]
    assert [i.t_s for i in items] == [5.0, 5.0]


def test_the_header_says_which_core_and_which_pack(tmp_path: Path) -> None:
    core = started(POD)
    (path := tmp_path / "log.mcap").write_bytes(core.take_log())
    header = read_recording(path).header
    assert header.program_version == "0.1.0"
    assert header.settings["core_version"] == "abc"
    assert header.settings["pack"]["run_id"] == make_pack().run_id
    assert header.settings["plan"]["focus"] == "lengthen"
    assert header.settings["answers"]["pain"][0]["back"] == 1


def test_a_pack_is_for_one_run() -> None:
    core = started(POD)
    core.finish(10.0)
    core.take_end()
    assert "for one run" in json.loads(core.pack_state(NOW.isoformat()))["stale_because"]
    status = json.loads(core.start("second", NOW.isoformat(), ANSWERS))
    assert status["plan"]["focus"] is None


def test_without_a_pack_it_listens_and_measures() -> None:
    core = PhoneCore()
    core.link(text(LEFT))
    status = json.loads(core.start("r", NOW.isoformat(), "{}"))
    assert status["plan"] is None
    found = [
        data
        for item in virtual_run(TIRED, 20.0)
        if (said := core.feed(item.sensor_id, item.characteristic, item.t_s, item.payload))
        for kind, data in json.loads(said)
        if kind == "metrics"
    ]
    assert math.isclose(found[-1]["cadence_spm"], TIRED.cadence_spm, rel_tol=0.03)


def test_each_kilometre_is_announced_once_with_its_time() -> None:
    core, said = started(POD), []
    for second in range(1, 721):  # 3 m/s by the pod: two kilometres in 667 s
        out = core.feed(POD.sensor_id, RUNNING_SPEED, float(second), b"\x04\x00\x03\x54")
        said += [data for kind, data in (json.loads(out) if out else []) if kind == "kilometre"]
    assert [data["number"] for data in said] == [1, 2]
    assert said[1]["split_s"] == pytest.approx(333.3, abs=3.0)


def test_where_readings_are_lost_a_lower_rate_is_asked_for_once_enough_was_seen() -> None:
    core = started(LEFT, RIGHT)
    sent = [i for i in virtual_run(TIRED, 40.0) if i.sensor_id in (LEFT.sensor_id, RIGHT.sensor_id)]
    for n, item in enumerate(sent):
        is_lost = item.sensor_id == LEFT.sensor_id and (n // 8) % 9 == 0  # whole packets of the left foot
        if not is_lost:
            core.feed(item.sensor_id, item.characteristic, item.t_s, item.payload)
        if item.t_s < 5.0:
            assert core.lower_rate(LEFT.sensor_id) == "null", "too little was seen to say"
    lower = json.loads(core.lower_rate(LEFT.sensor_id))
    assert dict(lower["settings"])["rate_hz"] == "104"
    assert core.lower_rate(RIGHT.sensor_id) == "null"
    core.link(text(lower))
    assert conversed(core, LEFT.sensor_id)[-1] == b"\x01\x63/Meas/IMU6/104"


def test_a_link_that_was_lost_and_made_again_is_no_reason_for_a_lower_rate() -> None:
    core = started(LEFT, RIGHT)
    sent = [i for i in virtual_run(TIRED, 40.0) if i.sensor_id in (LEFT.sensor_id, RIGHT.sensor_id)]
    is_away = False
    for item in sent:
        was_away, is_away = is_away, item.sensor_id == LEFT.sensor_id and 12.0 < item.t_s < 20.0
        if is_away and not was_away:
            core.link_changed(LEFT.sensor_id, item.t_s, "lost", "connection_lost", "")
        if item.sensor_id == LEFT.sensor_id and 20.0 <= item.t_s < 20.05:
            core.link_changed(LEFT.sensor_id, item.t_s, "streaming", "ok", "")
            assert core.lower_rate(LEFT.sensor_id) == "null"
        if not is_away:
            core.feed(item.sensor_id, item.characteristic, item.t_s, item.payload)
        if item.sensor_id == LEFT.sensor_id and not is_away and item.t_s > 21.0:
            assert core.lower_rate(LEFT.sensor_id) == "null"


def test_two_runs_at_once_and_no_run_are_said_in_words() -> None:
    core = started(POD)
    with pytest.raises(CoachError, match="stop it first"):
        core.start("other", NOW.isoformat(), ANSWERS)
    with pytest.raises(CoachError, match="no run"):
        PhoneCore().tick(1.0)


def led(back: int) -> tuple[PhoneCore, dict[str, object]]:
    """A core with structured runs in its pack, and what they are offered as when the back hurts so much."""
    core, plans = PhoneCore("0.1.0", "abc"), tuple(load_templates().values())
    core.open_pack(text(replace(make_pack((POD,)), workouts=plans)), False)
    core.link(text(POD))
    ready = json.loads(core.readiness(text(answers(back)), NOW.isoformat()))
    return core, {one["id"]: one["is_allowed"] for one in ready["workouts"]}


def test_a_structured_run_is_led_on_the_phone_as_at_home(tmp_path: Path) -> None:
    core, offers = led(back=0)
    assert all(offers.values())
    facts = json.dumps({"workout_id": "trial_3"})
    status = json.loads(core.start("r", NOW.isoformat(), text(answers(0)), facts))
    assert status["workout"] is None, "nothing before the first tick"
    kinds = []
    for at_s in range(1, 200):
        for kind, data in json.loads(core.tick(float(at_s)) or "[]"):
            if kind == "run":
                kinds.append((at_s, data["workout"]["kind"]))
    assert kinds == [(1, "walk"), (60, "run"), (120, "walk"), (180, "done")]
    laps = [item.data for item in read(core.take_log(), tmp_path) if isinstance(item, RunEvent) and item.kind == "lap"]
    assert [lap["part"] for lap in laps] == [0, 1, 2, 3], "a run that comes home knows its parts"


def test_pain_answered_on_the_phone_gates_a_structured_run_before_and_in_it() -> None:
    core, offers = led(back=3)
    assert (offers["minutes_3"], offers["trial_3"]) == (False, True)
    with pytest.raises(CoachError, match="no intervals"):
        core.start("r", NOW.isoformat(), text(answers(3)), json.dumps({"workout_id": "minutes_3"}))
    with pytest.raises(CoachError, match="not taken along"):
        core.start("r", NOW.isoformat(), text(answers(3)), json.dumps({"workout_id": "own-gone"}))
    core.start("r", NOW.isoformat(), text(answers(3)), json.dumps({"workout_id": "trial_3"}))
    core.tick(1.0)
    messages = json.loads(core.act("pain", 5.0, json.dumps({"level": 7})))
    assert messages[-1][1]["workout"] is None, "above 5 nothing is led any more"
    kinds = [kind for at_s in (61.0, 62.0) for kind, _ in json.loads(core.tick(at_s) or "[]")]
    assert "run" not in kinds
