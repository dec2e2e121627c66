"""The page that is made of a proof: whole, alone, safe, and open without JavaScript.

The proofs are made up; what a log says is in ``test_proof_report``.
"""

from __future__ import annotations

import contextlib
import re
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from proof_made_up import NO_STORE, hostile, proof, row, step
from proof_record import Column, Proof

pytest.importorskip("jinja2", reason="the proof's extra is not installed")

import proof_html

sys.path.append(str(Path(__file__).parents[2] / "browser"))
import drivers


@pytest.fixture
def small() -> Proof:
    """A few cells, with hostile text wherever there is text."""
    return hostile()


# The page


class Page(HTMLParser):
    """Reads a page as strictly as the standard library can."""

    VOID = frozenset("meta br".split())
    #: Their end tags may be left out, and are where they are many.
    OPEN_ENDED = frozenset("p li td th tr dt dd tbody thead".split())

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.ids: Counter[str] = Counter()
        self.links: list[str] = []
        self.tags: Counter[str] = Counter()
        self.attributes: set[str] = set()
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        found = dict(attrs)
        assert len(found) == len(attrs), f"an attribute twice: {attrs}"
        self.attributes.update(found)
        self.ids.update([i for i in [found.get("id")] if i])
        self.links += [v for n in ("href", "src") if (v := found.get(n))]
        if tag not in self.VOID | self.OPEN_ENDED:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in self.OPEN_ENDED:
            assert self.open.pop() == tag


def test_the_page_is_whole_and_alone(small: Proof) -> None:
    """No script, nothing fetched, every link leads somewhere."""
    page = Page(proof_html.page(small))

    assert page.open == []
    assert max(page.ids.values()) == 1
    assert {link for link in page.links if link[1:] not in page.ids} == {"#_"}
    assert not page.tags.keys() & {"script", "img", "link", "iframe"}
    assert not any(name.startswith("on") for name in page.attributes)


def test_the_page_obeys_nothing(small: Proof) -> None:
    text = proof_html.page(small)

    assert "<script" not in text
    assert "<img" not in text
    assert "49" not in re.sub(r"<style>.*?</style>", "", text, flags=re.DOTALL)
    assert "&lt;script&gt;x()&lt;/script&gt;" in text
    assert not {"\0", "\x1b", "\u202e"} & set(text)
    text.encode()


def test_the_page_survives_broken_text(small: Proof) -> None:
    """A lone surrogate is a string in JSON, and cannot be written."""
    broken = replace(small.cells[0], wrong="\ud800")

    proof_html.page(replace(small, cells=(broken, *small.cells[1:]))).encode()


def test_a_cell_is_named_in_words(small: Proof) -> None:
    text = proof_html.page(small)

    assert re.search(r'aria-label="R reused">R<', text)
    assert re.search(r'aria-label="R! reused, wrong">R!<', text)
    assert re.search(r'aria-label="R\* reused, known">R\*<', text)
    assert re.search(r"aria-label=fresh>\.<", text)


def test_the_default_comes_first_and_the_control_second(small: Proof) -> None:
    heads = re.findall(r'<h2 id="p\d+">([\w-]+)', proof_html.page(small))

    assert heads == ["no-store", "bare", "public"]


def test_a_log_that_many_have_is_there_once(small: Proof) -> None:
    page = Page(proof_html.page(small))

    assert page.tags["article"] < len(small.cells) / 2


def test_twenty_thousand_cells_stay_small() -> None:
    rows = tuple(row(f"case-{n}", f"Group {n % 9}") for n in range(340))
    columns = tuple(Column(f"cache-{n}", "1.2.3", "", "shared") for n in range(20))
    made = proof(rows, columns)
    own = tuple(
        replace(c, steps=(step(1, (("x-case", c.case), *NO_STORE)), *c.steps[1:]))
        for c in made.cells
    )

    text = proof_html.page(replace(made, cells=own))

    assert len(made.cells) > 20_000
    assert Page(text).open == []
    assert len(text.encode()) < 3_000_000


# In a browser


@pytest.fixture(scope="module")
def chromium() -> Iterator[drivers.Chromium]:
    """Chromium with no JavaScript for pages."""
    binary = drivers.chromium_binary() or pytest.skip("Chromium is not installed")
    with contextlib.closing(drivers.Chromium(binary)) as running:
        running.call("Emulation.setScriptExecutionDisabled", value=True)
        yield running


SHOWN = """[...document.querySelectorAll("article")]
    .filter((log) => getComputedStyle(log).display !== "none")
    .map((log) => log.id + ": " + log.innerText)"""


@pytest.mark.browser
def test_a_cell_opens_to_its_log(
    small: Proof, chromium: drivers.Chromium, tmp_path: Path
) -> None:
    path = tmp_path / "proof.html"
    proof_html.write(small, path)
    found = re.search(r'href=#(l\w+) aria-label="R! reused, wrong"', path.read_text())
    assert found

    chromium.open(path.as_uri())
    before = chromium.evaluate(SHOWN)
    chromium.open("about:blank")  # else it is the same document, and not loaded
    chromium.open(f"{path.as_uri()}#{found[1]}")
    (log,) = chromium.evaluate(SHOWN)

    assert before == []
    assert log.startswith(f"{found[1]}: age in nginx, public")
    assert "x-evil: <script>x()</script>" in log


@pytest.mark.browser
def test_a_cell_can_be_clicked_and_closed(
    small: Proof, chromium: drivers.Chromium, tmp_path: Path
) -> None:
    path = tmp_path / "proof.html"
    proof_html.write(small, path)
    chromium.open(path.as_uri())

    chromium.evaluate(
        """document.querySelector("td a[aria-label='R reused']").click()"""
    )
    opened = chromium.evaluate(SHOWN)
    chromium.evaluate("""document.querySelector(".close").click()""")

    assert len(opened) == 1
    assert chromium.evaluate(SHOWN) == []
