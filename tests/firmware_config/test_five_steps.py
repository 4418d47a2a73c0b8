"""`firmware_config/README.md`, "Add a sensor in five steps", followed word for word with the sensor's virtual twin."""

import contextlib
import io
import os
import re
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from coach.model.links import SensorUse
from coach.model.recordings import RecordingHeader
from coach.model.sites import WearSite
from coach.packets.commands import link_plan
from coach.packets.registry import decode_payload
from coach.radio.links import LinkSet, open_radio
from coach.radio.virtual.world import VirtualWorld
from coach.recording.writer import RecordingWriter
from firmware_config.loader import load_profile, read_profile
from firmware_config.schema import full_uuid
from tests.support.radio import SwingingBody, run_jumping

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "firmware_config" / "README.md").read_text(encoding="utf-8")
SITE = WearSite.RIGHT_FOOT


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", TEXT, re.DOTALL)


def test_the_profile_of_step_2_is_the_one_we_ship():
    (toml,) = blocks("toml")
    assert read_profile(toml, "wearable_my_foot.toml") == load_profile("wearable_my_foot")


def test_the_code_of_step_3_is_the_code_we_run():
    source = (ROOT / "coach/packets/wearable_my_foot.py").read_text(encoding="utf-8")
    *code, _ = blocks("python")
    assert len(code) == 3
    for block in code:
        assert block.strip() in source


@pytest.mark.parametrize("path", re.findall(r"`((?:coach|tests|firmware_config)/[\w/.]+)`", TEXT))
def test_every_file_it_names_is_there(path):
    assert (ROOT / path).exists()


def capture(folder: Path) -> Path:
    """Steps 1, 2 and 4: hear it by the profile written in step 2, and log what it sends for 20 s."""
    (toml,) = blocks("toml")
    profile = read_profile(toml, "wearable_my_foot.toml")
    kept: list[Path] = []

    async def main() -> None:
        world = VirtualWorld(SwingingBody())
        world.add_wearable_my_foot(SITE)
        await world.start()
        radio = open_radio(world.backend, world.clock)
        async with radio.ear.listening():
            await world.clock.sleep(3)
        (found,) = radio.ear.found()
        assert found.name.startswith(profile.find.name_prefixes)
        use = SensorUse(found.sensor_id, found.name, profile.id, SITE)
        writer = RecordingWriter(folder, RecordingHeader("capture", datetime.now(UTC), "test", (use,), {}))
        links = LinkSet(radio, writer.write, lambda event: None)
        links.add(link_plan(profile, use))
        await world.clock.sleep(20)
        await links.stop()
        await world.stop()
        kept.append(writer.close())

    run_jumping(main())
    return kept[0].replace(folder / "capture.mcap")


def test_what_it_sends_is_captured_printed_and_decoded(tmp_path):
    capture(tmp_path)
    printed = io.StringIO()
    here = Path.cwd()
    os.chdir(tmp_path)
    try:
        with contextlib.redirect_stdout(printed):
            exec(compile(blocks("python")[-1], "README.md", "exec"), {})
    finally:
        os.chdir(here)
    lines = [line.split(" ", 1) for line in printed.getvalue().splitlines()]
    packets = [text for characteristic, text in lines if characteristic == "2fff"]
    assert len(packets) > 1500
    rows = [decode_payload("wearable_my_foot", bytes.fromhex(text), full_uuid("2fff"))[0] for text in packets]
    acc = np.array([row["acc_mps2"][0] for row in rows])
    assert np.abs(acc[:, 1]).max() == pytest.approx(5.0, abs=0.1)  # what the twin's body does
    assert acc[:, 2].mean() == pytest.approx(9.81, abs=0.5)
