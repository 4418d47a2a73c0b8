"""The coach's data: every rule is checked on load and rests on a source that is in the house."""

import contextlib
import json
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import coach.coaching.loader as loader
from coach.coaching.gates import GATE_NAMES
from coach.coaching.lessons import load_flare_up, load_lessons
from coach.errors import ProfileError
from coach.model.pain import SignKind

RULES = (Path(loader.__file__).parent / "cue_rules.toml").read_text("utf-8")


def test_every_rule_rests_on_sources_of_the_list() -> None:
    sources = loader.load_sources()
    for rule in loader.load_rules():
        assert rule.sources, rule.id
        assert set(rule.sources) <= set(sources), rule.id
        assert all(sources[s].cite in rule.source for s in rule.sources)


def test_every_red_flag_rests_on_sources_of_the_list() -> None:
    for sign in loader.load_red_flags().values():
        assert sign.sources
        assert set(sign.sources) <= set(loader.load_sources())


def test_no_source_and_no_gate_is_unused() -> None:
    used = {s for r in loader.load_rules() for s in r.sources}
    used |= {s for f in loader.load_red_flags().values() for s in f.sources}
    used |= {s for lesson in load_lessons().values() for s in lesson.sources} | set(load_flare_up().sources)
    background = {
        "levine_2007",
        "asteroid_2024",
        "pain_monitoring_physio",
        "cue_tailoring_2018",
    }  # behind pain.py, wordings
    assert set(loader.load_sources()) == used | background
    assert {g for r in loader.load_rules() for g in r.requires} == set(GATE_NAMES)


def test_the_nine_cues_are_there() -> None:
    focuses = {rule.focus for rule in loader.load_rules()}
    assert focuses == {"lengthen", "quicker", "softer", "midfoot", "lean", "swing", "even", "ease_off", "praise"}


def test_lengthen_pushes_off_and_never_reaches_forward() -> None:
    for rule in loader.load_rules():
        if rule.focus == "lengthen":
            assert rule.adds_load
            assert {"not_overstriding", "no_rise_since_cue"} <= set(rule.requires)
            assert not any("reach" in w.lower() or "longer" in w.lower() for w in rule.wordings)


def test_each_measured_cue_has_more_than_one_wording() -> None:
    assert all(len(rule.wordings) >= 2 for rule in loader.load_rules())


def test_growth_is_at_most_three_percent_and_cadence_at_most_five() -> None:
    rules = {rule.id: rule for rule in loader.load_rules()}
    assert rules["growing_stride"].target == rules["growing_stride"].limit == 3.0
    assert rules["quicker_low_cadence"].target == rules["quicker_low_cadence"].limit == 5.0


def test_tips_are_marked_and_unmeasured_ones_say_so() -> None:
    tips = [r for r in loader.load_rules() if r.kind == "tip"]
    assert {r.focus for r in tips} == {"lean", "swing"}
    assert all("not measured" in w for r in tips if r.metric is None for w in r.wordings)


def test_all_faults_of_a_file_come_at_once_with_their_keys() -> None:
    text = RULES.replace('metric = "step_length_vs_baseline_pct"', 'metric = "stride_happiness"', 1)
    text = text.replace("for_s = 20.0", "for_s = 5.0", 1).replace(
        '"cai_2017", "willson_2014", "derrick', '"nobody_1900", "derrick', 1
    )
    text = text.replace('requires = ["cadence_has_room"]', 'requires = ["moon_is_full"]', 1).replace(
        "target = -10.0", "target = 10.0", 1
    )
    with pytest.raises(ProfileError) as caught:
        loader.parse_rules(text, loader.load_sources())
    faults = " | ".join(caught.value.faults)
    assert "shortened_stride.for_s" in faults
    assert "quicker_high_impact.requires: unknown gate moon_is_full" in faults
    assert "land_softer.target" in faults

    text = text.replace("for_s = 5.0", "for_s = 20.0", 1)
    with pytest.raises(ProfileError) as caught:
        loader.parse_rules(text, loader.load_sources())
    faults = " | ".join(caught.value.faults)
    assert "shortened_stride.metric: stride_happiness" in faults
    assert "shortened_stride.sources: unknown source nobody_1900" in faults


