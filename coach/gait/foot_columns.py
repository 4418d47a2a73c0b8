"""The whole strides of one foot as columns; a stride as the model has it is made when it is asked for."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, overload

import numpy as np

from coach.gait.foot_strides import LARGEST_ANGLE_DEG, Landing, Way, stride
from coach.gait.foot_told import STRIDE, Told
from coach.model.samples import FloatArray
from coach.model.sites import WearSite
from coach.model.strides import Stride

# A stride as numbers: its landing, the next one, its way.
OVER, SWING, KNOWN, SEEN_AT, CONTACT_S, IMPACT, RISE_S, CLIPPED = 0, 1, 2, 3, 4, 5, 6, 7
HEEL, PUSH, MID_ROW, MID_S, STRIKE, TOE_OFF_S, EVERSION, EVERSION_PEAK = 8, 9, 10, 11, 12, 13, 14, 15
N_LANDING: Final = 16
LENGTH, CLEARANCE, SINK, WAY_CLIPPED, N_BRIDGED, IS_SURE, N_STRIDE = 32, 33, 34, 35, 36, 37, 38


@dataclass(frozen=True, slots=True, eq=False)
class FootStrides(Sequence[Stride]):
    """The strides of one foot in order of time.

    measured: (n, N_STRIDE) as the columns above say, read-only. interval_s: usual time between samples.
    """

    wear_site: WearSite
    measured: FloatArray
    interval_s: float

    def __post_init__(self) -> None:
        self.measured.flags.writeable = False

    def __len__(self) -> int:
        return len(self.measured)

    @overload
    def __getitem__(self, at: int) -> Stride: ...
    @overload
    def __getitem__(self, at: slice) -> "FootStrides": ...
    def __getitem__(self, at: int | slice) -> "Stride | FootStrides":
        if isinstance(at, slice):
            return FootStrides(self.wear_site, self.measured[at], self.interval_s)
        return self._stride(self.measured[at].tolist())

    def __iter__(self) -> Iterator[Stride]:
        return (self._stride(row) for row in self.measured.tolist())

    @property
    def initial_contact_s(self) -> FloatArray:
        """(n,) seconds."""
        return self.measured[:, CONTACT_S]

    @property
    def stride_time_s(self) -> FloatArray:
        """(n,) seconds to the next contact."""
        return self.measured[:, N_LANDING + CONTACT_S] - self.measured[:, CONTACT_S]

    @property
    def contact_time_s(self) -> FloatArray:
        """(n,) seconds; NaN where no toe-off was seen."""
        return self.measured[:, TOE_OFF_S] - self.measured[:, CONTACT_S]

    @property
    def stride_length_m(self) -> FloatArray:
        """(n,) metres; NaN where a reading was clipped."""
        return np.where(self.is_clipped, np.nan, self.measured[:, LENGTH])

    @property
    def speed_mps(self) -> FloatArray:
        """(n,) metres a second; NaN where a reading was clipped."""
        return self.stride_length_m / (self.measured[:, N_LANDING + MID_S] - self.measured[:, MID_S])

    @property
    def foot_strike_angle_deg(self) -> FloatArray:
        """(n,) degrees; NaN where the sensor's mounting is not known well enough or no foot lands like that."""
        angle = self.measured[:, STRIKE]
        return np.where((self.measured[:, IS_SURE] > 0.0) & (np.abs(angle) < LARGEST_ANGLE_DEG), angle, np.nan)

    @property
    def is_clipped(self) -> "np.ndarray[tuple[int], np.dtype[np.bool_]]":
        """(n,) whether an axis was at full scale."""
        return (self.measured[:, CLIPPED] > 0.0) | (self.measured[:, WAY_CLIPPED] > 0.0)

    def _stride(self, row: list[float]) -> Stride:
        this, following = _landing(row[:N_LANDING]), _landing(row[N_LANDING : 2 * N_LANDING])
        way = Way(row[LENGTH], row[CLEARANCE], row[SINK], row[WAY_CLIPPED] > 0, int(row[N_BRIDGED]), self.interval_s)
        return stride(self.wear_site, this, following, way, row[IS_SURE] > 0)


def columns_of(told: Iterable[Told]) -> FloatArray:
    """(n, N_STRIDE) numbers of the strides among all that was told."""
    rows = [
        (*_numbers(this), *_numbers(following), *_way_numbers(way), is_sure)
        for what, this, is_sure, following, way in told
        if what == STRIDE and following is not None and way is not None
    ]
    return np.array(rows, dtype=np.float64).reshape(-1, N_STRIDE)


def _landing(row: list[float]) -> Landing:
    over, swing, known, seen_at, contact_s, impact, rise_s, clipped, heel, push, mid_row, *rest = row
    rows = (int(over), int(swing), int(known), int(seen_at))
    return Landing(*rows, contact_s, impact, rise_s, clipped > 0, int(heel), int(push), int(mid_row), *rest)


def _numbers(landing: Landing) -> tuple[float, ...]:
    return (
        landing.swing_over,
        landing.number,
        landing.known_row,
        landing.look,
        landing.contact_s,
        landing.impact_mps2,
        landing.rise_s,
        landing.is_clipped,
        landing.heel_off,
        landing.push_over,
        landing.mid_row,
        landing.mid_s,
        landing.angle_deg,
        landing.toe_off_s,
        landing.eversion_deg,
        landing.eversion_peak_degps,
    )


def _way_numbers(way: Way) -> tuple[float, ...]:
    return way.length_m, way.clearance_m, way.sink_mps, way.is_clipped, way.n_bridged
