"""Read who takes part from the folder `study` of the store: tables of the research group.

`participants.csv` has a row for each runner of the store: runner (folder or public key, as the rows of runs have it),
and if known participant (the same for all runners that are one person), age, sex, group, site, height_m, mass_kg,
enrolled_on (date), excluded (why not included), lost_on (date) and lost_reason. Without it each runner is a participant
who enrolled with the first run. `outcomes.csv`: participant, on (date), measure, value. `pseudonyms.key`: the secret of
the labels; made at the first export, never part of one.
"""

import csv
import io
import math
import secrets
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time
from typing import Final

from coach.errors import InterchangeError
from coach.model.frozen import dataclass
from coach.service.study.store import PRIVATE, WITHDRAWN, StudyStore
from coach.study.pseudonyms import KEY_BYTES, Pseudonyms

PARTICIPANTS: Final = f"{PRIVATE}/participants.csv"
OUTCOMES: Final = f"{PRIVATE}/outcomes.csv"
_KEY: Final = f"{PRIVATE}/pseudonyms.key"
_OLDEST: Final = 90  # older ones are so few that an age names them; as the United States' rules on health data do
_FEWEST_AT_SITE: Final = 5


@dataclass(frozen=True, slots=True)
class Participant:
    """One person of the study; None or "": not known. name: as the research group calls them. enrolled_at: start of
    their first day, aware UTC. excluded: why they were not included. lost_at, lost_reason: when and why they left."""

    name: str
    age: float | None = None
    sex: str = ""
    group: str = ""
    site: str = ""
    height_m: float | None = None
    mass_kg: float | None = None
    enrolled_at: datetime | None = None
    excluded: str = ""
    lost_at: datetime | None = None
    lost_reason: str = ""


@dataclass(frozen=True, slots=True)
class OutcomeValue:
    """An answer or a test of a participant; at: aware UTC."""

    participant: str
    at: datetime
    measure: str
    value: float


def read_participants(store: StudyStore) -> dict[str, Participant]:
    """Return participants by runner; empty where there is no table.

    Raises:
        InterchangeError: the table does not fit; the words name the row.
    """
    found: dict[str, Participant] = {}
    for number, row in _rows(store, PARTICIPANTS, ("runner",)):
        runner = row["runner"]
        if not runner or runner in found:
            raise InterchangeError(f"row {number} of {PARTICIPANTS}: the runner {runner!r} is missing or there twice")
        enrolled = _date(row.get("enrolled_on", ""), PARTICIPANTS, number)
        found[runner] = Participant(
            row.get("participant") or runner,
            _number(row.get("age", ""), PARTICIPANTS, number),
            row.get("sex", ""),
            row.get("group", ""),
            row.get("site", ""),
            _number(row.get("height_m", ""), PARTICIPANTS, number),
            _number(row.get("mass_kg", ""), PARTICIPANTS, number),
            enrolled,
            row.get("excluded", ""),
            _date(row.get("lost_on", ""), PARTICIPANTS, number),
            row.get("lost_reason", ""),
        )
    return found


def read_outcomes(store: StudyStore) -> list[OutcomeValue]:
    """Return answers and tests; empty where there is no table.

    Raises:
        InterchangeError: the table does not fit; the words name the row.
    """
    outcomes = []
    for number, row in _rows(store, OUTCOMES, ("participant", "on", "measure", "value")):
        at, value = _date(row["on"], OUTCOMES, number), _number(row["value"], OUTCOMES, number)
        if at is None or not row["measure"].isidentifier():
            raise InterchangeError(f"row {number} of {OUTCOMES}: it needs a date and a measure without blanks")
        if value is not None:
            outcomes.append(OutcomeValue(row["participant"], at, row["measure"], value))
    return outcomes


def read_withdrawn(store: StudyStore) -> list[str]:
    """Return runners who withdrew, as the clinic that wrote the store names them; empty where it says nothing."""
    try:
        lines = store.read(WITHDRAWN).decode("utf-8").splitlines()[1:]
    except (FileNotFoundError, UnicodeDecodeError):
        return []
    return [line.split("\t")[0] for line in lines if line]


def pseudonyms_of(store: StudyStore) -> Pseudonyms:
    """Return the study's pseudonyms; their secret is made where there is none."""
    try:
        key = bytes.fromhex(store.read(_KEY).decode("ascii").strip())
    except FileNotFoundError:
        key = secrets.token_bytes(KEY_BYTES)
        store.put(_KEY, key.hex().encode())
    except ValueError as error:
        raise InterchangeError(f"{_KEY} is damaged: put back the one that earlier exports used") from error
    if len(key) != KEY_BYTES:
        raise InterchangeError(f"{_KEY} is damaged: put back the one that earlier exports used")
    return Pseudonyms(key)


def coarsened(participants: Sequence[Participant]) -> list[Participant]:
    """Return the same without what names one by being rare: great age, a site with few participants."""

    sizes = Counter(one.site for one in participants)
    return [
        replace(
            one,
            age=None if one.age is None else min(one.age, float(_OLDEST)),
            site=one.site if sizes[one.site] >= _FEWEST_AT_SITE else ("other" if one.site else ""),
        )
        for one in participants
    ]


def _rows(store: StudyStore, name: str, needed: Sequence[str]) -> Iterator[tuple[int, Mapping[str, str]]]:
    try:
        text = store.read(name).decode("utf-8-sig")
    except FileNotFoundError:
        return
    except UnicodeDecodeError as error:
        raise InterchangeError(f"{name} is no UTF-8 text: save it as CSV in UTF-8") from error
    reader = csv.DictReader(io.StringIO(text, newline=""))
    if missing := set(needed) - set(reader.fieldnames or ()):
        raise InterchangeError(f"{name} has no column {', '.join(sorted(missing))}")
    for number, row in enumerate(reader, start=2):
        yield number, {key: (value or "").strip() for key, value in row.items() if key is not None}


def _number(text: str, table: str, number: int) -> float | None:
    if text in ("", "n/a"):
        return None
    try:
        value = float(text)
    except ValueError as error:
        raise InterchangeError(f"row {number} of {table}: {text[:40]!r} is no number") from error
    if not math.isfinite(value):
        raise InterchangeError(f"row {number} of {table}: {text[:40]!r} is no finite number")
    return value


def _date(text: str, table: str, number: int) -> datetime | None:
    if not text:
        return None
    try:
        return datetime.combine(date.fromisoformat(text), time(), UTC)
    except ValueError as error:
        raise InterchangeError(f"row {number} of {table}: {text[:40]!r} is no date such as 2026-05-04") from error
