"""Whether cues helped is one pooled answer with its direction and interval, never a count of single cues."""

from coach.model.cues import CueDecision, FocusResponse
from coach.model.runs import Finding
from coach.summary.findings import findings_of

RULE, METRIC = "shortened_stride", "step_length_vs_baseline_pct"


def spoken(n: int) -> list[CueDecision]:
    return [
        CueDecision(f"c{i}", 60.0 * i, RULE, "lengthen", "cue", True, False, "Push", -4.0, -3.0, "%", (), "", "")
        for i in range(n)
    ]


def cue_finding(effect: float | None, low: float | None, high: float | None, n: int = 3, direction: int = 1) -> Finding:
    pooled = FocusResponse(RULE, "lengthen", METRIC, direction, n, 9, effect, 0.0, effect, low, high, None)
    [finding] = [f for f in findings_of({}, None, None, spoken(n), [pooled], ()) if f.id == "cues"]
    return finding


def test_a_clear_response_is_reported_with_its_size_and_interval() -> None:
    assert (
        cue_finding(1.8, 0.6, 3.0).words
        == "After cues steps were 1.8 % longer than in silent moments (95 %: 0.6 to 3.0)."
    )


def test_a_response_the_other_way_is_not_reported_as_an_answer() -> None:
    words = cue_finding(-3.0, -4.0, -2.0).words
    assert "3.0 % shorter than in silent moments (95 %: 2.0 to 4.0)" in words
    assert "the other way" in words


def test_an_interval_over_zero_claims_nothing_however_many_single_cues_were_clear() -> None:
    finding = cue_finding(0.4, -0.5, 1.3)
    assert "is not known yet" in finding.words
    assert "95 %: −0.5 to +1.3 %" in finding.reason


def test_without_silent_moments_nothing_is_known() -> None:
    assert "is not known yet" in cue_finding(None, None, None).words
    assert not [f for f in findings_of({}, None, None, [], [], ()) if f.id == "cues"]
