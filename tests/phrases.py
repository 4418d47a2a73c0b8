"""`python -m tests.phrases`: bring the files of translated sentences up to what the coach says; `check` compares only.

The coach's own texts are English in its data (TOML) and in its code. This finds them: of a TOML file the fields that a
runner reads, of code the sentences in the modules named below. Each source has one file in every language's folder of
`coach/language`: new English comes in with an empty translation, what is no longer said goes out.
"""

import json
import sys
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path

from coach.language.locales import DEFAULT, LOCALES
from coach.language.phrases import FOLDER, Translation
from coach.model.metrics_table import METRICS

ROOT = Path(__file__).resolve().parents[1]
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
SAME = {"s", "°", "%", "kg"}  # units that all languages write alike


def english() -> dict[str, list[str]]:
    """Every sentence that is translated, in the order of its source, by the name of its file of phrases."""
    found: dict[str, list[str]] = {}
    for source, fields in READ.items():
        table = tomllib.loads((ROOT / "coach" / source).read_text("utf-8"))
        found[source.replace("/", "_")] = list(dict.fromkeys(_texts(table, fields)))
    units = [scale.unit for row in METRICS.values() for scale in (row.scale, row.imperial) if scale]
    found["units.toml"] = [unit for unit in dict.fromkeys(units) if len(unit) > 2 and not unit.startswith(("/", "°"))]
    return found


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
    for language in LOCALES:
        if language == DEFAULT:
            continue
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
