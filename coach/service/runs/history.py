"""Runs afterwards, as the page and the command line ask for them: list, detail, edits, trends. Thread-safe."""

import contextlib
import dataclasses
import glob
import math
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

from coach.errors import InterchangeError, UserError
from coach.interchange.activity import seconds_of
from coach.interchange.formats import ACTIVITY_FORMATS
from coach.model.history import (
    CalendarDay,
    Comparison,
    DownsampledSeries,
    PersonalBest,
    RunDay,
    RunDetail,
    RunPage,
    RunRoute,
    ShoeUse,
    Trend,
)
from coach.model.metrics_table import MILE_M, Use, names_for
from coach.model.pain import PainEntry
from coach.model.parts import Split
from coach.model.runs import Lap, Run, RunEntry, RunFilter, RunPlace, RunSummary, Shoe, Sport
from coach.model.time_zones import zone_or_utc
from coach.recording.folder import inside
from coach.service.runs.algorithm import with_algorithm
from coach.service.runs.coaching import pooled_responses
from coach.service.runs.devices import read_again
from coach.service.runs.downsample import downsample
from coach.service.runs.files import RunFiles
from coach.service.runs.leftovers import IMPORTS_FOLDER
from coach.service.runs.route import is_unread, route_of_run
from coach.service.runs.split import split_run
from coach.storage.coaching import CoachedRuns
from coach.storage.store import Store
from coach.summary.bins import MATCHED
from coach.summary.compare import compare
from coach.summary.distance_curve import distance_curve
from coach.summary.series import series_of
from coach.summary.splits import KILOMETRE_M, splits_by_distance
from coach.summary.summarise import summarise
from coach.summary.trends import trend_of, usual_at
from coach.wall_clock import utc_now

PER_PAGE: Final = 50
KEEP_DELETED: Final = timedelta(days=30)
_MARGIN_S: Final = 5.0  # read beside a stretch, so that its edges are as in the whole run
PLOTTED: Final = names_for(Use.PLOT)
EDITABLE: Final = ("title", "notes", "shoes", "place", "slope_pct", "sport")


