"""What a gate needs to open."""

import pytest

from coach.coaching.facts import HistoryFacts
from coach.coaching.gates import GateMoment, gates_for
from coach.coaching.loader import load_rules
from coach.coaching.pain import pain_state
from coach.model.metrics import LiveMetrics
from tests.support.coaching import NOW, PROFILE


@pytest.mark.parametrize(
    ("uncertainty", "is_open"),
    [({}, False), ({"impact_vs_baseline_pct": 20.0}, False), ({"impact_vs_baseline_pct": 2.0}, True)],
)
def test_a_landing_opens_the_gate_only_with_a_known_and_small_uncertainty(
    uncertainty: dict[str, float], is_open: bool
) -> None:
    metrics = LiveMetrics(300.0, impact_g=8.0, impact_vs_baseline_pct=1.0, uncertainty=uncertainty)
    moment = GateMoment(
        t_s=300.0,
        metrics=metrics,
        pain=pain_state([], [], NOW),
        profile=PROFILE,
        facts=HistoryFacts(),
        programme_week=None,
        is_muted=False,
        is_eligible=True,
        before_cue={},
    )
    rule = next(rule for rule in load_rules() if "not_overstriding" in rule.requires)
    gate = next(gate for gate in gates_for(rule, moment) if gate.name == "not_overstriding")
    assert gate.is_open is is_open, gate.why
