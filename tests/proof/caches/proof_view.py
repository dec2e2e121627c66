"""What every way to show a proof needs: legend, order, tallies, rows that are alike.

Words and numbers belong here; how they look belongs to proof_terminal.py,
proof_html.py and proof_readme.py.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from proof_record import Cell, Column, Policy, Proof, Row

DEFAULT = "no-store"
BARE = "bare"
WRONG, KNOWN = "!", "*"


@dataclass(frozen=True)
class Kind:
    """What a letter stands for."""

    letter: str
    word: str
    meaning: str


#: From bad to good: a short tally shows the first ones that occur.
KINDS: dict[str, Kind] = {
    kind.letter: kind
    for kind in (
        Kind("L", "leaked", "user B was given what user A had asked for"),
        Kind("R", "reused", "a copy was served, and the origin not asked"),
        Kind("?", "failed", "the cache answered with an error of its own"),
        Kind("V", "revalidated", "a copy was served; the origin confirmed it (304)"),
        Kind(
            "v", "conditional", "the origin was asked about a copy, and sent a new one"
        ),
        Kind(".", "fresh", "the origin was asked, with no copy in play"),
    )
}
ON_ERROR = Kind("e", "on error", "a copy was served while the origin failed")
MARKS: dict[str, str] = {
    WRONG: "wrong: more, or less, than the policy says",
    KNOWN: "wrong, and known: a documented deviation",
}


@dataclass(frozen=True)
class Tally:
    """What one cache did under one policy, in numbers."""

    total: int
    counts: Counter[str]
    on_error: int
    wrong: int
    known: int

    @property
    def short(self) -> str:
        """Two numbers at most: ``"R57 V12"``, ``"R57 !3"``; ``"."`` if all is fresh."""
        bad = [f"{x}{n}" for x in KINDS if x != "." and (n := self.counts[x])]
        if self.on_error:
            bad.append(f"e{self.on_error}")
        marked = f"{WRONG}{self.wrong}" if self.wrong else ""
        if not marked and self.known:
            marked = f"{KNOWN}{self.known}"
        shown = [*bad[:1], marked] if marked else bad[:2]
        return " ".join(filter(None, shown)) or "."

    @property
    def words(self) -> str:
        """The same in full: ``"57 reused, 143 fresh"``."""
        parts = [f"{n} {k.word}" for x, k in KINDS.items() if (n := self.counts[x])]
        parts += [f"{self.on_error} {ON_ERROR.word}"] if self.on_error else []
        parts += [f"{self.wrong} wrong"] if self.wrong else []
        parts += [f"{self.known} known"] if self.known else []
        return ", ".join(parts) or "nothing measured"


class View:
    """A proof, looked up and put in order."""

    def __init__(self, proof: Proof) -> None:
        self.proof = proof
        self.columns: tuple[Column, ...] = tuple(
            column for column in proof.columns if not column.skipped
        )
        self.skipped = tuple(column for column in proof.columns if column.skipped)
        self.policies = sorted(proof.policies, key=_first)
        self._cells = {(c.policy, c.case, c.cache): c for c in proof.cells}

    def cell(self, policy: str, case: str, cache: str) -> Cell | None:
        """Return the cell, None if it was not measured."""
        return self._cells.get((policy, case, cache))

    @cached_property
    def groups(self) -> dict[str, list[Row]]:
        """The rows by their group."""
        out: dict[str, list[Row]] = {}
        for row in self.proof.rows:
            out.setdefault(row.group, []).append(row)
        return out

    @cached_property
    def tallies(self) -> dict[tuple[str, str], Tally]:
        """What became of the cells, by policy and cache."""
        cells: dict[tuple[str, str], list[Cell]] = {}
        for cell in self.proof.cells:
            cells.setdefault((cell.policy, cell.cache), []).append(cell)
        return {key: tally(found) for key, found in cells.items()}

    def marked(self, policy: str, case: str, cache: str) -> str:
        """Return the cell's letter and mark; ``""`` if it was not measured."""
        cell = self.cell(policy, case, cache)
        return f"{cell.letter}{mark(cell)}" if cell else ""

    def alike(
        self, policy: str, rows: Sequence[Row]
    ) -> list[tuple[list[Row], tuple[str, ...]]]:
        """Return *rows* by what is in their cells, in the order of the first ones."""
        out: dict[tuple[str, ...], list[Row]] = {}
        for row in rows:
            letters = (self.marked(policy, row.name, c.name) for c in self.columns)
            out.setdefault(tuple(letters), []).append(row)
        return [(found, letters) for letters, found in out.items()]

    @cached_property
    def never(self) -> frozenset[str]:
        """The policies that say no-store."""
        return frozenset(p.name for p in self.proof.policies if _says_no_store(p))

    @cached_property
    def heeding(self) -> frozenset[str]:
        """The caches that heed Cache-Control, and were run."""
        return frozenset(c.name for c in self.columns if c.honours)

    @property
    def reuse_under_no_store(self) -> tuple[int, int]:
        """Of the cells under never-store in caches that heed it: reused, and all."""
        cells = [
            cell
            for cell in self.proof.cells
            if cell.policy in self.never and cell.cache in self.heeding
        ]
        return sum(cell.letter[0] in "LR" for cell in cells), len(cells)

    @property
    def verdict(self) -> str:
        """The numbers first: ``"34,200 cells, 0 wrong"``."""
        known = sum(bool(c.wrong and c.known) for c in self.proof.cells)
        parts = [f"{len(self.proof.cells):,} cells", f"{len(self.proof.wrong):,} wrong"]
        if known:
            parts.append(f"{known:,} known deviation{'' if known == 1 else 's'}")
        return ", ".join(parts)

    @property
    def claim(self) -> str:
        """What the never-store policies led to, as a sentence."""
        reused, total = self.reuse_under_no_store
        number = len(self.heeding)
        return (
            f"Under never-store, {reused:,} reused of {total:,} cells, in {number} "
            f"cache{'' if number == 1 else 's'} that heed{'s' * (number == 1)} "
            "Cache-Control."
        )


