"""Follow a workout by running time, distance and speed: which part is on, and how its pace is kept. Pure.

Parts by time end at exact moments of the running time, so that a late question does not add up; parts by distance end
by the run's own distance; where no sensor knows it, and in parts without an end, the runner's Lap does. Pain of 3 to 5
takes the pace away (a target that adds load, `pain.GO_ON`); pain above 5 ends the leading, which the caller sees to.
"""

from typing import Final

from coach.model.workouts import PartKind, Workout, WorkoutPart, WorkoutPlace

SETTLE_S: Final = 15.0  # from one pace to the next; nothing is said meanwhile. Chosen by judgement
OFF_FOR_S: Final = 10.0  # off its band for so long before it is said: a corner or a glance is shorter. By judgement
ON_FOR_S: Final = 5.0  # back in it; as long as a cue's target must be held to be called regained


class WorkoutFollower:
    """place: where to begin, after a run was cut off; by default before the first part."""

    def __init__(self, workout: Workout, place: WorkoutPlace | None = None) -> None:
        self.workout = workout
        self.place = place or WorkoutPlace(-1, 0.0, 0.0)
        self._pace = ""
        self._seen: tuple[str, float] = ("", 0.0)  # where the speed is, and since when

    @property
    def part(self) -> WorkoutPart | None:
        """The part that is on; None before the first and after the last."""
        parts = self.workout.parts
        return parts[self.place.part] if 0 <= self.place.part < len(parts) else None

    @property
    def lap_kind(self) -> str:
        """Kind of the lap that the part is: warm_up, cool_down or lap."""
        part = self.part
        return part.kind.value if part and part.kind in (PartKind.WARM_UP, PartKind.COOL_DOWN) else "lap"

    @property
    def is_over(self) -> bool:
        """Whether the last part has ended."""
        return self.place.part >= len(self.workout.parts)

    def follow(self, elapsed_s: float, distance_m: float | None) -> bool:
        """Go to the part that is on at `elapsed_s` of running time; True where another one began.

        distance_m: of the run so far, None where it is unknown.
        """
        before = self.place.part
        if before < 0:
            self._begin(0, 0.0, distance_m)
        while (part := self.part) is not None:
            if part.metres is not None:
                if distance_m is None:
                    break
                if self.place.began_m is None:
                    self.place = WorkoutPlace(self.place.part, self.place.began_s, distance_m)
                end_m = (self.place.began_m or 0.0) + part.metres
                if distance_m < end_m:
                    break
                self._begin(self.place.part + 1, elapsed_s, end_m)
            elif part.seconds > 0 and elapsed_s >= self.place.began_s + part.seconds:
                self._begin(self.place.part + 1, self.place.began_s + part.seconds, distance_m)
            else:
                break
        return self.place.part != before

    def skip(self, elapsed_s: float, distance_m: float | None) -> bool:
        """End a part that does not end by itself, as the runner's Lap asks; whether it did."""
        part = self.part
        if part is None or not self._ends_by_lap(part, distance_m):
            return False
        self._begin(self.place.part + 1, elapsed_s, distance_m)
        return True

    def judge_pace(self, elapsed_s: float, speed_mps: float | None, is_eased: bool) -> bool:
        """Judge the pace; True where the judgement has changed. is_eased: pain asks for no pace."""
        part, was = self.part, self._pace
        if part is None or is_eased or not has_pace(part) or elapsed_s - self.place.began_s < SETTLE_S:
            self._pace, self._seen = "", ("", elapsed_s)
        elif speed_mps is not None:
            now = pace_of(part, speed_mps)
            if now != self._seen[0]:
                self._seen = (now, elapsed_s)
            if elapsed_s - self._seen[1] >= (ON_FOR_S if now == "on" else OFF_FOR_S):
                self._pace = now
        return self._pace != was

    def status(self, distance_m: float | None, is_eased: bool) -> dict[str, object]:
        """Return the part that is on, for page and voice, in plain values."""
        part = self.part
        if part is None:
            return {"kind": "done", "part": self.place.part, "id": self.workout.id}
        document: dict[str, object] = {
            "kind": part.kind.value,
            "part": self.place.part,
            "id": self.workout.id,
            "round": part.round,
            "n_rounds": self.workout.n_rounds,
            "seconds": part.seconds,
            "ends_s": self.place.began_s + part.seconds if part.seconds > 0 and part.metres is None else None,
        }
        if part.metres is not None:
            document["metres"] = part.metres
            document["ends_m"] = None if self.place.began_m is None else self.place.began_m + part.metres
        if self._ends_by_lap(part, distance_m):
            document["is_by_lap"] = True
        if has_pace(part):
            document |= {"is_eased": True} if is_eased else {"low_mps": part.low_mps, "high_mps": part.high_mps}
            document["pace"] = self._pace
        return document

    def _begin(self, index: int, elapsed_s: float, distance_m: float | None) -> None:
        self.place = WorkoutPlace(index, elapsed_s, distance_m)
        self._pace, self._seen = "", ("", elapsed_s)

    def _ends_by_lap(self, part: WorkoutPart, distance_m: float | None) -> bool:
        return distance_m is None if part.metres is not None else part.seconds <= 0


def has_pace(part: WorkoutPart) -> bool:
    """Whether a part asks for a pace."""
    return part.low_mps is not None or part.high_mps is not None


def pace_of(part: WorkoutPart, speed_mps: float) -> str:
    """Compare a speed with the part's band: "slow", "on" or "fast"."""
    if part.low_mps is not None and speed_mps < part.low_mps:
        return "slow"
    return "fast" if part.high_mps is not None and speed_mps > part.high_mps else "on"


def is_hard(workout: Workout) -> bool:
    """Whether it loads more than easy running: it asks for a pace, or for runs with easy running between them."""
    return any(has_pace(part) or (part.kind is PartKind.EASY and part.round > 0) for part in workout.parts)
