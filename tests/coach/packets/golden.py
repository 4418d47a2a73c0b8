"""Golden packets: bytes, what they mean, and where they come from.

provenance: "test" a public project's unit test, "capture" a real device's bytes, "specification", or "computed" from
it.
"""

from dataclasses import dataclass
from typing import Any

G = 9.80665
DEG = 0.017453292519943295
IMU6_52 = (
    "94b578bf399b8840cdb20d41 55ff7cbf6a60884092c70c41 82627cbfa2e988405da00c41 8bf871bf71248940c38c0c41"
    "48e17abf713daabf3333b3be c3f568bf713daabf3e0ad7be ae4721bff628bcbf3e0ad7be ae4721bf3333b3bf3e0ad7be"
)


@dataclass(frozen=True)
class Golden:
    profile: str
    hex: str
    expected: dict[str, Any]
    provenance: str
    source: str
    characteristic: str | None = None

    @property
    def payload(self) -> bytes:
        return bytes.fromhex(self.hex.replace(" ", ""))

    @property
    def name(self) -> str:
        return f"{self.profile}-{self.hex.replace(' ', '')[:16]}"


def kmh(value: float) -> float:
    return value / 3.6


def g3(*values: float) -> list[float]:
    return [v * G for v in values]


def mg3(*values: float) -> list[float]:
    return [v * 1e-3 * G for v in values]


def dps3(*values: float) -> list[float]:
    return [v * DEG for v in values]


RSC = "running_speed_cadence"
HR = "heart_rate"
TREADMILL = "ftms_treadmill"
VERITY = "polar_verity_sense"
WIT = "witmotion_wt9011dcl"
TMI = "TrackMyIndoorWorkout tests"

