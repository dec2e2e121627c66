"""What is told of a proof: its words and numbers, the logs, the terminal, the README.

The proofs are made up. How anything is measured is not looked at; the page is in
``test_proof_page``.
"""

from __future__ import annotations

import io
import re
import sys
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest
from proof_made_up import NO_STORE, cell, hostile, proof, row, step
from proof_record import Cell, Column, Outcome, Proof

pytest.importorskip("rich", reason="the proof's extra is not installed")

import proof_readme
import proof_terminal
from proof_logs import Reader
from proof_picture import picture
from proof_view import KINDS, View, codes, tally
from rich.console import Console

README = Path(__file__).parents[3] / "README.md"


@pytest.fixture
def small() -> Proof:
    """A few cells, with hostile text wherever there is text."""
    return hostile()


def in_terminal(made: Proof, *, colour: bool = False) -> str:
    out = io.StringIO()
    console = Console(file=out, force_terminal=colour, highlight=False, width=100)
    proof_terminal.show(made, console)
    return out.getvalue()


# Words and numbers


def test_a_tally_shows_the_worst_first() -> None:
    cells = [cell("a", "no-store", str(n), reused=n < 2) for n in range(5)]
    leaked = replace(cells[2], leaked=True, wrong="it leaked")

    assert tally(cells).short == "R2"
    assert tally([*cells, leaked]).short == "L1 !1"
    assert tally(cells[2:]).short == "."
    assert tally([*cells, leaked]).words == "1 leaked, 2 reused, 3 fresh, 1 wrong"


def test_every_letter_has_a_word() -> None:
    letters = {Cell("a", "b", "c", outcome).letter for outcome in Outcome} | {"L"}

    assert letters == set(KINDS)


def test_codes_tell_caches_apart() -> None:
    names = ["nginx", "nginx-valid", "n", "varnish", "apache", "apache-lax", "ats"]

    found = codes(names)

    assert len(set(found.values())) == len(names)
    assert all(len(code) == 2 for code in found.values())


def test_the_claim_counts_what_heeds_only(small: Proof) -> None:
    assert View(small).claim == (
        "Under never-store, 0 reused of 3 cells, in 1 cache that heeds Cache-Control."
    )
    assert View(small).verdict == "18 cells, 1 wrong, 1 known deviation"


# Logs


def test_equal_but_for_the_run_is_equal(small: Proof) -> None:
    """Ports, dates of the run and ages make no difference."""
    one = small.cells[0]
    seen = one.steps[0].origin[0]
    later = (("Date", "Mon, 23 Nov 2026 11:00:00 GMT"), *seen.response[1:])
    other = replace(
        seen,
        request=(("host", "127.0.0.1:50002"), *seen.request[1:]),
        response=later,
    )
    steps = (replace(one.steps[0], origin=(other,)), *one.steps[1:])
    reader = Reader(small)

    assert reader.log(one) == reader.log(replace(one, steps=steps))


def test_a_log_says_what_a_cache_asked() -> None:
    made = proof(
        tuple(row(str(n)) for n in range(9)), (Column("a", "1", "", "shared"),)
    )
    plain = made.cells[0]
    asked = (("if-none-match", '"v1"'),)
    second = step(2, NO_STORE)
    seen = replace(second.origin[0], request=second.origin[0].request + asked)
    odd = replace(plain, steps=(step(1, NO_STORE), replace(second, origin=(seen,))))

    first, last = Reader(made).log(odd)

    assert first.lines == (
        "origin asked, answers 200 “case number 1”",
        "    cache-control: no-store",
        "client gets the same",
    )
    assert '  + if-none-match: "v1"' in last.lines
    assert not any("x-habit" in line for line in last.lines), "said once, as a habit"


def test_a_log_says_what_was_not_asked(small: Proof) -> None:
    last = Reader(small).log(cell("nginx", "public", "etag", reused=True))[-1]

    assert last.lines[0] == "origin not asked"
    assert last.lines[1].startswith("client gets 200 “case number 1”")


# The terminal


