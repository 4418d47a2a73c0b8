"""Constants that turn what sensors and data sheets say into SI units."""

import math
from typing import Final

GRAVITY_MPS2: Final = 9.80665  # standard gravity, CGPM 1901: m/s2 of one g
RADPS_PER_DPS: Final = math.pi / 180.0
