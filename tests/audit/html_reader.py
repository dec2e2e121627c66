"""Reads an HTML page as a browser's parser would, and fails where it had to guess."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = frozenset({"meta", "br"})
#: Elements whose end tag may be left out, and what begins instead.
ENDED_BY = {
    "p": {"p", "h2", "h3", "h4", "ul", "dl", "nav", "pre", "table", "details"},
    "li": {"li"},
    "dt": {"dt", "dd"},
    "dd": {"dt", "dd"},
    "th": {"th", "td", "tr"},
    "td": {"th", "td", "tr"},
    "tr": {"tr"},
}


@dataclass
class Element:
    """One element: its tag, attributes, and the text in it."""

    tag: str
    attrs: dict[str, str]
    inside: tuple[str, ...]  # the tags around it
    words: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


class Page(HTMLParser):
    """All elements of a page, in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[Element] = []
        self.open: list[Element] = []
        self.feed(text)
        self.close()
        assert not self.open, self.open

    def all(self, tag: str) -> list[Element]:
        return [element for element in self.elements if element.tag == tag]

    def by_id(self, name: str) -> Element:
        (found,) = [e for e in self.elements if e.attrs.get("id") == name]
        return found

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), (tag, attrs)
        while self.open and tag in ENDED_BY.get(self.open[-1].tag, ()):
            self.open.pop()
        inside = tuple(element.tag for element in self.open)
        element = Element(tag, {n: v or "" for n, v in attrs}, inside)
        self.elements.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_endtag(self, tag: str) -> None:
        while self.open[-1].tag != tag:
            assert self.open[-1].tag in ENDED_BY, (tag, self.open[-1])
            self.open.pop()
        self.open.pop()

    def handle_data(self, data: str) -> None:
        for element in self.open:
            element.words.append(data)


def section(page: Page, heading: str) -> Element:
    """Return the section that has the heading of this id."""
    (found,) = [e for e in page.all("section") if e.attrs["aria-labelledby"] == heading]
    return found
