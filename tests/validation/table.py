"""Rows of numbers to a Markdown table; a missed target is set in bold."""

from typing import Any

from tests.validation.targets import REASONS, is_met

COLUMNS = {
    "strides": "found / true",
    "recall_after_first": "recall",
    "precision": "precision",
    "cadence_error_spm": "cadence, spm",
    "cadence_stated_spm": "against stated cadence, spm",
    "initial_contact_ms": "contact, ms",
    "contact_time_ms": "contact time, ms",
    "foot_strike_angle_deg": "strike angle, deg",
    "rearfoot_or_not": "rearfoot or not, of decided",
    "strike_uncertain": "uncertain",
    "stride_length_mean_pct": "length mean, %",
    "stride_length_mape_pct": "length abs., %",
    "vertical_oscillation_mm": "bounce, mm",
    "forward_lean_deg": "lean, deg",
    "axial_rotation_deg": "axial, deg",
    "while_standing": "while standing",
    "walking_as_running": "walking as running",
}
DIGITS = {
    "recall_after_first": 2,
    "precision": 2,
    "cadence_error_spm": 2,
    "cadence_stated_spm": 2,
    "rearfoot_or_not": 2,
    "strike_uncertain": 2,
}


def markdown(rows: list[dict[str, Any]]) -> str:
    used = [c for c in COLUMNS if any(row.get(c) is not None for row in rows)]
    lines = ["| recording | " + " | ".join(COLUMNS[c] for c in used) + " |", "|---" * (len(used) + 1) + "|"]
    lines += [f"| {row['recording']} | " + " | ".join(_cell(row, c) for c in used) + " |" for row in rows]
    return "\n".join(lines)


def misses(rows: list[dict[str, Any]]) -> list[str]:
    """One line a missed target, with its reason where one was found."""
    lines = []
    for row in rows:
        for column in COLUMNS:
            if not is_met(row["recording"], column, row.get(column)):
                reason = next(
                    (why for key, why in REASONS.items() if _fits(key, row["recording"], column)), "not explained"
                )
                lines.append(f"- {row['recording']}, {COLUMNS[column]} {_plain(row, column)}: {reason}")
    return lines


def _fits(key: str, name: str, column: str) -> bool:
    start, _, of = key.partition(":")
    return name.startswith(start) and column.startswith(of)


def _cell(row: dict[str, Any], column: str) -> str:
    text = _plain(row, column)
    return text if is_met(row["recording"], column, row.get(column)) else f"**{text}**"


def _plain(row: dict[str, Any], column: str) -> str:
    value = row.get(column)
    if value is None:
        return ""
    if column == "strides":
        return f"{value} / {row['n_true']}" if row.get("n_true") else str(value)
    if isinstance(value, tuple):
        return f"{value[0]:+.1f} ± {value[1]:.1f}"
    if isinstance(value, int):
        return str(value)
    digits = DIGITS.get(column, 1)
    return (
        f"{value:.{digits}f}"
        if column in ("recall_after_first", "precision", "rearfoot_or_not", "strike_uncertain")
        else f"{value:+.{digits}f}"
    )
