"""Runners in the shared index: consent, runs as numbers, the state of each, what was seen and ordered."""

from collections.abc import Collection, Sequence
from dataclasses import fields
from datetime import datetime, timedelta
from typing import Final

from coach.clinic.monday import Seen
from coach.clinic.runner_state import RunnerState
from coach.model.frozen import dataclass
from coach.model.pain import Lock
from coach.roster.database import Connection, library, rows
from coach.seal.manifest import Scope


@dataclass(frozen=True, slots=True)
class RunNumbers:
    """One row of the index: the numbers of a run. step_length_at_usual_m: at the runner's usual speed."""

    run_id: str
    started_at: datetime
    sha256: str
    algorithm: str
    duration_s: float | None
    distance_m: float | None
    speed_mps: float | None
    cadence_spm: float | None
    contact_time_ms: float | None
    step_length_m: float | None
    step_length_at_usual_m: float | None
    step_length_at_usual_se_m: float | None


@dataclass(frozen=True, slots=True)
class KnownRunner:
    """A runner of the index as whoever asks may see it. label: encrypted with the runner's own key."""

    runner_id: str
    pseudonym: str
    label: bytes
    joined_at: datetime
    heard_at: datetime | None
    state: RunnerState | None
    seen: Seen | None


_NUMBERS: Final = tuple(field.name for field in fields(RunNumbers))
_STATE: Final = tuple(field.name for field in fields(RunnerState))
Orders = list[dict[str, object]]


def runner_of_key(connection: Connection, public_key: str) -> str | None:
    """Return the runner whose coach holds this key; None where there is none, or the key was revoked."""
    row = connection.execute(
        "select runner_id from runner_door where public_key = %s and revoked_at is null", (public_key,)
    ).fetchone()
    return row[0] if row else None


def add_runner(connection: Connection, runner_id: str, pseudonym: str, label: bytes, public_key: str) -> None:
    """Add a runner under a pseudonym. label: the clinic's name for the runner, encrypted. public_key: the key of the
    runner's coach, by which its reports are accepted."""
    connection.execute(
        "insert into runner (runner_id, pseudonym, label, heard_at) values (%s, %s, %s, now())",
        (runner_id, pseudonym, label),
    )
    connection.execute("insert into runner_door (public_key, runner_id) values (%s, %s)", (public_key, runner_id))


def heard(connection: Connection, runner_id: str) -> None:
    """Note that the runner's coach has reported just now."""
    connection.execute("update runner set heard_at = now() where runner_id = %s", (runner_id,))


def put_consent(connection: Connection, runner_id: str, scopes: Collection[Scope], given_at: datetime) -> None:
    """Keep a consent where it is the newest: an older one, sent again, changes nothing."""
    connection.execute(
        "insert into consent values (%s, %s, %s) on conflict (runner_id) do update set scopes = excluded.scopes, "
        "given_at = excluded.given_at where consent.given_at <= excluded.given_at",
        (runner_id, sorted(scope.value for scope in scopes), given_at),
    )


def consent_of(connection: Connection, runner_id: str) -> frozenset[Scope]:
    """Return what the runner allows now; empty where there is no consent."""
    row = connection.execute("select scopes from consent where runner_id = %s", (runner_id,)).fetchone()
    return frozenset(Scope(scope) for scope in row[0]) if row else frozenset()


def put_runs(connection: Connection, runner_id: str, numbers: Sequence[RunNumbers]) -> None:
    """Make the runs of a runner in the index these: values at the usual speed change with every run."""
    ids = [one.run_id for one in numbers]
    connection.execute("delete from run_index where runner_id = %s and run_id <> all(%s)", (runner_id, ids))
    marks = ", ".join(["%s"] * (1 + len(_NUMBERS)))
    names = ", ".join(("runner_id", *_NUMBERS))
    before = ", ".join(f"run_index.{name}" for name in _NUMBERS)
    after = ", ".join(f"excluded.{name}" for name in _NUMBERS)
    with connection.cursor() as cursor:
        cursor.executemany(
            f"insert into run_index ({names}) values ({marks}) on conflict (runner_id, run_id) do update "
            f"set ({', '.join(_NUMBERS)}) = ({after}) where ({before}) is distinct from ({after})",
            [(runner_id, *(getattr(one, name) for name in _NUMBERS)) for one in numbers],
        )


def put_state(connection: Connection, runner_id: str, state: RunnerState, now: datetime) -> None:
    """Keep the state of a runner, computed at `now`, in the place of the one before."""
    names = ", ".join(_STATE)
    marks = ", ".join(["%s"] * len(_STATE))
    same = ", ".join(f"{name} = excluded.{name}" for name in (*_STATE, "computed_at"))
    values = [getattr(state, name) for name in _STATE]
    values = [
        value.value if isinstance(value, Lock) else list(value) if isinstance(value, tuple) else value
        for value in values
    ]
    connection.execute(
        f"insert into runner_state (runner_id, {names}, computed_at) values (%s, {marks}, %s) "
        f"on conflict (runner_id) do update set {same}",
        (runner_id, *values, now),
    )


