"""Shows a proof in a terminal: every cache under every policy, then case by case.

Legible at 100 columns and without colour; a pipe and NO_COLOR get plain text. What
is counted is proof_view.py's.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from typing import TextIO

from proof_record import Column, Proof, Row
from proof_view import (
    BARE,
    DEFAULT,
    KINDS,
    KNOWN,
    MARKS,
    ON_ERROR,
    WRONG,
    View,
    codes,
    visible,
)
from rich.console import Console
from rich.text import Text

WIDTH = 100
#: Of the wrong cells, so many are told one by one; the page has them all.
TOLD = 60
STYLES = {
    "L": "bold magenta",
    "R": "yellow",
    "?": "bold red",
    "V": "cyan",
    "v": "blue",
    "e": "yellow",
    ".": "dim",
    WRONG: "bold white on red",
    KNOWN: "bold red",
}


def print_matrix(proof: Proof, file: TextIO | None = None) -> None:
    """Show *proof* on *file*, standard output by default."""
    console = Console(file=file, highlight=False)
    show(proof, console)


def show(
    proof: Proof, console: Console, policies: Sequence[str] = (DEFAULT, BARE)
) -> None:
    """Show all of *proof*, and case by case what became of it under *policies*."""
    view = View(proof)
    short = codes([column.name for column in view.columns])
    known = [p for p in view.policies if p.name in policies]
    for line in (
        *_head(view),
        *_summary(view, short),
        *_legend(),
        *(line for p in known for line in _matrix(view, p.name, short)),
        *_wrong(view),
        *_end(view),
    ):
        # Lines are made to fit; what does not is for the terminal to break.
        line.rstrip()
        console.print(_safe(line), soft_wrap=True)


def _safe(line: Text) -> Text:
    """Return *line* without what a terminal would obey, and then without colour."""
    return line if line.plain.isprintable() else Text(visible(line.plain))


def _head(view: View) -> Iterable[Text]:
    proof = view.proof
    yield Text()
    yield Text(f"asgi-nocache proof, {proof.made}: {view.verdict}", "bold")
    yield Text(view.claim)
    yield Text()


def _summary(view: View, short: dict[str, str]) -> Iterable[Text]:
    """Yield a line for each cache: what it did under each policy."""
    table = [[_tally(view, p.name, c) for p in view.policies] for c in view.columns]
    names = [p.name for p in view.policies]
    left = max([len(c.name) for c in view.columns], default=0) + 5
    widths = _widths(names, table, WIDTH - left)
    yield Text("Cases by outcome, the two worst; a lone dot: all fresh", "dim")
    for words in _stacked(names, [width - 1 for width in widths]):
        yield _line(" " * left, zip(words, widths, strict=True), "bold")
    for column, found in zip(view.columns, table, strict=True):
        line = Text(f"{short[column.name]}  ", "bold")
        line.append(f"{column.name:{left - 4}}", "" if column.honours else "dim")
        for text, width in zip(found, widths, strict=True):
            cell = _coloured(text.split())
            cell.pad_right(width - cell.cell_len)
            line.append(cell)
        yield line
    yield Text()
    for column in view.columns:
        yield Text.assemble((short[column.name], "bold"), f"  {_about(column)}")
    for column in view.skipped:
        yield Text(f"    {column.name}: not run: {column.skipped}", "yellow")
    yield Text()


def _widths(
    names: Sequence[str], table: Sequence[Sequence[str]], room: int
) -> list[int]:
    """Return how wide each policy's numbers are, with no more broken than must be."""
    numbers = [max(map(len, found)) for found in zip(*table, strict=True)]
    words = [max(len(w) + 1 for w in name.split("-")) for name in names]
    widths = [9] * len(names)
    for most in (10, 8, 7, 6, 5):
        widths = [
            max(n, min(w, most)) + 1 for n, w in zip(numbers, words, strict=False)
        ]
        if sum(widths) <= room:
            break
    return widths


def _tally(view: View, policy: str, column: Column) -> str:
    found = view.tallies.get((policy, column.name))
    return found.short if found else "-"


def _line(start: str, cells: Iterable[tuple[str, int]], style: str) -> Text:
    return Text(start + "".join(f"{text:{width}}" for text, width in cells), style)


def _about(column: Column) -> str:
    heeds = "" if column.honours else "; does not heed Cache-Control"
    text = f"{column.name} {column.version}, {column.audience}: {column.setup}{heeds}"
    return textwrap.shorten(text, WIDTH - 4, placeholder=" …")