def test_a_rule_without_a_source_is_refused() -> None:
    document = tomllib.loads(RULES)
    first = document["rule"][0]["sources"]
    assert first
    with pytest.raises(ProfileError, match="sources"):
        loader.parse_rules(
            RULES.replace('sources = ["cai_2017", "willson_2014", "derrick_1998", "settling_2026"]\n', "", 1),
            loader.load_sources(),
        )


def test_a_broken_file_names_the_fault() -> None:
    with pytest.raises(ProfileError, match="not TOML"):
        loader.parse_rules("[[rule", loader.load_sources())
    with pytest.raises(ProfileError, match=r"at least one \[\[rule\]\]"):
        loader.parse_rules("", loader.load_sources())
    with pytest.raises(ProfileError, match="link"):
        loader.parse_sources('[x]\ncite="a"\nsays="b"\nlink="here"\n')


def test_red_flags_cover_the_three_kinds_and_emergencies_lock() -> None:
    flags = loader.load_red_flags().values()
    assert {f.kind for f in flags} == set(SignKind)
    assert all(f.locks for f in flags if f.kind is SignKind.EMERGENCY)
    assert all(f.locks != f.is_weak for f in flags if f.kind is SignKind.URGENT)
    assert all(f.asks_further for f in flags if f.is_weak)
    assert "henschke_2009" in loader.load_sign_combination().sources


@given(st.integers(0, len(RULES) - 1), st.text(max_size=8))
def test_a_damaged_file_gives_rules_or_a_profile_error(at: int, patch: str) -> None:
    with contextlib.suppress(ProfileError):
        loader.parse_rules(RULES[:at] + patch + RULES[at + len(patch) :], loader.load_sources())


def _with(text: str, **changes: object) -> str:
    """A file with the first rule of `text` alone, some fields changed; None takes a field away."""
    first = tomllib.loads(text)["rule"][0] | changes
    lines = [f"{key} = {json.dumps(value)}" for key, value in first.items() if value is not None]
    return "[[rule]]\n" + "\n".join(lines) + "\n"


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"metric": None}, "metric: an edge without a metric"),
        ({"metric": None, "above": None, "below": None}, "metric: a cue needs one"),
        ({"above": 1.0, "below": 2.0}, "above: give exactly one of above and below"),
        ({"above": None, "below": None}, "above: give exactly one of above and below"),
        ({"target": None}, "target: a measured rule needs one"),
        ({"metric_name": ""}, "metric_name: a measured rule names its metric in plain words"),
    ],
)
def test_a_rule_that_cannot_be_watched_names_its_fault(changes: dict[str, object], fault: str) -> None:
    with pytest.raises(ProfileError) as caught:
        loader.parse_rules(_with(RULES, **changes), loader.load_sources())
    assert any(one.endswith(fault) for one in caught.value.faults), caught.value.faults


def test_two_rules_of_one_name_are_a_fault() -> None:
    one = _with(RULES)
    with pytest.raises(ProfileError, match=r"id: two rules are called shortened_stride"):
        loader.parse_rules(one + one, loader.load_sources())


SIGNS = (Path(loader.__file__).parent / "red_flags.toml").read_text("utf-8")


def _sign(**changes: object) -> str:
    first = next(s for s in tomllib.loads(SIGNS)["sign"] if s.get("is_weak")) | changes
    return "[[sign]]\n" + "\n".join(f"{key} = {json.dumps(value)}" for key, value in first.items()) + "\n"


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (_sign() + _sign(), "two signs are called"),
        (_sign(sources=["nobody_1900"]), "unknown source nobody_1900"),
        (_sign(asks_further=""), "a weak sign locks nothing alone and asks further"),
        (_sign(kind="rumour"), "kind"),
    ],
)
def test_a_warning_sign_that_cannot_be_asked_names_its_fault(text: str, fault: str) -> None:
    with pytest.raises(ProfileError, match=fault):
        loader.parse_red_flags(text, loader.load_sources())


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "combination"),
        ('[combination]\nn_weak_that_lock = 2\nsources = ["nobody_1900"]\n', "unknown source nobody_1900"),
    ],
)
def test_a_combination_of_signs_without_number_or_source_is_a_fault(text: str, fault: str) -> None:
    with pytest.raises(ProfileError, match=fault):
        loader.parse_sign_combination(text, loader.load_sources())
