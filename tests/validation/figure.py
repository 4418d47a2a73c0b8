"""`python -m tests.validation.figure`: one stride of a heel, a mid- and a forefoot runner, by shoe and by force plate.

Plain SVG: specific force and turn rate of the shoe, the contact that a force plate saw (50 N, grey), and the one that
the foot's gait found (lines). The strides are those in the middle of the recordings, not the best ones.
"""

from typing import Final

import numpy as np

from coach.model.samples import FloatArray
from coach.model.strides import Stride
from coach.model.units import GRAVITY_MPS2
from tests.coach.gait.on_recordings import pairs
from tests.support.recordings import Recording, read
from tests.validation.runners import strides

RUNNERS: Final = (
    ("Heel: rbds023, 3.5 m/s", "rbds023_run_3p5_left_foot_device"),
    ("Midfoot: rbds013, 3.5 m/s", "rbds013_run_3p5_right_foot_device"),
    ("Forefoot: rbds018, 3.5 m/s", "rbds018_run_3p5_left_foot_device"),
)
FROM_S: Final = -0.1
TO_S: Final = 0.4
_W, _H, _LEFT, _PANEL = 760, 570, 50, 180
_STYLE = (
    "text{font:11px sans-serif;fill:#0f201a}.soft{fill:#64766c}.force{fill:none;stroke:#0c5136;stroke-width:1.5}"
    ".turn{fill:none;stroke:#7a3fb0;stroke-width:1.5}.plate{fill:#c3cec688}.found{stroke:#b0480a;stroke-width:1.5}"
    ".grid{stroke:#c3cec6}"
)


def figure() -> str:
    """Return the picture; three panels, one under the other."""
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_W} {_H}" role="img"><style>{_STYLE}</style>',
        f'<rect width="{_W}" height="{_H}" fill="#ffffff"/>',
    ]
    for number, (title, name) in enumerate(RUNNERS):
        parts += _panel(title, read(name), 30.0 + number * _PANEL)
    parts.append(
        f'<text class="soft" x="{_LEFT}" y="{_H - 8}">Grey: on the plate (50 N). Orange: contact and toe-off as found. '
        "Green: specific force. Violet: turn rate.</text></svg>"
    )
    return "\n".join(parts)


def _panel(title: str, recording: Recording, top: float) -> list[str]:
    found, true = pairs(strides(recording.chunk), recording.strides)[len(recording.strides) // 2]
    assert isinstance(found, Stride)
    assert found.toe_off_s is not None
    zero_s = true["initial_contact_s"]
    chunk, height = recording.chunk, _PANEL - 50.0
    assert chunk.gyr_radps is not None
    is_shown = (chunk.t_s > zero_s + FROM_S) & (chunk.t_s < zero_s + TO_S)
    t = chunk.t_s[is_shown] - zero_s
    force = np.linalg.norm(chunk.acc_mps2[is_shown], axis=1) / GRAVITY_MPS2
    turn = np.linalg.norm(chunk.gyr_radps[is_shown], axis=1)
    plate = (_x(0.0), _x(true["toe_off_s"] - zero_s))
    late = [1000.0 * (found.initial_contact_s - zero_s), 1000.0 * (found.toe_off_s - true["toe_off_s"])]
    return [
        f'<text x="{_LEFT}" y="{top - 8}" font-weight="bold">{title}</text>',
        f'<text class="soft" x="{_W - 10}" y="{top - 8}" text-anchor="end">contact {late[0]:+.1f} ms, toe-off '
        f"{late[1]:+.1f} ms; force to {force.max():.0f} g, turn rate to {turn.max():.0f} rad/s</text>",
        f'<rect class="plate" x="{plate[0]:.1f}" y="{top}" width="{plate[1] - plate[0]:.1f}" height="{height}"/>',
        _path(t, force, top, height, "force"),
        _path(t, turn, top, height, "turn"),
        *(
            f'<line class="found" x1="{_x(s - zero_s):.1f}" x2="{_x(s - zero_s):.1f}" y1="{top}" y2="{top + height}"/>'
            for s in (found.initial_contact_s, found.toe_off_s)
        ),
        *(
            f'<text class="soft" x="{_x(s):.1f}" y="{top + height + 14}" text-anchor="middle">{1000 * s:.0f} ms</text>'
            for s in (0.0, 0.1, 0.2, 0.3)
        ),
    ]


def _x(t_s: float) -> float:
    return _LEFT + (_W - _LEFT - 10) * (t_s - FROM_S) / (TO_S - FROM_S)


def _path(t_s: FloatArray, values: FloatArray, top: float, height: float, kind: str) -> str:
    y = top + height * (1.0 - values / values.max())
    points = " ".join(f"{_x(s):.1f},{v:.1f}" for s, v in zip(t_s.tolist(), y.tolist(), strict=True))
    return f'<polyline class="{kind}" points="{points}"/>'


if __name__ == "__main__":
    print(figure())
