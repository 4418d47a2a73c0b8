"""Profiles: those that come with the program are sound; a wrong one is refused with all its faults."""

from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coach.errors import ProfileError
from firmware_config.loader import (
    find_profile,
    load_profile,
    load_profiles,
    named_sensors,
    read_profile,
    settings_warnings,
)
from firmware_config.schema import full_uuid

IDS = {
    "running_speed_cadence",
    "heart_rate",
    "ftms_treadmill",
    "polar_h10",
    "polar_verity_sense",
    "movesense",
    "witmotion_wt9011dcl",
    "movella_dot",
    "wearable_my_foot",
    "coach_board",
}


def text_of(profile_id: str) -> str:
    return (files("firmware_config") / "profiles" / f"{profile_id}.toml").read_text(encoding="utf-8")


def test_the_first_ten_sensors_are_there():
    assert set(load_profiles()) >= IDS


@pytest.mark.parametrize("profile_id", sorted(load_profiles()))
def test_each_says_its_source_and_whether_it_was_tried(profile_id):
    profile = load_profile(profile_id)
    assert profile.source
    assert profile.units
    assert profile.is_tried_on_hardware is False
    for what_any_has in ("2a19", "2a26"):  # battery and firmware; of Bluetooth alone
        assert (full_uuid(what_any_has) in profile.characteristics()) is profile.is_bluetooth
    assert [c for c in profile.with_role("data") if c.is_required]
    if profile.kind == "imu":
        assert profile.rates_hz
        assert profile.settings_at(profile.wear_sites[0])["rate_hz"] in profile.rates_hz


def test_all_faults_of_a_file_are_listed_at_once_by_key():
    text = (
        text_of("witmotion_wt9011dcl")
        .replace('role = "control"', 'role = "contrlo"')
        .replace('payload = "ff aa 03 {rate_hz:code} 00"', 'payload = "ff aa 3 {rate_hz:code} 00"')
        .replace("200 = 11\n", "")
        .replace("0000ffe5-0000-1000-8000-00805f9a34fb", "ffe")
        .replace('setting = "bandwidth_hz"\nbelow', 'setting = "bandwidht_hz"\nbelow')
        .replace("is_tried_on_hardware = false", "is_tried_on_hardwear = false")
    )
    with pytest.raises(ProfileError) as refused:
        read_profile(text, "witmotion_wt9011dcl.toml")
    faults = "\n".join(refused.value.faults)
    assert refused.value.file == "witmotion_wt9011dcl.toml"
    for key in (
        "is_tried_on_hardware: Field required",
        "is_tried_on_hardwear: Extra inputs",
        "service.0.characteristic.1.role:",
        "service.0.uuid: 'ffe' is no UUID",
        "find.services.0: 'ffe' is no UUID",
        "configure.2.payload: '3' is neither",
        "configure.2.payload: codes.rate_hz has no code for 200",
        "warn.0.setting: no setting is called 'bandwidht_hz'",
    ):
        assert key in faults, faults


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (('characteristic = "2a54"', 'characteristic = "2a99"'), "start.0.characteristic: 2a99 is not among"),
        (('id = "running_speed_cadence"', 'id = "pod"'), "id: 'pod' must be the file's name"),
        (('do = "read"', 'do = "write"'), "start.0: a write needs characteristic and payload"),
        (('services = ["1814"]\n', "services = []\n"), None),
        (("[units]", "[units"), "file: not TOML"),
    ],
)
def test_faults_between_keys(change, fault):
    text = text_of("running_speed_cadence").replace(*change)
    if fault is None:
        assert read_profile(text, "running_speed_cadence.toml").find.services == ()
        return
    with pytest.raises(ProfileError) as refused:
        read_profile(text, "running_speed_cadence.toml")
    assert any(f.startswith(fault) for f in refused.value.faults), refused.value.faults


def test_an_unknown_profile_is_said_with_those_there_are():
    with pytest.raises(ProfileError, match="there are ant_heart_rate, ant_stride_speed, coach_board"):
        load_profile("polar_h11")


