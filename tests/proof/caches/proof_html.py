"""Writes ``proof.html``: one file, nothing fetched, no script, every cell with its log.

What is shown is gathered here; its form is in ``proof.html.jinja`` and ``proof.css``.
All text of the record is hostile: it passes ``visible``, and the template escapes it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from proof_known import KNOWN
from proof_logs import Habits, Reader
from proof_record import Cell, Column, Policy, Proof, Row
from proof_shelf import Shelf, shelve
from proof_view import (
    BARE,
    DEFAULT,
    KINDS,
    MARKS,
    ON_ERROR,
    Tally,
    View,
    mark,
    visible,
    words,
)

HERE = Path(__file__).parent
#: These are open when the page is; the others open on demand.
OPEN = (DEFAULT, BARE)


@dataclass(frozen=True)
class Square:
    """One cell of a matrix: its letter, what that means, and where the log is."""

    text: str
    words: str
    log: str


@dataclass(frozen=True)
class Line:
    """A case under a policy, in all caches."""

    row: Row
    number: int
    squares: tuple[Square | None, ...]


@dataclass(frozen=True)
class Sheet:
    """A policy: its number, what it led to, and the cases by group."""

    policy: Policy
    number: int
    open: bool
    tallies: tuple[Tally | None, ...]
    groups: tuple[tuple[str, tuple[Line, ...]], ...]

    @property
    def wrong(self) -> int:
        """How many cells are wrong."""
        return sum(found.wrong for found in self.tallies if found)


@dataclass(frozen=True)
class Finding:
    """Cells of one cache and policy that are wrong for one reason."""

    cache: str
    policy: str
    why: str
    known: str
    cases: tuple[tuple[str, str], ...]  # the case and its log


def write(proof: Proof, path: Path) -> None:
    """Write the page of *proof*."""
    path.write_text(page(proof), encoding="utf-8")


def page(proof: Proof) -> str:
    """Return the page of *proof*."""
    view, reader = View(proof), Reader(proof)
    shelf = shelve(proof, reader)
    findings = list(_findings(proof.cells, shelf))
    return _template().render(
        proof=proof,
        view=view,
        duration="{} min {} s".format(*divmod(round(proof.seconds), 60)),
        again=",".join(column.name for column in view.columns[:2]),
        kinds=[*reversed(KINDS.values()), ON_ERROR],
        marks=MARKS,
        wrong=[found for found in findings if not found.known],
        known=_known(findings),
        sheets=list(_sheets(view, shelf)),
        columns=view.columns,
        habits=[_habit(column, reader.habits) for column in view.columns],
        rows=list(enumerate(proof.rows)),
        logs=shelf.logs,
        css=(HERE / "proof.css").read_text(),
    )


def _template() -> Template:
    env = Environment(
        loader=FileSystemLoader(HERE),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return env.get_template("proof.html.jinja")


def _shown(value: object) -> object:
    return visible(value) if type(value) is str else value


def _sheets(view: View, shelf: Shelf) -> Iterable[Sheet]:
    numbers = {row.name: number for number, row in enumerate(view.proof.rows)}
    for number, policy in enumerate(view.policies):
        groups = tuple(
            (group, tuple(_line(view, shelf, policy, r, numbers[r.name]) for r in rows))
            for group, rows in view.groups.items()
        )
        tallies = tuple(view.tallies.get((policy.name, c.name)) for c in view.columns)
        yield Sheet(policy, number, policy.name in OPEN, tallies, groups)


def _line(view: View, shelf: Shelf, policy: Policy, row: Row, number: int) -> Line:
    cells = (view.cell(policy.name, row.name, c.name) for c in view.columns)
    return Line(row, number, tuple(_square(cell, shelf) for cell in cells))


def _square(cell: Cell | None, shelf: Shelf) -> Square | None:
    if cell is None:
        return None
    text = f"{cell.letter}{mark(cell)}"
    # A letter that can be read aloud is part of the name; a dot is not.
    name = words(cell) if text == "." else f"{text} {words(cell)}"
    return Square(text, name, shelf.number(cell))


def _findings(cells: Sequence[Cell], shelf: Shelf) -> Iterable[Finding]:
    found: dict[tuple[str, str, str, str], list[tuple[str, str]]] = {}
    for cell in cells:
        if cell.wrong:
            why = f"{cell.wrong}; allowed: {cell.allowed}"
            key = (cell.cache, cell.policy, why, cell.known)
            found.setdefault(key, []).append((cell.case, shelf.number(cell)))
    for key, cases in found.items():
        yield Finding(*key, tuple(cases))


def _known(findings: Iterable[Finding]) -> list[tuple[str, str, list[Finding]]]:
    """Return each known deviation: its name, why it is, and where it was seen."""
    why = {row.name: row.why for row in KNOWN}
    found: dict[str, list[Finding]] = {}
    for finding in findings:
        if finding.known:
            found.setdefault(finding.known, []).append(finding)
    return [
        (name, " ".join(why.get(part, "") for part in name.split(", ")), seen)
        for name, seen in found.items()
    ]


def _habit(column: Column, habits: dict[str, Habits]) -> tuple[Column, Habits]:
    return column, habits[column.name]