def _stacked(names: Sequence[str], widths: Sequence[int]) -> list[list[str]]:
    """Break *names* at their hyphens, and stand them on one bottom line."""
    parts = [
        [line.replace("- ", "-") for line in textwrap.wrap(spaced, width)]
        for name, width in zip(names, widths, strict=True)
        for spaced in [name.replace("-", "- ")]
    ]
    high = max(map(len, parts), default=0)
    padded = [[""] * (high - len(lines)) + lines for lines in parts]
    return [list(line) for line in zip(*padded, strict=True)]


def _legend() -> Iterable[Text]:
    for kind in (*reversed(KINDS.values()), ON_ERROR):
        yield Text.assemble(
            "  ", (kind.letter, STYLES[kind.letter]), f"  {kind.word}: {kind.meaning}"
        )
    for sign, meaning in MARKS.items():
        yield Text.assemble("  ", (sign, STYLES[sign]), f"  {meaning}")


def _matrix(view: View, policy: str, short: dict[str, str]) -> Iterable[Text]:
    """Yield the cases under *policy*, those that are alike on one line."""
    label = WIDTH - 3 * len(view.columns) - 1
    label = max(label, 24)
    title = next(p.title for p in view.proof.policies if p.name == policy)
    yield Text()
    yield Text(f"{policy}: {title}", "bold underline")
    yield Text(" " * label + "".join(f"{two:3}" for two in short.values()), "bold")
    rows = view.proof.rows
    everywhere = view.alike(policy, rows)
    if len(everywhere) == 1:
        yield _row(f"all {len(rows)} cases", everywhere[0][1], label)
        return
    for group, found in view.groups.items():
        alike = view.alike(policy, found)
        if len(alike) == 1:
            yield _row(f"{group}: all {len(found)}", alike[0][1], label)
            continue
        yield Text(group, "italic")
        for some, letters in alike:
            yield from _rows(some, letters, label)


def _rows(rows: Sequence[Row], letters: Sequence[str], label: int) -> Iterable[Text]:
    names = ", ".join(row.name for row in rows)
    lines = textwrap.wrap(names, label - 3, break_on_hyphens=False)
    yield _row(f"  {lines[0]}", letters, label)
    for line in lines[1:]:
        yield Text(f"  {line}")


def _row(name: str, letters: Sequence[str], label: int) -> Text:
    line = Text(f"{name:{label}}")
    for text in letters:
        cell = _coloured([text or "-"])
        cell.pad_right(3 - cell.cell_len)
        line.append(cell)
    return line


def _coloured(parts: Iterable[str]) -> Text:
    """Return *parts*, each in the colour of its letter, and a mark in its own."""
    line = Text()
    for number, part in enumerate(parts):
        line.append(" " if number else "")
        style = STYLES.get(part[:1], "")
        if part[-1:] in MARKS:
            line.append(part[:-1], style)
            line.append(part[-1:], STYLES[part[-1]])
        else:
            line.append(part, style)
    return line


def _wrong(view: View) -> Iterable[Text]:
    """Yield the wrong cells, those with one reason together."""
    wrong = view.proof.wrong
    yield Text()
    if not wrong:
        yield Text("Nothing is wrong.", "bold green")
        return
    yield Text(f"{len(wrong):,} wrong", "bold red")
    found: dict[tuple[str, str, str], list[str]] = {}
    for cell in wrong:
        why = f"{cell.wrong}; allowed: {cell.allowed}"
        found.setdefault((cell.cache, cell.policy, why), []).append(cell.case)
    for (cache, policy, why), cases in list(found.items())[:TOLD]:
        yield Text.assemble("  ", (f"{cache}, {policy}", "bold"), f": {why}")
        names = textwrap.wrap(", ".join(cases), WIDTH - 6, break_on_hyphens=False)
        yield from (Text(f"      {line}") for line in names[:4])
        if len(names) > 4:
            yield Text("      …")
    if len(found) > TOLD:
        yield Text(f"  … and {len(found) - TOLD} more, in proof.html")


def _end(view: View) -> Iterable[Text]:
    names = ",".join(column.name for column in view.columns[:2]) or "nginx"
    minutes, seconds = divmod(round(view.proof.seconds), 60)
    yield Text()
    yield Text(
        f"{minutes} min {seconds} s. Some of it again: make proof CACHES={names}"
    )
