"""Keep the runner's profile, pain and red flags."""

from collections.abc import Sequence
from datetime import datetime

from coach.model.pain import PainEntry, PainMoment, RedFlagAnswers
from coach.model.runner import RunnerProfile
from coach.storage.database import Database
from coach.storage.runner_tables import PAIN, RED_FLAGS, RUNNER


class Runner:
    """The one runner of this database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self) -> RunnerProfile:
        """Return the profile; an empty one before the runner says anything. A field that is damaged is empty."""
        with self._database.read() as connection:
            row = RUNNER.table.row(connection)
            return RunnerProfile() if row is None else RUNNER.mended(row)

    def save(self, profile: RunnerProfile) -> None:
        """Keep the profile in the place of the one before."""
        with self._database.write() as connection:
            RUNNER.table.put(connection, [RUNNER.row(profile, runner_key=1)])


class Pain:
    """Answers about pain and warning signs, as given; nothing is overwritten, only a slip of the finger taken back."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, *entries: PainEntry) -> None:
        """Keep answers, all or none."""
        if entries:
            with self._database.write() as connection:
                PAIN.table.add(connection, [PAIN.row(entry) for entry in entries])

    def remove(self, entry: PainEntry) -> None:
        """Take one answer back, where it is there; of equal ones only one."""
        given = PAIN.row(entry)
        same = " AND ".join(f'"{name}" IS ?' for name in given)
        newest = f"SELECT max(pain_key) FROM pain_entries WHERE {same}"
        with self._database.write() as connection:
            PAIN.table.remove(connection, f"pain_key = ({newest})", tuple(given.values()))

    def list(
        self,
        since: datetime | None = None,
        until: datetime | None = None,
        run_id: str | None = None,
        moment: PainMoment | None = None,
    ) -> Sequence[PainEntry]:
        """Return entries oldest first; until excluded."""
        wanted = {"at >= ?": since, "at < ?": until, "run_id = ?": run_id, "moment = ?": moment}
        given = {condition: value for condition, value in wanted.items() if value is not None}
        where = f"WHERE {' AND '.join(given)}" if given else ""
        with self._database.read() as connection:
            rows = PAIN.table.rows(connection, f"{where} ORDER BY at, pain_key", tuple(given.values()))
            return PAIN.readable(rows)

    def add_red_flags(self, answers: RedFlagAnswers) -> None:
        """Keep answers about warning signs, beside those given before."""
        with self._database.write() as connection:
            RED_FLAGS.table.add(connection, [RED_FLAGS.row(answers)])

    def red_flags(self) -> Sequence[RedFlagAnswers]:
        """Return all answers, oldest first; the last one counts.

        Behind an answer that cannot be read those before it say nothing: it may have reported a sign. Where it is the
        newest, none was given.
        """
        found: list[RedFlagAnswers] = []
        with self._database.read() as connection:
            for row in RED_FLAGS.table.rows(connection, "ORDER BY at, answers_key"):
                answers = RED_FLAGS.readable([row])
                found = [*found, *answers] if answers else []
        return found
