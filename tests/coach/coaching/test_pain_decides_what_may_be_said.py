"""Pain rules: bands, settling overnight, rising week on week, calf apart; and locks of red flags with their dates."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coach.coaching.loader import load_red_flags
from coach.coaching.pain import pain_state, tapped
from coach.model.pain import Lock, PainEntry, PainMoment, RedFlagAnswers, SignKind

NOW = datetime(2026, 3, 20, 9, 0, tzinfo=UTC)
M = PainMoment
NO_SIGNS = (RedFlagAnswers(NOW - timedelta(days=10), ()), RedFlagAnswers(NOW, ()))  # none is open, asked just now


def entry(hours_ago: float, moment: PainMoment, back: int | None = None, calf: int | None = None) -> PainEntry:
    return PainEntry(NOW - timedelta(hours=hours_ago), moment, back, calf)


@pytest.mark.parametrize(
    ("level", "cues", "load"), [(0, True, True), (2, True, True), (3, True, False), (5, True, False), (6, False, False)]
)
def test_bands_are_read_strictly(level: int, cues: bool, load: bool) -> None:
    state = pain_state([entry(1, M.BEFORE_RUN, level)], NO_SIGNS, NOW)
    assert (state.level, state.allows_cues, state.allows_load_cues) == (level, cues, load)
    assert state.easier_track == (level > 5)


def test_pain_never_asked_means_no_load_but_no_lock() -> None:
    state = pain_state([], NO_SIGNS, NOW)
    assert state.level is None
    assert state.allows_cues
    assert not state.allows_load_cues
    assert not state.allows_strike_training
    assert "Say how your back is" in state.words


def test_an_old_answer_does_not_speak_for_today() -> None:
    assert not pain_state([entry(48, M.NOW, 0)], NO_SIGNS, NOW).allows_load_cues
    assert not pain_state([entry(48, M.NOW, 7)], NO_SIGNS, NOW).allows_cues
    assert pain_state([entry(24 * 8, M.NOW, 7)], NO_SIGNS, NOW).level is None


def test_pain_of_a_run_counts_until_a_night_has_passed() -> None:
    run = [entry(5, M.BEFORE_RUN, 1), entry(4.5, M.DURING_RUN, 6), entry(4, M.AFTER_RUN, 3)]
    assert pain_state(run, NO_SIGNS, NOW).level == 6
    assert pain_state([*run, entry(1, M.NOW, 0)], NO_SIGNS, NOW).level == 6
    night = [PainEntry(e.at - timedelta(hours=12), e.moment, e.back) for e in run]
    assert pain_state([*night, entry(1, M.NEXT_MORNING, 1)], NO_SIGNS, NOW).level == 1


def test_what_has_not_settled_by_morning_adds_no_load() -> None:
    run = [entry(20, M.BEFORE_RUN, 1), entry(19, M.AFTER_RUN, 4)]
    unasked = pain_state(run, NO_SIGNS, NOW)
    assert not unasked.is_settled
    settled = pain_state([*run, entry(1, M.NEXT_MORNING, 2)], NO_SIGNS, NOW)
    assert settled.is_settled
    assert settled.allows_load_cues
    unsettled = pain_state([*run, entry(1, M.NEXT_MORNING, 3)], NO_SIGNS, NOW)
    assert not unsettled.is_settled
    assert not unsettled.allows_load_cues


def test_rising_week_on_week_silences_the_coach_and_offers_the_easier_track() -> None:
    rise = [entry(24 * d, M.NEXT_MORNING, 2 if d > 7 else 4) for d in range(1, 14)]
    state = pain_state(rise, NO_SIGNS, NOW)
    assert state.is_rising
    assert not state.allows_cues
    assert state.easier_track
    flat = [entry(24 * d, M.NEXT_MORNING, 4) for d in range(1, 14)]
    assert not pain_state(flat, NO_SIGNS, NOW).is_rising
    low = [entry(24 * d, M.NEXT_MORNING, 0 if d > 7 else 2) for d in range(1, 14)]
    assert not pain_state(low, NO_SIGNS, NOW).is_rising


def test_above_five_for_a_week_asks_for_a_clinician() -> None:
    days = [entry(24 * d, M.NEXT_MORNING, 6) for d in range(8, -1, -1)]
    assert pain_state(days, NO_SIGNS, NOW).advises_clinician
    assert not pain_state(days[4:], NO_SIGNS, NOW).advises_clinician
    better = [*days, entry(0.5, M.NOW, 4)]
    assert not pain_state(better, NO_SIGNS, NOW).advises_clinician


def test_the_calf_has_its_own_question_and_turns_strike_training_off() -> None:
    assert pain_state([entry(1, M.BEFORE_RUN, 0, 0)], NO_SIGNS, NOW).allows_strike_training
    assert not pain_state([entry(1, M.BEFORE_RUN, 0)], NO_SIGNS, NOW).allows_strike_training
    assert not pain_state([entry(1, M.BEFORE_RUN, 0, 1)], NO_SIGNS, NOW).allows_strike_training
    sore_last_week = [entry(24 * 5, M.NOW, 0, 2), entry(1, M.BEFORE_RUN, 0, 0)]
    assert not pain_state(sore_last_week, NO_SIGNS, NOW).allows_strike_training
    hurt_last_month = [entry(24 * 20, M.NOW, 0, 4), entry(1, M.BEFORE_RUN, 0, 0)]
    assert not pain_state(hurt_last_month, NO_SIGNS, NOW).allows_strike_training
    assert not pain_state([entry(1, M.BEFORE_RUN, 0, 4)], NO_SIGNS, NOW).allows_load_cues
    assert not pain_state([entry(1, M.BEFORE_RUN, 0, 6)], NO_SIGNS, NOW).allows_cues


@pytest.mark.parametrize("sign", sorted(load_red_flags()))
def test_each_sign_locks_as_its_kind_says_and_names_itself(sign: str) -> None:
    flag = load_red_flags()[sign]
    state = pain_state([entry(1, M.NOW, 0, 0)], [RedFlagAnswers(NOW - timedelta(hours=1), (sign,))], NOW)
    wanted = Lock.EMERGENCY if flag.kind is SignKind.EMERGENCY else Lock.URGENT if flag.locks else Lock.NONE
    assert state.lock is wanted
    assert state.signs == (sign,)
    assert state.advises_clinician
    assert flag.asks in " ".join(state.reasons)
    assert state.allows_cues == state.allows_load_cues == (wanted is Lock.NONE)
    if wanted is Lock.EMERGENCY:
        assert "emergency number" in state.words


def test_a_lock_opens_with_the_date_of_having_been_seen_and_not_by_taking_back() -> None:
    answers = RedFlagAnswers(NOW - timedelta(days=5), ("night_pain",))
    day = (NOW - timedelta(days=1)).date()
    assert pain_state([], [answers, RedFlagAnswers(NOW - timedelta(days=4), ())], NOW).lock is Lock.URGENT
    assert pain_state([], [answers, RedFlagAnswers(NOW, (), day)], NOW).lock is Lock.NONE
    early = (NOW - timedelta(days=30)).date()
    assert pain_state([], [answers, RedFlagAnswers(NOW, (), early)], NOW).lock is Lock.URGENT
    future = (NOW + timedelta(days=3)).date()
    assert pain_state([], [answers, RedFlagAnswers(NOW, (), future)], NOW).lock is Lock.URGENT
    again = RedFlagAnswers(NOW, ("night_pain",))
    assert pain_state([], [answers, RedFlagAnswers(NOW - timedelta(hours=2), (), day), again], NOW).lock is Lock.URGENT


def test_lasting_history_is_cleared_by_an_earlier_look_and_a_slip_within_ten_minutes() -> None:
    history = RedFlagAnswers(NOW, ("cancer_history",), date(2025, 6, 1))
    assert pain_state([], [history], NOW).lock is Lock.NONE
    slip = RedFlagAnswers(NOW - timedelta(minutes=5), ("chest_pain",))
    assert pain_state([], [slip], NOW).lock is Lock.EMERGENCY
    assert pain_state([], [slip, RedFlagAnswers(NOW, ())], NOW).lock is Lock.NONE


def test_a_sign_that_locks_nothing_is_taken_back_by_the_next_answers() -> None:
    answers = RedFlagAnswers(NOW - timedelta(days=90), ("pregnancy",))
    assert pain_state([], [answers], NOW).signs == ("pregnancy",)
    assert pain_state([], [answers, RedFlagAnswers(NOW, ())], NOW).signs == ()


def test_an_unknown_sign_is_never_lost() -> None:
    assert pain_state([], [RedFlagAnswers(NOW, ("from_a_newer_version",))], NOW).lock is Lock.URGENT


def test_signs_never_asked_are_no_free_signs() -> None:
    state = pain_state([entry(1, M.BEFORE_RUN, 1, 0)], [], NOW)
    assert state.lock is Lock.NOT_ASKED
    assert not state.lock.is_sign_open
    assert {state.allows_cues, state.allows_load_cues, state.allows_strike_training} == {False}
    assert "have not been asked" in state.words
    assert state.asked_at is None
    assert pain_state([entry(1, M.BEFORE_RUN, 1, 0)], NO_SIGNS, NOW).asked_at == NOW


@pytest.mark.parametrize(("level", "names"), [(6, False), (7, False), (8, True), (10, True)])
def test_six_and_more_advise_and_eight_names_a_clinician(level: int, names: bool) -> None:
    state = pain_state([entry(1, M.NOW, level)], NO_SIGNS, NOW)
    assert "no run and no weights today" in state.words
    assert state.advises_clinician == names
    assert ("doctor" in state.words) == names
    unasked = pain_state([entry(1, M.NOW, level)], [], NOW)
    assert "no run and no weights today" in unasked.words
    assert ("doctor" in unasked.words) == names


def test_answers_hold_for_four_weeks() -> None:
    calm = [entry(1, M.BEFORE_RUN, 1)]
    assert pain_state(calm, [RedFlagAnswers(NOW - timedelta(days=27), ())], NOW).lock is Lock.NONE
    late = pain_state(calm, [RedFlagAnswers(NOW - timedelta(days=28), ())], NOW)
    assert late.lock is Lock.NOT_ASKED
    assert "four weeks" in late.words


def test_a_date_of_having_been_seen_answers_no_question() -> None:
    seen = RedFlagAnswers(NOW - timedelta(days=1), (), (NOW - timedelta(days=2)).date())
    assert pain_state([], [seen], NOW).lock is Lock.NOT_ASKED
    old = RedFlagAnswers(NOW - timedelta(days=30), ("night_pain",))
    assert pain_state([], [old, seen], NOW).lock is Lock.NOT_ASKED


@pytest.mark.parametrize("place", ["back", "calf"])
def test_pain_of_seven_or_a_rise_of_three_asks_for_the_signs_again(place: str) -> None:
    def answer(hours_ago: float, level: int) -> PainEntry:
        return entry(hours_ago, M.NOW, **{place: level})

    asked = [RedFlagAnswers(NOW - timedelta(hours=30), ())]
    week = [answer(24 * d, 2) for d in range(7, 1, -1)]
    assert pain_state([*week, answer(1, 4)], asked, NOW).lock is Lock.NONE
    rise = pain_state([*week, answer(1, 5)], asked, NOW)
    assert rise.lock is Lock.NOT_ASKED
    assert "rose by 3" in rise.words
    severe = pain_state([answer(24 * 3, 6), answer(1, 7)], asked, NOW)
    assert severe.lock is Lock.NOT_ASKED
    assert "7 or more" in severe.words
    assert pain_state([answer(24 * 3, 6), answer(40, 8), answer(1, 6)], asked, NOW).lock is Lock.NONE, "asked after 8"


def test_one_flare_asks_once_and_the_next_day_again() -> None:
    flare = [entry(5, M.NOW, 8)]
    asked = [RedFlagAnswers(NOW - timedelta(hours=4), ())]
    assert pain_state([*flare, entry(1, M.NOW, 8)], asked, NOW).lock is Lock.NONE
    assert pain_state([*flare, entry(1, M.NOW, 9)], asked, NOW).lock is Lock.NOT_ASKED, "worse than what was answered"
    later = NOW + timedelta(hours=22)
    assert pain_state([*flare, PainEntry(later, M.NOW, 8)], asked, later).lock is Lock.NOT_ASKED


def test_one_weak_sign_asks_further_and_two_lock() -> None:
    weak = [flag.id for flag in load_red_flags().values() if flag.is_weak]
    assert set(weak) == {"age_of_onset", "thoracic_pain"}
    one = pain_state([], [RedFlagAnswers(NOW, (weak[0],))], NOW)
    assert one.lock is Lock.NONE
    assert one.further == (load_red_flags()[weak[0]].asks_further,)
    assert one.advises_clinician
    two = [RedFlagAnswers(NOW - timedelta(hours=1), tuple(weak))]
    assert pain_state([], two, NOW).lock is Lock.URGENT
    assert pain_state([], two, NOW).further == ()
    assert pain_state([], [*two, RedFlagAnswers(NOW, (weak[0],))], NOW).lock is Lock.URGENT, "what locked stays"
    taken_back = [RedFlagAnswers(NOW - timedelta(hours=1), (weak[0],)), RedFlagAnswers(NOW, ())]
    assert pain_state([], taken_back, NOW).signs == ()


def test_any_past_day_can_be_judged() -> None:
    entries = [entry(48, M.NOW, 7), entry(1, M.NOW, 1)]
    assert pain_state(entries, NO_SIGNS, NOW - timedelta(hours=40)).level == 7
    assert pain_state(entries, NO_SIGNS, NOW).level == 1


answers = st.builds(
    PainEntry,
    st.datetimes(datetime(2026, 2, 20), datetime(2026, 3, 20)).map(lambda d: d.replace(tzinfo=UTC)),  # noqa: DTZ001
    st.sampled_from(PainMoment),
    st.none() | st.integers(0, 10),
    st.none() | st.integers(0, 10),
)
flags = st.builds(
    RedFlagAnswers, st.just(NOW - timedelta(days=1)), st.lists(st.sampled_from(sorted(load_red_flags()))).map(tuple)
)


@given(st.lists(answers, max_size=25), st.lists(flags, max_size=2))
def test_a_stricter_answer_never_allows_more(entries: list[PainEntry], red: list[RedFlagAnswers]) -> None:
    state = pain_state(entries, red, NOW)
    assert not (state.allows_load_cues and not state.allows_cues)
    assert not (state.lock is not Lock.NONE and (state.allows_cues or state.allows_strike_training))
    assert not (state.level is not None and state.level > 5 and state.allows_cues)
    assert not (state.level is not None and state.level > 2 and state.allows_load_cues)
    assert state.words
    hurt = pain_state([*entries, PainEntry(NOW, M.NOW, 9)], red, NOW)
    assert not hurt.allows_cues


@given(st.lists(answers, max_size=8), st.integers(0, 10), st.booleans())
def test_a_tap_can_only_make_it_stricter(entries: list[PainEntry], level: int, is_calf: bool) -> None:
    before = pain_state(entries, NO_SIGNS, NOW)
    after = tapped(before, level, is_calf)
    assert after.allows_cues <= before.allows_cues
    assert after.allows_load_cues <= before.allows_load_cues
    assert after.allows_strike_training <= before.allows_strike_training
    if level > 5:
        assert not after.allows_cues
