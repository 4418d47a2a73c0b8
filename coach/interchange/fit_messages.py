"""Map our values to FIT messages and fields: numbers, kinds and scales as in Garmin's public profile.

Cadence is strides per minute of one leg with a fraction of 1/128, as running watches write it. Values without a native
field are developer fields, float32, under our own names.
"""

from typing import Final

from coach.interchange.fit_encoding import (
    BYTES,
    ENUM,
    SINT16,
    SINT32,
    STRING,
    UINT8,
    UINT16,
    UINT32,
    UINT32Z,
    DeveloperField,
    Field,
)
from coach.model.metrics_table import METRICS
from coach.model.sites import WearSite

FILE_ID, SESSION, LAP, RECORD, EVENT, DEVICE_INFO, FILE_CREATOR, ACTIVITY = 0, 18, 19, 20, 21, 23, 49, 34
FIELD_DESCRIPTION, DEVELOPER_DATA_ID = 206, 207
TIMESTAMP: Final = Field(253, UINT32)
MESSAGE_INDEX: Final = Field(254, UINT16)

FILE_TYPE: Final = Field(0, ENUM)
MANUFACTURER: Final = Field(1, UINT16)
PRODUCT: Final = Field(2, UINT16)
SERIAL: Final = Field(3, UINT32Z)
TIME_CREATED: Final = Field(4, UINT32)

APPLICATION_ID: Final = Field(1, BYTES, size=16)
DEVELOPER_INDEX: Final = Field(3, UINT8)
DESCRIPTION_INDEX: Final = Field(0, UINT8)
DESCRIPTION_NUMBER: Final = Field(1, UINT8)
DESCRIPTION_TYPE: Final = Field(2, UINT8)
DESCRIPTION_NAME: Final = Field(3, STRING, size=32)
DESCRIPTION_UNITS: Final = Field(8, STRING, size=16)

WORKOUT, WORKOUT_STEP = 26, 27
WORKOUT_SPORT: Final = Field(4, ENUM)
WORKOUT_STEPS: Final = Field(6, UINT16)
WORKOUT_NAME: Final = Field(8, STRING, size=64)
STEP_DURATION_TYPE: Final = Field(1, ENUM)
STEP_DURATION: Final = Field(2, UINT32)
STEP_TARGET_TYPE: Final = Field(3, ENUM)
STEP_TARGET: Final = Field(4, UINT32)
STEP_LOW: Final = Field(5, UINT32)
STEP_HIGH: Final = Field(6, UINT32)
STEP_INTENSITY: Final = Field(7, ENUM)

EVENT_KIND: Final = Field(0, ENUM)
EVENT_TYPE: Final = Field(1, ENUM)

LATITUDE: Final = Field(0, SINT32, 2**31 / 180)
LONGITUDE: Final = Field(1, SINT32, 2**31 / 180)
ALTITUDE: Final = Field(78, UINT32, 5, 500)
HEART_RATE: Final = Field(3, UINT8)
CADENCE: Final = Field(4, UINT8)
FRACTIONAL_CADENCE: Final = Field(53, UINT8, 128)
STANCE_TIME_PERCENT: Final = Field(40, UINT16, 100)
# Our name: (field, factor from our unit to the field's)
RECORD_VALUES: Final[dict[str, tuple[Field, float]]] = {
    "heart_rate_bpm": (HEART_RATE, 1.0),
    "distance_m": (Field(5, UINT32, 100), 1.0),
    "power_w": (Field(7, UINT16), 1.0),
    "grade_pct": (Field(9, SINT16, 100), 1.0),
    "speed_mps": (Field(73, UINT32, 1000), 1.0),
    "vertical_oscillation_mm": (Field(39, UINT16, 10), 1.0),
    "contact_time_ms": (Field(41, UINT16, 10), 1.0),
    "vertical_ratio_pct": (Field(83, UINT16, 100), 1.0),
    "contact_time_balance_pct": (Field(84, UINT16, 100), 1.0),
    "step_length_m": (Field(85, UINT16, 10), 1000.0),
}
DEVELOPER_VALUES: Final[dict[str, DeveloperField]] = {
    name: DeveloperField(number, shown, units)
    for number, (name, shown, units) in enumerate(
        (
            ("foot_strike_angle_left_deg", "foot_strike_angle_left", "deg"),
            ("foot_strike_angle_right_deg", "foot_strike_angle_right", "deg"),
            *((name, *row.developer_field) for name, row in METRICS.items() if row.developer_field),
        )
    )
}

