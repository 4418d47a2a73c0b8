"""Parquet and CSV of the seconds, as pandas reads them."""

import io
from datetime import UTC, datetime

import pytest

from coach.errors import UserError
from coach.interchange import parquet
from coach.interchange.parquet import write_parquet
from coach.interchange.tables import write_seconds
from coach.model.metrics import LiveMetrics
from coach.model.strides import GaitState

START = datetime(2026, 5, 4, 6, 30, tzinfo=UTC)
SECONDS = [
    LiveMetrics(
        float(t),
        GaitState.RUNNING,
        is_steady=t % 2 == 0,
        cadence_spm=170.0 + t if t != 3 else None,
        foot_strike_share={"rearfoot": 0.75, "midfoot": 0.25},
        uncertainty={"cadence_spm": 0.5},
    )
    for t in range(10)
]


def test_parquet_has_the_columns_of_the_csv_with_types() -> None:
    import pandas as pd  # here, as half a second of each worker would go into it
    import pyarrow.parquet as pq

    content = write_parquet(SECONDS, START, "r1")
    found = pd.read_parquet(io.BytesIO(content))
    assert set(pd.read_csv(io.StringIO(write_seconds(SECONDS, START))).columns) - {"unknown"} == set(found.columns)
    assert found["cadence_spm"].isna().tolist() == [t == 3 for t in range(10)]
    assert found["cadence_spm"].mean() == pytest.approx(sum(170 + t for t in range(10) if t != 3) / 9)
    assert str(found["time"].iloc[2]) == "2026-05-04 06:30:02+00:00"
    assert found["state"].tolist() == ["running"] * 10
    assert found["is_steady"].dtype == bool
    assert found["rearfoot_share"].tolist() == [0.75] * 10
    assert pq.read_metadata(io.BytesIO(content)).metadata[b"run_id"] == b"r1"
    assert len(write_parquet([], START, "r0")) > 0


def test_without_pyarrow_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet, "has_parquet", lambda: False)
    with pytest.raises(UserError, match="pyarrow"):
        write_parquet(SECONDS, START, "r1")
