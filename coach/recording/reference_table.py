"""Read the table of a reference recording, `imu.csv`: readings in the order of their times.

Columns are `t_s, acc_x_mps2 ... gyr_z_radps`, in any order; those a sensor lacks are left out or empty, others are
passed over.
"""

import re
from typing import Final

import numpy as np
import numpy.typing as npt

from coach.model.frozen import dataclass
from coach.model.samples import FloatArray

_ACC: Final = ("acc_x_mps2", "acc_y_mps2", "acc_z_mps2")
_GYR: Final = ("gyr_x_radps", "gyr_y_radps", "gyr_z_radps")
_EMPTY_CELL: Final = re.compile(r"(?<=,)[ \t]*(?=,|$)|^[ \t]*(?=,)")
_RESTART_S: Final = 1.0  # a jump back by more, among times that rise, is a clock that began again: by eye, 2026-11-25
_RESTARTS: Final = 0.01  # share of times that fall, and of rows that then mix; where more fall, rows are out of order
_LEAST_G_MPS2: Final = 4.0  # half of all readings below it: nobody falls for so long, the unit is another


@dataclass(frozen=True, slots=True, eq=False)
class ReferenceTable:
    """Readings whose times strictly rise, every cell of them a number.

    t_s: (n,). acc_mps2: (n, 3), NaN in the column of a missing axis. gyr_radps: (n, 3), or None where an axis of either
    is missing: an attitude from five axes would be a guess. n_duplicates: rows left out because another has their time;
    n_unreadable: because a cell is empty, not a number or infinite.
    """

    t_s: FloatArray
    acc_mps2: FloatArray
    gyr_radps: FloatArray | None
    n_duplicates: int
    n_unreadable: int


def read_table(text: str) -> ReferenceTable:
    """Read a table of readings; raises ValueError, in words, for what holds no motion or cannot be put in order."""
    columns = _columns(text)
    acc, gyr = _axes(columns, _ACC), _axes(columns, _GYR)
    if np.isnan(acc).all():
        raise ValueError("it has no acceleration, without which nothing can be found")
    is_whole = not (np.isnan(acc).all(axis=0).any() or np.isnan(gyr).all(axis=0).any())
    used = np.column_stack([columns["t_s"], acc[:, ~np.isnan(acc).all(axis=0)], *([gyr] if is_whole else [])])
    readable = np.flatnonzero(np.isfinite(used).all(axis=1))
    order = _in_order(columns["t_s"], acc, readable)
    if not len(order):
        raise ValueError("no row of its table is whole")
    _check_unit(acc[order])
    return ReferenceTable(
        t_s=columns["t_s"][order],
        acc_mps2=acc[order],
        gyr_radps=gyr[order] if is_whole else None,
        n_duplicates=len(readable) - len(order),
        n_unreadable=len(used) - len(readable),
    )


def _columns(text: str) -> dict[str, FloatArray]:
    """Return the columns that are known here by name; an empty cell is NaN."""
    heading, *lines = text.splitlines() or [""]
    names = [name.strip().strip('"') for name in heading.split(",")]
    known = [name for name in ("t_s", *_ACC, *_GYR) if name in names]
    if "t_s" not in known:
        raise ValueError("its table has no column t_s")
    rows = [line for line in lines if line.strip()]
    if not rows:
        raise ValueError("its table has no rows")
    for number, row in enumerate(rows):
        if row.count(",") != len(names) - 1:
            raise ValueError(f"row {number + 1} of its table is not as long as the heading")
        if ",," in row or row.startswith(",") or row.endswith(","):
            rows[number] = _EMPTY_CELL.sub("nan", row)
    columns = [names.index(name) for name in known]
    table = np.loadtxt(rows, delimiter=",", dtype=np.float64, ndmin=2, usecols=columns)
    return dict(zip(known, table.T, strict=True))


def _axes(columns: dict[str, FloatArray], names: tuple[str, ...]) -> FloatArray:
    """Return (n, 3) of three columns, NaN where one is missing."""
    n = len(columns["t_s"])
    return np.column_stack([columns.get(name, np.full(n, np.nan)) for name in names])


def _in_order(t_s: FloatArray, acc_mps2: FloatArray, rows: npt.NDArray[np.intp]) -> npt.NDArray[np.intp]:
    """Return those of `rows` whose times strictly rise, in that order: of equal times the first counts.

    Raises:
        ValueError: two stretches of time lie on each other, as after a restart of the clock; sorted they would mix.
    """
    order = rows[np.argsort(t_s[rows], kind="stable")]
    is_first = np.diff(t_s[order], prepend=-np.inf) > 0
    kept: npt.NDArray[np.intp] = order[is_first]
    steps_s = np.diff(t_s[rows])
    if len(steps_s) and steps_s.min() < -_RESTART_S and (steps_s < 0).sum() <= max(1.0, _RESTARTS * len(rows)):
        same_time = kept[np.cumsum(is_first) - 1][~is_first]
        n_others = np.any(acc_mps2[order[~is_first]] != acc_mps2[same_time], axis=1, where=~np.isnan(acc_mps2[0])).sum()
        n_between = (np.diff(t_s[kept]) < 0.5 * np.median(abs(steps_s))).sum()
        if n_others + n_between > _RESTARTS * len(rows):
            at = rows[int(np.argmin(steps_s)) + 1] + 1
            raise ValueError(
                f"its clock goes back by {-steps_s.min():.3g} s at row {at}: cut it there into two recordings"
            )
    return kept


def _check_unit(acc_mps2: FloatArray) -> None:
    if np.isnan(acc_mps2).any():
        return  # gravity may lie on the axis that is missing
    middle = float(np.median(np.sqrt((acc_mps2**2).sum(axis=1))))
    if middle < _LEAST_G_MPS2:
        raise ValueError(f"its acceleration is {middle:.2g} m/s2 in the middle, standing still has 9.8: is it in g?")
