"""The focus metric against the runner's own band, for the page."""

from coach.model.cues import CueRule, FocusTarget


def focus_target(rule: CueRule, value: float | None) -> FocusTarget:
    """Band from the waking edge to the rule's limit, else as far beyond the target as the edge lies before it."""
    low, high = rule.below, rule.above
    if rule.target is not None and rule.below is not None:
        high = rule.limit if rule.limit is not None else 2 * rule.target - rule.below
    elif rule.target is not None and rule.above is not None:
        low = rule.limit if rule.limit is not None else 2 * rule.target - rule.above
    place = None
    if value is not None:
        place = "below" if low is not None and value < low else "above" if high is not None and value > high else "on"
    return FocusTarget(rule.focus, rule.metric or "", rule.metric_name, value, low, high, rule.unit, place)
