"""Choose the runs of a study that may be used now: each computed recording once, with participant and session.

Only recordings that lie in the store at this moment count, with the consent that their manifests have now; so what a
runner took back is in no later table, though its old results may still lie somewhere. The same bytes found twice are
one run.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from coach.errors import UserError
from coach.model.documents import JsonObject
from coach.model.frozen import dataclass
from coach.service.runs.algorithm import algorithm_id
from coach.service.study.participants import Participant, read_participants
from coach.service.study.results import Results
from coach.service.study.store import RESULTS, StudyStore
from coach.study.pseudonyms import session_label
from coach.study.rows import Status

_ALWAYS: Final = ("source", "runner", "status", "sha256", "started_at")


@dataclass(frozen=True, slots=True)
class StudyRun:
    """A computed run. number: within the session, from 1. cells: its row by column name."""

    participant: Participant
    session: str
    number: int
    started_at: datetime
    cells: JsonObject


@dataclass(frozen=True, slots=True)
class Computed:
    """runs: by participant and time. participants: all that take part, also those without a run. counts: recordings by
    status; "not_computed": those that have no row of this algorithm; "not_enrolled": of runners that the table of
    participants does not name; "excluded": of participants who were not included; "twice": the same bytes again."""

    store: StudyStore
    results: Results
    runs: tuple[StudyRun, ...]
    participants: tuple[Participant, ...]
    counts: Mapping[str, int]


def computed_runs(store_url: str, results_url: str | None = None, columns: Sequence[str] | None = None) -> Computed:
    """Return all runs of a store that are computed with the algorithm of this program. columns: of their rows, beside
    those that say what they are; None: all.

    Raises:
        UserError: there is none yet. InterchangeError: the table of participants does not fit.
    """
    store = StudyStore(store_url)
    results = Results(StudyStore(results_url or f"{store.url}/{RESULTS}"), algorithm_id())
    current = {found.mark for found in store.recordings()}
    rows, counts = _each_once(results.rows(current, None if columns is None else (*_ALWAYS, *columns)))
    counts["not_computed"] = len(current) - len(rows) - sum(counts.values())
    if not rows:
        raise UserError(f"nothing of {store.url} is computed by this version: coach study recompute comes first")
    known = read_participants(store)
    enrolled = [row for row in rows if not known or row["runner"] in known]
    counts["not_enrolled"] = len(rows) - len(enrolled)
    chosen = [row for row in enrolled if not known or not known[row["runner"]].excluded]
    counts["excluded"] = len(enrolled) - len(chosen)
    runs = _in_sessions(chosen, known)
    people = {one.name: one for one in (*known.values(), *(run.participant for run in runs))}
    return Computed(store, results, tuple(runs), tuple(people.values()), {k: n for k, n in counts.items() if n})


def _each_once(rows: Iterable[JsonObject]) -> tuple[list[JsonObject], Counter[str]]:
    counts, found = Counter[str](), dict[str, JsonObject]()
    for row in sorted(rows, key=lambda row: str(row["source"])):
        if row["status"] != Status.DONE.value:
            counts[row["status"]] += 1
        elif row["sha256"] in found:
            counts["twice"] += 1
        else:
            found[row["sha256"]] = row
    return list(found.values()), counts


def _in_sessions(rows: Iterable[JsonObject], known: Mapping[str, Participant]) -> list[StudyRun]:
    by_name: dict[str, list[tuple[Participant, JsonObject]]] = {}
    for row in rows:
        runner = row["runner"] or "runner"
        participant = known.get(row["runner"]) or Participant(runner)
        by_name.setdefault(participant.name, []).append((participant, row))
    runs = []
    for _, own in sorted(by_name.items()):
        own.sort(key=lambda pair: pair[1]["started_at"])
        first = own[0][1]["started_at"].astimezone(UTC)
        numbers = Counter[str]()
        for participant, row in own:
            started_at = row["started_at"].astimezone(UTC)
            session = session_label(started_at, participant.enrolled_at or first)
            numbers[session] += 1
            runs.append(StudyRun(participant, session, numbers[session], started_at, row))
    return runs
