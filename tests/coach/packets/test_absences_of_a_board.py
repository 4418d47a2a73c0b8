"""A board's missing readings against the truth: absences, lost packets, a computer that stalls or hears late, resets.

Streams by chance of a seed. 5,000 of each kind were run once; what they found are the tests here.
"""

import contextlib
import math
import random
from dataclasses import dataclass, field

import numpy as np
import pytest

from coach.errors import PacketError
from coach.model.samples import Gap
from coach.model.sites import WearSite
from coach.packets import coach_board
from coach.packets.stream import Absence, ImuStreamFacts, Tally
from tests.support.common import mostly_slow
from tests.support.encoders import encode_frame

RATE_HZ = 104
N = 10
SCALE = coach_board.BoardScale(8, 2000, is_st=False)
US_WRAP_S = 2**32 * 1e-6


@dataclass
class Board:
    """A board and its reader. `send` gives what it has ready, at `arrive(done_s)`; None: that packet is lost."""

    began_s: float
    ppm: float = 0.0
    tally: Tally = field(default_factory=Tally)
    reset_at: int = 0
    sequence: int = 0
    got: list[int] = field(default_factory=list)
    arrival_s: float = 0.0

    def __post_init__(self) -> None:
        facts = ImuStreamFacts("s", WearSite.LEFT_SHANK, float(RATE_HZ), 8.0, 2000.0)
        self.reader = coach_board.CoachBoardReader(facts, self.tally)
        self.rate_hz = RATE_HZ * (1 + self.ppm * 1e-6)

    def send(self, from_s: float, until_s: float, arrive) -> None:
        first = math.ceil(from_s * self.rate_hz)
        while (done_s := (first + N - 1) / self.rate_hz) <= until_s:
            arrival_s = arrive(done_s)
            if arrival_s is not None:
                self.arrival_s = max(arrival_s, self.arrival_s + 1e-4)
                us = round(1e6 * (first - self.reset_at) / RATE_HZ) % 2**32
                readings = np.full((N, 3), (first % 97) / 10)
                frame = coach_board.BoardFrame(self.sequence % 2**16, us, SCALE, readings, readings)
                with contextlib.suppress(PacketError):
                    self.reader.feed(encode_frame(frame), self.arrival_s)
                self.got.append(first)
            self.sequence += 1
            first += N

    @property
    def n_missing(self) -> int:
        return self.got[-1] - self.got[0] - N * (len(self.got) - 1)

    def off(self) -> int:
        """By how many readings it is counted wrong."""
        self.tally.recount()
        return abs(self.tally.n_missing - self.n_missing)


def late_at_first(chance: random.Random, from_s: float, late_s: float, gone_s: float = 0.0):
    """Arrival of packets of a connection whose first are late by `late_s`, as of a computer that is busy with it."""
    gone_s = gone_s or chance.choice([0.3, 2.0, 60.0])

    def arrive(done_s: float) -> float | None:
        late = late_s * max(0.0, 1.0 - (done_s - from_s) / gone_s)
        return None if chance.random() < 0.02 else done_s + 0.01 + abs(chance.gauss(0.0, 0.01)) + late

    return arrive


def stalled(chance: random.Random, from_s: float, for_s: float):
    """Arrival at a computer that stalls from then on, has room for some packets, and reads those at a pace."""
    room_s, pace = chance.choice([0.5, 3.0, 8.0, 60.0]), chance.choice([1.02, 1.5, 4.0, 50.0])
    ready_s = 0.0

    def arrive(done_s: float) -> float | None:
        nonlocal ready_s
        if chance.random() < 0.02 or from_s + room_s < done_s < from_s + for_s:
            return None
        arrival_s = done_s + 0.01 if done_s < from_s else max(done_s, from_s + for_s, ready_s + N / RATE_HZ / pace)
        ready_s = arrival_s
        return arrival_s

    return arrive