def mark(cell: Cell) -> str:
    """Return ``!`` for a wrong cell, ``*`` for one whose wrong is known."""
    if not cell.wrong:
        return ""
    return KNOWN if cell.known else WRONG


def words(cell: Cell) -> str:
    """Return what the cell's letter and mark stand for: ``"reused, wrong"``."""
    parts = [KINDS[cell.letter[0]].word]
    if cell.letter.endswith(ON_ERROR.letter):
        parts.append(ON_ERROR.word)
    if cell.wrong:
        parts.append("known" if cell.known else "wrong")
    return ", ".join(parts)


def tally(cells: Iterable[Cell]) -> Tally:
    """Count *cells*."""
    cells = list(cells)
    return Tally(
        len(cells),
        Counter(cell.letter[0] for cell in cells),
        sum(cell.on_error for cell in cells),
        sum(bool(cell.wrong and not cell.known) for cell in cells),
        sum(bool(cell.wrong and cell.known) for cell in cells),
    )


def visible(text: str) -> str:
    """Return *text* with nothing in it that a page or a terminal would obey."""
    return "".join(map(_sign, text)) if not text.isprintable() else text


def _sign(letter: str) -> str:
    if letter.isprintable() or letter == "\n":
        return letter
    number = ord(letter)
    return chr(0x2400 + number) if number < 0x20 else f"[U+{number:04X}]"


def codes(names: Sequence[str]) -> dict[str, str]:
    """Return two letters for each name: its first one and one that tells it apart."""
    out: dict[str, str] = {}
    for name in names:
        letters = [c for c in name.lower() if c.isalnum()] or ["x"]
        after = [a for part in name.lower().split("-")[1:] for a in part[:1]]
        tries = [letters[0] + c for c in (*after, *letters[1:], *"123456789")]
        free = [two for two in tries if two not in out.values()]
        out[name] = free[0] if free else f"{len(out):02d}"
    return out


def _first(policy: Policy) -> int:
    """The default first, and beside it what would be without the middleware."""
    return {DEFAULT: 0, BARE: 1}.get(policy.name, 2)


def _says_no_store(policy: Policy) -> bool:
    return any(
        name.lower() == "cache-control" and "no-store" in value
        for name, value in policy.sends
    )
