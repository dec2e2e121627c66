"""Every log of a proof once, with a number and the places where it belongs.

How a log is made is proof_logs.py's; how it looks, proof_html.py's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from string import ascii_lowercase, digits

from proof_logs import Entry, Log, Reader
from proof_record import Cell, Proof

SIGNS = digits + ascii_lowercase
#: Of the places of a log, so many lines; the tables have them all.
LINES = 12
CASES = 12


@dataclass(frozen=True)
class Place:
    """Cells that have one log: which cases under which policies in which caches."""

    policies: tuple[str, ...]
    allowed: str
    cases: tuple[str, ...]
    caches: tuple[str, ...]


@dataclass(frozen=True)
class Filed:
    """A log as it is kept.

    Attributes:
        number: Short, for an address in the page: ``"2f"``.
        more: How many cells there are beyond those in ``places``.
    """

    number: str
    entries: Log
    wrong: str
    known: str
    count: int
    places: tuple[Place, ...]
    more: int

    @property
    def title(self) -> str:
        """Where it belongs, in one line."""
        place, *others = self.places
        if self.count == 1:
            return f"{place.cases[0]} in {place.caches[0]}, {place.policies[0]}"
        alike = f"{self.count:,} cells alike"
        one = not others and not self.more and len(place.cases) == 1
        return f"{place.cases[0]}: {alike}" if one else alike


@dataclass(frozen=True)
class Shelf:
    """All logs, and which one a cell has."""

    logs: tuple[Filed, ...]
    numbers: dict[tuple[str, str, str], str]

    def number(self, cell: Cell) -> str:
        """Return the number of the cell's log."""
        return self.numbers[_key(cell)]


def shelve(proof: Proof, reader: Reader) -> Shelf:
    """Return the logs of all cells of *proof*."""
    found: dict[tuple[Log, str, str], list[Cell]] = {}
    for cell in proof.cells:
        key = (reader.log(cell), cell.wrong, cell.known)
        found.setdefault(key, []).append(cell)
    logs, numbers = [], {}
    for place, (key, cells) in enumerate(found.items()):
        number = _short(place)
        logs.append(_filed(number, *key, cells))
        numbers.update({_key(cell): number for cell in cells})
    return Shelf(tuple(logs), numbers)


def _filed(
    number: str, entries: tuple[Entry, ...], wrong: str, known: str, cells: list[Cell]
) -> Filed:
    places = _places(cells)[:LINES]
    shown = sum(len(p.cases) * len(p.caches) * len(p.policies) for p in places)
    more = len(cells) - shown
    return Filed(number, entries, wrong, known, len(cells), tuple(places), more)


def _places(cells: Sequence[Cell]) -> list[Place]:
    """Return where *cells* stand, as few lines as say it."""
    caches: dict[tuple[str, str, str], list[str]] = {}
    for cell in cells:
        key = (cell.allowed, cell.policy, cell.case)
        caches.setdefault(key, []).append(cell.cache)
    cases: dict[tuple[str, str, tuple[str, ...]], list[str]] = {}
    for (allowed, policy, case), names in caches.items():
        cases.setdefault((allowed, policy, tuple(names)), []).append(case)
    policies: dict[tuple[str, tuple[str, ...], tuple[str, ...]], list[str]] = {}
    for (allowed, policy, where), found in cases.items():
        policies.setdefault((allowed, where, tuple(found)), []).append(policy)
    return [
        Place(tuple(policy), allowed, found[:CASES], where)
        for (allowed, where, found), policy in policies.items()
    ]


def _key(cell: Cell) -> tuple[str, str, str]:
    return cell.policy, cell.case, cell.cache


def _short(number: int) -> str:
    out = SIGNS[number % 36]
    while number := number // 36:
        out = SIGNS[number % 36] + out
    return out
