"""A whole recording is worked on site by site, each with its own engine."""

from coach.gait.bulk import analyse
from coach.model.sites import WearSite
from coach.model.strides import Stride, TrunkStep
from tests.support.recordings import read


def test_each_site_goes_to_its_engine_in_the_order_of_first_chunks() -> None:
    chunks = [read("demo_run_pelvis_clean").chunk, read("demo_run_left_foot_clean").chunk, read("shank_run_01").chunk]
    events = analyse(chunks)
    sites = list(dict.fromkeys(e.wear_site for e in events if isinstance(e, Stride | TrunkStep)))
    assert sites == [WearSite.PELVIS, WearSite.LEFT_FOOT, WearSite.RIGHT_SHANK]
    assert sum(isinstance(e, TrunkStep) for e in events) > 25


def test_no_chunks_give_no_events() -> None:
    assert analyse([]) == []