def test_the_terminal_is_plain_in_a_pipe(small: Proof) -> None:
    text = in_terminal(small)

    assert "\x1b" not in text
    assert "\0" not in text
    assert "gone: not run" in text
    assert "all 3 cases" in text


def test_no_color_is_heeded(small: Proof, monkeypatch: pytest.MonkeyPatch) -> None:
    coloured = in_terminal(small, colour=True)
    monkeypatch.setenv("NO_COLOR", "1")
    plain = in_terminal(small, colour=True)

    assert "\x1b[33m" in coloured, "yellow is what is reused"
    assert not re.search(r"\x1b\[(3|4|9)\dm", plain)


def test_the_terminal_tells_the_wrong_ones(small: Proof) -> None:
    text = in_terminal(small)

    assert "1 wrong" in text
    assert "nginx, public: why <script>" in text


@pytest.mark.parametrize("caches", [1, 12, 20])
def test_a_hundred_columns_are_enough(caches: int) -> None:
    names = [f"{'requests-cache' if n % 2 else 'nginx'}-{n}" for n in range(caches)]
    columns = tuple(Column(n, "1.22.1", "some words " * 9, "shared") for n in names)
    made = proof(tuple(row(f"case-{n}") for n in range(30)), columns)

    assert max(map(len, in_terminal(made).splitlines())) <= 100


# The README


def test_the_readme_is_ready_for_it() -> None:
    text = README.read_text()

    assert len(re.findall("<!-- proof -->.*?<!-- /proof -->", text, re.DOTALL)) == 1


def test_the_readme_is_rewritten_in_its_part(small: Proof, tmp_path: Path) -> None:
    readme = tmp_path / "README.md"
    readme.write_text("before\n<!-- proof -->\nold\n<!-- /proof -->\nafter\n")

    proof_readme.write(small, readme)
    once = readme.read_text()
    proof_readme.write(small, readme)

    assert readme.read_text() == once
    assert once.startswith("before\n<!-- proof -->\n![")
    assert once.endswith("<!-- /proof -->\nafter\n")
    assert "| nginx 1.22.1 | . | R3 | R3 \\!1 |" in once
    assert "2026-11-22: 18 cells, 1 wrong" in once
    assert (tmp_path / "docs/proof.svg").read_text() == picture(small)


def test_the_readme_obeys_nothing(small: Proof) -> None:
    text = proof_readme.part(small)
    for end in ("start", "end"):  # the marks of what the site shows, too
        text = text.replace(proof_readme.SECTION.format(end), "")

    table = [line for line in text.splitlines() if line.startswith("|")]
    assert {len(re.findall(r"(?<!\\)\|", line)) for line in table} == {5}
    assert not re.search(r"(?<!\\)<", text)
    assert "\x1b" not in text


@pytest.mark.parametrize("text", ["no marks", "<!-- proof --><!-- /proof -->" * 2])
def test_a_readme_without_marks_is_left_alone(
    small: Proof, tmp_path: Path, text: str
) -> None:
    readme = tmp_path / "README.md"
    readme.write_text(text)

    with pytest.raises(ValueError, match="must be once"):
        proof_readme.write(small, readme)

    assert readme.read_text() == text


def test_the_command_reads_and_writes(
    small: Proof, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved, readme = tmp_path / "proof.json", tmp_path / "README.md"
    small.save(saved)
    readme.write_text("<!-- proof --><!-- /proof -->")
    monkeypatch.setattr(sys, "argv", ["proof_readme", str(saved), str(readme)])

    assert proof_readme.main() == 0
    assert proof_readme.part(small) in readme.read_text()


def test_a_missing_proof_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    argv = ["proof_readme", str(tmp_path / "none.json"), str(tmp_path / "README.md")]
    monkeypatch.setattr(sys, "argv", argv)

    assert proof_readme.main() == 1
    assert "none.json" in capsys.readouterr().err


def test_the_picture_is_well_formed_and_has_words(small: Proof) -> None:
    root = ElementTree.fromstring(picture(small))
    names = {child.tag.rpartition("}")[2] for child in root}

    assert {"title", "desc", "rect", "text"} <= names
    assert not root.findall(".//{*}script")
    assert "nginx" in "".join(root.itertext())
