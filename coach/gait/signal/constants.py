"""Physical constants and limits shared by all wear sites of the gait room."""

from typing import Final

# A single lost reading is interpolated by a straight line, two or more are a gap. Half of a 100 Hz running recording's
# holes are single; a straight line over 20 ms leaves a landing blurred but a swing intact.
INTERPOLATED_INTERVALS: Final = 2.5
INTERPOLATED_S: Final = 0.025  # as long as that single loss at 100 Hz: faster sensors may lose several readings in it
# uncertainty of a stride with readings drawn in by straight lines; chosen by eye, 2026-11-20
INTERPOLATED_FACTOR: Final = 2.0
GAP_INTERVALS: Final = 1.5  # a step longer than this many sampling intervals lost something (the seam's promise)

CLIP_SHARE: Final = 0.998  # of full scale: ranges are nominal, saturated readings come a few counts below them

# Strike classes by angle: Altman and Davis 2012, Gait Posture 35:298-300, doi:10.1016/j.gaitpost.2011.09.104.
REARFOOT_ABOVE_DEG: Final = 8.0
FOREFOOT_BELOW_DEG: Final = -1.6  # the same source
