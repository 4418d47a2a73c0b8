"""What earlier runs and sessions say about today: plain values, gathered by the service."""

from collections.abc import Mapping
from dataclasses import field

from coach.model.frozen import dataclass


@dataclass(frozen=True, slots=True)
class WordingMemory:
    """Which wording of a rule is in use, and how often in a row it did not help."""

    index: int = 0
    n_unhelpful: int = 0


@dataclass(frozen=True, slots=True)
class HistoryFacts:
    """None: not known.

    longest_30d_m: longest run of the last 30 days. week_distance_m: usual distance of a week. strike_week_m: distance
    already run in strike training these 7 days. strike_weeks: whole weeks since strike training began.
    calf_raises_14d: sessions with calf raises. n_runs: finished runs. withheld: by rule, changes of its metric at
    moments when a cue was due but withheld. wordings: by rule. unsayable: by focus that no cue can be spoken for
    with the paired sensors, what it needs, in words.
    """

    longest_30d_m: float | None = None
    week_distance_m: float | None = None
    strike_week_m: float = 0.0
    strike_weeks: int = 0
    calf_raises_14d: int = 0
    n_runs: int = 0
    withheld: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    wordings: Mapping[str, WordingMemory] = field(default_factory=dict)
    unsayable: Mapping[str, str] = field(default_factory=dict)
