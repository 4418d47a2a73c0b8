"""Write rows by topic as an MCAP file of JSON messages with schemas, for viewers that show names (Foxglove).

Source: MCAP specification 1.0, https://mcap.dev/spec.
"""

import io
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from mcap.writer import CompressionType, Writer

from coach.recording.layout import NS_PER_S, unix_ns

Rows = Sequence[tuple[float, Mapping[str, object]]]


def write_messages(started_at: datetime, topics: Mapping[str, tuple[Mapping[str, object], Rows]]) -> bytes:
    """Write rows by topic. topics: name -> (JSON Schema with a title, rows of (seconds since the start, message));
    empty: left out."""
    out, start_ns = io.BytesIO(), unix_ns(started_at)
    writer: Any = Writer(out, compression=CompressionType.NONE)
    writer.start(profile="", library="running-coach")
    for topic, (schema, rows) in topics.items():
        if not rows:
            continue
        number = writer.register_schema(str(schema["title"]), "jsonschema", json.dumps(schema).encode())
        channel = writer.register_channel(topic, "json", number)
        for t_s, row in rows:
            at_ns = start_ns + round(t_s * NS_PER_S)
            writer.add_message(channel, at_ns, json.dumps(row, separators=(",", ":")).encode(), at_ns)
    writer.finish()
    return out.getvalue()
