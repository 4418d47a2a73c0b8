"""The table of metrics and the nouns that carry them agree."""

from dataclasses import fields

import pytest

from coach.model.metrics import LiveMetrics
from coach.model.metrics_table import METRICS, Need, Use, names_for
from coach.model.runs import RunSummary

LIVE = {field.name for field in fields(LiveMetrics)}
SUMMARY = {field.name for field in fields(RunSummary)}


def test_each_row_is_a_field_of_what_is_shown_live_or_of_a_summary() -> None:
    assert {name for name in METRICS if name not in LIVE | SUMMARY} == set()


@pytest.mark.parametrize("use", [Use.MEAN, Use.MATCHED, Use.COMPARED, Use.TILE])
def test_what_a_summary_is_asked_for_is_a_field_of_it(use: Use) -> None:
    assert set(names_for(use)) <= SUMMARY


@pytest.mark.parametrize("use", [Use.LIVE, Use.PLOT, Use.EXPORT, Use.MEAN])
def test_what_each_second_is_asked_for_is_a_field_of_it(use: Use) -> None:
    assert set(names_for(use)) <= LIVE


def test_every_number_of_the_moment_has_a_row() -> None:
    others = {"t_s", "is_steady", "uncertainty", "unknown"}
    assert LIVE - others - set(METRICS) == set()


def test_every_need_is_asked_for_by_a_metric() -> None:
    assert {row.needs for row in METRICS.values()} - {None} == set(Need)


def test_a_metric_that_is_compared_or_a_tile_is_averaged_or_follows_from_an_average() -> None:
    assert set(names_for(Use.COMPARED)) | set(names_for(Use.MATCHED)) <= set(names_for(Use.MEAN))
    assert set(names_for(Use.TILE)) - set(names_for(Use.MEAN)) == {"impacts_per_km"}
