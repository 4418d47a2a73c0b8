"""One truly real test: our link code over bleak, bluetoothd and a Linux kernel, to virtual sensors on a virtual radio.

The kernel runs as an ordinary program (User-Mode Linux, `build.sh`). It is taken from COACH_UML, else from the cache
folder by the hash of its configuration; CI builds it there once, at home its absence is a skip.
"""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.kernel.machine import HERE, boot, known_kernel, missing_programs
from tests.support.common import IN_CI, missing

BUILD_S, RUN_S = 2400, 330


@pytest.fixture(scope="module")
def kernel() -> Path:
    if "COACH_UML" not in os.environ and (programs := missing_programs()):
        missing(f"no {programs[0]}: apt-get install dbus bluez")
    path = known_kernel()
    if not path.exists():
        if not IN_CI:
            missing(f"no user-mode kernel: run tests/kernel/build.sh {path} once, or name one in COACH_UML")
        subprocess.run([HERE / "build.sh", path], check=True, timeout=BUILD_S)
    return path


def result_of(kernel: Path, script: str) -> dict[str, Any]:
    """What the guest saw: the kernel is booted once for all tests of a script, again if it ended without a result."""
    outputs = []
    for _ in range(2):
        line, output = boot(kernel, script)
        if line is not None:
            result: dict[str, Any] = json.loads(line.removeprefix("RESULT "))
            return result
        outputs.append(output)
    raise AssertionError("twice the guest gave no result:\n" + "\n== next boot\n".join(o[-6000:] for o in outputs))


@pytest.fixture(scope="module")
def seen(kernel: Path) -> dict[str, Any]:
    return result_of(kernel, "guest.py")


@pytest.fixture(scope="module")
def paired(kernel: Path) -> dict[str, Any]:
    return result_of(kernel, "guest_pairing.py")


@pytest.fixture(scope="module")
def encrypted(kernel: Path) -> dict[str, Any]:
    return result_of(kernel, "guest_encryption.py")


pytestmark = [pytest.mark.kernel, pytest.mark.timeout(BUILD_S + 2 * RUN_S)]  # the first builds and boots


def test_the_scan_finds_both_sensors_by_profile(seen: dict[str, Any]) -> None:
    assert sorted(seen["found"].values()) == ["movesense", "running_speed_cadence"]


def test_the_pod_is_bonded_once_and_every_reconnect_is_encrypted(seen: dict[str, Any]) -> None:
    assert seen["is_encrypted"] == [True, True, True]
    assert seen["n_pairings"] == 1


def test_a_drop_and_a_walk_out_of_range_are_lost_and_come_back(seen: dict[str, Any]) -> None:
    reasons = [reason for reason in seen["reasons"] if reason not in ("starting", "silent")]
    assert reasons[:3] == ["connecting", "streaming", "dropped"]
    assert reasons.count("streaming") >= 3
    assert "out_of_range" in reasons
    assert reasons[-1] == "stopped"


def test_it_streams_again_within_10_s_of_a_drop_and_of_being_in_range_again(seen: dict[str, Any]) -> None:
    _first_s, after_drop_s, after_range_s = seen["back_s"]
    assert after_drop_s < 10.0
    assert after_range_s < 10.0


def test_nothing_comes_twice_nor_out_of_order(seen: dict[str, Any]) -> None:
    distances = seen["distances"]
    assert len(distances) >= 30
    assert distances == sorted(set(distances))
    times = seen["shoe_times_ms"]
    assert len(times) > 100
    assert times == sorted(set(times))


def test_a_shoe_streams_208_readings_a_second_through_real_bluez(seen: dict[str, Any]) -> None:
    assert seen["shoe_notifications_per_s"] == pytest.approx(52, rel=0.2)
    assert "streaming" in seen["shoe_reasons"]


def test_stopping_frees_both_sensors(seen: dict[str, Any]) -> None:
    assert seen["is_free_after_stop"]


def test_pairing_from_the_page_works_eight_times_of_eight_with_a_number_within_5_s(paired: dict[str, Any]) -> None:
    """Of a pod that sends once a second."""
    times_s = sorted(paired["first_number_s"])
    assert len(times_s) == 8
    assert times_s[4] < 3.5
    assert times_s[-1] < 5.0


def test_the_check_before_a_run_finds_the_pod_well(paired: dict[str, Any]) -> None:
    assert paired["check"]["is_good"]
    (n_samples,) = paired["check"]["n_samples"]  # in 4 s
    assert 3 <= n_samples <= 5


def test_a_report_is_made_over_real_bluez(paired: dict[str, Any]) -> None:
    assert paired["report"]["problems"] == []
    assert 5 <= paired["report"]["n_samples"] <= 8
    assert paired["report"]["mtu"] == 247


def test_a_run_has_its_first_number_within_10_s_and_gives_the_sensor_back(paired: dict[str, Any]) -> None:
    """The preview's connection ends (2 s on BlueZ), the pod advertises again and is found and connected."""
    assert paired["run_first_number_s"] < 10.0
    assert paired["n_run_losses"] <= 1  # of ten connects BlueZ aborts one
    assert paired["n_run_numbers"] >= 4


def test_a_row_of_the_page_stays_while_its_sensor_advertises(paired: dict[str, Any]) -> None:
    assert paired["n_looks"] >= 30
    assert paired["n_listed"] == paired["n_looks"]


def test_with_one_foot_left_at_home_the_other_links_within_15_s_and_is_back_within_10(paired: dict[str, Any]) -> None:
    linked_s, *back_s = paired["back_s"]
    assert linked_s < 15.0
    assert len(back_s) == 3
    assert max(back_s) < 10.0


@pytest.mark.parametrize("asks_at", ["subscribe", "read", "write"])
def test_a_sensor_that_asks_for_encryption_is_paired_once_and_streams(encrypted: dict[str, Any], asks_at: str) -> None:
    linked = encrypted["linked"][asks_at]
    assert linked["n_pairings"] == 1
    assert linked["n_losses"] <= 1  # BlueZ may never repeat the request that it paired for (`coach.radio.talk`)
    assert linked["first_number_s"] < 15.0
    assert linked["is_encrypted_again"]
    assert set(linked["read"]) == {"0700"}
    assert set(linked["written"]) == {"01"}
    assert not linked["has_duplicates"]


@pytest.mark.parametrize("asks_at", ["read", "write"])
def test_settings_are_read_from_and_written_to_a_sensor_that_wants_encryption(
    encrypted: dict[str, Any], asks_at: str
) -> None:
    visited = encrypted["visited"][asks_at]
    assert visited["n_pairings"] == 1
    assert set(visited["read"]) == {"0700"}  # read again where BlueZ forgot what it paired for, as above
    assert set(visited["written"]) == {"01"}


def test_a_bonded_sensor_with_a_private_address_is_found_again_under_its_next_one(encrypted: dict[str, Any]) -> None:
    private = encrypted["private"]
    assert private["was_known_by"] != private["identity"]
    assert private["identity"] == "F0:0D:00:00:00:77"
    assert private["n_streams"] == 3
    assert private["n_pairings"] == 1
    assert private["is_found_by_a_new_program"]
