"""The simulated eight weeks as a picture: step length at matched speed, cues per run, pain. Plain SVG, no library."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.simulated_block import SimulatedRun

_W, _LEFT, _STEP = 760, 60, 28
_STYLE = (
    "text{font:11px sans-serif;fill:#0f201a}.soft{fill:#64766c}.line{fill:none;stroke-width:2}"
    ".grid{stroke:#c3cec6}.early{stroke:#0c5136}.late{stroke:#b0480a}.own{fill:#d3f04599}.said{fill:#0c5136}"
    ".held{fill:#c3cec6}.dot{fill:#7a3fb0}.after{fill:none;stroke:#7a3fb0;stroke-width:1.5}"
)


def figure(runs: Sequence["SimulatedRun"]) -> str:
    """Three panels over the same runs."""
    x = [_LEFT + _STEP * i + 10 for i in range(len(runs))]
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_W} 560" role="img"><style>{_STYLE}</style>',
        f'<rect width="{_W}" height="560" fill="#ffffff"/>',
        *_steps(runs, x),
        *_cues(runs, x),
        *_pain(runs, x),
        *(f'<text x="{a}" y="548" text-anchor="middle">{r.number}</text>' for a, r in zip(x, runs, strict=True)),
        "</svg>",
    ]
    return "\n".join(parts)


def _axis(title: str, levels: Sequence[float], y: Callable[[float], float], top: float) -> list[str]:
    lines = [f'<text x="{_LEFT}" y="{top - 10}" font-weight="bold">{title}</text>']
    for level in levels:
        at = y(level)
        lines.append(f'<line class="grid" x1="{_LEFT}" x2="{_W - 10}" y1="{at:.1f}" y2="{at:.1f}"/>')
        lines.append(f'<text class="soft" x="{_LEFT - 6}" y="{at + 4:.1f}" text-anchor="end">{level:g}</text>')
    return lines


def _path(points: Sequence[tuple[float, float]], kind: str) -> str:
    return f'<polyline class="line {kind}" points="{" ".join(f"{a:.1f},{b:.1f}" for a, b in points)}"/>'


def _steps(runs: Sequence["SimulatedRun"], x: Sequence[float]) -> list[str]:
    def y(cm: float) -> float:
        return 230.0 - 16.0 * (cm - 94.0)

    known = [(a, r) for a, r in zip(x, runs, strict=True) if r.own_m is not None and r.own_sd_m is not None]
    upper = [(a, y(100 * (r.own_m + 1.96 * r.own_sd_m))) for a, r in known]  # type: ignore[operator]
    lower = [(a, y(100 * (r.own_m - 1.96 * r.own_sd_m))) for a, r in known]  # type: ignore[operator]
    band = " ".join(f"{a:.1f},{b:.1f}" for a, b in [*upper, *lower[::-1]])
    title = "Step length at 2.8 m/s, cm: fresh (green), tired (orange), the runner's own with 95 % (band)"
    return [
        *_axis(title, (94, 96, 98, 100, 102, 104), y, 50.0),
        f'<polygon class="own" points="{band}"/>',
        _path([(a, y(100 * r.step_length_m)) for a, r in zip(x, runs, strict=True)], "early"),
        _path([(a, y(100 * r.step_length_late_m)) for a, r in zip(x, runs, strict=True)], "late"),
    ]


def _cues(runs: Sequence["SimulatedRun"], x: Sequence[float]) -> list[str]:
    def y(n: float) -> float:
        return 390.0 - 8.0 * n

    lines = _axis("Cues per run: spoken (green), kept back by fading (grey); share of time below", (0, 5, 10), y, 280.0)
    for a, r in zip(x, runs, strict=True):
        top = y(r.n_spoken)
        lines.append(f'<rect class="said" x="{a - 8}" width="16" y="{top}" height="{390.0 - top}"/>')
        lines.append(
            f'<rect class="held" x="{a - 8}" width="16" y="{top - 8 * r.n_withheld}" height="{8 * r.n_withheld}"/>'
        )
        words = "ret." if r.is_retention else f"{100 * r.share:.0f}" if r.block_run else ""
        lines.append(f'<text class="soft" x="{a}" y="404" text-anchor="middle">{words}</text>')
    return lines


def _pain(runs: Sequence["SimulatedRun"], x: Sequence[float]) -> list[str]:
    def y(level: float) -> float:
        return 525.0 - 8.0 * level

    lines = _axis("Pain 0-10 before (dot) and after (ring); above 2 no load, above 5 no cues", (0, 2, 5, 10), y, 436.0)
    for a, r in zip(x, runs, strict=True):
        lines.append(f'<circle class="dot" cx="{a}" cy="{y(r.pain_before)}" r="3"/>')
        lines.append(f'<circle class="after" cx="{a}" cy="{y(r.pain_after)}" r="5"/>')
    return lines
