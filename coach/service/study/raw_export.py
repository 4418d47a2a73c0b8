"""Write one run of a BIDS dataset: readings, channels and events as files of their own.

Readings are those of each motion sensor, decoded and on the run's clock, in the sensor's own axes; what never arrived
is left out. Nothing in the files says whose they are.
"""

import hashlib
import io
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from coach.errors import CoachError, PacketError
from coach.live.timeline import Timeline, part_of
from coach.model.frozen import dataclass
from coach.model.recordings import RunEvent
from coach.model.samples import FloatArray, ImuChunk, Notification, StreamReport
from coach.model.sites import WearSite
from coach.packets.decoders import Decoder, decoder_for
from coach.recording.reader import Recording, read_recording
from coach.service.study.anonymous_log import anonymous_log
from coach.service.study.extra import needed
from coach.service.study.store import StudyStore
from coach.study import bids
from firmware_config.loader import load_profile

if TYPE_CHECKING:
    from pyarrow import Array


_TIME_DIGITS: Final = 5  # 10 us, a fiftieth of what a device's clock is mapped to the host's within
_DIGITS: Final = 4  # 0.0001 m/s^2 and rad/s, below one step of the finest sensor (0.0006 at 2 g)


@dataclass(frozen=True, slots=True)
class RawFiles:
    """What to write of a run. folder: of the session, "sub-P/ses-S" below `out`; acq_time: shifted start; has_log: the
    raw log too, without its runner."""

    store: str
    source: str
    sha256: str
    out: Path
    label: str
    session: str
    number: int
    acq_time: datetime
    version: str
    has_log: bool = False

    @property
    def folder(self) -> Path:
        """The folder of the run's motion files, "motion" below that of its session."""
        return self.out / f"sub-{self.label}" / f"ses-{self.session}" / "motion"


def export_run(run: RawFiles) -> tuple[list[str], str]:
    """Write the files of a run; gives its files of readings, as paths below the session, and why there are none.

    Nothing is raised for the recording: an export of thousands goes on.
    """
    try:
        data = StudyStore(run.store).read(run.source)
        if hashlib.sha256(data).hexdigest() != run.sha256:
            return [], "its bytes changed since it was computed"
        with tempfile.TemporaryDirectory(prefix="coach-study-") as folder:
            path = Path(folder) / "recording.mcap"
            path.write_bytes(data)
            return _written(run, read_recording(path)), ""
    except (CoachError, OSError) as error:
        return [], f"{type(error).__name__}: it cannot be read"


def _written(run: RawFiles, recording: Recording) -> list[str]:
    uses = [use for use in recording.header.sensors if use.wear_site is not None]
    decoders = {use.sensor_id: decoder_for(load_profile(use.profile_id), use) for use in uses}
    chunks, timeline = _read(recording, decoders)
    run.folder.mkdir(parents=True, exist_ok=True)
    names, n_at = [], Counter[WearSite]()
    for use in uses:
        own = chunks.get(use.sensor_id)
        if not own:
            continue
        profile = load_profile(use.profile_id)
        about = (use.manufacturer or profile.maker, use.model or profile.title)
        file, columns = _motion_file(own, decoders[use.sensor_id].report(), *about)
        n_at[file.site] += 1
        names.append(_write_motion(run, replace(file, number=n_at[file.site]), columns))
    events = bids.tsv(("onset", "duration", "trial_type", "value"), timeline)
    stem = bids.stem(run.label, run.session, run.number)
    if names:
        (run.folder / f"{stem}_events.tsv").write_text(events, encoding="utf-8")
    if run.has_log:
        log = run.out / "sourcedata" / f"{stem}.mcap"
        log.parent.mkdir(parents=True, exist_ok=True)
        log.write_bytes(anonymous_log(recording, stem, run.acq_time))
    return names


def _read(
    recording: Recording, decoders: dict[str, Decoder]
) -> tuple[dict[str, list[ImuChunk]], list[Sequence[object]]]:
    """Return the motion readings of each sensor, by its id, and the rows of the events."""
    chunks: dict[str, list[ImuChunk]] = {}
    events: list[RunEvent] = []
    end_s = 0.0
    for item in recording.sound_items():
        end_s = max(end_s, item.t_s)
        if isinstance(item, RunEvent):
            events.append(item)
        elif item.sensor_id in decoders:
            for sample in _samples(decoders[item.sensor_id], item):
                chunks.setdefault(item.sensor_id, []).append(sample)
    return chunks, _event_rows(events, end_s)


