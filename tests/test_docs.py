"""The documents that follow from code and data say what these say."""

import re

from tests.docs import ROOT, documents

# Pages, or tables in them, are written by a command; the rest is prose, which is read in a terminal, too.
WRITTEN_BY_COMMANDS = {"accuracy.md", "advice.md", "evidence.md", "performance.md", "protocols.md", "reliability.md"}
WIDTH = 120
_PATH = re.compile(r"`((?:coach|web|tests|docs|firmware_config|\.ci)/[\w./-]*\w/?)`")


def test_written_documents_are_up_to_date() -> None:
    stale = [str(p.relative_to(ROOT)) for p, text in documents().items() if not p.exists() or p.read_text() != text]
    assert stale == [], "run python -m tests.docs"


def test_a_path_named_in_a_document_exists() -> None:
    pages = [*ROOT.glob("docs/**/*.md"), ROOT / "CONTRIBUTING.md", ROOT / "README.md"]
    named = [(page.name, name) for page in pages for name in _PATH.findall(page.read_text())]
    assert len(named) > 20
    assert [one for one in named if not (ROOT / one[1]).exists()] == []


def test_every_room_is_explained() -> None:
    from tests.test_architecture import FLOORS

    rooms = {
        "/".join(name.split(".")[:2]) for name in FLOORS if name not in ("web", "firmware_config", "coach.__main__")
    }
    explained = (ROOT / "docs" / "architecture.md").read_text().partition("## Rooms")[2].partition("\n## ")[0]
    assert [room for room in sorted(rooms) if f"`{room}`" not in explained and f"`{room}.py`" not in explained] == []


def test_decisions_are_numbered_without_a_hole() -> None:
    files = sorted((ROOT / "docs" / "decisions").glob("*.md"))
    heads = [path.read_text().splitlines()[0] for path in files]
    assert [head.partition(".")[0] for head in heads] == [f"# {n}" for n in range(1, len(files) + 1)]
    assert [path.name[:4] for path in files] == [f"{n:04}" for n in range(1, len(files) + 1)]


def test_lines_of_pages_written_by_hand_are_short() -> None:
    pages = [page for page in ROOT.glob("docs/**/*.md") if page.name not in WRITTEN_BY_COMMANDS]
    pages.append(ROOT / "CONTRIBUTING.md")
    lines = [(page.name, n, line) for page in pages for n, line in enumerate(page.read_text().splitlines(), 1)]
    assert [one[:2] for one in lines if len(one[2]) > WIDTH and not one[2].startswith("|")] == []


def test_a_page_of_an_algorithm_names_files_of_its_room_and_says_when_it_fails() -> None:
    for page in sorted((ROOT / "docs" / "algorithms").glob("*.md")):
        text, room = page.read_text(), ROOT / "coach" / "gait" / page.stem
        files = re.findall(r"`(\w+\.py)`", text)
        assert len(set(files)) >= 3, page
        assert [name for name in files if not (room / name).exists()] == [], page
        assert [word for word in ("**Assumes**", "**Fails**", "**Where from.**") if word not in text] == [], page
