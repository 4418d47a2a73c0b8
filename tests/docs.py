"""`python -m tests.docs`: write those parts of `docs/` that follow from code and data; `check` compares only."""

import json
import sys
import textwrap
import tomllib
from collections.abc import Sequence
from pathlib import Path

from coach.coaching.loader import load_rules, load_sources
from coach.interchange.device_report import read_report
from coach.model.device_reports import DeviceReport
from firmware_config.loader import load_profiles, named_sensors
from tests.support.marks import put_between

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"


def floors() -> str:
    """Return the floors of `tests/test_architecture.py` as a table, the highest first."""
    from tests.test_architecture import FLOORS

    levels = sorted(set(FLOORS.values()), reverse=True)
    rows = [f"| {n} | {', '.join(f'`{room}`' for room, floor in FLOORS.items() if floor == n)} |" for n in levels]
    return "\n".join(["| floor | rooms |", "|---|---|", *rows])


def pure() -> str:
    """Return the pure rooms of `tests/test_architecture.py` in one sentence."""
    from tests.test_architecture import PURE

    return "\n".join(textwrap.wrap(f"{', '.join(f'`{room}`' for room in PURE)}.", 118))


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
    return "\n".join([*lines, *_named()]) + "\n"


def _named() -> list[str]:
    lines = [
        "## Sensors by name",
        "",
        "From `firmware_config/named_sensors.toml`: what sensors that runners own give here, and what they do not.",
        "",
        "| sensor | name begins with | read as | gives | does not give | source |",
        "|---|---|---|---|---|---|",
    ]
    for one in named_sensors():
        names = ", ".join(f"`{prefix}`" for prefix in one.name_prefixes) or "not published"
        cells = [one.title, names, f"`{one.profile}`", *("; ".join(x) for x in (one.gives, one.lacks, one.sources))]
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def _reports() -> list[DeviceReport]:
    return [read_report(path) for path in sorted((ROOT / "tests/data/devices").glob("*.json"))]


def tried_toml(reports: Sequence[DeviceReport]) -> str:
    """Return `firmware_config/tried_sensors.toml`: the reports of owners that name a profile, for the Sensors page."""
    lines = [
        "# Written by `python -m tests.docs` from tests/data/devices. A sensor is in it once its owner has reported."
    ]
    for report in reports:
        if report.profile_id is None:
            continue
        lines += ["", "[[sensor]]", f"profile = {json.dumps(report.profile_id)}"]
        for name in ("manufacturer", "model", "firmware"):
            lines.append(f"{name} = {json.dumps(report.information.get(name, ''))}")
        lines += [f"system = {json.dumps(report.system)}", f"made_on = {json.dumps(report.made_on)}"]
        lines.append(f"problems = {json.dumps(list(report.problems))}")
    return "\n".join(lines) + "\n"


def tried_sensors(reports: Sequence[DeviceReport]) -> str:
    """Return which real sensors were reported on, and which profiles nobody has tried."""
    lines = [
        "# Tried sensors",
        "",
        "Written by `python -m tests.docs` from `tests/data/devices/`, where the reports of owners are kept.",
        "To add one: `coach scan`, then `coach sensors report ADDRESS`, and send the file that it writes. It holds no",
        "address, serial number or own name.",
        "",
    ]
    if reports:
        lines += [
            "| profile | sensor | firmware | system | readings a second | what did not fit |",
            "|---|---|---|---|---|---|",
        ]
    else:
        lines.append("Nobody has sent a report yet: no profile here has been tried on a real sensor.")
    for report in reports:
        says = report.information
        sensor = f"{says.get('manufacturer', '')} {says.get('model', '')}".strip() or report.advertised.name
        rate = report.counts.rate_hz if report.counts else None
        cells = [report.profile_id or "none", sensor, says.get("firmware", ""), report.system]
        cells += ["-" if rate is None else f"{rate:g}", "; ".join(report.problems) or "nothing"]
        lines.append(f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |")
    tried = {report.profile_id for report in reports}
    untried = [profile for profile in load_profiles().values() if profile.id not in tried]
    lines += ["", "## Profiles that nobody has tried", "", *[f"- {p.title} (`{p.id}`)" for p in untried]]
    return "\n".join(lines) + "\n"


_SITES = {"foot": "shoe", "shank": "ankle", "trunk": "pelvis or chest"}
_SHOWN = ("contact time, ms", "strike angle, deg", "stride length, cm", "step time, ms")


def accuracy(measured: str) -> str:
    """Return the rows of README's table from `docs/accuracy.md`, which `python -m tests.validation` writes.

    Shown beside the error found: the 95 % interval that the page states, and how often it held the truth.
    """
    rows = [
        "| sensor at | number | recordings | error (root mean square) | shown as ± | held the truth |",
        "|---|---|---|---|---|---|",
    ]
    for line in measured.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) == 6 and cells[0] in _SITES and cells[1] in _SHOWN:
            site, name, n, error, sd, inside = cells
            what, unit = name.split(", ")
            rows.append(
                f"| {_SITES[site]} | {what} | {n} | {error} {unit} | {1.96 * float(sd):.0f} {unit} | {inside} |"
            )
    return "\n".join(rows)


def left_out(measured: str) -> str:
    """Return README's line on runners left out of the fit, from the table of `docs/accuracy.md` on them."""
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in measured.splitlines()]
    pelvis = next(row[2] for row in rows if row[:1] == ["pelvis"] and row[1].startswith("contact time;"))
    ankle = next(row[2] for row in rows if row[:1] == ["ankle with gyroscope"] and row[1].endswith("contact time"))
    of_pelvis, of_ankle = pelvis.partition(" ms")[0], ankle.removesuffix(" ms").split(", ")[-1]
    return (
        f"- Left out of the fit in the same way, contact time is {float(of_pelvis):.0f} ms off at the pelvis and "
        f"{float(of_ankle):.0f} ms at the ankle\n  (`python -m tests.validation.ankles_and_trunks`); which cues to use "
        "was chosen on the same runners."
    )


def recompute_time(measured: str) -> str:
    """Return README's sentence on speed from `docs/performance.md`, as `python -m tests.benchmark --write` left it."""
    rows = [line.strip("|").split("|") for line in measured.splitlines() if line.startswith("|")]
    feet = next(row[-1] for row in rows if row[0].strip().startswith("recompute of a run-hour"))
    chest = next(row[-1] for row in rows if row[0].strip() == "the same with a chest sensor, CPU s")
    return (
        f"A run-hour of two feet is recomputed in {float(feet):.0f} CPU seconds, all of it ({float(chest):.0f} with a "
        "chest sensor): log, packets,\ngait, metrics, coaching, database."
    )


def documents() -> dict[Path, str]:
    """Return every document that is written by code, by its path."""
    architecture, readme = DOCS / "architecture.md", ROOT / "README.md"
    measured = (DOCS / "accuracy.md").read_text()
    page = put_between(readme.read_text(), "accuracy", accuracy(measured))
    page = put_between(page, "left out", left_out(measured))
    return {
        architecture: put_between(put_between(architecture.read_text(), "floors", floors()), "pure", pure()),
        readme: put_between(page, "speed", recompute_time((DOCS / "performance.md").read_text())),
        DOCS / "evidence.md": evidence(),
        DOCS / "protocols.md": protocols(),
        DOCS / "tried-sensors.md": tried_sensors(_reports()),
        ROOT / "firmware_config/tried_sensors.toml": tried_toml(_reports()),
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
