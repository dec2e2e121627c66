"""What was measured, as values: what ``proof.json`` holds.

Nothing here starts, asks or judges anything; and nothing here knows a single cache.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeVar

Lines = tuple[tuple[str, str], ...]
T = TypeVar("T")


class Outcome(StrEnum):
    """What became of the request that a cell is about."""

    FRESH = "fresh"  # the origin was asked, with no precondition
    CONDITIONAL = "conditional"  # asked with a precondition, and answered in full
    REVALIDATED = "revalidated"  # asked with a precondition, and confirmed by a 304
    REUSED = "reused"  # the origin was not asked
    FAILED = "failed"  # the cache answered with an error of its own


@dataclass(frozen=True)
class Exchange:
    """One request as the origin saw it, and what left the origin in answer."""

    method: str
    request: Lines
    status: int
    response: Lines
    body: str = ""


@dataclass(frozen=True)
class Step:
    """One request of a client, its answer, and what the origin saw of it.

    ``body`` is None where the client cannot see it (a browser's opaque answers).
    ``note`` says what is special: ``"as user B"``, ``"the origin answers 503"``.
    ``at`` is in seconds since the case's first request.
    """

    method: str
    request: Lines
    status: int
    response: Lines
    body: str | None
    origin: tuple[Exchange, ...] = ()
    note: str = ""
    at: float = 0.0


@dataclass(frozen=True)
class Cell:
    """One case behind one cache, under one policy.

    Attributes:
        outcome: Of the requests after the first, the origin being well; the worst.
        on_error: Whether a copy that was not reused before was served while the
            origin failed.
        leaked: Whether user B was given what user A had asked for.
        allowed: What the policy permits, in words, such as "fresh only".
        wrong: Empty, or why the outcome is more or less than the policy says.
        known: Empty, or the name of the documented deviation that excuses it.
    """

    cache: str
    policy: str
    case: str
    outcome: Outcome
    on_error: bool = False
    leaked: bool = False
    allowed: str = ""
    wrong: str = ""
    known: str = ""
    steps: tuple[Step, ...] = ()

    @property
    def letter(self) -> str:
        """One or two characters: what a table shows."""
        if self.leaked:
            return "L"
        first = {
            Outcome.FRESH: ".",
            Outcome.CONDITIONAL: "v",
            Outcome.REVALIDATED: "V",
            Outcome.REUSED: "R",
            Outcome.FAILED: "?",
        }[self.outcome]
        return first + ("e" if self.on_error else "")


@dataclass(frozen=True)
class Column:
    """A cache as it was run.

    Attributes:
        name: Short, as given to ``CACHES=``: ``"nginx"``.
        setup: What is special about its configuration, in a few words.
        audience: ``"shared"`` or ``"private"``.
        honours: Whether it is configured to honour Cache-Control at all.
        skipped: Empty, or why it was not run.
    """

    name: str
    version: str
    setup: str
    audience: str
    honours: bool = True
    skipped: str = ""
    seconds: float = 0.0


@dataclass(frozen=True)
class Row:
    """A case: what the app sends, and what is asked of it."""

    name: str
    group: str
    title: str
    status: int
    fields: Lines


@dataclass(frozen=True)
class Policy:
    """A policy as it was run; ``bare`` is the app without the middleware."""

    name: str
    title: str
    sends: Lines


@dataclass(frozen=True)
class Proof:
    """One run."""

    made: str  # YYYY-MM-DD
    seconds: float
    columns: tuple[Column, ...]
    policies: tuple[Policy, ...]
    rows: tuple[Row, ...]
    cells: tuple[Cell, ...]
    schema: int = field(default=1)

    @property
    def wrong(self) -> tuple[Cell, ...]:
        """The cells in which a cache did what the policy does not say."""
        return tuple(cell for cell in self.cells if cell.wrong and not cell.known)

    def save(self, path: Path) -> None:
        """Write ``proof.json``."""
        table = _Table()
        data = {
            **asdict(replace(self, cells=())),
            "cells": [_packed(cell, table) for cell in self.cells],
        }
        text = json.dumps({**data, **asdict(table)}, separators=(",", ":"))
        path.write_text(text + "\n")


@dataclass
class _Table:
    """Field lines and lists of them, each written once: they repeat a thousandfold."""

    pairs: list[tuple[str, str]] = field(default_factory=list)
    lists: list[tuple[int, ...]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._pairs: dict[tuple[str, str], int] = {}
        self._lists: dict[tuple[int, ...], int] = {}

    def number(self, lines: Lines) -> int:
        """Return where *lines* stand among the lists."""
        numbers = tuple(_numbered(pair, self._pairs, self.pairs) for pair in lines)
        return _numbered(numbers, self._lists, self.lists)

    def lines(self, number: int) -> Lines:
        """Return the lines that stand there."""
        return tuple(self.pairs[n] for n in self.lists[number])


def _numbered(value: T, known: dict[T, int], order: list[T]) -> int:
    number = known.setdefault(value, len(order))
    if number == len(order):
        order.append(value)
    return number


def _packed(cell: Cell, table: _Table) -> dict[str, Any]:
    # Steps and exchanges as lists: their names would be half of the file.
    def listed(value: Step | Exchange, **more: Any) -> list[Any]:
        both = (value.request, value.response)
        request, response = (table.number(lines) for lines in both)
        numbers = {"request": request, "response": response}
        return list({**vars(value), **numbers, **more}.values())

    steps = [
        listed(step, origin=[listed(seen) for seen in step.origin])
        for step in cell.steps
    ]
    return {**vars(cell), "steps": steps}


def load(path: Path) -> Proof:
    """Read ``proof.json``."""
    data = json.loads(path.read_text())
    pairs = [(name, value) for name, value in data.pop("pairs")]
    table = _Table(pairs, data.pop("lists"))
    return Proof(
        **{
            **data,
            "columns": tuple(Column(**c) for c in data["columns"]),
            "policies": tuple(
                Policy(**{**p, "sends": _lines(p["sends"])}) for p in data["policies"]
            ),
            "rows": tuple(
                Row(**{**r, "fields": _lines(r["fields"])}) for r in data["rows"]
            ),
            "cells": tuple(_cell(c, table) for c in data["cells"]),
        }
    )


def _cell(data: dict[str, Any], table: _Table) -> Cell:
    steps = tuple(_step(step, table) for step in data["steps"])
    return Cell(**{**data, "outcome": Outcome(data["outcome"]), "steps": steps})


def _step(values: list[Any], table: _Table) -> Step:
    step = Step(*_with_lines(values, table))
    seen = tuple(Exchange(*_with_lines(e, table)) for e in step.origin)
    return replace(step, origin=seen)


def _with_lines(values: list[Any], table: _Table) -> list[Any]:
    method, request, status, response, *rest = values
    return [method, table.lines(request), status, table.lines(response), *rest]


def _lines(pairs: list[list[str]]) -> Lines:
    return tuple((name, value) for name, value in pairs)
