"""The table of a run: frameworks by servers, for the terminal and for the README."""

from __future__ import annotations

import platform
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from servers_expect import EXPECTATIONS
from servers_known import KNOWN
from servers_start import COLUMNS, FRAMEWORKS, SERVERS, installed

#: Where the README holds the table.
_BEGIN, _END = "<!-- servers: made by make servers-readme -->", "<!-- /servers -->"


class Cell(NamedTuple):
    """What a pair showed.

    Attributes:
        met: How many expectations were met.
        letters: The explanations of the others.
        wrong: What is neither, in words.
    """

    met: int
    letters: str
    wrong: tuple[str, ...]

    def __str__(self) -> str:
        if self.wrong:
            return f"{len(self.wrong)} WRONG"
        return f"{self.met} {self.letters}".strip()


#: What this run has seen, by framework and column.
RESULTS: dict[tuple[str, str], Cell] = {}


def table() -> list[list[str]]:
    """Return the rows, the heading first."""
    columns = [c for c in COLUMNS if any(found == c for _, found in RESULTS)]
    versions = {c: installed(SERVERS[COLUMNS[c].server].needs[0]) for c in columns}
    rows = [["", *(f"{c} ({versions[c]})" for c in columns)]]
    for framework, (distribution, *_) in FRAMEWORKS.items():
        cells = [str(RESULTS.get((framework, c), "-")) for c in columns]
        if any(cell != "-" for cell in cells):
            name = _ROW_NAMES.get(framework, framework.capitalize())
            rows.append([f"{name} {installed(distribution)}", *cells])
    return rows


_ROW_NAMES = {
    "blacksheep": "BlackSheep",
    "fastapi": "FastAPI",
    "flask": "Flask (bridge)",
    "litestar_list": "Litestar (its list)",
}


def notes() -> Iterator[str]:
    """Yield what the numbers and the letters mean."""
    yield f"Of {len(EXPECTATIONS)} expectations, on Python {platform.python_version()}."
    used = {letter for cell in RESULTS.values() for letter in cell.letters}
    for known in KNOWN:
        if known.letter in used:
            yield f"{known.letter}: {known.reason}."


def markdown() -> str:
    """Return the table and the notes for the README."""
    head, *rows = ["| " + " | ".join(row) + " |" for row in table()]
    rule = "|---" * len(table()[0]) + "|"
    return "\n".join([head, rule, *rows, "", "\\\n".join(notes())])


def write(readme: Path) -> None:
    """Put the table into *readme*, between its two marks."""
    text = readme.read_text()
    before, begin, rest = text.partition(_BEGIN)
    _, end, after = rest.partition(_END)
    if not begin or not end:
        raise ValueError(f"{readme} has no lines {_BEGIN!r} and {_END!r}")
    readme.write_text(f"{before}{_BEGIN}\n{markdown()}\n{_END}{after}")
