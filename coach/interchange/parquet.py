"""Write the seconds of a run as Parquet, for pandas, DuckDB and Spark.

Columns are those of the CSV, each with its own type: `time` is a moment of UTC, numbers are 64-bit floats, NULL where
unknown. Needs pyarrow (extra `parquet`).
"""

import importlib.util
import io
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from coach.errors import UserError
from coach.interchange.tables import SECOND_FIELDS, SHARES
from coach.model.metrics import LiveMetrics
from coach.model.plain import to_plain

_TEXTS: Final = ("state", "speed_source")
_FLAGS: Final = ("is_steady",)


def has_parquet() -> bool:
    """Whether pyarrow is installed."""
    return importlib.util.find_spec("pyarrow") is not None


def write_parquet(seconds: Sequence[LiveMetrics], started_at: datetime, run_id: str) -> bytes:
    """Return the bytes of a Parquet file, compressed by zstd; its metadata have the run's id and start.

    Raises:
        UserError: pyarrow is not installed.
    """
    if not has_parquet():
        raise UserError("Parquet needs pyarrow: pip install 'running-coach[parquet]', or export as CSV")
    import pyarrow as pa
    import pyarrow.parquet as pq

    columns: dict[str, object] = {
        "time": pa.array([started_at + timedelta(seconds=s.t_s) for s in seconds], pa.timestamp("us", tz="UTC"))
    }
    for name in SECOND_FIELDS:
        kind = pa.string() if name in _TEXTS else pa.bool_() if name in _FLAGS else pa.float64()
        columns[name] = pa.array([to_plain(getattr(s, name)) for s in seconds], kind)
    for name in SHARES:
        columns[f"{name}_share"] = pa.array([(s.foot_strike_share or {}).get(name) for s in seconds], pa.float64())
    for name in sorted({name for s in seconds for name in s.uncertainty}):
        columns[f"{name}_sd"] = pa.array([s.uncertainty.get(name) for s in seconds], pa.float64())
    table = pa.table(columns).replace_schema_metadata({"run_id": run_id, "started_at": started_at.isoformat()})
    out = io.BytesIO()
    pq.write_table(table, out, compression="zstd")
    return out.getvalue()
