"""`coach doctor` names each part of the machine and what it lacks, and fails where one is wrong."""

import json
import sys
from pathlib import Path
from typing import Never

import pytest

from coach.cli.doctor import can_see_usb, has_ant_stick, holds_few, shares_antenna
from coach.errors import ProfileError
from tests.support.ant_stick import FakeUsb, Faults, plugged_in
from tests.support.cli import one_line_of_error, run


def doctor(data: Path, *options: str) -> str:
    return run("doctor", *options, "--data", str(data), "--port", "0").stdout


def test_a_broken_profile_is_one_line_where_it_is_used_and_a_fault_for_the_doctor(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> Never:
        raise ProfileError("movesense.toml", ["kind: no such kind"])

    monkeypatch.setattr("coach.cli.doctor.load_profiles", broken)
    monkeypatch.setattr("coach.cli.sensors.load_profiles", broken)
    assert "movesense.toml: kind" in one_line_of_error(run("sensors", "list", "--data", str(tmp_path)))
    assert "FAULT profiles: movesense.toml: kind" in doctor(tmp_path)


def test_doctor_distinguishes_a_broken_database_from_one_it_may_not_read(tmp_path: Path) -> None:
    def database(data: Path) -> dict[str, object]:
        report = json.loads(doctor(data, "--json"))
        (check,) = [check for check in report["checks"] if check["name"] == "database"]
        return check

    (tmp_path / "coach.sqlite").write_bytes(b"no database at all, but long enough" * 100)
    assert "recompute --all" in str(database(tmp_path)["advice"])
    (tmp_path / "coach.sqlite").unlink()
    (tmp_path / "coach.sqlite").mkdir()
    assert "right to write" in str(database(tmp_path)["advice"])


def board(root: Path, model: str, adapter: str, wifi: str) -> Path:
    (root / "proc/device-tree").mkdir(parents=True)
    (root / "proc/device-tree/model").write_text(f"{model}\0")
    (root / f"sys/devices/{adapter}/bluetooth/hci0").mkdir(parents=True)
    (root / "sys/class/bluetooth").mkdir(parents=True)
    (root / "sys/class/bluetooth/hci0").symlink_to(root / f"sys/devices/{adapter}/bluetooth/hci0")
    (root / "sys/class/net/wlan0/wireless").mkdir(parents=True)
    (root / "sys/class/net/wlan0/operstate").write_text(f"{wifi}\n")
    return root


@pytest.mark.parametrize(
    ("model", "adapter", "wifi", "is_shared"),
    [
        ("Raspberry Pi 4 Model B Rev 1.4", "platform/soc/fe201000.serial/serial0", "up", True),
        ("Raspberry Pi 4 Model B Rev 1.4", "platform/soc/usb1/1-1", "up", False),
        ("Raspberry Pi 4 Model B Rev 1.4", "platform/soc/fe201000.serial/serial0", "down", False),
        ("Rock Pi 4", "platform/serial0", "up", False),
    ],
)
def test_a_pi_whose_wifi_shares_bluetooths_antenna_is_known(
    tmp_path: Path, model: str, adapter: str, wifi: str, is_shared: bool
) -> None:
    assert shares_antenna(board(tmp_path, model, adapter, wifi)) is is_shared


def plug_in(root: Path, vendor: str, product: str) -> None:
    (device := root / f"sys/bus/usb/devices/1-{product}").mkdir(parents=True)
    (device / "idVendor").write_text(f"{vendor}\n")
    (device / "idProduct").write_text(f"{product}\n")


def test_an_adapter_that_holds_few_sensors_is_known_by_its_chip(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not can_see_usb(tmp_path)
    plug_in(tmp_path, "8087", "0a2b")
    assert can_see_usb(tmp_path)
    assert not holds_few(tmp_path)
    plug_in(tmp_path, "0a12", "0001")
    assert holds_few(tmp_path)
    monkeypatch.setattr("coach.cli.doctor.can_see_usb", lambda _root: True)
    monkeypatch.setattr("coach.cli.doctor.holds_few", lambda _root: True)
    said = doctor(tmp_path)
    assert "ok   adapter: a USB adapter with a chip of CSR" in said
    assert "no more than three" in said


def test_where_no_adapter_can_be_seen_none_is_said_to_hold_many(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("coach.cli.doctor.can_see_usb", lambda _root: False)  # macOS, Windows
    said = doctor(tmp_path)
    assert "ok   adapter: which adapter is here cannot be seen" in said
    assert "none here is known" not in said


def test_another_machine_shares_nothing(tmp_path: Path) -> None:
    assert not shares_antenna(tmp_path)


def test_doctor_names_each_part_and_fails_where_one_is_wrong(tmp_path: Path) -> None:
    result = run("doctor", "--json", "--data", str(tmp_path), "--port", "0")
    report = json.loads(result.stdout)
    names = [check["name"] for check in report["checks"]]
    parts = "python profiles bluetooth ant+ antenna adapter permissions disk clock port database"
    assert names == parts.split()
    assert result.exit_code == (0 if report["is_fine"] else 1)
    assert all(check["is_fine"] or check["advice"] for check in report["checks"])


@pytest.mark.parametrize(
    ("usb", "found", "words"),
    [
        (FakeUsb([], Faults(is_absent=True)), "ok   ant+: not used", "plug in an ANT USB2 or USB-m stick"),
        (FakeUsb([], Faults(open_errno=13)), "FAULT ant+: ant_no_permission", "/etc/udev/rules.d/70-ant.rules"),
        (FakeUsb([]), "ok   ant+: the stick listens", ""),
        (None, "ok   ant+: not used", "apt install libusb-1.0-0"),
    ],
)
def test_doctor_says_what_an_ant_stick_lacks_and_that_none_is_needed(
    tmp_path: Path, usb: FakeUsb | None, found: str, words: str
) -> None:
    with plugged_in(usb):
        said = doctor(tmp_path)
    assert found in said
    assert words in said


def test_a_stick_that_is_plugged_in_without_the_extra_is_a_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "openant.base.driver", None)
    monkeypatch.delitem(sys.modules, "coach.radio.ant.stick", raising=False)
    assert not has_ant_stick(tmp_path)
    plug_in(tmp_path, "0fcf", "1008")
    assert has_ant_stick(tmp_path)
    monkeypatch.setattr("coach.cli.doctor.has_ant_stick", lambda _root: True)
    said = doctor(tmp_path)
    assert "FAULT ant+: ant_no_extra" in said
    assert "pip install 'running-coach[ant]'" in said
