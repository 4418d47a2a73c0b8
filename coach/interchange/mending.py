"""Mend what is wrong in many files of others: keep the moments and records that can be of one run.

Clocks that were set during a run, distances that restart with each lap, cadence counted in steps where the format
counts strides: nothing is guessed, each has one reading that a person on foot can have.
"""

import dataclasses
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final

from coach.interchange.activity import Activity, Record
from coach.model.arrays import np

# Nobody who goes on after that long still calls it the same run; an ultra's sleep is shorter. Chosen by judgement.
APART: Final = timedelta(hours=6)
# A watch that says itself what belongs together is believed over longer pauses. Chosen by judgement.
_CLOCK_JUMP: Final = timedelta(hours=12)
_MOST_STRIDES: Final = 115.0  # of one leg in a minute, median of a run: 230 steps, above any adult's; by judgement
_RESTART_SHARE: Final = 0.5  # a distance that falls below this share of itself has restarted. Chosen by judgement
_GLITCH: Final = 3  # records within which a lost value is back. Chosen by judgement
_MEANS: Final = ("heart_rate_bpm", "cadence_spm", "power_w")


def groups_of(moments: Sequence[datetime], gap: timedelta = APART) -> list[tuple[datetime, datetime]]:
    """Return (first, last) of each group of moments that lie less than `gap` apart, in order."""
    groups: list[tuple[datetime, datetime]] = []
    for at in sorted(moments):
        if groups and at - groups[-1][1] < gap:
            groups[-1] = (groups[-1][0], at)
        else:
            groups.append((at, at))
    return groups


def of_one_clock(moments: Sequence[datetime]) -> tuple[datetime, datetime]:
    """Return (earliest, latest) that can belong to an activity with these moments: around the group with most of them.

    Records from before a watch knew the time lie years away.
    """
    groups = groups_of(moments, _CLOCK_JUMP)
    first, last = max(groups, key=lambda group: sum(group[0] <= at <= group[1] for at in moments))
    earliest, latest = datetime.min.replace(tzinfo=first.tzinfo), datetime.max.replace(tzinfo=first.tzinfo)
    before, after = min(first - earliest, _CLOCK_JUMP), min(latest - last, _CLOCK_JUMP)
    return first - before, last + after


def steps_of(strides: Sequence[float | None]) -> float:
    """Return the steps for each cadence as a file counts it: 2 for strides of one leg,
    1 where they are steps already."""
    known = [one for one in strides if one]
    return 1.0 if known and float(np.median(known)) > _MOST_STRIDES else 2.0


def in_steps(records: Sequence[Record]) -> tuple[Record, ...]:
    """Return the records whose cadence counts as `steps_of` says. They come with twice what the file counts."""
    factor = steps_of([r.values["cadence_spm"] / 2 if "cadence_spm" in r.values else None for r in records]) / 2
    if factor == 1.0:
        return tuple(records)
    return tuple(
        dataclasses.replace(r, values={**r.values, "cadence_spm": r.values["cadence_spm"] * factor})
        if "cadence_spm" in r.values
        else r
        for r in records
    )


def joined_distance(records: Sequence[Record]) -> tuple[Record, ...]:
    """Return the records whose distance goes on where the file restarts it, lap by lap; lost values are left out."""
    places = [i for i, record in enumerate(records) if "distance_m" in record.values]
    far = [records[i].values["distance_m"] for i in places]
    if all(b >= a * _RESTART_SHARE for a, b in pairwise(far)):
        return tuple(records)
    fixed: dict[int, float | None] = {}
    before, last = 0.0, 0.0
    for n, (place, value) in enumerate(zip(places, far, strict=True)):
        if value < last * _RESTART_SHARE:
            if any(later >= last for later in far[n + 1 : n + 1 + _GLITCH]):
                fixed[place] = None
                continue
            before += last
        last = value
        fixed[place] = before + value
    return tuple(_with_distance(record, fixed[i]) if i in fixed else record for i, record in enumerate(records))


def _with_distance(record: Record, distance_m: float | None) -> Record:
    values = {name: value for name, value in record.values.items() if name != "distance_m"}
    return dataclasses.replace(record, values=values if distance_m is None else {**values, "distance_m": distance_m})


def of_totals(parts: Sequence[tuple[float, float, float, Mapping[str, float]]]) -> tuple[Record, ...]:
    """Return the records of an activity that a file only sums up: (start, end [s], metres, means) of each part.

    What lies between is not known: the means are at both ends of their part.
    """
    records: list[Record] = []
    far = 0.0
    for start_s, end_s, metres, means in parts:
        kept = {name: value for name, value in means.items() if name in _MEANS}
        if not records or start_s > records[-1].t_s:
            records.append(Record(start_s, {**kept, "distance_m": far}))
        far += metres
        records.append(Record(end_s, {**kept, "distance_m": far}))
    return tuple(records)


def without_null_island(activity: Activity) -> Activity:
    """Return the activity without positions at exactly 0, 0: they mean that nothing was found."""
    if not any(r.latitude_deg == 0 and r.longitude_deg == 0 for r in activity.records):
        return activity
    records = tuple(
        dataclasses.replace(r, latitude_deg=None, longitude_deg=None)
        if r.latitude_deg == 0 and r.longitude_deg == 0
        else r
        for r in activity.records
    )
    return dataclasses.replace(activity, records=records)
