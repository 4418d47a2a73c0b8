"""What a phone sends twice is done once: while the first is going on, afterwards, and after a restart."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from coach.errors import ConflictError, StorageError
from coach.service.access.repeats import KEPT_FOR, RepeatGuard
from coach.storage.store import Store

KEY = ("phone", "POST", "/api/v1/run/pain", "k1")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = Store(tmp_path / "coach.sqlite")
    yield made
    made.close()


class Work:
    """Counts how often it was done."""

    def __init__(self) -> None:
        self.n = 0

    def __call__(self) -> tuple[int, str, str]:
        self.n += 1
        return 200, f'{{"n": {self.n}}}', "application/json"


def test_a_repeat_gets_the_first_answer(store: Store) -> None:
    guard, work = RepeatGuard(store), Work()
    answers = [guard.once(KEY, work) for _ in range(3)]
    guard.close()
    assert work.n == 1
    assert {one.text for one in answers if one} == {'{"n": 1}'}


@pytest.mark.parametrize("part", range(4))
def test_another_phone_method_path_or_key_is_another_write(store: Store, part: int) -> None:
    guard, work = RepeatGuard(store), Work()
    other = tuple("other" if i == part else text for i, text in enumerate(KEY))
    guard.once(KEY, work)
    guard.once(other, work)
    guard.close()
    assert work.n == 2


def test_a_repeat_waits_for_the_first(store: Store) -> None:
    guard, work, is_going, may_end = RepeatGuard(store), Work(), threading.Event(), threading.Event()

    def slow() -> tuple[int, str, str]:
        is_going.set()
        assert may_end.wait(10)
        return work()

    with ThreadPoolExecutor(5) as pool:
        first = pool.submit(guard.once, KEY, slow)
        assert is_going.wait(10)
        repeats = [pool.submit(guard.once, KEY, work) for _ in range(4)]
        may_end.set()
        answers = {one.result() for one in (first, *repeats)}
    guard.close()
    assert work.n == 1
    assert len(answers) == 1


def test_an_answer_survives_a_restart(tmp_path: Path) -> None:
    work = Work()
    for _ in range(2):
        store = Store(tmp_path / "coach.sqlite")
        guard = RepeatGuard(store)
        answer = guard.once(KEY, work)
        guard.close()
        store.close()
        assert answer is not None
        assert answer.text == '{"n": 1}'
    assert work.n == 1


def test_what_was_refused_may_be_tried_again(store: Store) -> None:
    guard, work = RepeatGuard(store), Work()

    def refuse() -> tuple[int, str, str]:
        raise ConflictError("already_running", "a run is going on")

    with pytest.raises(ConflictError):
        guard.once(KEY, refuse)
    guard.once(KEY, work)
    guard.close()
    assert work.n == 1


def test_a_database_that_refuses_costs_no_answer(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise StorageError("the disk is full: free some space")

    monkeypatch.setattr(store.settings, "put", refuse)
    monkeypatch.setattr(store.settings, "get", refuse)
    guard, work = RepeatGuard(store), Work()
    assert guard.once(KEY, work) == guard.once(KEY, work)
    guard.close()
    assert work.n == 1


def test_old_answers_are_forgotten(store: Store) -> None:
    now = [datetime(2026, 3, 1, tzinfo=UTC)]
    guard, work = RepeatGuard(store, lambda: now[0]), Work()
    guard.once(KEY, work)
    guard.close()
    guard.forget_old()
    assert len(store.settings.all("answer.")) == 1
    now[0] += KEPT_FOR + timedelta(seconds=1)
    guard.forget_old()
    assert store.settings.all("answer.") == {}
