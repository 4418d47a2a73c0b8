"""Few files lie between a notification and the feed, and docs/architecture.md leads a reader through all of them."""

import re

import pytest

from tests.journey import ALL_FOUR, ONE_FOOT, ROOT, coached, journeys, richest
from tests.support.common import mostly_slow_rows

# Once 51 with one foot and coaching; where they stop and why: docs/decisions/0013. Most notifications only wait.
MOST_THAT_WAITS, MOST_UNCOACHED, MOST_COACHED, MOST_OF_FOUR = 4, 30, 38, 48


def named() -> list[str]:
    """The files that the journey in docs/architecture.md names, in its order."""
    text = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
    journey = text.split("## A notification's journey")[1].split("\n## ")[0].split("What takes long")[0]
    return [f"coach/{name}" for name in re.findall(r"`([a-z_/]+\.py)`", journey)]


@pytest.mark.parametrize(
    ("is_coached", "most"), mostly_slow_rows([(True, MOST_COACHED), (False, MOST_UNCOACHED)], n_quick=1)
)
async def test_a_notification_of_one_foot_enters_few_files(is_coached: bool, most: int) -> None:
    found = await journeys(ONE_FOOT, coached() if is_coached else None)
    assert len(richest(found).files) <= most, richest(found).files


async def test_the_documented_journey_is_the_one_taken_with_two_feet_chest_and_pod() -> None:
    engine = coached()
    found = await journeys(ALL_FOUR, engine)
    assert [d for d in engine.decisions if d.is_spoken], "no cue was due, so the journey is not whole"
    assert len(richest(found).files) <= MOST_OF_FOUR, richest(found).files
    assert sorted(len(one.files) for one in found)[len(found) // 2] <= MOST_THAT_WAITS
    entered = {file for one in found for file in one.files}
    assert sorted(set(named())) == sorted(entered)
    assert len(named()) == len(set(named())), "a reader meets each file once"
