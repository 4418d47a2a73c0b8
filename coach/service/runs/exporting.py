"""A run as a file of another program: FIT, TCX, GPX, tables, Parquet, Foxglove."""

import dataclasses
from datetime import timedelta
from pathlib import Path

from coach.interchange.activity import Activity, activity_of, moved
from coach.interchange.fit_writer import write_fit
from coach.interchange.foxglove import topics_of
from coach.interchange.gpx import write_gpx
from coach.interchange.parquet import write_parquet
from coach.interchange.tables import write_seconds, write_strides
from coach.interchange.tcx import write_tcx
from coach.model.runs import Run
from coach.model.strides import Stride, TrunkStep
from coach.model.time_zones import zone_or_utc
from coach.recording.messages import write_messages
from coach.service.runs.leftovers import IMPORTS_FOLDER
from coach.service.runs.route import original_of
from coach.storage.store import Store


def written(store: Store, recordings: Path, run_id: str, kind: str) -> bytes:
    """Return one run as a file of a kind of `files.EXPORTS` but its raw log.

    Raises:
        UserError: there is no such run. InterchangeError: the kind cannot hold it.
    """
    entry, data = store.runs.entry(run_id), store.runs.data
    run = entry.run
    match kind:
        case "csv":
            return write_seconds(data.seconds(run_id), run.started_at).encode()
        case "parquet":
            return write_parquet(data.seconds(run_id), run.started_at, run_id)
        case "foxglove":
            return _foxglove(store, recordings, run)
        case "strides":
            both: list[Stride | TrunkStep] = [*data.strides(run_id), *data.steps(run_id)]
            return write_strides(both, run.started_at).encode()
    activity = activity_of(run, data.seconds(run_id), data.strides(run_id), entry.summary)
    zone = zone_or_utc(store.runner.get().time_zone)
    offset = run.started_at.astimezone(zone).utcoffset() or timedelta(0)
    activity = dataclasses.replace(activity, utc_offset_s=offset.total_seconds())
    return {"fit": write_fit, "tcx": write_tcx, "gpx": write_gpx}[kind](_with_places(recordings, run, activity))


def _foxglove(store: Store, recordings: Path, run: Run) -> bytes:
    data, found = store.runs.data, original_of(run, recordings / IMPORTS_FOLDER)
    places = None if found is None else moved(*found)
    strides, decisions = data.strides(run.run_id), data.decisions(run.run_id)
    topics = topics_of(run.started_at, data.seconds(run.run_id), strides, decisions, places)
    return write_messages(run.started_at, topics)


def _with_places(recordings: Path, run: Run, activity: Activity) -> Activity:
    """Return the activity with positions and heights of the file that a run was imported from,
    put back beside its seconds."""
    found = original_of(run, recordings / IMPORTS_FOLDER)
    if found is None:
        return activity
    moved_s = (found[0].started_at - activity.started_at).total_seconds()
    places = {round(record.t_s + moved_s): record for record in found[0].records}
    records = tuple(
        dataclasses.replace(
            record,
            latitude_deg=place.latitude_deg,
            longitude_deg=place.longitude_deg,
            altitude_m=place.altitude_m,
        )
        if (place := places.get(round(record.t_s)))
        else record
        for record in activity.records
    )
    return dataclasses.replace(activity, records=records)
