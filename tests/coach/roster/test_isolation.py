"""One person never sees another's runner: asked at the database itself, as the role that the service connects as."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from coach.clinic.runner_state import RunnerState
from coach.errors import StorageError, UserError
from coach.model.pain import Lock
from coach.roster import index
from coach.roster.audit import entries, note, verify
from coach.roster.database import Roster, prepare
from coach.roster.index import RunNumbers
from coach.roster.people import PersonKind, add_person, come_in, end_person, grant, person_of
from coach.seal.manifest import Scope
from tests.support.postgres import ClinicDatabase, Cluster, database_of

NOW = datetime(2026, 11, 30, 7, tzinfo=UTC)
GUARDED = ("runner", "consent", "care", "run_index", "runner_state", "seen", "runner_order")
STATE = RunnerState(Lock.NONE, (), None, 2, None, False, None, None, None, NOW, 0, None)
RUN = RunNumbers("20261129-080000-0001", NOW, "ab" * 32, "1234", 1800.0, 5000.0, 2.8, 168.0, 250.0, 1.0, 1.0, 0.01)


class Ward:
    """Two clinicians with a runner each, a researcher, a keeper."""

    def __init__(self, database: ClinicDatabase) -> None:
        self.database = database
        self.roster = Roster(database.url)
        with self.roster.transaction() as connection:
            kinds = {
                "ada": PersonKind.CLINICIAN,
                "bob": PersonKind.CLINICIAN,
                "rea": PersonKind.RESEARCHER,
                "kim": PersonKind.KEEPER,
            }
            self.people = {name: add_person(connection, name, kind)[0].person_id for name, kind in kinds.items()}
        for runner_id, scopes in (("r1", {Scope.CARE}), ("r2", {Scope.CARE, Scope.RESEARCH}), ("r3", set[Scope]())):
            with self.roster.transaction(runner_id=runner_id) as connection:
                index.add_runner(connection, runner_id, f"sub-{runner_id}", b"hidden", f"key {runner_id}")
                index.put_consent(connection, runner_id, scopes, NOW)
                index.put_runs(connection, runner_id, [RUN])
                index.put_state(connection, runner_id, STATE, NOW)
        with self.roster.transaction(self.people["kim"]) as connection:
            for name, runner_id in (("ada", "r1"), ("bob", "r2"), ("ada", "r3")):
                grant(connection, self.people[name], runner_id)

    def seen_by(self, name: str | None, table: str) -> set[str]:
        with self.roster.transaction(None if name is None else self.people[name]) as connection:
            return {row[0] for row in connection.execute(f"select runner_id from {table}")}


@pytest.fixture(scope="module")
def ward(postgres: Cluster) -> Iterator[Ward]:
    """Shared by the tests that leave it as it was."""
    with database_of(postgres) as database:
        found = Ward(database)
        yield found
        found.roster.close()


@pytest.fixture
def own_ward(clinic_database: ClinicDatabase) -> Iterator[Ward]:
    found = Ward(clinic_database)
    yield found
    found.roster.close()


@pytest.mark.parametrize("table", ["runner", "run_index", "runner_state"])
def test_each_sees_the_own_runners_and_nobody_all(ward: Ward, table: str) -> None:
    assert ward.seen_by("ada", table) == {"r1"}  # r3 is in her care and consents to nothing
    assert ward.seen_by("bob", table) == {"r2"}
    assert ward.seen_by(None, table) == set()
    assert ward.seen_by("rea", table) == (set() if table == "runner_state" else {"r2"})
    assert ward.seen_by("kim", table) == ({"r1", "r2", "r3"} if table == "runner" else set())


def test_every_table_that_names_a_runner_is_guarded_even_from_its_owner(ward: Ward) -> None:
    rows = ward.database.cluster.sql(
        """select relname, relrowsecurity and relforcerowsecurity
           from pg_class c join pg_attribute a on attrelid = c.oid
           where attname = 'runner_id' and relkind = 'r' and relnamespace = 'public'::regnamespace""",
        ward.database.name,
    )
    doors = {"runner_door", "invitation", "audit"}  # hashes, random ids and verbs: nothing of anybody's health
    assert {name for name, _ in rows} == set(GUARDED) | doors
    assert all(is_forced for name, is_forced in rows if name not in doors)
    for table in GUARDED:
        assert ward.database.cluster.sql(f"select * from {table}", ward.database.name, "coach_owner") == []


def test_care_that_ended_and_consent_that_ended_close_the_view(own_ward: Ward) -> None:
    with own_ward.roster.transaction(own_ward.people["kim"]) as connection:
        grant(connection, own_ward.people["bob"], "r2", is_granted=False)
    assert own_ward.seen_by("bob", "run_index") == set()
    with own_ward.roster.transaction(runner_id="r1") as connection:
        index.put_consent(connection, "r1", (), NOW + timedelta(hours=1))
    assert own_ward.seen_by("ada", "run_index") == set()
    with own_ward.roster.transaction(runner_id="r1") as connection:
        index.put_consent(connection, "r1", {Scope.CARE}, NOW)  # an older one, sent again
    assert own_ward.seen_by("ada", "run_index") == set()


@pytest.mark.parametrize(
    "statement",
    [
        "update runner_state set pain_level = 0 where runner_id = 'r2'",
        "delete from run_index where runner_id = 'r2'",
        "update consent set scopes = '{care,research}'",
        "update care set person_id = me()",
        "delete from runner",
    ],
)
def test_a_clinician_changes_nothing_of_anothers_runner_nor_of_the_own(ward: Ward, statement: str) -> None:
    before = [ward.database.cluster.sql(f"select * from {table}", ward.database.name) for table in GUARDED]
    with ward.roster.transaction(ward.people["ada"]) as connection:
        assert connection.execute(statement).rowcount == 0
    assert [ward.database.cluster.sql(f"select * from {table}", ward.database.name) for table in GUARDED] == before


def test_what_is_written_for_anothers_runner_is_refused(own_ward: Ward) -> None:
    ada, bob = own_ward.people["ada"], own_ward.people["bob"]

    def attempt(work: Any) -> None:
        with pytest.raises(StorageError, match="row-level security"), own_ward.roster.transaction(ada) as connection:
            work(connection)

    attempt(lambda c: index.add_order(c, "o1", "r2", ada, {}))
    attempt(lambda c: index.add_order(c, "o1", "r1", bob, {}))  # in another's name
    attempt(lambda c: index.put_seen(c, "r2", ada, ""))
    attempt(lambda c: index.put_seen(c, "r1", bob, ""))
    attempt(lambda c: c.execute("insert into care (person_id, runner_id) values (%s, 'r2')", (ada,)))
    with own_ward.roster.transaction(ada) as connection:
        index.put_seen(connection, "r1", ada, "mark")
        index.put_seen(connection, "r1", ada, "again")
        index.add_order(connection, "o1", "r1", ada, {"order": "well_done"})
    assert own_ward.seen_by("bob", "seen") == own_ward.seen_by("bob", "runner_order") == set()


def test_a_runners_coach_touches_nothing_of_another(ward: Ward) -> None:
    with pytest.raises(StorageError, match="row-level security"), ward.roster.transaction(runner_id="r1") as connection:
        index.put_state(connection, "r2", STATE, NOW)
    with ward.roster.transaction(runner_id="r1") as connection:
        assert index.runs_of(connection, "r2") == []
        assert [one.runner_id for one in index.runners(connection)] == ["r1"]
        assert index.bury(connection, "r2") == ""
    assert ward.seen_by("bob", "runner") == {"r2"}


def test_a_transaction_leaves_nothing_of_its_person_to_the_next(ward: Ward) -> None:
    with pytest.raises(ZeroDivisionError), ward.roster.transaction(ward.people["ada"]):
        _ = 1 / 0
    for _ in range(3):
        assert ward.seen_by(None, "runner") == set()


def test_who_left_sees_nothing_and_comes_in_no_more(own_ward: Ward) -> None:
    with own_ward.roster.transaction() as connection:
        _, invitation = add_person(connection, "Zoe", PersonKind.CLINICIAN)
        person, session = come_in(connection, invitation)
        assert person_of(connection, session) == person
    with pytest.raises(UserError, match="was used"), own_ward.roster.transaction() as connection:
        come_in(connection, invitation)
    with own_ward.roster.transaction(own_ward.people["kim"]) as connection:
        end_person(connection, person.person_id)
        end_person(connection, own_ward.people["ada"])
    assert own_ward.seen_by("ada", "runner") == set()
    with own_ward.roster.transaction() as connection:
        assert person_of(connection, session) is None


@pytest.mark.parametrize("statement", ["delete from audit", "update audit set verb = 'x'", "truncate audit"])
def test_the_audit_is_only_appended_to(ward: Ward, statement: str) -> None:
    for role, words in (("coach_app", "permission denied"), ("coach_owner", "only appended to")):
        import psycopg

        with pytest.raises(psycopg.Error, match=words):
            ward.database.cluster.sql(statement, ward.database.name, role)
    with pytest.raises(StorageError, match="permission denied"), ward.roster.transaction() as connection:
        connection.execute("insert into audit values (99, now(), null, null, 'x', '', '', '')")


FORGERIES = {
    "update audit set verb = 'nothing' where audit_id = 5": 5,
    "update audit set person_id = null where audit_id = 6": 6,
    "update audit set at = at - interval '1 day' where audit_id = 6": 6,
    "delete from audit where audit_id = 4": 4,
    "update audit set verb = 'x' where audit_id = 2; update audit set "
    "hash = sha256(before_hash || convert_to(audit_text(audit), 'UTF8')) where audit_id = 2": 3,
}


def test_a_forged_audit_is_found(ward: Ward) -> None:
    """Even the owner of the whole server, who can do everything, cannot change an entry unseen."""
    import psycopg

    with ward.roster.transaction(ward.people["ada"]) as connection:
        note(connection, "look", "r1", "runs")
        assert entries(connection)[0].name == "ada"
        assert verify(connection).broken_at is None
    with psycopg.connect(ward.database.cluster.url(ward.database.name, "postgres")) as connection:
        connection.execute("alter table audit disable trigger audit_stays")
        for forgery, broken_at in FORGERIES.items():
            with connection.transaction(force_rollback=True):
                assert connection.execute(forgery).rowcount == 1
                assert verify(connection).broken_at == broken_at, forgery
        connection.rollback()


def test_a_look_that_is_taken_back_leaves_no_hole_in_the_chain(ward: Ward) -> None:
    def look_and_fail() -> None:
        with ward.roster.transaction(ward.people["ada"]) as connection:
            note(connection, "look", "r1")
            connection.execute("select 1 / 0")

    with pytest.raises(StorageError, match="division by zero"):
        look_and_fail()
    with ward.roster.transaction(ward.people["ada"]) as connection:
        note(connection, "look", "r1")
        assert verify(connection).broken_at is None


def test_a_role_that_could_see_all_is_refused(ward: Ward) -> None:
    for url in (ward.database.owner, ward.database.cluster.url(ward.database.name, "postgres")):
        with pytest.raises(UserError, match="every person could see every runner"):
            Roster(url)
    with pytest.raises(UserError, match="not prepared"):
        Roster(ward.database.cluster.url("postgres", "coach_app"))
    with pytest.raises(StorageError, match="cannot be reached"):
        Roster("postgresql://nobody@/nothing?host=/nowhere")
    assert prepare(ward.database.owner, "coach_app") is False


def test_another_role_of_the_same_server_reads_nothing(ward: Ward) -> None:
    import psycopg

    for table in (*GUARDED, "audit", "person_door", "runner_door"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            ward.database.cluster.sql(f"select * from {table}", ward.database.name, "coach_other")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        ward.database.cluster.sql("select rewrite_tables()", ward.database.name, "coach_other")


def test_the_question_of_the_page_asks_who_may_see_once_and_not_for_each_row(ward: Ward) -> None:
    with ward.roster.transaction(ward.people["ada"]) as connection:
        plan = "\n".join(
            r[0] for r in connection.execute("explain select * from run_index r join runner using (runner_id)")
        )
    assert "InitPlan" in plan
    assert "hashed SubPlan" in plan
    assert plan.count("(SubPlan") == 0, plan
