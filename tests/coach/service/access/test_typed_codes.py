"""A guesser is heard no more, whoever was given a code is let in, and no number of addresses makes guessing pay."""

import pytest

from coach.errors import UserError
from coach.service.access.typed_codes import LENGTH, LETTERS, LIVES_S, MOST_WRONG, TypedCodes
from tests.support.clock import ManualClock

HONEST, GUESSER = "192.168.1.20", "192.168.1.66"
Clock = ManualClock[float]  # seconds


@pytest.fixture
def clock() -> Clock:
    return Clock(100.0)


@pytest.fixture
def codes(clock: Clock) -> TypedCodes:
    return TypedCodes(clock)


def fresh(codes: TypedCodes) -> str:
    return codes.make().replace("-", "")


def guess(codes: TypedCodes, address: str, times: int = 1) -> list[str]:
    said = []
    for n in range(times):
        with pytest.raises(UserError) as caught:
            codes.check(f"AAAA{n:04d}", address)
        said.append(str(caught.value))
    return said


def test_a_guesser_is_heard_no_more_while_the_code_of_others_lets_in(codes: TypedCodes, clock: Clock) -> None:
    code = fresh(codes)
    said = guess(codes, GUESSER, 3 * MOST_WRONG)
    assert all("wrong or too old" in words for words in said[:MOST_WRONG])
    assert all("Too many wrong codes" in words for words in said[MOST_WRONG:])
    with pytest.raises(UserError, match="Too many"):
        codes.check(code, GUESSER)
    codes.check(code, HONEST)
    clock.now += LIVES_S + 1
    codes.check(fresh(codes), GUESSER)


def test_guesses_of_ever_new_addresses_void_no_code_and_fill_no_memory(codes: TypedCodes) -> None:
    code = fresh(codes)
    for n in range(3000):
        guess(codes, f"fd00::{n:x}")
    codes.check(code, HONEST)
    assert len(codes._wrong) == 1000


def test_ten_minutes_at_a_thousand_guesses_a_second_find_a_code_with_less_than_one_in_a_million() -> None:
    assert 1000 * LIVES_S / len(set(LETTERS)) ** LENGTH < 1e-6


def test_a_code_ends_after_ten_minutes_and_when_all_are_void(codes: TypedCodes, clock: Clock) -> None:
    code = fresh(codes)
    clock.now += LIVES_S - 1
    codes.check(code, HONEST)
    clock.now += 2
    with pytest.raises(UserError, match="too old"):
        codes.check(code, HONEST)
    code = fresh(codes)
    codes.forget()
    with pytest.raises(UserError, match="too old"):
        codes.check(code, HONEST)