@pytest.mark.parametrize(
    ("name", "services", "profile_id"),
    [
        ("Movesense 174430000051", ["180d"], "movesense"),
        ("Movesense 174430000051", [], "movesense"),
        ("Polar H10 12345678", ["180d", "feee"], "polar_h10"),
        ("Polar Sense 12345678", ["180d"], "polar_verity_sense"),
        ("Polar OH1 1", ["180d"], "heart_rate"),
        ("HRM-Pro", ["180d"], "heart_rate"),
        ("TICKR X 1234", ["180d", "1814"], "running_speed_cadence"),
        ("TICKR 1234", ["180d"], "heart_rate"),
        ("ZWIFT RUNPOD OE", [], "running_speed_cadence"),
        ("RUNN 123", ["1814", "1826"], "running_speed_cadence"),
        ("belt", ["1814", "1826"], "ftms_treadmill"),
        ("WT901BLE67", [], "witmotion_wt9011dcl"),
        ("", ["0000FFE5-0000-1000-8000-00805F9A34FB"], "witmotion_wt9011dcl"),
        ("Xsens DOT", [], "movella_dot"),
        (None, ["1fff"], "wearable_my_foot"),
        ("anything", ["c0ac0000-7a1e-4b5c-9d2f-52554e4e4552"], "coach_board"),
        ("JBL speaker", ["110b"], None),
        (None, [], None),
    ],
)
def test_an_advertisement_finds_its_profile(name, services, profile_id):
    found = find_profile(name, services)
    assert (found.id if found else None) == profile_id


def test_settings_go_from_default_to_group_to_site():
    movesense = load_profile("movesense")
    assert movesense.settings_at("left_foot")["rate_hz"] == 208
    assert movesense.settings_at("chest") == {
        "rate_hz": 104.0,
        "acc_range_g": 8.0,
        "gyr_range_dps": 2000.0,
        "mode": "IMU6",
    }
    assert movesense.settings_at(None)["rate_hz"] == 208


def test_defaults_that_would_ruin_the_data_are_warned_of_where_they_would():
    wit = load_profile("witmotion_wt9011dcl")
    factory = {"rate_hz": 10.0, "bandwidth_hz": 20.0}
    assert len(settings_warnings(wit, "left_foot", factory)) == 2
    assert len(settings_warnings(wit, "chest", factory)) == 1
    assert settings_warnings(wit, "left_foot", wit.settings_at("left_foot")) == ()
    for profile in load_profiles().values():
        for site in profile.wear_sites:
            if profile.id not in ("wearable_my_foot",):
                assert settings_warnings(profile, site, profile.settings_at(site)) == (), (profile.id, site)


@given(st.text(max_size=80))
def test_any_text_is_a_profile_or_a_profile_error(text):
    with pytest.raises(ProfileError):
        read_profile(text, "x.toml")


@given(place=st.integers(0, 2000), letter=st.characters(codec="ascii"))
def test_one_wrong_letter_is_a_profile_or_a_profile_error(place, letter):
    text = text_of("movesense")
    at = place % len(text)
    try:
        read_profile(text[:at] + letter + text[at + 1 :], "movesense.toml")
    except ProfileError as refused:
        assert all(": " in fault for fault in refused.faults)  # noqa: PT017


def test_what_a_sensor_can_be_used_as_is_a_profile_with_a_service_that_it_has():
    profiles = load_profiles()
    for profile in profiles.values():
        for other in profile.also_as:
            assert other in profiles
            needed = {s.uuid for s in profiles[other].services if s.is_required}
            # Polar Verity Sense has Heart Rate, which our profile of it does not use: SDK mode switches it off.
            assert needed <= {s.uuid for s in profile.services} or profile.id == "polar_verity_sense"


def test_a_sensor_known_by_name_is_read_by_the_profile_that_its_name_finds():
    prefixes = [(prefix, one.profile) for one in named_sensors() for prefix in one.name_prefixes]
    assert [(prefix, find_profile(prefix, []).id) for prefix, _ in prefixes] == prefixes
    assert "COROS POD 2" in {one.title for one in named_sensors() if not one.name_prefixes}


def test_what_a_sensor_known_by_name_is_said_to_give_its_profile_reads():
    reads = {"speed": "2a53", "cadence": "2a53", "heart rate": "2a37"}
    for one in named_sensors():
        characteristics = {c.uuid[4:8] for s in load_profiles()[one.profile].services for c in s.characteristics}
        for words in one.gives:
            named = [characteristic for what, characteristic in reads.items() if what in words]
            assert named, (one.title, words)
            assert set(named) <= characteristics, (one.title, words)
