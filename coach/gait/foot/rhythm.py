"""When the followers of a foot look again at what they assume; shared by stream and loops."""

from typing import Final

from coach.gait.foot.constants import REACHES_S

REFINE_EVERY: Final = 80  # swings, one minute
LOST_S: Final = 4  # of movement without a stride
PIECE: Final = 4096  # rows followed together at most, then a look whether the axes still hold
N_LOOKS: Final = len(REACHES_S)  # for a landing, before the foot is taken to stand
