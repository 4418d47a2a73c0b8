"""Who runs: what the runner says of body, habits, goals and wishes."""

from datetime import date

from coach.model.frozen import dataclass


@dataclass(frozen=True, slots=True)
class RunnerProfile:
    """None: unknown. wants_strike_training: asked for on purpose, see the coaching room's gate.

    language: "" while none was chosen; a page then follows its browser.
    """

    name: str = ""
    birth_year: int | None = None
    height_m: float | None = None
    mass_kg: float | None = None
    leg_length_m: float | None = None
    sex: str | None = None
    running_years: float | None = None
    weekly_km: float | None = None
    weekly_runs: int | None = None
    has_back_pain: bool | None = None
    has_calf_history: bool | None = None
    goals: tuple[str, ...] = ()
    focus_wish: str | None = None
    wants_strike_training: bool = False
    strike_training_since: date | None = None
    units: str = "metric"
    language: str = ""
    time_zone: str = "UTC"
    speaks_cues: bool = True
    plays_tones: bool = True
    vibrates: bool = True
    shows_cue_text: bool = True