def runs_of(connection: Connection, runner_id: str) -> list[RunNumbers]:
    """Return the runs of a runner, newest first, as far as whoever asks may see them."""
    names = ", ".join(_NUMBERS)
    query = f"select {names} from run_index where runner_id = %s order by started_at desc"
    return [RunNumbers(**row) for row in rows(connection, query, (runner_id,))]


def runners(connection: Connection, runner_id: str | None = None) -> list[KnownRunner]:
    """Return runners whom the transaction's person may see, with their state: one or all.

    Three questions rather than one: the planner takes the rows that policies let through for few, and would compare
    each runner with each state.
    """
    only, values = ("where runner_id = %s", (runner_id,)) if runner_id is not None else ("", ())
    states = {
        who: RunnerState(Lock(lock), tuple(signs), *rest)
        for who, lock, signs, *rest in connection.execute(
            f"select runner_id, {', '.join(_STATE)} from runner_state {only}", values
        )
    }
    seen = {
        who: Seen(name, at, mark)
        for who, name, at, mark in connection.execute(
            f"select runner_id, name, at, mark from seen join person using (person_id) {only}", values
        )
    }
    found = connection.execute(f"select runner_id, pseudonym, label, joined_at, heard_at from runner {only}", values)
    return [
        KnownRunner(who, pseudonym, bytes(label), joined_at, heard_at, states.get(who), seen.get(who))
        for who, pseudonym, label, joined_at, heard_at in found
    ]


def put_seen(connection: Connection, runner_id: str, person_id: int, mark: str) -> None:
    """Note that a person has looked at a runner. mark: what there was to see (`coach.clinic.monday.Row.mark`)."""
    connection.execute(
        "insert into seen (runner_id, person_id, mark) values (%s, %s, %s) on conflict (runner_id) do update "
        "set person_id = excluded.person_id, mark = excluded.mark, at = now()",
        (runner_id, person_id, mark),
    )


def add_order(
    connection: Connection, order_id: str, runner_id: str, person_id: int, document: dict[str, object]
) -> None:
    """Add an order for a runner. document: the signed order, as the runner's coach will read it."""
    json = library().types.json.Json
    connection.execute(
        "insert into runner_order (order_id, runner_id, person_id, document) values (%s, %s, %s, %s)",
        (order_id, runner_id, person_id, json(document)),
    )


def orders_of(connection: Connection, runner_id: str, is_open: bool = False) -> Orders:
    """Return orders for a runner, newest first: documents, states and who gave them."""
    return rows(
        connection,
        "select o.order_id, o.document, o.created_at, o.state, o.answered_at, p.name from runner_order o "
        "join person p using (person_id) where o.runner_id = %s and (not %s or o.state = 'open') "
        "order by o.created_at desc limit 100",
        (runner_id, is_open),
    )


def answer_order(connection: Connection, runner_id: str, order_id: str, state: str) -> bool:
    """Keep the runner's answer; whether there was such an order that was open."""
    cursor = connection.execute(
        "update runner_order set state = %s, answered_at = now() where runner_id = %s and order_id = %s "
        "and state = 'open'",
        (state, runner_id, order_id),
    )
    return int(cursor.rowcount) == 1


def withdraw(connection: Connection, runner_id: str, grace: timedelta | None) -> None:
    """Close the door at once, to the clinic's people, too.

    grace: after which all is deleted; None: what is here stays, and grows no more.
    """
    connection.execute(
        "update runner_door set revoked_at = coalesce(revoked_at, now()), delete_after = now() + %s "
        "where runner_id = %s",
        (grace, runner_id),
    )
    connection.execute("update runner set withdrawn_at = now() where runner_id = %s", (runner_id,))
    connection.execute("update consent set scopes = '{}', given_at = now() where runner_id = %s", (runner_id,))


def due_deletions(connection: Connection) -> list[str]:
    """Return runners whose time of grace is over."""
    return [row[0] for row in connection.execute("select runner_id from runner_door where delete_after <= now()")]


def runner_ids(connection: Connection, has_withdrawn: bool = False) -> list[str]:
    """Return all runners who did not withdraw; with those who did and are not deleted yet, where asked for."""
    query = "select runner_id from runner_door where revoked_at is null or %s"
    return [row[0] for row in connection.execute(query, (has_withdrawn,))]


def bury(connection: Connection, runner_id: str) -> str:
    """Delete every row of a runner; a tombstone stays. Gives the pseudonym, "" where the runner was not here."""
    row = connection.execute("delete from runner where runner_id = %s returning pseudonym", (runner_id,)).fetchone()
    connection.execute("delete from runner_door where runner_id = %s", (runner_id,))
    connection.execute("delete from invitation where runner_id = %s", (runner_id,))
    if row is None:
        return ""
    connection.execute("insert into tombstone (pseudonym) values (%s) on conflict do nothing", (row[0],))
    return str(row[0])


def tombstones(connection: Connection) -> list[tuple[str, datetime]]:
    """Return pseudonyms of those who withdrew, with the time of their deletion."""
    return [(row[0], row[1]) for row in connection.execute("select pseudonym, deleted_at from tombstone order by 1")]
