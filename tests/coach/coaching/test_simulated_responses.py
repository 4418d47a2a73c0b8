"""A small part of `python -m tests.advice`: intervals hold, for a deaf runner no cue is said to have helped."""

import numpy as np
import pytest

from tests.advice.responses import blocks, true_effect_pct


@pytest.mark.slow
def test_intervals_hold_and_who_is_deaf_hears_no_praise_of_cues() -> None:
    deaf, answering = blocks(0.0, 10), blocks(2.16, 10)
    truth = true_effect_pct(2.16)
    assert min(len(deaf), len(answering)) >= 20
    # Bounds three binomial SDs beyond the figures of 2000 blocks (95 % held, 2.5 % helped, 84 % found), 25 runs.
    assert np.mean([r.low <= 0.0 <= r.high for r in deaf]) >= 0.80
    assert np.mean([r.low <= truth <= r.high for r in answering]) >= 0.80
    assert np.mean([bool(r.has_answered) for r in deaf]) <= 0.12
    assert np.mean([bool(r.has_answered) for r in answering]) >= 0.62