# The runner's own title, with the session: FIT has no native field for it.
TITLE: Final = DeveloperField(len(DEVELOPER_VALUES), "title", "", STRING, 128)
# Which algorithm computed the numbers, with the session (service.runs.algorithm).
ALGORITHM: Final = DeveloperField(len(DEVELOPER_VALUES) + 1, "algorithm", "", STRING, 32)

START_TIME: Final = Field(2, UINT32)
SPORT_SESSION: Final = Field(5, ENUM)
SUB_SPORT: Final = Field(6, ENUM)
TOTAL_ELAPSED: Final = Field(7, UINT32, 1000)
TOTAL_TIMER: Final = Field(8, UINT32, 1000)
TOTAL_DISTANCE: Final = Field(9, UINT32, 100)
FIRST_LAP: Final = Field(25, UINT16)
NUM_LAPS: Final = Field(26, UINT16)
SESSION_TRIGGER: Final = Field(28, ENUM)
LAP_INTENSITY: Final = Field(23, ENUM)
LAP_TRIGGER: Final = Field(24, ENUM)
LAP_SPORT: Final = Field(25, ENUM)
ACTIVITY_TIMER: Final = Field(0, UINT32, 1000)
NUM_SESSIONS: Final = Field(1, UINT16)
ACTIVITY_TYPE: Final = Field(2, ENUM)
ACTIVITY_EVENT: Final = Field(3, ENUM)
ACTIVITY_EVENT_TYPE: Final = Field(4, ENUM)
LOCAL_TIMESTAMP: Final = Field(5, UINT32)
SOFTWARE_VERSION: Final = Field(0, UINT16)
NATIVE_MESSAGE: Final = Field(14, UINT16)

CREATOR: Final = "running-coach"  # name of the device that made a file of ours
DEVICE_INDEX: Final = Field(0, UINT8)
DEVICE_SOFTWARE: Final = Field(5, UINT16, 100)
SENSOR_POSITION: Final = Field(18, ENUM)
SOURCE_TYPE: Final = Field(25, ENUM)
DEVICE_NAME: Final = Field(27, STRING, size=32)
BLUETOOTH, LOCAL = 3, 5
# Enum body_location; of a foot there is none: its leg.
BODY_LOCATIONS: Final[dict[WearSite, int]] = {
    WearSite.LEFT_FOOT: 0,
    WearSite.RIGHT_FOOT: 6,
    WearSite.LEFT_SHANK: 2,
    WearSite.RIGHT_SHANK: 8,
    WearSite.PELVIS: 36,
    WearSite.CHEST: 17,
}

# Averages of a session and of a lap: our name: (number in a session, number in a lap, kind, scale, factor)
AVERAGES: Final = {
    "heart_rate_bpm": (16, 15, UINT8, 1.0, 1.0),
    "speed_mps": (124, 110, UINT32, 1000.0, 1.0),
    "power_w": (20, 19, UINT16, 1.0, 1.0),
    "vertical_oscillation_mm": (89, 77, UINT16, 10.0, 1.0),
    "contact_time_ms": (91, 79, UINT16, 10.0, 1.0),
    "vertical_ratio_pct": (132, 118, UINT16, 100.0, 1.0),
    "contact_time_balance_pct": (133, 119, UINT16, 100.0, 1.0),
    "step_length_m": (134, 120, UINT16, 10.0, 1000.0),
}
AVERAGE_CADENCE: Final = (Field(18, UINT8), Field(17, UINT8))
AVERAGE_FRACTION: Final = (Field(92, UINT8, 128), Field(80, UINT8, 128))
# Of a session and of a lap.
MAX_CADENCE: Final = (Field(19, UINT8), Field(18, UINT8))
MAX_FRACTION: Final = (Field(93, UINT8, 128), Field(81, UINT8, 128))
MAX_SPEED: Final = (Field(125, UINT32, 1000), Field(111, UINT32, 1000))
MAX_POWER: Final = (Field(21, UINT16), Field(20, UINT16))
TOTAL_STRIDES: Final = (Field(10, UINT32), Field(10, UINT32))
TOTAL_ASCENT: Final = (Field(22, UINT16), Field(21, UINT16))
TOTAL_DESCENT: Final = (Field(23, UINT16), Field(22, UINT16))
MAX_HEART_RATE: Final = (Field(17, UINT8), Field(16, UINT8))
INTENSITY: Final = {"warm_up": 2, "cool_down": 3}
