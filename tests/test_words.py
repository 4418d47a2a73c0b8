"""The words of the house: no private dialect in names, docstrings, comments, pages or documents.

A word is banned where the field or plain English has a better one (the table is `BANNED`); idioms that any engineer
would write stay allowed, each with its reason. Names count as the words they are made of: `_told_to_s` holds "told".
"""

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).resolve().parents[1]
KINDS: Final = ("*.py", "*.js", "*.toml", "*.html", "*.css", "*.md")
LEFT_OUT: Final = (
    "web/static/vendor/",  # others' work
    "tests/data/",  # bytes as others sent them
    "coach/storage/migrations/versions/",  # names in older databases
    "tests/coach/storage/test_migrations_and_models_agree.py",  # the same
    "tests/web/draw_exercises.py",  # draws bodies that stand
    "CHANGELOG.md",  # what was written then
    "tests/test_words.py",
)
ENGLISH_ONLY: Final = re.compile(r"(coach/language|web/words)/(?!en/)\w+/")  # other languages have words of their own

BANNED: Final = {  # word: what to write instead
    "told": "reported, given, delivered, shown",
    "untold": "not given",
    "tell": "report, give, deliver, show; distinguish",
    "tells": "reports, gives, shows; distinguishes",
    "anew": "again",
    "sought": "looked for",
    "felt": "measured; vibrated",
    "doubt": "uncertainty",
    "doubts": "uncertainties",
    "doubtful": "uncertain",
    "stand": "be, be in force, be standing",
    "stands": "is, is in force, is standing",
    "stood": "was, was in force, was standing",
    "way": "trajectory, distance, path, method",
    "ways": "methods, variants",
    "taken in": "imported",
    "comes of": "results from",
    "what came of": "outcome, result",
}
ALLOWED: Final = (  # idioms, in lower case without punctuation, and why
    r"under way|half way|(on|in) (the|its|their|his|her) way|makes? way|gives? way",  # movement
    r"two way|(the )?other way( round)?|(each|either|which|whichever|any|one|no|this|that) way|both ways",  # direction
    r"way (back|out|there|home)",  # direction
    r"the same way|(a|the|fair|easier) way (to|of|you|the foot|this measure)",  # manner
    r"n? ?of the way|every way",  # share, manner
    r"stands? (still|up|alone|on|with|tall|out|beside|for|in a half|in front|again)",  # a body's, or English idiom
    r"(sit|chair) (to )?stand|2 5 stands|count each full stand",  # a test of strength
    r"(level and|have to|until you|to begin|begin) stand",  # a body's
    r"stand speed",  # of a body
    r"(stream|file|super) tell|def tell self|tell where in the file",  # Python's own verb of files
    r"felt more comfortable",  # of a body: a finding of a source
    r"told to be careful",  # the id of a warning sign, kept in runners' databases
    r"told (at|by)|state told",  # columns and a state of reminders, in archives of before revision 0007
    r"tell (us|the coach)",  # the runner is asked to: a person tells
)
# A docstring's first line as a riddle of two ends instead of what is done: "Chunks in, strides out."
RIDDLE: Final = re.compile(r'^\s*"""(?:.* )?in[;,:] .* out(?:[.,:;].*|""")?$', re.MULTILINE)


_IDIOM: Final = re.compile("|".join(rf"\b(?:{idiom})\b" for idiom in ALLOWED))
_PERHAPS: Final = re.compile("|".join(word.split()[0] for word in BANNED), re.IGNORECASE)  # one line in 85


def words_of(text: str) -> str:
    """`text` as words in lower case, one blank between them; names are taken apart."""
    apart = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", text)
    return re.sub(r"[\W_]+", " ", apart).lower()


def banned_in(text: str) -> list[str]:
    if not _PERHAPS.search(text):
        return []
    words = _IDIOM.sub(" ", words_of(text))
    return [word for word in BANNED if re.search(rf"\b{word}\b", words)]


def texts() -> Iterator[tuple[str, str]]:
    listed = subprocess.run(["git", "ls-files", *KINDS], cwd=ROOT, capture_output=True, text=True, check=True)
    for name in listed.stdout.split():
        if not name.startswith(LEFT_OUT) and not ENGLISH_ONLY.match(name) and (ROOT / name).exists():
            yield name, (ROOT / name).read_text()


# With which a docstring would begin that says what is, not what to do; ruff (D401) knows "The", "A", "What".
NO_VERBS: Final = re.compile(
    r"(How|Why|One|All|Every|Each|Where|When|Who|By|In|On|From|For|As|Of|To|While|After|Until|Both|Nothing|Now)\b"
)


def without_verb(source: str) -> Iterator[str]:
    """Yield functions whose docstring begins as `NO_VERBS` has it; properties and context managers may."""
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) or not (words := ast.get_docstring(node)):
            continue
        is_noun = any(re.search("property|contextmanager", ast.unparse(one)) for one in node.decorator_list)
        if not is_noun and NO_VERBS.match(words):
            yield f"{node.name}: {words[:40]}"


def test_no_banned_word_is_written() -> None:
    found = [
        f"{name}:{number}: {word} (write {BANNED[word]}): {line.strip()[:100]}"
        for name, text in texts()
        for number, line in enumerate(text.splitlines(), 1)
        for word in banned_in(line)
    ]
    assert found == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("self._told_to_s = 1", ["told"]),
        ("const tellChoices = () =>", ["tell"]),
        ("# what is in doubt stands below", ["doubt", "stands"]),
        ("a stride that was lost on the way", []),
        ("way = StrideTrajectory()", ["way"]),
        ("at = stream.tell()", []),
        ("they understand it anyway", []),
    ],
)
def test_names_and_prose_are_taken_apart_into_words(text: str, found: list[str]) -> None:
    assert banned_in(text) == found


def test_no_docstring_opens_with_a_riddle() -> None:
    python = ((name, text) for name, text in texts() if name.endswith(".py"))
    assert [f"{name}: {found.group().strip()}" for name, text in python for found in RIDDLE.finditer(text)] == []


@pytest.mark.parametrize(
    ("line", "is_one"),
    [
        ('"""Chunks in, strides out."""', True),
        ('    """The wish and the clock in; the whole plan out.', True),
        ('"""A chunk in, the same motion out: other rate, readings lost."""', True),
        ('"""Whatever comes in, no stride comes out of nothing."""', False),
        ('"""Find the strides of one foot in chunks of its motion."""', False),
    ],
)
def test_a_riddle_is_known_by_its_two_ends(line: str, is_one: bool) -> None:
    assert bool(RIDDLE.search(line)) is is_one


def test_a_docstring_of_a_function_begins_with_what_it_does() -> None:
    rooms = ("coach/", "web/", "firmware_config/")
    python = [
        (n, t) for n, t in texts() if n.endswith(".py") and n.startswith(rooms) and not n.startswith("coach/cli/")
    ]
    assert len(python) > 100
    assert [f"{name}: {found}" for name, text in python for found in without_verb(text)] == []


def test_a_docstring_without_a_verb_is_found() -> None:
    source = 'def a():\n    """How far it is."""\n\n@property\ndef b():\n    """All of it."""'
    assert list(without_verb(source)) == ["a: How far it is."]
