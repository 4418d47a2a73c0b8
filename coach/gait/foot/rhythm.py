"""When a foot's assumptions are checked again."""

from typing import Final

REFINE_EVERY: Final = 80  # swings, one minute
LOST_S: Final = 4  # of movement without a stride
PIECE: Final = 4096  # rows followed together at most, then a look whether the axes still hold
