"""Nouns survive JSON and back under the same names."""

import json
from datetime import UTC, datetime

import numpy as np
import pytest

from coach.model.metrics import LiveMetrics
from coach.model.pain import PainEntry, PainMoment
from coach.model.plain import from_plain, to_plain
from coach.model.runs import RunSummary
from coach.model.sites import WearSite
from coach.model.strides import FootStrike, GaitState, Stride


@pytest.mark.parametrize(
    "noun",
    [
        Stride(WearSite.LEFT_FOOT, 1.25, foot_strike=FootStrike.MIDFOOT, uncertainty={"contact_time_s": 0.004}),
        LiveMetrics(
            3.0, state=GaitState.RUNNING, cadence_spm=168.5, unknown={"trunk_lean_deg": "needs a chest sensor"}
        ),
        PainEntry(datetime(2026, 3, 1, 8, 0, tzinfo=UTC), PainMoment.NEXT_MORNING, back=2, calf=0),
        RunSummary(60.0, 55.0, None, 80, 160, 0, 0, 0),
    ],
)
def test_a_noun_comes_back_from_json_as_it_was(noun: object) -> None:
    assert from_plain(type(noun), json.loads(json.dumps(to_plain(noun)))) == noun


def test_what_is_not_a_number_becomes_null() -> None:
    assert to_plain({"a": float("nan"), "b": np.float64(2.5), "c": np.array([1, 2])}) == {
        "a": None,
        "b": 2.5,
        "c": [1, 2],
    }
