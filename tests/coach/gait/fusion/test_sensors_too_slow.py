"""A leg's sensor below 45 readings a second gives contacts and stride times, and says why it gives no more."""

import numpy as np
import pytest

from coach.gait.bulk import analyse
from coach.gait.fusion.body import BodyGait
from coach.model.metrics import Unknown
from coach.model.strides import Stride
from tests.coach.gait.on_recordings import pairs
from tests.support.common import mostly_slow
from tests.support.recordings import read

FOOT, ANKLE = (f"rbds023_run_3p5_left_{site}_device" for site in ("foot", "shank"))


@pytest.mark.parametrize("rate_hz", mostly_slow([25.0, 33.0], n_quick=1))
@pytest.mark.parametrize("name", [FOOT, ANKLE])
def test_contacts_and_rhythm_are_all_that_a_slow_sensor_gives(name, rate_hz):
    slow = read(name).at_rate(rate_hz)
    matched = pairs([e for e in analyse([slow.chunk]) if isinstance(e, Stride)], slow.strides)
    assert len(matched) >= 0.4 * len(slow.strides)  # landings between two readings are missed
    for stride, _ in matched:
        for field in ("contact_time_s", "toe_off_s", "foot_strike_angle_deg", "stride_length_m", "speed_mps"):
            assert getattr(stride, field) is None
    inside = [
        abs(s.initial_contact_s - row["initial_contact_s"]) <= 1.96 * s.uncertainty["initial_contact_s"]
        for s, row in matched
    ]
    assert np.mean(inside) >= 0.85


@pytest.mark.parametrize("name", [FOOT, ANKLE])
def test_the_reason_is_the_rate(name):
    slow = read(name).at_rate(25.0)
    body = BodyGait([slow.wear_site])
    body.feed(slow.chunk)
    why = body.metrics(float(slow.chunk.t_s[-1])).unknown
    assert why["contact_time_ms"] is Unknown.TOO_SLOW
