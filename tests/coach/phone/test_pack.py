"""A pack coaches one run on its day and then only listens; gates on the phone are the home's own."""

import gzip
import json
from dataclasses import replace
from datetime import timedelta

import pytest

from coach.coaching.baseline import BaselineRun
from coach.coaching.facts import WordingMemory
from coach.model.pain import Lock, PainEntry, PainMoment, RedFlagAnswers
from coach.model.plain import from_plain, to_plain
from coach.phone.pack import GOOD_FOR, Answers, Pack, pain_now, prepare, signs_are_due
from tests.coach.phone.scenes import NOW, answers, baseline, make_pack


def test_a_fresh_pack_coaches_as_planned() -> None:
    ready = prepare(make_pack(), answers(), NOW)
    assert ready.engine is not None
    assert (ready.plan.focus, ready.listens_because) == ("lengthen", "")


@pytest.mark.parametrize(
    ("change", "now", "is_used", "word"),
    [
        ({}, NOW + GOOD_FOR, False, "older than a day"),
        ({}, NOW, True, "for one run"),
        ({}, NOW - timedelta(hours=1), False, "clock is behind"),
        ({"red_flags": ()}, NOW, False, "warning signs"),
        ({"red_flags": (RedFlagAnswers(NOW - timedelta(days=29), ()),)}, NOW, False, "warning signs"),
    ],
)
def test_a_stale_pack_says_nothing_and_says_why(change: dict, now: object, is_used: bool, word: str) -> None:
    ready = prepare(replace(make_pack(), **change), answers(1, now), now, is_used=is_used)
    assert ready.engine is None
    assert word in ready.listens_because
    assert ready.plan.focus is None
    assert word in ready.plan.reason


def test_just_before_it_ends_a_pack_still_coaches() -> None:
    pack = make_pack()
    assert prepare(pack, answers(1, NOW), pack.made_at + GOOD_FOR).engine is not None
    assert prepare(pack, answers(1, NOW), pack.made_at + GOOD_FOR + timedelta(seconds=1)).engine is None


def test_who_was_not_asked_today_gets_no_cues() -> None:
    ready = prepare(make_pack(), Answers(), NOW)
    assert ready.engine is None
    assert "back" in ready.listens_because


def test_pain_answered_on_the_phone_closes_the_same_gates_as_at_home() -> None:
    ready = prepare(make_pack(), answers(6), NOW)
    assert not ready.pain.allows_cues
    assert ready.plan.focus is None
    assert ready.plan.eligible_share == 0.0
    assert not prepare(make_pack(), answers(4), NOW).pain.allows_load_cues


def test_a_warning_sign_reported_on_the_phone_locks() -> None:
    reported = Answers(answers().pain, (RedFlagAnswers(NOW, ("saddle_numbness",)),))
    pain = pain_now(make_pack(), reported, NOW)
    assert pain.lock is not Lock.NONE
    assert not pain.allows_cues


def test_what_was_reported_at_home_counts_on_a_phone_whose_clock_lags_behind() -> None:
    """A pack is good for a phone up to ten minutes behind: pain reported as it was made is of the future there."""
    now = make_pack().made_at - timedelta(minutes=5)
    strong = replace(make_pack(), pain=(PainEntry(make_pack().made_at, PainMoment.NOW, 7, 0),))
    assert not pain_now(strong, Answers(), now).allows_cues
    assert pain_now(make_pack(), answers(7, now), now) == pain_now(
        replace(make_pack(), pain=(PainEntry(make_pack().made_at, PainMoment.NOW, 1, 0),)),
        answers(7, now - timedelta(minutes=1)),
        now,
    ), "the answer on the phone came last"
    signed = replace(make_pack(), red_flags=(RedFlagAnswers(make_pack().made_at, ("saddle_numbness",)),))
    assert pain_now(signed, answers(1, now), now).lock is not Lock.NONE


def test_signs_are_due_when_never_asked_or_four_weeks_ago() -> None:
    assert not signs_are_due(make_pack(), NOW)
    assert signs_are_due(replace(make_pack(), red_flags=()), NOW)
    assert signs_are_due(make_pack(), NOW + timedelta(days=28))
    worse = PainEntry(NOW - timedelta(hours=1), PainMoment.NOW, 8)
    assert signs_are_due(replace(make_pack(), pain=(worse,)), NOW), "pain of 7 and more asks again, away from home too"


def test_signs_answered_at_home_are_not_asked_again_by_a_phone_whose_clock_lags_behind() -> None:
    made_at = make_pack().made_at
    just_answered = replace(make_pack(), red_flags=(RedFlagAnswers(made_at - timedelta(minutes=2), ()),))
    assert not signs_are_due(just_answered, made_at - timedelta(minutes=5))
    worse = replace(just_answered, pain=(PainEntry(made_at - timedelta(minutes=1), PainMoment.NOW, 8),))
    assert signs_are_due(worse, made_at - timedelta(minutes=5)), "it came behind the answers"


def test_it_goes_over_the_wire_and_back_and_stays_a_few_kilobytes() -> None:
    """With a year behind it: 30 baseline runs, six weeks of daily pain answers, all wordings in use."""
    runs = tuple(BaselineRun(f"r{n}", NOW - timedelta(days=n), 720.0, baseline()[0].points) for n in range(30))
    pain = tuple(PainEntry(NOW - timedelta(days=n), PainMoment.NEXT_MORNING, n % 3, 0) for n in range(42))
    facts = replace(make_pack().facts, wordings={f"rule{n}": WordingMemory(n) for n in range(12)})
    pack = replace(make_pack(), baseline=runs, pain=pain, facts=facts)
    text = json.dumps(to_plain(pack))
    assert from_plain(Pack, json.loads(text)) == pack
    assert len(gzip.compress(text.encode())) < 8_000
