"""What is read and written together is one transaction, of one thread."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from coach.errors import StorageError, UserError
from coach.storage.database import Database


def names(database: Database) -> list[str]:
    with database.read() as connection:
        return [name for (name,) in connection.execute("SELECT name FROM shoe ORDER BY name")]


def add(database: Database, name: str) -> None:
    with database.write() as connection:
        connection.execute("INSERT INTO shoe (name) VALUES (?)", (name,))


def add_both_and_fail(database: Database) -> None:
    with database.together():
        add(database, "left")
        with database.together():
            add(database, "right")
        assert names(database) == ["left", "right"], "its own reads see it"
        raise UserError("cut off")


@pytest.fixture
def database(tmp_path: Path) -> Database:
    made = Database(tmp_path / "some.sqlite")
    with made.write() as connection:
        connection.execute("CREATE TABLE shoe (name TEXT)")
    return made


def test_all_of_it_is_kept_or_nothing(database: Database) -> None:
    with pytest.raises(UserError, match="cut off"):
        add_both_and_fail(database)
    assert names(database) == []
    with database.together():
        add(database, "left")
        add(database, "right")
    assert names(database) == ["left", "right"]
    database.close()


def test_what_the_database_refuses_within_it_is_said_in_words_at_once(database: Database) -> None:
    with database.together():
        add(database, "left")
        with pytest.raises(StorageError, match="no such table"), database.write() as connection:
            connection.execute("INSERT INTO lap DEFAULT VALUES")
    database.close()


def test_another_thread_sees_it_once_it_is_whole(database: Database) -> None:
    with ThreadPoolExecutor(1) as other:
        with database.together():
            add(database, "left")
            assert other.submit(names, database).result(5.0) == []
            waits = other.submit(add, database, "right")
        waits.result(10.0)
    assert names(database) == ["left", "right"]
    database.close()
