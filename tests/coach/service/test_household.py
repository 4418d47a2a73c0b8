"""The list of a household: names, folders and ports that stay, and nothing outside its folder."""

import json
import tempfile
import time
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coach.errors import ConflictError, StorageError, UserError
from coach.service.folder_lock import FolderLock
from coach.service.household import LIST_FILE, LOCK_FILE, Household, Member
from tests.support.common import until


def test_each_runner_has_a_folder_and_a_port_that_stay(tmp_path: Path) -> None:
    household = Household(tmp_path)
    assert household.members() == ()
    anna, ben = household.add("  Anna   Müller "), household.add("Ben")
    assert (anna.name, ben.name) == ("Anna Müller", "Ben")
    assert Household(tmp_path).members() == (anna, ben)
    assert (anna.port(8765), ben.port(8765), ben.port(0)) == (8775, 8785, 0)
    assert household.data_of(anna).is_dir()
    assert household.data_of(anna) != household.data_of(ben)


@pytest.mark.parametrize("name", ["", "   ", "x" * 41, "a\x00b", "a\x1b[31m"])
def test_a_name_that_nobody_can_read_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(UserError, match="name of 1 to 40"):
        Household(tmp_path).add(name)


def test_the_same_name_twice_is_refused_whatever_its_case(tmp_path: Path) -> None:
    Household(tmp_path).add("Ben")
    with pytest.raises(UserError, match="already"):
        Household(tmp_path).add("bEN")


def test_runners_added_at_the_same_moment_are_all_there_and_a_second_tap_adds_nobody(tmp_path: Path) -> None:
    household = Household(tmp_path)
    names = ["Ada", "Ada", "Ben", "Cleo", "Dan", "Eve"]

    def add(name: str) -> str:
        try:
            return household.add(name).name
        except UserError:
            return ""

    with ThreadPoolExecutor(6) as threads:
        added = sorted(filter(None, threads.map(add, names)))
    assert added == sorted({*names})
    assert sorted(member.name for member in household.members()) == added
    assert len({member.number for member in household.members()}) == 5


def test_the_page_and_the_command_add_at_the_same_moment_and_both_runners_are_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each is a process of its own, with locks of its own: the second one comes between reading and writing."""
    page, command = Household(tmp_path), Household(tmp_path)
    write, threads = page._write, ThreadPoolExecutor(1)
    added: list[Future[Member]] = []
    refused, take = [], FolderLock.take

    def counted(lock: FolderLock) -> None:
        try:
            take(lock)
        except ConflictError:
            refused.append(lock)
            raise

    def write_late(members: tuple[Member, ...]) -> None:
        added.append(threads.submit(command.add, "Ben"))
        until(lambda: refused or added[0].done())
        write(members)

    monkeypatch.setattr(FolderLock, "take", counted)
    monkeypatch.setattr(page, "_write", write_late)
    page.add("Anna")
    added[0].result(timeout=20)
    threads.shutdown()
    found = Household(tmp_path).members()
    assert [(member.name, member.number) for member in found] == [("Anna", 1), ("Ben", 2)]


def test_two_threads_of_one_page_add_one_after_the_other_also_where_the_system_locks_no_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Windows marks a file by its being open: two threads that look at once both find it free."""
    monkeypatch.setattr("coach.service.folder_lock.take", lambda _stream: None)
    monkeypatch.setattr("coach.service.folder_lock.is_taken", lambda _path: False)
    page, threads = Household(tmp_path), ThreadPoolExecutor(1)
    write = page._write
    added: list[Future[Member]] = []

    def write_late(members: tuple[Member, ...]) -> None:
        if not added:
            added.append(threads.submit(page.add, "Ben"))
            time.sleep(0.3)  # long enough to add Ben, were it not held up: a thread that waits for a lock shows nothing
        write(members)

    monkeypatch.setattr(page, "_write", write_late)
    page.add("Anna")
    added[0].result(timeout=20)
    threads.shutdown()
    assert [(member.name, member.number) for member in page.members()] == [("Anna", 1), ("Ben", 2)]


def test_where_another_never_ends_adding_that_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("coach.service.household.PATIENCE_S", 0.2)
    with FolderLock(tmp_path / LOCK_FILE), pytest.raises(ConflictError, match="again"):
        Household(tmp_path).add("Ben")


@given(st.lists(st.text(min_size=1, max_size=40), min_size=1, max_size=6))
def test_whatever_they_are_called_folders_are_different_and_inside(names: list[str]) -> None:

    with tempfile.TemporaryDirectory() as folder:
        household = Household(Path(folder))
        for name in names:
            try:
                household.add(name)
            except UserError:
                continue
        members = household.members()
        assert len({member.key for member in members}) == len(members)
        assert all(household.data_of(member).parent == Path(folder) for member in members)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{",
        '{"members": 3}',
        '{"members": [{"key": "a"}]}',
        '{"members": [{"key": "../x", "name": "x", "number": 1}]}',
    ],
)
def test_a_damaged_list_says_what_to_do_and_is_not_overwritten(tmp_path: Path, text: str) -> None:
    (tmp_path / LIST_FILE).write_text(text)
    household = Household(tmp_path)
    with pytest.raises(StorageError, match=r"copy"):
        household.members()
    with pytest.raises(StorageError):
        household.add("Ben")
    assert (tmp_path / LIST_FILE).read_text() == text


def test_a_list_that_was_cut_while_it_was_written_is_the_old_one(tmp_path: Path) -> None:
    household = Household(tmp_path)
    ben = household.add("Ben")
    (tmp_path / LIST_FILE).with_suffix(".new").write_text('{"members": [')
    assert household.members() == (ben,)
    assert json.loads((tmp_path / LIST_FILE).read_text())["members"][0]["name"] == "Ben"
