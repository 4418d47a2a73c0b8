"""Where a sensor sits on the body. Every sample and stride names its wear site."""

from enum import StrEnum


class WearSite(StrEnum):
    """Place on the body. `is_foot`, `is_shank` and `is_trunk` sort them for the gait room."""

    LEFT_FOOT = "left_foot"
    RIGHT_FOOT = "right_foot"
    LEFT_SHANK = "left_shank"
    RIGHT_SHANK = "right_shank"
    PELVIS = "pelvis"
    CHEST = "chest"

    __hash__ = str.__hash__  # sites are keys in every tick; an enumeration's own hash is a call of Python

    @property
    def is_foot(self) -> bool:
        return self in (WearSite.LEFT_FOOT, WearSite.RIGHT_FOOT)

    @property
    def is_shank(self) -> bool:
        return self in (WearSite.LEFT_SHANK, WearSite.RIGHT_SHANK)

    @property
    def is_trunk(self) -> bool:
        return self in (WearSite.PELVIS, WearSite.CHEST)

    @property
    def is_left(self) -> bool:
        return self in (WearSite.LEFT_FOOT, WearSite.LEFT_SHANK)