def connections(chance: random.Random, board: Board, late_s: tuple[float, ...], has_resets: bool = False) -> int:
    """Let the board connect some times, be away between and be heard as `late_s` allows; how often it was reset."""
    at_s, n_resets = board.began_s, 0
    for _ in range(chance.randrange(1, 5)):
        until_s = at_s + chance.uniform(3.0, 25.0)
        if chance.random() < 0.3 and not has_resets:
            board.send(at_s, until_s, stalled(chance, at_s + 2.0, chance.uniform(0.5, until_s - at_s - 2.0 + 20.0)))
        else:
            gone_s = 2.0 if has_resets else 0.0  # else nobody can know how late all of a connection was
            board.send(at_s, until_s, late_at_first(chance, at_s, chance.choice(late_s), gone_s))
        at_s = until_s + chance.uniform(0.3, 15.0)
        if has_resets and chance.random() < 0.5:
            board.reset_at = math.ceil(at_s * board.rate_hz) - chance.randrange(50, 300)  # it takes a moment to connect
            board.sequence, n_resets = 0, n_resets + 1
    return n_resets


@pytest.mark.parametrize("seed", mostly_slow(range(12), n_quick=4))
def test_what_a_board_did_not_send_is_counted_to_the_reading_however_busy_the_computer(seed: int) -> None:
    """Five streams a seed, some over the wrap of the board's clock after 71 minutes."""
    for n in range(5):
        chance = random.Random(1000 * seed + n)
        board = Board(chance.choice([5.0, 700.0, US_WRAP_S - 10.0, US_WRAP_S + 30.0]), chance.uniform(-50, 50))
        connections(chance, board, (0.0, 0.3, 1.0, 2.5, 8.0))
        assert board.off() <= max(1, 1e-4 * board.n_missing), n


def test_a_computer_that_slept_after_the_wrap_of_a_boards_clock_misses_nothing_that_was_kept_for_it() -> None:
    """After 71 minutes each stall beyond ten seconds was a restart: the stall's readings counted as missing."""
    board = Board(US_WRAP_S - 5.0)
    board.send(US_WRAP_S - 5.0, US_WRAP_S + 60.0, stalled_once(US_WRAP_S + 20.0, US_WRAP_S + 36.0))
    assert board.tally.n_missing == board.n_missing == 0


def stalled_once(from_s: float, until_s: float):
    return lambda done_s: max(done_s, until_s) if done_s >= from_s else done_s


def test_an_absence_behind_a_connection_that_was_late_throughout_is_counted_by_the_boards_own_clock() -> None:
    """A busy computer heard all of the first connection 2 s late, and the second in time: it looked like a restart."""
    board = Board(60.0)
    board.send(60.0, 65.0, lambda done_s: done_s + 2.0)
    board.send(75.0, 80.0, lambda done_s: done_s + 0.01)
    assert board.off() == 0
    assert board.n_missing > 900


def test_a_reset_behind_a_late_connection_is_counted_by_the_best_that_is_known_of_both_clocks() -> None:
    """The last connection began 2.5 s late; the first packet after the reset is late by 1 s, which is 104 readings."""
    chance = random.Random(1)
    board = Board(60.0)
    board.send(60.0, 80.0, late_at_first(chance, 60.0, 2.5, 2.0))
    board.reset_at, board.sequence = math.ceil(95.0 * board.rate_hz) - 150, 0
    board.send(95.0, 110.0, late_at_first(chance, 95.0, 1.0, 2.0))
    assert board.off() <= 10


@pytest.mark.parametrize("seed", mostly_slow(range(6), n_quick=2))
def test_absences_in_which_a_board_was_reset_are_known_to_a_tenth_of_a_second(seed: int) -> None:
    for n in range(5):
        chance = random.Random(1000 * seed + n)
        board = Board(chance.uniform(60.0, 3000.0))
        n_resets = connections(chance, board, (0.0, 0.3, 1.0, 2.5), has_resets=True)
        assert board.off() <= 1 + 0.15 * RATE_HZ * n_resets, n


def test_what_is_counted_again_has_a_bound_and_what_is_left_out_of_it_keeps_its_count() -> None:
    """A stream of isolated pairs of packets, each pair after an absence longer than a tenth of what was counted."""
    tally = Tally(whole_s=100.0, whole_n=10_000)
    for k in range(1000):
        span_s = 20.0 + 0.01 * (k * 7 % 1000)
        gap = Gap("s", WearSite.LEFT_SHANK, 30.0 * k, 30.0 * k + span_s, 1)
        tally.n_missing += 1
        tally.keep_unsure(Absence(gap, span_s))
    tally.recount()
    assert len(tally.unsure) == 100
    assert min(absence.span_s for absence in tally.unsure) >= 28.99
    assert tally.n_missing == sum(round(100.0 * (20.0 + 0.01 * k)) - 1 for k in range(1000))
