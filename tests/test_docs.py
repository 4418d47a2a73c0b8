"""The documents that follow from code and data say what these say."""

import re

from tests.docs import ROOT, documents

_PATH = re.compile(r"`((?:coach|web|tests|docs|firmware_config|\.ci)/[\w./-]*\w/?)`")


def test_written_documents_are_up_to_date() -> None:
    stale = [str(p.relative_to(ROOT)) for p, text in documents().items() if not p.exists() or p.read_text() != text]
    assert stale == [], "run python -m tests.docs"


def test_a_path_named_in_a_document_exists() -> None:
    pages = [*ROOT.glob("docs/**/*.md"), ROOT / "CONTRIBUTING.md", ROOT / "README.md"]
    named = [(page.name, name) for page in pages for name in _PATH.findall(page.read_text())]
    assert len(named) > 20
    assert [one for one in named if not (ROOT / one[1]).exists()] == []
