"""Every link of README.md and docs/ leads somewhere.

Within the clone: to a file and to a heading of it. To the outside only the form is
looked at, since a test has no network.
"""

import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token
from page_blocks import DOCS, PAGES, ROOT, name_of

_MARKDOWN = MarkdownIt("commonmark").enable("table")
_OWN_ANCHOR = re.compile(r"\{ #(\S+) \}\s*$")


def _inline(tokens: list[Token]) -> Iterator[Token]:
    for token in tokens:
        yield token
        yield from _inline(token.children or [])


def _links(page: Path) -> list[str]:
    tokens = _inline(_MARKDOWN.parse(page.read_text(encoding="utf-8")))
    found = [t.attrs.get("href") or t.attrs.get("src") for t in tokens]
    return [str(target) for target in found if target]


def _anchors(page: Path) -> set[str]:
    """Return the anchors that the site gives to the headings of *page*."""
    tokens = _MARKDOWN.parse(page.read_text(encoding="utf-8"))
    found: set[str] = set()
    for opening, title in pairwise(tokens):
        if opening.type != "heading_open":
            continue
        own = _OWN_ANCHOR.search(title.content)
        words = re.sub(r"[^\w\s-]", "", title.content).strip().lower()
        found.add(own[1] if own else re.sub(r"[-\s]+", "-", words))
    return found


LINKS = [(page, link) for page in PAGES for link in _links(page)]


@pytest.mark.parametrize(
    ("page", "link"), LINKS, ids=[f"{name_of(page)}-{link}" for page, link in LINKS]
)
def test_the_link_leads_somewhere(page: Path, link: str) -> None:
    parts = urlsplit(link)
    if parts.scheme or parts.netloc:
        assert parts.scheme == "https"
        assert "." in parts.netloc
        return
    target = (page.parent / parts.path).resolve() if parts.path else page
    assert target.is_file(), f"{link}: no such file"
    assert target.is_relative_to(ROOT)
    if parts.fragment:
        assert parts.fragment in _anchors(target), f"{link}: no such heading"


def test_every_page_can_be_reached() -> None:
    """From the first page of the site, by links."""
    seen: set[Path] = set()
    ahead = [DOCS / "index.md"]
    while ahead:
        page = ahead.pop()
        if page in seen:
            continue
        seen.add(page)
        targets = [(page.parent / urlsplit(t).path).resolve() for t in _links(page)]
        ahead += [t for t in targets if t.suffix == ".md" and t.is_relative_to(DOCS)]

    assert seen == {page for page in PAGES if page.is_relative_to(DOCS)}
