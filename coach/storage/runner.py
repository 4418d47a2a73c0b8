"""Keep the runner's profile, pain and red flags."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select

from coach.model.pain import PainEntry, PainMoment, RedFlagAnswers
from coach.model.runner import RunnerProfile
from coach.storage.database import Database
from coach.storage.rows import put
from coach.storage.runner_tables import PAIN, RED_FLAGS, RUNNER


class Runner:
    """The one runner of this database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self) -> RunnerProfile:
        """Return the profile; an empty one before the runner says anything. A field that is damaged is empty."""
        with self._database.read() as connection:
            row = connection.execute(RUNNER.table.select()).mappings().first()
            return RunnerProfile() if row is None else RUNNER.mended(row)

    def save(self, profile: RunnerProfile) -> None:
        """Keep the profile in the place of the one before."""
        with self._database.write() as connection:
            put(connection, RUNNER.table, [RUNNER.row(profile, runner_key=1)])


class Pain:
    """Answers about pain and warning signs, as given; nothing is overwritten, only a slip of the finger taken back."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, *entries: PainEntry) -> None:
        """Keep answers, all or none."""
        if entries:
            with self._database.write() as connection:
                connection.execute(PAIN.table.insert(), [PAIN.row(entry) for entry in entries])

    def remove(self, entry: PainEntry) -> None:
        """Take one answer back, where it is there; of equal ones only one."""
        columns = PAIN.table.c
        same = [
            columns[name].is_(None) if value is None else columns[name] == value
            for name, value in PAIN.row(entry).items()
        ]
        with self._database.write() as connection:
            newest = select(columns.pain_key).where(*same).order_by(columns.pain_key.desc()).limit(1)
            connection.execute(PAIN.table.delete().where(columns.pain_key.in_(newest)))

    def list(
        self,
        since: datetime | None = None,
        until: datetime | None = None,
        run_id: str | None = None,
        moment: PainMoment | None = None,
    ) -> Sequence[PainEntry]:
        """Return entries oldest first; until excluded."""
        columns = PAIN.table.c
        statement = select(*PAIN.columns()).order_by(columns.at, columns.pain_key)
        if since is not None:
            statement = statement.where(columns.at >= since)
        if until is not None:
            statement = statement.where(columns.at < until)
        if run_id is not None:
            statement = statement.where(columns.run_id == run_id)
        if moment is not None:
            statement = statement.where(columns.moment == moment)
        with self._database.read() as connection:
            return PAIN.readable(connection.execute(statement).mappings())

    def add_red_flags(self, answers: RedFlagAnswers) -> None:
        """Keep answers about warning signs, beside those given before."""
        with self._database.write() as connection:
            connection.execute(RED_FLAGS.table.insert(), RED_FLAGS.row(answers))

    def red_flags(self) -> Sequence[RedFlagAnswers]:
        """Return all answers, oldest first; the last one counts.

        Behind an answer that cannot be read those before it say nothing: it may have reported a sign. Where it is the
        newest, none was given.
        """
        columns = RED_FLAGS.table.c
        found: list[RedFlagAnswers] = []
        with self._database.read() as connection:
            rows = connection.execute(RED_FLAGS.table.select().order_by(columns.at, columns.answers_key))
            for row in rows.mappings():
                answers = RED_FLAGS.readable([row])
                found = [*found, *answers] if answers else []
        return found
