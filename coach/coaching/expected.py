"""Cadence to be expected of a body at a speed: a coarse check on the runner's own baseline, never a target.

Source: de Ruiter 2020: experienced runners outdoors, 165 (SD 8) spm at 3.04 m/s, +3 spm for +15 % speed, taller is
slower (r -0.49 to -0.66). The slope on height is arithmetic on these: -0.57 * 8 spm / 0.09 m.
"""

import math
from typing import Final

_CADENCE_SPM: Final = 165.0  # de Ruiter 2020
_SPEED_MPS: Final = 3.04  # de Ruiter 2020
_SPM_PER_LOG_SPEED: Final = 3.0 / math.log(1.15)  # de Ruiter 2020: +3 spm for +15 %
_SPM_PER_M: Final = -50.0  # the arithmetic above, rounded
_HEIGHT_M: Final = 1.75  # middle of the heights that the slope is for; by judgement
CADENCE_SD_SPM: Final = 8.0  # de Ruiter 2020


def expected_cadence_spm(speed_mps: float, height_m: float) -> float:
    """Mean cadence of experienced runners of this height at this speed; its spread is `CADENCE_SD_SPM`."""
    log_speed = math.log(max(speed_mps, 0.5) / _SPEED_MPS)
    return _CADENCE_SPM + _SPM_PER_LOG_SPEED * log_speed + _SPM_PER_M * (height_m - _HEIGHT_M)
