"""`python -m tests.phrases`: bring the files of translated sentences up to what the coach says; `check` compares only.

The coach's own texts are English in its data (TOML) and in its code. This finds them: of a TOML file the fields that a
runner reads, of code the sentences in the modules named below. Each source has one file in every language's folder of
`coach/language`: new English comes in with an empty translation, what is no longer said goes out.
"""

import ast
import json
import re
import sys
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path

from coach.language.locales import OTHERS
from coach.language.phrases import FOLDER, Translation
from coach.model.metrics_table import METRICS

ROOT = Path(__file__).resolve().parents[1]
SENSORS = ROOT / "firmware_config"
READ = {  # fields that a runner reads, by file
    "coaching/cue_rules.toml": {"title", "metric_name", "wordings", "reason"},
    "coaching/lessons.toml": {"title", "text", "question", "options", "because", "lead", "does"},
    "coaching/red_flags.toml": {"asks", "asks_further"},
    "coaching/sources.toml": {"says"},
    "coaching/workouts.toml": {"title", "source"},
    "strength/assessments.toml": {"name", "unit", "steps", "matters_source", "source", "items"},
    "strength/exercises.toml": {
        *("name", "muscles", "kit", "optional_kit", "steps", "feel", "faults", "stop_signs"),
        *("common_stop_signs", "source"),
    },
    "strength/tracks.toml": {"name", "for_whom", "kit", "source"},
}
_FEW_RUNS = ("algorithm", "heavy", "leftovers", "recorded", "replay", "files", "importing", "recovery", "making")
_SERVICE = (
    *("reminders", "service/runner.py", "service/account.py", "service/access", "service/notify", "service/handover"),
    *("service/phone", "service/strength", "service/worker.py", "service/clinic"),
)
# Code whose sentences a runner reads: by file of phrases the rooms and modules below coach/, and modules left aside,
# whose sentences are for the command line, logs, or faults of disks, databases and files, which stay English.
SPOKEN = (
    ("sentences_coaching", ("coaching", "phone"), ("loader", "composer", "lessons")),
    ("sentences_strength", ("strength",), ("loader", "logbook")),
    (
        "sentences_runs",
        (
            "summary",
            "live/treadmill_check.py",
            "live/run.py",
            "live/run_log.py",
            "service/runs",
            "interchange/sport.py",
        ),
        _FEW_RUNS,
    ),
    (
        "sentences_sensors",
        ("radio/words.py", "radio/link_state.py", "packets/cadence.py", "service/sensors"),
        ("capture", "device_report", "registry"),
    ),
    ("sentences_service", _SERVICE, ("certificates", "repeats", "keys", "sealing", "home_assistant", "scheduler")),
)
# Code in which only what it raises is for a reader: pages' refusals, and those of the clinic, also to a runner's coach.
REFUSING = ("web", "coach/roster/people.py", "coach/service/clinic_host/host.py")
_REFUSING_ASIDE = ("server", "words", "phone_bundle")  # for the command line, and for who writes words
# Never for a runner: what only a mistaken program causes.
_NEVER = (
    "log.",
    "_log.",
    "_LOG.",
    "re.compile",
    "ValueError",
    "TypeError",
    "AssertionError",
    "LookupError",
    "KeyError",
)
EXTRA = {  # single words, and what is put together so that the search below does not see
    "sentences_coaching": (
        *(
            "on the treadmill",
            "outdoors",
            "none",
            "{n} of 10",
            "Back pain",
            "not muted",
            "Praise",
            "cadence",
            "step length",
        ),
        *("on the treadmill or outdoors", "outdoors or on the treadmill", "{place} {n} of 10: {band}"),
        *(
            "lengthen",
            "quicker",
            "softer",
            "midfoot",
            "lean",
            "swing",
            "even",
            "ease_off",
        ),  # a focus within a gate's reason
    ),
    "sentences_runs": (
        *(
            "contact time",
            "impact",
            "heart rate",
            "flight time",
            "left",
            "right",
            "{name} {percent} %",
            "{name} {change} %",
        ),
        *("left foot", "right foot", "left shank", "right shank", "pelvis", "chest", "heel", "forefoot", "unknown"),
        *("on your heels", "on your forefoot", "a ride", "a stroll"),
    ),
    "sentences_strength": (
        *(
            "Running",
            "Week 0",
            "Week 4",
            "Week 8",
            "Month 3",
            "Month 6",
            "each side",
            "seconds",
            "repetitions",
            "better",
            "worse",
        ),
        *(
            "{name}: {begin} to {end} {unit}.",
            "{name} ({detail}): {begin} to {end} {unit}.",
            "{n} {unit} and {percent} %",
        ),
        *("Paused{until}: {own_words}.", "until {day}"),
        *("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
        *("January", "February", "March", "April", "May", "June", "July"),
        *("August", "September", "October", "November", "December", "{weekday} {n} {month}, {clock}"),
    ),
    "sentences_sensors": ("steps", "strides"),
    "refusals": ("clinician", "researcher", "keeper"),
    "sentences_service": (
        *("strength session", "run"),
        *("There is nothing at this address.", "This address cannot be opened like this."),  # web/errors.py
        *(
            "a name of 1 to 40 letters is needed",
            "there is a runner {wanted} already: choose another name",
        ),  # household
    ),
}
SAME = {"s", "°", "%", "kg"}  # units that all languages write alike


def english() -> dict[str, list[str]]:
    """Every sentence that is translated, in the order of its source, by the name of its file of phrases."""
    found: dict[str, list[str]] = {}
    for source, fields in READ.items():
        table = tomllib.loads((ROOT / "coach" / source).read_text("utf-8"))
        found[source.replace("/", "_")] = list(dict.fromkeys(_texts(table, fields)))
    profiles = [tomllib.loads(file.read_text("utf-8")) for file in sorted(SENSORS.glob("profiles/*.toml"))]
    named = tomllib.loads((SENSORS / "named_sensors.toml").read_text("utf-8"))
    about = (*_texts(profiles, {"title", "quirks"}), *_texts(named, {"gives", "lacks"}))
    found["firmware_config.toml"] = list(dict.fromkeys(about))
    units = [scale.unit for row in METRICS.values() for scale in (row.scale, row.imperial) if scale]
    found["units.toml"] = [unit for unit in dict.fromkeys(units) if len(unit) > 2 and not unit.startswith(("/", "°"))]
    for name, places, aside in SPOKEN:
        files = [file for place in places for file in _modules(ROOT / "coach" / place) if file.stem not in aside]
        sentences = [*EXTRA.get(name, ()), *(one for file in files for one in _sentences(file))]
        found[f"{name}.toml"] = list(dict.fromkeys(sentences))
    refusing = [file for place in REFUSING for file in _modules(ROOT / place) if file.stem not in _REFUSING_ASIDE]
    elsewhere = {one for sentences in found.values() for one in sentences}
    refusals = dict.fromkeys(one for file in refusing for one in _refusals(file))
    found["refusals.toml"] = [*EXTRA["refusals"], *(one for one in refusals if one not in elsewhere)]
    return found


def _modules(place: Path) -> list[Path]:
    return [place] if place.suffix else sorted(place.rglob("*.py"))


def _refusals(file: Path) -> Iterator[str]:
    """The sentences that a module raises, aborts with or answers as an error."""
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Raise) or (
            isinstance(node, ast.Call) and ast.unparse(node.func) in ("abort", "error_response")
        ):
            yield from _sentences_in(node)


