"""A run as MCAP with schemas, read by the format's own library as Foxglove reads it; and who computed a FIT file."""

import io
import json
from dataclasses import replace
from datetime import UTC, datetime

from mcap.reader import make_reader

from coach.interchange.activity import Activity, Record
from coach.interchange.fit_writer import write_fit
from coach.interchange.foxglove import topics_of
from coach.model.metrics import LiveMetrics
from coach.model.sites import WearSite
from coach.model.strides import GaitState, Stride
from coach.recording.messages import write_messages
from tests.coach.interchange.test_fit_files_go_out_and_come_back import frames

START = datetime(2026, 5, 4, 7, tzinfo=UTC)
SECONDS = [LiveMetrics(float(t), GaitState.RUNNING, cadence_spm=170.0, unknown={"power_w": "x"}) for t in range(5)]
PLACES = Activity(START, tuple(Record(float(t), {}, 47.0 + t / 1e5, 8.0, 400.0) for t in range(3)))


def test_every_message_has_a_schema_that_names_its_fields() -> None:
    stride = Stride(WearSite.LEFT_FOOT, 1.25, stride_time_s=0.7)
    content = write_messages(START, topics_of(START, SECONDS, [stride], [], PLACES))
    found = list(make_reader(io.BytesIO(content)).iter_messages())
    topics = {channel.topic: (schema, []) for schema, channel, _ in found}
    for schema, channel, message in found:
        row = json.loads(message.data)
        topics[channel.topic][1].append((message.log_time, row))
        assert channel.message_encoding == "json"
        assert schema is not None
        assert schema.encoding == "jsonschema"
        assert row.keys() <= json.loads(schema.data)["properties"].keys()
    assert set(topics) == {"/metrics", "/strides/left_foot", "/position"}
    schema, rows = topics["/metrics"]
    assert json.loads(schema.data)["properties"]["cadence_spm"] == {"type": "number", "description": "spm"}
    assert [row["cadence_spm"] for _, row in rows] == [170.0] * 5
    assert "unknown" not in rows[0][1]
    start_ns = int(START.timestamp()) * 10**9
    assert topics["/strides/left_foot"][1][0][0] == start_ns + 1_250_000_000
    schema, rows = topics["/position"]
    assert schema.name == "foxglove.LocationFix"
    assert rows[2][1]["latitude"] == 47.00002
    assert rows[2][1]["timestamp"] == {"sec": int(START.timestamp()) + 2, "nsec": 0}


def test_a_fit_file_says_which_algorithm_computed_it() -> None:
    activity = replace(PLACES, algorithm="0123456789abcdef", name="Morning")
    (session,) = [frame for frame in frames(write_fit(activity)) if frame.name == "session"]
    assert session.get_value("algorithm") == "0123456789abcdef"
    assert session.get_value("title") == "Morning"
    (plain,) = [frame for frame in frames(write_fit(PLACES)) if frame.name == "session"]
    assert not plain.has_field("algorithm")
