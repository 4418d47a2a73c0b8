"""Where a sensor sits on the body. Every sample and stride names its wear site."""

from enum import StrEnum


class WearSite(StrEnum):
    """Place on the body. is_foot, is_shank, is_trunk: what the gait room sorts them by. is_left: of a foot or shank."""

    is_foot: bool
    is_shank: bool
    is_trunk: bool
    is_left: bool

    LEFT_FOOT = "left_foot"
    RIGHT_FOOT = "right_foot"
    LEFT_SHANK = "left_shank"
    RIGHT_SHANK = "right_shank"
    PELVIS = "pelvis"
    CHEST = "chest"

    __hash__ = str.__hash__  # sites are keys in every tick; an enumeration's own hash is a call of Python

    def __init__(self, name: str) -> None:
        """Sort the site once: it is asked for with each sample and stride."""
        self.is_foot, self.is_shank = name.endswith("_foot"), name.endswith("_shank")
        self.is_trunk, self.is_left = not (self.is_foot or self.is_shank), name.startswith("left_")
