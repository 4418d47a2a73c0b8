"""Work in the background goes on after any failure, begins when it is woken, and ends."""

import threading

from coach.service.repeated import RepeatedWork


def test_work_that_fails_in_an_unforeseen_manner_is_done_again() -> None:
    calls, again = [0], threading.Event()

    def work() -> None:
        calls[0] += 1
        if calls[0] == 1:
            raise KeyError("an answer that nobody foresaw")
        again.set()

    repeated = RepeatedWork("test", work, 0.01)
    repeated.start()
    assert again.wait(5)
    repeated.stop()


def test_waking_begins_at_once_and_stopping_ends_the_thread() -> None:
    calls = [threading.Event(), threading.Event()]
    n_calls = [0]

    def work() -> None:
        calls[min(n_calls[0], 1)].set()
        n_calls[0] += 1

    repeated = RepeatedWork("test", work, 3600.0)
    assert not repeated.is_started
    repeated.start()
    assert calls[0].wait(5)
    repeated.wake()
    assert calls[1].wait(5)
    repeated.stop()
    assert not [thread for thread in threading.enumerate() if thread.name == "test"]
    assert n_calls == [2]
