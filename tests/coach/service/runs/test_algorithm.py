"""An algorithm's identity changes with what determines a number, and with nothing else."""

import io
import re
import sys
import tokenize
from contextlib import closing
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from coach.service.runs import algorithm
from coach.service.runs.algorithm import algorithm_id, essence, identity_of, with_algorithm
from coach.service.runs.history import HistoryService
from coach.storage.store import Store
from coach.summary.document import analysis_document
from coach.summary.summarise import summarise
from tests.support.common import need_reference

SOURCES = algorithm._sources()


def test_the_identity_is_the_same_each_time_and_short_enough_to_read_out() -> None:
    assert algorithm_id() == identity_of(SOURCES, algorithm.np.__version__)
    assert re.fullmatch(r"[0-9a-f]{16}", algorithm_id())


@pytest.mark.parametrize(
    "name",
    ["coach/gait/shank/params.py", "coach/packets/movesense.py", "coach/summary/bins.py", "coach/model/metrics.py"],
)
@pytest.mark.slow
def test_a_changed_constant_changes_it(name: str) -> None:
    changed = re.sub(r"(?m)^([A-Z_a-z ]+(?:: \w+)? = )([0-9.]+)", r"\g<1>77\2", SOURCES[name], count=1)
    if changed == SOURCES[name]:
        changed = SOURCES[name] + "\nNEW = 1\n"
    assert identity_of(SOURCES | {name: changed}, "1") != identity_of(SOURCES, "1")


@pytest.mark.slow
def test_a_changed_profile_and_another_numpy_change_it() -> None:
    name = next(name for name in SOURCES if name.endswith("movesense.toml"))
    assert identity_of(SOURCES | {name: SOURCES[name] + "\n#"}, "1") != identity_of(SOURCES, "1")
    assert identity_of(SOURCES, "2.0") != identity_of(SOURCES, "2.1")


def test_words_about_the_code_do_not_change_it() -> None:
    name = "coach/gait/shank/params.py"
    talked = SOURCES[name].replace('"""', '"""More words. ', 1) + "\n\n# a remark\n"
    assert talked != SOURCES[name]
    assert identity_of(SOURCES | {name: talked}, "1") == identity_of(SOURCES, "1")


def test_pages_words_and_services_are_not_part_of_it() -> None:
    found = [name for name in SOURCES if name.startswith(("web/", "coach/service", "coach/cli", "coach/storage"))]
    # these two feed a recording through the pipeline and sum it up: what they do determines numbers
    assert found == ["coach/service/runs/replay_reader.py", "coach/service/runs/summing.py"]
    assert {"coach/live/pipeline.py", "coach/live/timeline.py"} <= set(SOURCES)


def test_strings_that_are_values_are_kept() -> None:
    head = '"""Doc."""\nA = "# not a comment"  # a comment\n\n\ndef f():\n    """Doc\n    of two lines."""\n'
    source = head + '    return """kept"""\n'
    assert essence(source) == 'A = "# not a comment"\ndef f():\n    return """kept"""'


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="its tokenizer takes a string with parameters to pieces")
def test_words_are_found_where_the_tokenizer_of_python_finds_them() -> None:
    nothing = {tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.NL, tokenize.COMMENT}
    for name in (name for name in SOURCES if name.endswith(".py")):
        lines, before = SOURCES[name].split("\n"), tokenize.INDENT
        tokens = list(tokenize.generate_tokens(io.StringIO(SOURCES[name]).readline))
        spans = []
        for token, after in pairwise(tokens):
            is_alone = before in nothing and after.type in (tokenize.NEWLINE, tokenize.NL)
            if token.type == tokenize.COMMENT or (token.type == tokenize.STRING and is_alone):
                spans.append((token.start, token.end))
            before = token.type
        for (row, column), (end_row, end_column) in reversed(spans):
            lines[row - 1 : end_row] = [lines[row - 1][:column] + lines[end_row - 1][end_column:]]
        assert essence(SOURCES[name]) == "\n".join(line.rstrip() for line in lines if line.strip()), name


@pytest.mark.parametrize(
    ("source", "kept"),
    [
        ('A = "it\'s # none"  # it is one', 'A = "it\'s # none"'),
        ('def f():\n    r"""Raw \\d, "quoted"."""\n    return 1', "def f():\n    return 1"),
        ("'''One\n# line'''\nB = '\\'#'", "B = '\\'#'"),
        ('C = {\n    "a": 1,\n}', 'C = {\n    "a": 1,\n}'),
        ('D = f"{x!r} # {y}"\n# "\nE = 2', 'D = f"{x!r} # {y}"\nE = 2'),
        ('G = "a" "b"\n"""words"""\nH = x in "abc"', 'G = "a" "b"\nH = x in "abc"'),
    ],
)
def test_a_comment_is_none_inside_a_string_nor_a_string_words_beside_a_value(source: str, kept: str) -> None:
    assert essence(source) == kept


def test_an_analysed_recording_says_which_algorithm_read_it() -> None:
    document = analysis_document({}, [], algorithm=algorithm_id())
    assert document["summary"]["algorithm"] == algorithm_id()


def test_strides_that_are_only_summed_up_again_keep_the_identity_of_what_computed_them() -> None:
    summary = summarise([])
    assert with_algorithm(summary, None).algorithm == algorithm_id()
    assert with_algorithm(summary, replace(summary, algorithm="older")).algorithm == "older"
    assert with_algorithm(summary, summary).algorithm == ""


def test_the_parts_of_a_run_and_a_trimmed_run_keep_its_identity(tmp_path: Path) -> None:
    with closing(Store(tmp_path / "coach.sqlite")) as store:
        history = HistoryService(store, tmp_path)
        imported = history.files.import_bytes(need_reference("fit/stryd-backgaden-1km.fit").read_bytes())
        (run_id,) = imported.run_ids
        before = store.runs.summary(run_id)
        assert before is not None
        assert before.algorithm == algorithm_id()
        store.runs.save_summary(run_id, replace(before, algorithm="older"))
        history.trim(run_id, 5.0, None)
        for part in history.split(run_id, 60.0):
            found = store.runs.summary(part.run_id)
            assert found is not None
            assert found.algorithm == "older"
