"""`python -m tests.docs`: write those parts of `docs/` that follow from code and data; `check` compares only."""

import sys
import tomllib
from pathlib import Path

from coach.coaching.loader import load_rules, load_sources
from firmware_config.loader import load_profiles

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"


def floors() -> str:
    """Return the floors of `tests/test_architecture.py` as a table, the highest first."""
    from tests.test_architecture import FLOORS

    levels = sorted(set(FLOORS.values()), reverse=True)
    rows = [f"| {n} | {', '.join(f'`{room}`' for room, floor in FLOORS.items() if floor == n)} |" for n in levels]
    return "\n".join(["| floor | rooms |", "|---|---|", *rows])


def evidence() -> str:
    """Return every source of a rule with what it found, and the rules that rest on it."""
    users: dict[str, list[str]] = {}
    for rule in load_rules():
        for source in rule.sources:
            users.setdefault(source, []).append(rule.id)
    lines = [
        "# Evidence",
        "",
        "Written by `python -m tests.docs` from `coach/coaching/sources.toml` and `coach/strength/*.toml`.",
        "",
        "## Cues, gates and pain rules",
        "",
    ]
    for name, source in load_sources().items():
        used = f" Used by: {', '.join(f'`{rule}`' for rule in users[name])}." if name in users else ""
        lines += [f"- **{name}**: {source.cite}. {source.says}{used} {source.link}"]
    lines += ["", "## Strength programme", ""]
    for path in sorted((ROOT / "coach/strength").glob("*.toml")):
        found = sorted(set(_sources(tomllib.loads(path.read_text()))))
        lines += [f"`{path.name}`:", "", *[f"- {one}" for one in found], ""]
    return "\n".join(lines).rstrip() + "\n"


def _sources(value: object) -> list[str]:
    if isinstance(value, dict):
        named = [v for k, v in value.items() if k.endswith("source") and isinstance(v, str)]
        return named + [one for v in value.values() for one in _sources(v)]
    return [one for v in value for one in _sources(v)] if isinstance(value, list) else []


def protocols() -> str:
    """Return what each sensor profile speaks, and where that was published."""
    lines = [
        "# Protocols",
        "",
        "Written by `python -m tests.docs` from `firmware_config/profiles/`. Each is tested byte for byte against",
        "published packets; none has been tried on hardware unless it says so.",
        "",
    ]
    for profile in load_profiles().values():
        lines += [f"## {profile.title} (`{profile.id}`)", "", f"Source: {profile.source}.", ""]
        lines += [f"- `{c.uuid}` {s.name}: {c.name} ({c.role})" for s in profile.services for c in s.characteristics]
        lines += ["", *[f"- {quirk}" for quirk in profile.quirks], ""]
    return "\n".join(lines).rstrip() + "\n"


def _with_floors(text: str) -> str:
    before, rest = text.split("<!-- floors -->")
    after = rest.split("<!-- /floors -->")[1]
    return f"{before}<!-- floors -->\n{floors()}\n<!-- /floors -->{after}"


def documents() -> dict[Path, str]:
    """Return every document that is written by code, by its path."""
    architecture = DOCS / "architecture.md"
    return {
        architecture: _with_floors(architecture.read_text()),
        DOCS / "evidence.md": evidence(),
        DOCS / "protocols.md": protocols(),
    }


def main(arguments: list[str]) -> int:
    stale = {path: text for path, text in documents().items() if not path.exists() or path.read_text() != text}
    for path, text in stale.items():
        print(f"{path.relative_to(ROOT)} {'is not up to date' if arguments else 'written'}")
        if not arguments:
            path.write_text(text)
    return bool(arguments) and bool(stale)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
