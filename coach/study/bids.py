"""Write what a dataset in the Brain Imaging Data Structure says of itself: the texts of its small files.

Motion-BIDS: https://bids-specification.readthedocs.io/en/stable/modality-specific-files/motion.html. One sensor is one
tracking system. Axes of raw readings are those of the sensor as worn; nothing is resampled or filled: the channel
`latency` has the time of each reading since the start of the run, so that gaps show.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from coach.model.frozen import dataclass
from coach.model.sites import WearSite

VERSION: Final = "1.10.0"
TASK: Final = "run"
PROGRAM: Final = "running-coach"
_OTHER_KINDS: Final = ("ANGACCEL", "JNTANG", "MAGN", "MISC", "ORNT", "POS", "VEL")  # of channels in BIDS
README: Final = """Running with body-worn sensors, exported by the running coach.

Raw readings are in sub-*/ses-*/motion: one file for each sensor, a row for each reading that arrived. Readings that
never arrived are left out; the first channel, latency, has the time of each since the start of the run. A session is a
week since enrolment. Dates are shifted by whole weeks for each participant and cut to the hour; labels are pseudonyms.

derivatives/coach-ALGORITHM has what the program found: runs, strides and seconds as Parquet, each column explained in
data_dictionary.json. phenotype has answers and tests. code/cohort_dataset.py reads the dataset with pandas.
"""


@dataclass(frozen=True, slots=True)
class MotionFile:
    """One sensor's readings in one run. n_samples, rate_hz (as set), effective_hz (as arrived), duration_s, n_gaps,
    n_missing: as they are; axes: names of the columns behind latency, such as acc_x; maker, model: of the sensor.
    number: 2 and more, where the run has several sensors at one site."""

    site: WearSite
    n_samples: int
    rate_hz: float
    effective_hz: float | None
    duration_s: float
    n_gaps: int
    n_missing: int
    acc_range_mps2: float | None
    gyr_range_radps: float | None
    axes: tuple[str, ...]
    maker: str
    model: str
    number: int = 1

    @property
    def system(self) -> str:
        """Name of the tracking system: the wear site in letters only, and its number where there are several."""
        return self.site.value.replace("_", "") + (f"{self.number}" if self.number > 1 else "")


def stem(label: str, session: str, number: int, system: str = "") -> str:
    """Return the beginning of the names of a run's files; system: of one sensor (`MotionFile.system`)."""
    of_sensor = f"_tracksys-{system}" if system else ""
    return f"sub-{label}_ses-{session}_task-{TASK}{of_sensor}_run-{number:02d}"


def point_of(site: WearSite) -> str:
    """Name of a tracked point: LeftFoot."""
    return "".join(word.capitalize() for word in site.value.split("_"))