def _samples(decoder: Decoder, item: Notification) -> list[ImuChunk]:
    """Return motion readings of a packet; one that does not fit its protocol gives none,
    and its sensor's report counts it."""
    try:
        return [sample for sample in decoder.feed(item) if isinstance(sample, ImuChunk)]
    except PacketError:
        return []


def _event_rows(events: Sequence[RunEvent], end_s: float) -> list[Sequence[object]]:
    """Return laps, pauses, cues and pain, in the order of their times."""
    timeline = Timeline()
    rows: list[Sequence[object]] = []
    for event in events:
        at_s = float(event.data.get("tapped_s", event.t_s))
        match event.kind:
            case "lap":
                timeline.lap(at_s, str(event.data.get("lap_kind", "lap")), part_of(event.data))
            case "pause":
                timeline.pause(at_s)
            case "resume":
                timeline.resume(at_s)
            case "cue" if event.data.get("is_spoken"):
                rows.append((round(event.t_s, 3), 0, "cue", event.data.get("rule_id")))
            case "pain" if isinstance(event.data.get("level"), int):
                rows.append((round(at_s, 3), 0, "pain", event.data["level"]))
    timeline.end(end_s)
    laps = timeline.laps if len(timeline.laps) > 1 else ()
    rows += [(round(lap.start_s, 3), round((lap.end_s or end_s) - lap.start_s, 3), lap.kind, None) for lap in laps]
    rows += [(round(start, 3), round(end - start, 3), "pause", None) for start, end in timeline.pauses]
    return sorted(rows, key=lambda row: float(str(row[0])))


def _motion_file(
    chunks: Sequence[ImuChunk], report: StreamReport, maker: str, model: str
) -> tuple[bids.MotionFile, list[FloatArray]]:
    """Return the sensor's file, and its columns behind latency; an axis that the sensor lacks has none."""
    t_s = np.concatenate([chunk.t_s for chunk in chunks])
    columns, axes = [t_s], []
    acc = np.concatenate([chunk.acc_mps2 for chunk in chunks])
    parts = [("acc", acc)]
    if all(chunk.gyr_radps is not None for chunk in chunks):
        parts.append(("gyro", np.concatenate([chunk.gyr_radps for chunk in chunks if chunk.gyr_radps is not None])))
    for kind, values in parts:
        for k, axis in enumerate("xyz"):
            if not np.isnan(values[:, k]).all():
                axes.append(f"{kind}_{axis}")
                columns.append(values[:, k])
    first = chunks[0]
    duration_s = float(t_s[-1] - t_s[0])
    file = bids.MotionFile(
        first.wear_site,
        len(t_s),
        first.rate_hz,
        (len(t_s) - 1) / duration_s if duration_s > 0 else None,
        duration_s,
        len(report.gaps),
        report.n_missing,
        _finite(first.acc_range_mps2),
        _finite(first.gyr_range_radps) if len(parts) > 1 else None,
        tuple(axes),
        maker,
        model,
    )
    return file, columns


def _finite(value: float) -> float | None:
    return round(value, 6) if np.isfinite(value) else None


def _write_motion(run: RawFiles, file: bids.MotionFile, columns: Sequence[FloatArray]) -> str:
    stem = bids.stem(run.label, run.session, run.number, file.system)
    (run.folder / f"{stem}_motion.tsv").write_bytes(readings_tsv(columns))
    _text(run.folder / f"{stem}_motion.json", bids.text(bids.motion_sidecar(file, run.version)))
    _text(run.folder / f"{stem}_channels.tsv", bids.channels(file))
    _text(run.folder / f"{stem}_channels.json", bids.text(bids.CHANNELS_JSON))
    return f"motion/{stem}_motion.tsv"


def readings_tsv(columns: Sequence[FloatArray]) -> bytes:
    """Return columns of equal length as rows with tabs between, without heading; the first is time [s];
    NaN is "n/a"."""
    pa, writer = needed("pyarrow", "a study"), needed("pyarrow.csv", "a study")
    rounded = [np.round(values, _DIGITS if k else _TIME_DIGITS) + 0.0 for k, values in enumerate(columns)]
    arrays: list[Array] = [pa.array(values, mask=np.isnan(values)) for values in rounded]
    arrays = [
        needed("pyarrow.compute", "a study").fill_null(a.cast(pa.string()), "n/a") if a.null_count else a
        for a in arrays
    ]
    out = io.BytesIO()
    options = writer.WriteOptions(include_header=False, delimiter="\t", quoting_style="none")
    writer.write_csv(pa.table(arrays, names=[str(k) for k in range(len(arrays))]), out, options)
    return out.getvalue()


def _text(path: Path, words: str) -> None:
    path.write_text(words, encoding="utf-8")