class HistoryService:
    """recompute: makes a run's numbers again from its raw log. take_over: makes a run of a log made elsewhere."""

    def __init__(
        self,
        store: Store,
        recordings: Path,
        recompute: Callable[[str], Run] | None = None,
        take_over: Callable[[Path], Run] | None = None,
    ) -> None:
        self.files = RunFiles(store, recordings, take_over)
        self.recordings = recordings
        self._store = store
        self._again = recompute
        self._on_purge: Callable[[str], object] = lambda _run_id: None

    def on_purge(self, forget: Callable[[str], object]) -> None:
        """Have `forget` called with each run that is about to be forgotten for good."""
        self._on_purge = forget

    # Looking -------------------------------------------------------------------------------------------------------

    def list(self, wanted: RunFilter | None = None, page: int = 1, per_page: int = PER_PAGE) -> RunPage:
        """Return one page of the runs that fit, newest first; pages count from 1."""
        n_total = self._store.runs.count(wanted)
        n_pages = max(1, math.ceil(n_total / per_page))
        page = min(max(page, 1), n_pages)
        entries = self._store.runs.list(wanted, (page - 1) * per_page, per_page)
        is_whole = len(entries) == min(per_page, n_total - (page - 1) * per_page)
        unreadable = () if is_whole else tuple(self._store.runs.unreadable(wanted))
        return RunPage(tuple(entries), n_total, page, n_pages, unreadable)

    def entry(self, run_id: str) -> RunEntry:
        """Return a run with its summary; raises UserError where there is no such run."""
        return self._store.runs.entry(run_id)

    def detail(self, run_id: str, split_m: float = KILOMETRE_M) -> RunDetail:
        """Return all that is said of one run."""
        entry = self._store.runs.entry(run_id)
        runs, summary = self._store.runs, entry.summary
        splits: Sequence[Split] = ()
        if summary is not None:
            known = {KILOMETRE_M: summary.splits, MILE_M: summary.mile_splits}
            splits = known[split_m] if split_m in known else self._splits(run_id, split_m)
        return RunDetail(
            entry,
            tuple(splits),
            summary.lap_splits if summary else (),
            summary.average_strides if summary else (),
            tuple(runs.data.decisions(run_id)),
            tuple(runs.data.responses(run_id)),
            tuple(self._store.pain.list(run_id=run_id)),
            self.usual(entry),
        )

    def _splits(self, run_id: str, every_m: float) -> Sequence[Split]:
        runs = self._store.runs
        run = series_of(runs.data.strides(run_id), runs.data.steps(run_id), runs.data.seconds(run_id))
        return splits_by_distance(run, distance_curve(run, runs.get(run_id).pauses), every_m)

    def series(
        self,
        run_id: str,
        names: Sequence[str] = PLOTTED,
        start_s: float | None = None,
        end_s: float | None = None,
        n_points: int = 1200,
    ) -> DownsampledSeries:
        """Return measures over time for a plot, at most `n_points`; names without any value are left out."""
        unknown = set(names) - set(PLOTTED)
        if unknown:
            raise UserError(f"there is no plot of {', '.join(sorted(unknown))}: choose from {', '.join(PLOTTED)}")
        columns = self._store.runs.data.second_columns(run_id, ("t_s", *names))
        return downsample(columns, start_s, end_s, n_points)

    def has_unread_route(self, run_id: str) -> bool:
        """Return whether `route` would have to read the run's file or log first."""
        return is_unread(self._store, self.recordings / IMPORTS_FOLDER, run_id)

    def route(self, run_id: str) -> RunRoute | None:
        """Return where a run went; None where no positions are known."""
        return route_of_run(self._store, self.recordings / IMPORTS_FOLDER, run_id)

    def stretch(self, run_id: str, start_s: float, end_s: float) -> RunSummary:
        """Return the averages of a stretch of a run alone."""
        if not end_s > start_s:
            raise UserError("a stretch ends after it starts: choose another one")
        run = dataclasses.replace(self._store.runs.get(run_id), laps=())  # warm-up counts where it was chosen
        near = (start_s - _MARGIN_S, end_s + _MARGIN_S)
        return dataclasses.replace(self._summed_up(run, (start_s, end_s), near), findings=())

    def usual(self, entry: RunEntry) -> Mapping[str, tuple[float, float]]:
        """Return what other runs of the year before at this place were like at this speed: (value,
        spread) by measure."""
        if entry.summary is None or not entry.summary.speed_mps:
            return {}
        at, place = entry.run.started_at, entry.run.place
        others = self._store.runs.list(RunFilter(since=at - timedelta(days=365), until=at, place=place), limit=300)
        return usual_at(others, entry.summary.speed_mps, MATCHED)

    def pain_since(self, since: datetime) -> Sequence[PainEntry]:
        """Return the runner's answers about pain, oldest first."""
        return self._store.pain.list(since=since)

    # Changing ------------------------------------------------------------------------------------------------------

    def edit(self, run_id: str, **fields: Any) -> Run:
        """Change title, notes, shoes, place, slope or sport of a run."""
        unknown = set(fields) - set(EDITABLE)
        if unknown:
            raise UserError(f"{', '.join(sorted(unknown))} cannot be changed: change {', '.join(EDITABLE)}")
        if "place" in fields:
            fields["place"] = RunPlace(fields["place"])
        if "sport" in fields:
            fields |= {"sport": Sport(fields["sport"]), "sport_reason": ""}
        return self._store.runs.change(run_id, **fields)

    def choose_devices(self, run_id: str, prefers_pods: bool) -> Run:
        """Show a pod's numbers instead of the watch's, or the watch's again, where an imported file holds both."""
        run = self._store.runs.get(run_id)
        activity = read_again(run, self.recordings / IMPORTS_FOLDER, prefers_pods)
        self.files.finish(run, activity.distance_m, seconds_of(activity), sources=activity.sources)
        return self._store.runs.get(run_id)

    def trim(self, run_id: str, start_s: float | None, end_s: float | None) -> Run:
        """Leave out what lies before and after; None: nothing. The run is summed up again; nothing is lost."""
        run = self._store.runs.get(run_id)
        first, last = start_s or 0.0, math.inf if end_s is None else end_s
        if not last - first >= 1.0:
            raise UserError("at least a second of the run must stay: choose a later end or an earlier start")
        trimmed = dataclasses.replace(run, trim_start_s=start_s, trim_end_s=end_s)
        return self._sum_up(trimmed, trim_start_s=start_s, trim_end_s=end_s)

    def set_laps(self, run_id: str, laps: Sequence[Lap]) -> Run:
        """Put other laps in the place of those of the run, and sum it up again."""
        ordered = all(a.end_s is not None and a.start_s < a.end_s <= b.start_s for a, b in pairwise(laps))
        if not laps or not ordered:
            raise UserError("laps follow one another, each with its end: check their times")
        run = dataclasses.replace(self._store.runs.get(run_id), laps=tuple(laps))
        return self._sum_up(run, laps=tuple(laps))

    def split(self, run_id: str, at_s: float) -> tuple[Run, Run]:
        """Cut a run in two, each with its own raw log; the whole is deleted, and `restore` brings it back."""
        first, second = split_run(self._store, self.recordings, run_id, at_s)
        for part in (first, second):
            self._sum_up(part, of=run_id)
        self._store.runs.exchange((run_id,), (first.run_id, second.run_id), utc_now())
        return self._store.runs.get(first.run_id), self._store.runs.get(second.run_id)

    def join(self, run_id: str) -> None:
        """Undo a cut: the whole comes back, and its parts are deleted."""
        run = self._store.runs.get(run_id)
        near = RunFilter(since=run.started_at, until=run.started_at + timedelta(days=2), sport=None)
        others = [entry.run.run_id for entry in self._store.runs.list(near, limit=None)]
        self._store.runs.exchange([one for one in others if one.startswith(f"{run_id}-")], (run_id,), utc_now())

    def delete(self, run_id: str) -> None:
        """Hide a run; it can be restored for 30 days."""
        self._store.runs.delete(run_id, utc_now())
        self.purge()

    def restore(self, run_id: str) -> None:
        """Bring a deleted run back.

        Raises:
            UserError: there is no such run.
        """
        self._store.runs.restore(run_id)

    def purge(self) -> None:
        """Forget what was deleted more than 30 days ago: raw logs, originals of imports and the coach's memory, too."""
        before = utc_now() - KEEP_DELETED
        old = self._store.runs.deleted_before(before)
        kept = self._store.runs.recordings_kept(before)  # of which an archive's row may name one, too
        for run_id, recording in old:  # the rows go last: killed in between, the next time finds them again
            names = [f"{IMPORTS_FOLDER}/{run_id}.{kind}" for kind in ACTIVITY_FORMATS]
            for name in {*names, recording or f"{run_id}.mcap"} - kept:
                with contextlib.suppress(InterchangeError):  # no name of ours: there is no such file
                    whole = inside(self.recordings, name)
                    left_over = whole.parent.glob(f"{glob.escape(whole.name)}.part*")  # of a crash
                    for path in (whole, *left_over):
                        path.unlink(missing_ok=True)
            CoachedRuns(self._store.database).forget(run_id)
            self._on_purge(run_id)
        if old:
            self._store.runs.purge(before)

    def recompute(self, run_id: str) -> Run:
        """Make a run's numbers again from its raw log, as this version of the program reads it."""
        if self._again is None:
            raise UserError("runs cannot be computed again here")
        return self._again(run_id)

    # Many runs -----------------------------------------------------------------------------------------------------

    def trend(
        self,
        metric: str,
        speed_mps: float | None = None,
        since: datetime | None = None,
        place: RunPlace | None = None,
    ) -> Trend:
        """Return a measure over all runs at one speed, by default the usual one."""
        if metric not in MATCHED:
            raise UserError(f"there is no trend of {metric}: choose from {', '.join(MATCHED)}")
        return trend_of(metric, self._store.runs.marks(metric, RunFilter(since=since, place=place)), speed_mps)

    def main_place(self, since: datetime | None = None) -> RunPlace:
        """Return the place of most runs: trends over several places would show the place, not the runner."""
        return self._store.runs.main_place(since)

    def compare(self, first_id: str, second_id: str) -> Comparison:
        """Return two runs at their common speed."""
        others = self._store.runs.list(limit=100)
        return compare(self._store.runs.entry(first_id), self._store.runs.entry(second_id), others)

    def records(self) -> tuple[PersonalBest, ...]:
        """Return the runner's best times, over the distances that are kept."""
        return tuple(self._store.runs.bests())

    def calendar(self, first: date, last: date) -> tuple[CalendarDay, ...]:
        """Return days from first to last (both included, in the runner's zone) that have runs."""
        zone = zone_or_utc(self._store.runner.get().time_zone)
        since = datetime(first.year, first.month, first.day, tzinfo=zone)
        until = datetime(last.year, last.month, last.day, tzinfo=zone) + timedelta(days=1)
        days: dict[str, list[RunDay]] = {}
        for run in self._store.runs.days(since, until):
            days.setdefault(run.started_at.astimezone(zone).date().isoformat(), []).append(run)
        return tuple(_day(day, runs) for day, runs in sorted(days.items()))

    def shoes(self) -> tuple[ShoeUse, ...]:
        """Return every pair that was worn or named, with its distance; retired pairs last."""
        worn = self._store.runs.distance_by_shoes()
        counts = self._store.runs.count_by_shoes()
        named = {shoe.name: shoe for shoe in self._store.shoes.list()}
        uses = [_use(name, named.get(name), worn, counts) for name in {*counts, *named} if name]
        return tuple(sorted(uses, key=lambda use: (use.is_retired, use.name.casefold())))

    def save_shoe(self, shoe: Shoe) -> None:
        """Keep a pair of shoes, in the place of one with the same name.

        Raises:
            UserError: it has no name.
        """
        if not shoe.name.strip():
            raise UserError("shoes need a name")
        self._store.shoes.save(shoe)

    # Inside --------------------------------------------------------------------------------------------------------

    def _sum_up(self, run: Run, of: str | None = None, **fields: object) -> Run:
        """Sum a run up again and keep it; of: the run that its strides were computed in, where it is a part."""
        summary = self._summed_up(run, (run.trim_start_s, run.trim_end_s))
        if of is not None:
            summary = with_algorithm(summary, self._store.runs.summary(of))
        return self._store.runs.finish(run.run_id, run.state, summary, **fields)

    def _summed_up(
        self, run: Run, trim: tuple[float | None, float | None], between: tuple[float, float] | None = None
    ) -> RunSummary:
        """Sum a run up again; between: read no more of it than this.

        Its strides stay as they were computed, and so does the identity of the algorithm.
        """
        runs, run_id = self._store.runs, run.run_id
        before = runs.summary(run_id)
        summary = summarise(
            runs.data.strides(run_id, between),
            runs.data.steps(run_id, between),
            runs.data.seconds(run_id, between),
            runs.data.decisions(run_id),
            before.streams if before else (),
            run.laps,
            run.pauses,
            pooled_responses(self._store, run_id),
            trim,
        )
        return with_algorithm(summary, before)


def _day(day: str, runs: Sequence[RunDay]) -> CalendarDay:
    distance, duration = sum(r.distance_m or 0.0 for r in runs), sum(r.duration_s or 0.0 for r in runs)
    return CalendarDay(day, len(runs), distance, duration, tuple(run.run_id for run in runs))


def _use(name: str, shoe: Shoe | None, worn: Mapping[str, float], counts: Mapping[str, int]) -> ShoeUse:
    before = shoe.start_m if shoe else 0.0
    return ShoeUse(name, worn.get(name, 0.0) + before, counts.get(name, 0), bool(shoe and shoe.retired_on))