def tsv(names: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a table as BIDS writes it: tabs between, "n/a" for what is unknown."""
    lines = ["\t".join(names)]
    lines += ["\t".join("n/a" if cell is None or cell == "" else str(cell) for cell in row) for row in rows]
    return "\n".join(lines) + "\n"


def text(document: Mapping[str, object]) -> str:
    """Return JSON as sidecars have it."""
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def dataset_description(name: str, authors: Sequence[str], version: str, licence: str) -> dict[str, object]:
    """Return `dataset_description.json` of the raw dataset."""
    return {
        "Name": name,
        "BIDSVersion": VERSION,
        "DatasetType": "raw",
        "License": licence,
        "Authors": list(authors),
        "GeneratedBy": [{"Name": PROGRAM, "Version": version}],
    }


def derivative_description(name: str, version: str, algorithm: str, licence: str) -> dict[str, object]:
    """Return `dataset_description.json` of what the program found."""
    return {
        "Name": f"{name}: results of {PROGRAM}",
        "BIDSVersion": VERSION,
        "DatasetType": "derivative",
        "License": licence,
        "GeneratedBy": [{"Name": PROGRAM, "Version": version, "Description": f"algorithm {algorithm}"}],
        "SourceDatasets": [{"URL": "../.."}],
    }


def motion_sidecar(file: MotionFile, version: str) -> dict[str, object]:
    """Return `*_motion.json`."""
    counts = {kind: sum(axis.startswith(kind) for axis in file.axes) for kind in ("acc", "gyro")}
    return {
        "TaskName": TASK,
        "TaskDescription": "running as chosen by the runner, on a treadmill or outdoors",
        "SamplingFrequency": round(file.rate_hz, 6),
        "SamplingFrequencyEffective": None if file.effective_hz is None else round(file.effective_hz, 4),
        "TrackingSystemName": file.system,
        "RecordingDuration": round(file.duration_s, 3),
        "TrackedPointsCount": 1,
        "MotionChannelCount": len(file.axes) + 1,
        "ACCELChannelCount": counts["acc"],
        "GYROChannelCount": counts["gyro"],
        "LATENCYChannelCount": 1,
        **{f"{kind}ChannelCount": 0 for kind in _OTHER_KINDS},
        "MissingValues": "readings that never arrived are left out: latency shows where",
        "Manufacturer": file.maker or "unknown",
        "ManufacturersModelName": file.model or "unknown",
        "SoftwareVersions": f"{PROGRAM} {version}",
        "GapsCount": file.n_gaps,
        "MissingSamplesCount": file.n_missing,
        "AccelerometerFullScale": file.acc_range_mps2,
        "GyroscopeFullScale": file.gyr_range_radps,
    }


def phenotype_sidecar(measure: str, weeks: Sequence[str]) -> dict[str, object]:
    """Return `phenotype/*.json` of a measure with a column for each of these sessions."""
    words = measure.replace("_", " ")
    columns = {week: {"Description": f"{words} in session {week}, weeks since enrolment"} for week in weeks}
    return {"MeasurementToolMetadata": {"Description": words}, **columns}


def channels(file: MotionFile) -> str:
    """Return `*_channels.tsv`, one row for each column of the readings."""
    kinds = {"acc": ("ACCEL", "m/s^2"), "gyro": ("GYRO", "rad/s")}
    rows: list[Sequence[object]] = [("latency", "n/a", "LATENCY", "n/a", "s", file.rate_hz, "n/a")]
    for axis in file.axes:
        kind, unit = kinds[axis[:-2]]
        rows.append((axis, axis[-1], kind, point_of(file.site), unit, file.rate_hz, "sensor"))
    names = ("name", "component", "type", "tracked_point", "units", "sampling_frequency", "reference_frame")
    return tsv(names, rows)


CHANNELS_JSON: Final = {
    "reference_frame": {
        "Description": "axes of the readings",
        "Levels": {
            "sensor": {
                "Description": "axes of the sensor as worn, which the program turns to the body's by itself",
                "RotationRule": "right-hand",
            }
        },
    }
}
PARTICIPANTS_JSON: Final = {
    "age": {"Description": "at enrolment; 90 means 90 or more", "Units": "year"},
    "sex": {"Description": "as reported by the participant"},
    "group": {"Description": "arm of the trial"},
    "site": {"Description": "place of the study; places with fewer than five participants are one"},
    "height_m": {"Description": "body height", "Units": "m"},
    "mass_kg": {"Description": "body mass", "Units": "kg"},
}
SCANS_JSON: Final = {"acq_time": {"Description": "start of the run, shifted by whole weeks and cut to the hour"}}
EVENTS_JSON: Final = {
    "onset": {"Description": "seconds since the start of the run, as latency in the readings", "Units": "s"},
    "duration": {"Description": "length; 0 for a moment", "Units": "s"},
    "trial_type": {
        "Description": "what it was",
        "Levels": {
            "lap": "a lap of the runner's own",
            "warm_up": "a lap for warming up",
            "cool_down": "a lap for cooling down",
            "pause": "the run was paused",
            "cue": "the coach gave a cue",
            "pain": "the runner reported pain",
        },
    },
    "value": {"Description": "pain from 0 (none) to 10; the rule of a cue"},
}
