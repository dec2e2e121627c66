"""Reading a page: its blocks, in order, and what each is for.

How a block is run belongs in ``page_session``. Sybil finds the fences and the
comments; no fence may be left that nobody claims.

A block says what it is by its language and its title; where that is not enough, a
comment says it, which readers of the site do not see::

    <!-- not run: C#, as Microsoft's documentation has it -->
    <!-- invisible-code-block: python
    assert …
    -->
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sybil import Document
from sybil.parsers.markdown.lexers import (
    DirectiveInHTMLCommentLexer,
    RawFencedCodeBlockLexer,
)

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = [
    ROOT / "README.md",
    *sorted(p for p in DOCS.rglob("*.md") if "site" not in p.relative_to(DOCS).parts),
]

_FENCES = RawFencedCodeBlockLexer(
    re.compile(r"[ \t]*(?P<language>[\w-]*)(?P<more>[^\n]*)\n")
)
_HIDDEN = DirectiveInHTMLCommentLexer("invisible-code-block", "python")
_NOT_RUN = re.compile(r"<!-- not run: (?P<reason>[^\n]+?) -->\s*\Z")
_TITLE = re.compile(r'title="(?P<title>[^"]+)"')


@dataclass(frozen=True)
class Block:
    """One block of a page.

    Attributes:
        page: The file.
        line: Of its fence, from 1.
        language: As the fence has it; ``""`` if it has none.
        title: The name of the file that it is, if it is one.
        source: What stands in it.
        not_run: Why it cannot run here, if it cannot.
        hidden: Whether readers do not see it.
    """

    page: Path
    line: int
    language: str
    title: str
    source: str
    not_run: str = ""
    hidden: bool = False

    @property
    def place(self) -> str:
        """Where it is, as editors open it."""
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def name_of(page: Path) -> str:
    """What a test calls *page*."""
    return page.relative_to(ROOT).as_posix()


def blocks_of(page: Path) -> list[Block]:
    """Return the blocks of *page*, in order."""
    text = page.read_text(encoding="utf-8")
    document = Document(text, str(page))
    return sorted(_found(page, text, document), key=lambda block: block.line)


def _found(page: Path, text: str, document: Document) -> Iterator[Block]:
    for region in _FENCES(document):
        before = _NOT_RUN.search(text[: region.start])
        title = _TITLE.search(region.lexemes["more"])
        yield Block(
            page,
            text.count("\n", 0, region.start) + 1,
            region.lexemes["language"],
            title["title"] if title else "",
            region.lexemes["source"],
            not_run=before["reason"] if before else "",
        )
    for region in _HIDDEN(document):
        line = text.count("\n", 0, region.start) + 1
        source = region.lexemes["source"]
        yield Block(page, line, "python", "", source, hidden=True)