PACKETS = [
    Golden(RSC, "00 91 01 bb", {"speed_mps": 1.56640625, "raw_cadence_per_min": 187, "cadence_spm": 187.0,
           "stride_length_m": None, "distance_m": None, "is_running": False}, "test",
           f"{TMI}, runn_rsc_test, NPE Runn"),
    Golden(RSC, "03 5c 03 a1 82 00 f6 09 00 00", {"speed_mps": 3.359375, "raw_cadence_per_min": 161,
           "cadence_spm": 161.0, "stride_length_m": 1.30, "distance_m": 255.0}, "test",
           f"{TMI}, technogym_run_rsc_test"),
    Golden(RSC, "03 b9 01 85 5e 00 0d 0c 00 00", {"speed_mps": 1.72265625, "raw_cadence_per_min": 133,
           "cadence_spm": 133.0, "stride_length_m": 0.94, "distance_m": 308.5}, "test",
           f"{TMI}, technogym_run_rsc_test"),
    # 0.72 m/s is below the slowest walk that separates steps from strides.
    Golden(RSC, "02 b9 00 33 8a 02 00 00", {"speed_mps": 0.72265625, "raw_cadence_per_min": 51, "cadence_spm": None,
           "stride_length_m": None, "distance_m": 65.0}, "test", f"{TMI}, technogym_myrun_rsc_test"),
    Golden(RSC, "02 00 05 50 ff ff 00 01", {"speed_mps": 5.0, "raw_cadence_per_min": 80, "cadence_spm": 160.0,
           "distance_m": 1684275.1}, "test", "OpenTracks BluetoothHandlerRunningSpeedAndCadenceTest"),
    Golden(RSC, "07 80 03 58 ef 00 39 30 00 00", {"speed_mps": 3.5, "raw_cadence_per_min": 88, "cadence_spm": 176.0,
           "stride_length_m": 2.39, "distance_m": 1234.5, "is_running": True}, "computed", "GSS, RSC Measurement"),
    Golden(RSC, "1f 00", {"has_stride_length": True, "has_distance": True, "has_walk_or_run": True,
           "has_calibration": True, "has_locations": True}, "computed", "GSS, RSC Feature", "2a54"),
    Golden(RSC, "01", {"location": "top of shoe"}, "computed", "GSS, Sensor Location", "2a5d"),
    Golden(RSC, "10 04 01 00 01 02 03", {"op": 4, "result": 1, "locations": ["other", "top of shoe", "in shoe", "hip"]},
           "computed", "GSS, SC Control Point", "2a55"),
    Golden(RSC, "10 02 02", {"op": 2, "result": 2, "locations": []}, "computed", "GSS, SC Control Point", "2a55"),
    Golden("stryd", "02 00 05 50 ff ff 00 01", {"speed_mps": 5.0, "raw_cadence_per_min": 80, "cadence_spm": 160.0,
           "distance_m": 1684275.1, "contact_time_s": None}, "test",
           "OpenTracks BluetoothHandlerRunningSpeedAndCadenceTest: Stryd speaks the standard here"),
    Golden("stryd", "32000000f000 0000000000000000000000000000", {"contact_time_s": 0.240}, "computed",
           "qdomyos-zwift strydrunpowersensor.cpp: 20 bytes, 0x32 first, u16 ms at 4",
           "7e78aa19-72cd-d3b8-a81f-5b7e589bea0f"),
    Golden("stryd", "15 00 01", {"contact_time_s": None}, "computed",
           "qdomyos-zwift strydrunpowersensor.cpp: the answer to indoor mode, of another kind",
           "7e78aa19-72cd-d3b8-a81f-5b7e589bea0f"),
    Golden("stryd", "00 00 28 00", {"power_w": 40}, "test", "OpenTracks BluetoothUtilsTest, parseCyclingPower_power",
           "2a63"),
    Golden(HR, "00 2a", {"heart_rate_bpm": 42, "rr_s": [], "has_skin_contact": None}, "test",
           "pycycling test_heart_rate_service"),
    Golden(HR, "10 3c 00 04", {"heart_rate_bpm": 60, "rr_s": [1.0]}, "computed", "GSS, Heart Rate Measurement"),
    Golden(HR, "16 48 3a 03 51 03", {"heart_rate_bpm": 72, "rr_s": [826 / 1024, 849 / 1024], "has_skin_contact": True},
           "computed", "GSS, Heart Rate Measurement"),
    Golden(HR, "19 2c 01 e8 03 00 02", {"heart_rate_bpm": 300, "rr_s": [0.5], "has_skin_contact": None}, "computed",
           "GSS, Heart Rate Measurement"),
    Golden(HR, "5a", {"battery_pct": 90.0}, "computed", "GSS, Battery Level", "2a19"),
    Golden(HR, "506f6c6172 00", {"words": "Polar"}, "computed", "DIS, padded with a NUL", "2a29"),
    Golden(TREADMILL, "9e04 7302 3302 250000 3c00 ff7f 0000 ff7f 0200 ffff ff 1f00", {"speed_mps": kmh(6.27),
           "distance_m": 37.0, "incline_pct": 6.0, "heart_rate_bpm": None, "elapsed_s": 31.0, "is_last_part": True},
           "test", f"{TMI}, life_fitness_treadmill_test"),
    Golden(TREADMILL, "9e05 1705 9202 fb0000 0000 ff7f 7c00 ff7f 1b00 ffff ff 69 8a00", {"speed_mps": kmh(13.03),
           "incline_pct": 0.0, "heart_rate_bpm": 105, "elapsed_s": 138.0}, "test",
           f"{TMI}, life_fitness_treadmill_test"),
    Golden(TREADMILL, "9f00 6100 360000 0000 ff7f 0000 ffff 0500 6e00 02", {"speed_mps": None, "distance_m": 54.0,
           "is_last_part": False}, "test", f"{TMI}, matrix_treadmill_test"),
    Golden(TREADMILL, "001f 7100 00 02 cc00 3c06 ff7f 1a00", {"speed_mps": kmh(1.13), "heart_rate_bpm": None,
           "elapsed_s": 204.0, "is_last_part": True}, "test", f"{TMI}, matrix_treadmill_test"),
    Golden(TREADMILL, "9e1f c603 9402 3e0100 5a00 ff7f 3200 ffff 2500 f4", {"speed_mps": kmh(9.66), "incline_pct": 9.0,
           "distance_m": 318.0, "heart_rate_bpm": None, "elapsed_s": None}, "test",
           f"{TMI}: cut at 20 bytes by the device"),
    Golden(TREADMILL, "0120 3412", {"speed_mps": None, "distance_m": None, "elapsed_s": None, "is_last_part": False},
           "computed", "TheRun T15 (treadlogger): a part of its own with reserved bit 13 and a count of steps"),
    Golden(TREADMILL, "0800 b004 1e00 ff7f", {"speed_mps": kmh(12.0), "incline_pct": 3.0}, "computed",
           "GSS, Treadmill Data"),
    Golden("polar_h10", "02 0094357700000000 01 f7ff ffff e703 f8ff feff e503", {"device_time_ns": 2_000_000_000,
           "acc_mps2": [mg3(-9, -1, 999), mg3(-8, -2, 997)]}, "test", "polar-ble-sdk AccDataTest, first two readings"),
    Golden("polar_h10", "02 6500000000000000 81 f1ff 1400 f003 06 01 7b0f08", {"device_time_ns": 101,
           "acc_mps2": [mg3(-15, 20, 1008), mg3(-20, 17, 1008)]}, "test",
           "polar-ble-sdk AccDataTest, compressed type 1"),
    Golden(VERITY, "02 0094357700000000 80 7107 f06a 9e8d 0a 01 be5cbe3a", {"acc_mps2": [
           g3(1905 * 2.44e-4, 27376 * 2.44e-4, -29282 * 2.44e-4),
           g3(2095 * 2.44e-4, 27271 * 2.44e-4, -29367 * 2.44e-4)]},
           "test", "polar-ble-sdk AccDataTest type 0, its block of 56 shortened to 1; factor 2.44e-4"),
    Golden(VERITY, "05 ffffffffffffff7f 80 eaff 0800 0d00 03 01 df00", {"gyr_radps": [dps3(-22, 8, 13),
           dps3(-23, 11, 16)]}, "test", "polar-ble-sdk GyrDataTest"),
    Golden(VERITY, "05 0094357700000000 81 0000803f 00002041 0000a041 1c 01 0000a001000008cdccec0d", {"gyr_radps": [
           dps3(1.0, 10.0, 20.0), dps3(10.0, 20.0, 1.1)]}, "test", "polar-ble-sdk GyrDataTest type 1"),
    Golden(VERITY, "06 0000000000000000 80 e2e6 fa15 490a 06 01 7f20fc", {"raw": [[-6430.0, 5626.0, 2633.0],
           [-6431.0, 5627.0, 2635.0]]}, "test", "polar-ble-sdk MagDataTest"),
    Golden(VERITY, "f0 01 06 07 00", {"request": 1, "measure": 6, "status": "resolution not possible"}, "test",
           "polar-ble-sdk", "fb005c81-02e7-f387-1cad-8acd2d8df0c8"),
    Golden("polar_h10", "0f 05 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00", {"measures": ["acc"]}, "capture",
           "polar-ble-sdk issues 281, 360", "fb005c81-02e7-f387-1cad-8acd2d8df0c8"),
    Golden("movesense", f"02 63 aca10200 {IMU6_52}", {"device_time_s": 172.460, "acc_mps2": [
           [-0.97152066, 4.26894808, 8.85615253], [-0.98827106, 4.26176929, 8.79872322],
           [-0.98587811, 4.27851963, 8.78915119], [-0.94519871, 4.28569841, 8.78436565]], "gyr_radps": [
           dps3(-0.98, -1.33, -0.35), dps3(-0.91, -1.33, -0.42), dps3(-0.63, -1.47, -0.42), dps3(-0.63, -1.40, -0.42)]},
           "capture", "movesense-py validation/fixture.json, /Meas/IMU6/52, behind a DATA head"),
    Golden("movesense", "01 63 c8 00", {"reference": 0x63, "status": 200}, "specification", "GD-77"),
    # ANOMALY: early sample firmware sends 507 in big-endian order.
    Golden("movesense", "01 63 01 fb", {"reference": 0x63, "status": 507}, "test", "movesense early sample firmware"),
    Golden(WIT, "55 61 00 fc 00 02 00 08 66 06 33 f3 00 00 00 20 00 f0 00 40", {"acc_mps2": [g3(-0.5, 0.25, 1.0)],
           "gyr_radps": [dps3(1638 * 2000 / 32768, -3277 * 2000 / 32768, 0.0)]}, "computed",
           "WT9011DCL-BT50 Communication Protocol"),
    Golden(WIT, "55 61 02 01 00 00 00 08 00 00 00 00 00 00 00 00 00 00 00 00 18 0b 14 16 1a 00 e8 03", {"acc_mps2": [
           g3(258 / 2048, 0.0, 1.0)]}, "computed", "28-byte variant of WT901SDCL: chip time behind"),
    Golden(WIT, "55 71 3a 00 68 01 69 00 7a 00 00 00 00 00 00 00 00 00 00 00", {"register": 0x3A,
           "values": [360, 105, 122, 0, 0, 0, 0, 0]}, "specification", "maker's document"),
    Golden("movella_dot", "40420f00 00000000 00000000 0ae81c41 0000c842 000048c2 0000c841", {"device_time_s": 1.0,
           "acc_mps2": [[0.0, 0.0, 9.80665]], "gyr_radps": [dps3(100, -50, 25)]}, "computed",
           "Movella DOT BLE Services Specifications, mode 21"),
    Golden("wearable_my_foot", "e8030000 0000003f 000080be 0000803f 0000c842 000048c2 0000c841", {"device_time_s": 1.0,
           "acc_mps2": [g3(0.5, -0.25, 1.0)], "gyr_radps": [dps3(100, -50, 25)]}, "computed", "its open firmware"),
    # Checksum worked out apart from our code, bit by bit, by the polynomial 0x1021 from 0xFFFF.
    Golden("coach_board", "a5 01 0700 40420f00 02 43 0008 00fc 0000 e803 0000 18fc 0010 0000 0000 0100 0200 0300 0379",
           {"device_time_s": 1.0, "sequence": 7, "acc_mps2": [g3(1.0, -0.5, 0.0), g3(2.0, 0.0, 0.0)], "gyr_radps": [
           dps3(1000 / 16.384, 0.0, -1000 / 16.384), dps3(1 / 16.384, 2 / 16.384, 3 / 16.384)]}, "computed",
           "firmware_config/boards/README.md"),
    Golden("coach_board", "a6 07 24f400 43 0008 00fc 0000 e803 0000 18fc b38f", {"device_time_s": 1.0, "sequence": 7,
           "acc_mps2": [g3(1.0, -0.5, 0.0)], "gyr_radps": [dps3(1000 / 16.384, 0.0, -1000 / 16.384)]}, "computed",
           "firmware_config/boards/README.md, small frame"),
    Golden("phone", "50010201 0000000000408f400000803f00000040cdcc1c41333365423333e54266e62b43"
           "0000000000c08f40000080bf00000000000018410000000000000000cdccccbd",
           {"device_time_s": 1.0, "has_gyro": True, "acc_mps2": [[1.0, 2.0, 9.8], [-1.0, 0.0, 9.5]],
           "gyr_radps": [dps3(57.3, 114.6, 171.9), dps3(0.0, 0.0, -0.1)]}, "computed",
           "coach/packets/phone_motion.py; numbers as Chromium 156 gives them with an emulated sensor"),
    Golden("phone_position", "47010300 000000c585317a42 0000000000c04740 0000000000802040 0000a0400040ce4300005040",
           {"latitude_deg": 47.5, "longitude_deg": 8.25, "accuracy_m": 5.0, "altitude_m": 412.5, "speed_mps": 3.25},
           "computed", "coach/packets/phone_position.py"),
    Golden("ant_stride_speed", "01 ff 85 80 08 00 80 00",
           {"speed_mps": 8.0, "distance_m": 128.0, "n_strides": 128, "time_s": 134.275, "latency_s": 0.0}, "test",
           "openant examples/speed_and_distance.py, a page to send for debugging"),
    Golden("ant_stride_speed", "01 87 e4 c3 89 60 dd 06",
           {"speed_mps": 9.375, "distance_m": 195.5, "n_strides": 221, "latency_s": 0.1875}, "computed",
           "by incyclist-ant-plus 0.3.6 from a random page"),
    Golden("ant_heart_rate", "04 59 9d 4f 5a 5a c0 86",
           {"beat_s": 22.587890625, "n_beats": 192, "rate_bpm": 134, "previous_beat_s": 19.9033203125}, "computed",
           "by incyclist-ant-plus 0.3.6 from a random page"),
]  # fmt: skip