def _sentences(file: Path) -> Iterator[str]:
    """The sentences that a module's code holds, f-strings with their parameters in braces."""
    yield from _sentences_in(ast.parse(file.read_text("utf-8")))


def _sentences_in(tree: ast.AST) -> Iterator[str]:
    aside = {id(part) for node in ast.walk(tree) for part in _not_said(node)}
    for node in ast.walk(tree):
        if id(node) not in aside and (text := _template(node)) and _is_sentence(text.strip()):
            yield text.strip()


def _not_said(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        yield node.value  # a docstring
    elif isinstance(node, ast.JoinedStr):
        yield from (part for part in ast.walk(node) if part is not node)
    elif isinstance(node, ast.Call) and ast.unparse(node.func).startswith(_NEVER):
        yield from ast.walk(node)


def _template(node: ast.AST) -> str:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return re.sub(r"\{(\w+)[^}]*\}", r"{\1}", node.value)
    if not isinstance(node, ast.JoinedStr):
        return ""
    seen: dict[str, int] = {}
    parts = []
    for part in node.values:
        if isinstance(part, ast.FormattedValue):
            name = _name(part.value)
            seen[name] = seen.get(name, 0) + 1
            parts.append("{" + name + (str(seen[name]) if seen[name] > 1 else "") + "}")
        else:
            parts.append(str(ast.literal_eval(part)))
    return "".join(parts)


def _name(value: ast.expr) -> str:
    """A short name for what is put in: of a variable its own, of `len(...)` and of counts "n"."""
    if isinstance(value, ast.Call) and ast.unparse(value.func) == "len":
        return "n"
    names = [
        node.attr if isinstance(node, ast.Attribute) else node.id
        for node in ast.walk(value)
        if isinstance(node, ast.Attribute | ast.Name)
    ]
    return next((name.strip("_").lower() for name in names if name not in ("self", "str", "int", "abs", "join")), "x")


def _is_sentence(text: str) -> bool:
    plain = re.sub(r"\{\w+\}", "x", text)
    is_code = re.search(r"[<>=/\\]{2}|^[a-z_./-]+$|%[sd]|\bcoach [a-z]+`|^\W*$|form-data", text)
    return len(re.findall(r"[A-Za-z]{2,}", plain)) >= 2 and " " in plain.strip() and not is_code


def _texts(value: object, fields: set[str]) -> Iterator[str]:
    if isinstance(value, Mapping):
        for name, one in value.items():
            if name in fields:
                yield from (
                    text
                    for text in (one if isinstance(one, list) else [one])
                    if isinstance(text, str) and text not in SAME
                )
            yield from _texts(one, fields)
    elif isinstance(value, list):
        for one in value:
            yield from _texts(one, fields)


def written(sentences: list[str], known: Mapping[str, Translation]) -> str:
    """The file of phrases: the English, and the translation where there is one."""
    return "".join(f"{_text(one)} = {_value(known.get(one, ''))}\n" for one in sentences)


def _value(own: Translation) -> str:
    if isinstance(own, str):
        return _text(own)
    return "{ " + ", ".join(f"{plural} = {_text(text)}" for plural, text in own.items()) + " }"


def _text(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def main(is_check: bool) -> int:
    """Write the files, or with `check` name those that differ."""
    wrong = 0
    for language in OTHERS:
        folder = FOLDER / language
        folder.mkdir(exist_ok=True)
        known: dict[str, Translation] = {}
        for file in folder.glob("*.toml"):
            known |= {k: v for k, v in tomllib.loads(file.read_text("utf-8")).items() if v}
        for name, sentences in english().items():
            file, text = folder / name, written(sentences, known)
            if not file.exists() or file.read_text("utf-8") != text:
                wrong += 1
                print(file.relative_to(ROOT))
                if not is_check:
                    file.write_text(text, "utf-8")
    return wrong if is_check else 0


if __name__ == "__main__":
    sys.exit(main("check" in sys.argv[1:]))
