"""What leaves besides raw logs: a run's numbers, and what is answered about pain, signs and sessions. No free text.

Title, notes, shoes and the names of sensors stay at home, as do the words of findings; so do the notes of answers and
the reasons of skipped sessions. What arrives is again nouns, so that the clinic's folder of a runner is one as at home.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from coach.errors import InterchangeError
from coach.model.frozen import dataclass
from coach.model.pain import PainEntry, RedFlagAnswers
from coach.model.plain import from_plain, to_plain
from coach.model.runs import Run, RunSummary
from coach.model.strength import PlanWish, StrengthPlan, StrengthSession

MOST_ANSWERS: Final = 5000  # three months of answers after each run and session are some 400


@dataclass(frozen=True, slots=True)
class Report:
    """What care needs beside runs. since: pain is complete from here on (ISO 8601, aware); plan_id "": no plan."""

    since: str
    pain: tuple[PainEntry, ...]
    red_flags: tuple[RedFlagAnswers, ...]
    plan_id: str = ""
    wish: PlanWish | None = None
    sessions: tuple[StrengthSession, ...] = ()


def numbers_of(run: Run, summary: RunSummary) -> dict[str, object]:
    """Return the numbers of a run that leave, as JSON values."""
    plan = None if run.plan is None else replace(run.plan, reason="")
    left = replace(run, title="", notes="", shoes="", sensors=(), plan=plan, recording=None, sport_reason="")
    said = replace(summary, findings=(), streams=(), average_strides=())
    return {"run": to_plain(left), "summary": to_plain(said)}


def numbers_text(numbers: Mapping[str, object]) -> str:
    """Return the text whose hash is in the manifest: keys sorted, no blanks."""
    return json.dumps(numbers, sort_keys=True, separators=(",", ":"), ensure_ascii=True)


def numbers_hash(numbers: Mapping[str, object]) -> str:
    """Return the SHA-256 of a run's numbers in hexadecimal, as the manifest carries it."""
    return hashlib.sha256(numbers_text(numbers).encode()).hexdigest()


def read_numbers(document: object, run_id: str) -> tuple[Run, RunSummary]:
    """Run and summary of what left; words that should not have are dropped.

    Raises:
        InterchangeError: they cannot be read, or are of another run.
    """
    try:
        if not isinstance(document, dict):
            raise TypeError("no numbers")
        run, summary = from_plain(Run, document["run"]), from_plain(RunSummary, document["summary"])
        clean = from_plain(dict[str, object], numbers_of(run, summary))
        run, summary = from_plain(Run, clean["run"]), from_plain(RunSummary, clean["summary"])
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise InterchangeError(f"the numbers of this run cannot be read: {str(error)[:200]}") from error
    if run.run_id != run_id or not run.state.is_over:
        raise InterchangeError("these numbers are of another run, or of one that is not over")
    return run, summary


def report_of(
    since: str, pain: Sequence[PainEntry], red_flags: Iterable[RedFlagAnswers], plan: StrengthPlan | None
) -> dict[str, object]:
    """Return the report as JSON values. pain: all answers from `since` on."""
    report = Report(since, tuple(replace(entry, note="") for entry in pain), tuple(red_flags))
    if plan is not None:
        sessions = tuple(replace(one, skip_reason="", reason="", exercises=(), log=None) for one in plan.sessions)
        report = replace(report, plan_id=plan.plan_id, wish=replace(plan.wish, activities=()), sessions=sessions)
    return dict(to_plain(report))


def read_report(document: object) -> Report:
    """Read a report; raises InterchangeError where it cannot be read."""
    try:
        report = from_plain(Report, document)
        if len(report.pain) + len(report.red_flags) + len(report.sessions) > MOST_ANSWERS:
            raise ValueError("more answers than anybody gives")
        if any(
            not 0 <= level <= 10 for entry in report.pain for level in (entry.back, entry.calf) if level is not None
        ):
            raise ValueError("pain goes from 0 to 10")
        times = [entry.at for entry in report.pain] + [answers.at for answers in report.red_flags]
        if any(at.tzinfo is None for at in times):
            raise ValueError("a time without a zone")
    except (ValueError, TypeError, RecursionError) as error:
        raise InterchangeError(f"this report cannot be read: {str(error)[:200]}") from error
    return replace(report, pain=tuple(replace(entry, note="") for entry in report.pain))
