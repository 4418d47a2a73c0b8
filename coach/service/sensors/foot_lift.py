"""Which shoe is the left one: the runner lifts the left foot, and the sensor that moved is on it.

Sensors are found in an order that says nothing about feet. While the runner lifts the left foot once, the
readings of its sensor spread as the shoe tilts and lands; the other shoe carries the body and hardly stirs.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from coach.model.arrays import np
from coach.model.frozen import dataclass
from coach.model.links import SensorUse
from coach.model.samples import ImuChunk
from coach.model.sites import WearSite
from coach.service.sensors.registry import SensorBook
from firmware_config.loader import load_profile

LIFT_S: Final = 6.0  # to hear the words, lift the foot and put it down; chosen by judgement
# Spread of the specific force [m/s2] over all axes. At rest noise is below 0.2 with any sensor here; tilting a shoe by
# 20 degrees alone moves gravity by 3.4. Both chosen by judgement.
MOVED_MPS2: Final = 0.8
TIMES_MORE: Final = 3.0  # than the other shoe, which gives way a little as the weight goes onto it


@dataclass(frozen=True, slots=True)
class LiftReport:
    """What lifting the left foot showed. left, right: sensors that were placed; words: for the runner."""

    left: str | None
    right: str | None
    words: str


def foot_uses(uses: Sequence[SensorUse]) -> list[SensorUse]:
    """Return sensors that may be on a foot or an ankle: those placed there, and those without a place that could be."""
    return [
        use
        for use in uses
        if (use.wear_site is None or not use.wear_site.is_trunk)
        and WearSite.LEFT_FOOT.value in load_profile(use.profile_id).wear_sites
    ]


def spread_mps2(chunks: Sequence[ImuChunk]) -> float:
    """Return how much a sensor's readings spread: root of the summed variances of its axes [m/s2];
    0 without readings."""
    if not chunks:
        return 0.0
    acc = np.concatenate([chunk.acc_mps2 for chunk in chunks])
    known = acc[:, ~np.all(np.isnan(acc), axis=0)]
    return float(np.sqrt(np.nansum(np.nanvar(known, axis=0)))) if len(known) > 1 and known.size else 0.0


def judge(spreads: Mapping[str, float]) -> tuple[str | None, str]:
    """Return the sensor on the lifted foot, or None and why it cannot be known. spreads: by sensor,
    one or two [m/s2]."""
    moved = sorted(spreads, key=lambda name: spreads[name], reverse=True)
    most = spreads[moved[0]]
    if most < MOVED_MPS2:
        return None, "No shoe moved: lift the left foot a hand high, and put it down. If it did move, choose by hand."
    if len(moved) > 1 and most < TIMES_MORE * spreads[moved[1]]:
        return None, "Both moved: stand on the right foot, hold on to something, and lift only the left one."
    return moved[0], ""


def place_by_lift(book: SensorBook, uses: Sequence[SensorUse], spreads: Mapping[str, float]) -> LiftReport:
    """Place the sensor on the lifted left foot, and the other one of `uses` on the right, where it is clear."""
    left_id, words = judge(spreads)
    if left_id is None:
        return LiftReport(None, None, words)
    left_site, right_site = sites_for(uses)
    left = book.place(left_id, left_site)
    others = [use.sensor_id for use in uses if use.sensor_id != left_id]
    right = book.place(others[0], right_site) if others else None
    named = f"The sensor on your left foot is {left.name}" + (f", on your right {right.name}." if right else ".")
    return LiftReport(left_id, right.sensor_id if right else None, named)


def sites_for(uses: Sequence[SensorUse]) -> tuple[WearSite, WearSite]:
    """Return left and right of where these are worn: ankles where one is placed at an ankle, else feet."""
    if any(use.wear_site is not None and use.wear_site.is_shank for use in uses):
        return WearSite.LEFT_SHANK, WearSite.RIGHT_SHANK
    return WearSite.LEFT_FOOT, WearSite.RIGHT_FOOT
