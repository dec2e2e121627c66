"""The matrix of a page: lines, letters and decisions, each text of them only once.

An audit of many routes says the same of most of them; here it is found what they
share. How it looks is the template's.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import NamedTuple

from ..effects import CACHES, LETTERS, effects_of, told
from ..values import Audit, Audited, Finding, Kind, Place
from .lines import alike, caching
from .texts import relative

#: A decision that so many lines share is written once, beside the matrix.
SHARED_FROM = 60

Lines = tuple[tuple[str, str], ...]


class Told(NamedTuple):
    """What a letter stands for: words, reason and reference."""

    words: str
    reason: str
    reference: str


@dataclass(slots=True)
class Note:
    """A letter with all that is said of it, and the caches it is said of."""

    id: str
    letter: str
    lifetime: str  # of what is stored for a time, brief
    told: tuple[Told, ...]
    caches: list[str] = field(default_factory=list)

    @property
    def words(self) -> str:
        """The words, each once."""
        return "; ".join(dict.fromkeys(each.words for each in self.told))


class Reasons(NamedTuple):
    """A decision: why, and what leaves as far as it is known."""

    decided_by: str
    steps: tuple[str, ...]
    fields: Lines


class Seen(NamedTuple):
    """What was answered when the app was asked."""

    methods: str
    status: int
    fields: Lines
    problem: str


class Source(NamedTuple):
    """Who had a say: its short name, and its number among the rules, if it has one."""

    name: str
    number: int


class Line(NamedTuple):
    """Methods of a route that are treated alike."""

    methods: str
    path: str
    kind: str
    endpoint: str
    place: str
    via: tuple[str, ...]
    sources: tuple[Source, ...]
    policy: str
    cells: tuple[Note | None, ...]
    guarded: bool  # whether the letters are for what a guard makes of the fields
    reasons: Reasons
    shared: int  # the number of its shared decision, 0 if it is its own
    seen: tuple[Seen, ...]
    found: tuple[int, ...]  # the numbers of its findings


@dataclass(frozen=True, slots=True)
class Matrix:
    """All lines, the notes to their letters, and the decisions that many share."""

    lines: tuple[Line, ...]
    notes: tuple[Note, ...]
    shared: tuple[tuple[int, Reasons], ...]


def matrix(audit: Audit, findings: Sequence[Finding]) -> Matrix:
    """Return the matrix of *audit*.

    Args:
        audit: The audit.
        findings: Those that are shown, in the order of their numbers, from 1.
    """
    groups = [tuple(group) for _, group in groupby(audit.rows, alike)]
    uses = Counter(_reasons(group) for group in groups)
    often = (reasons for reasons, number in uses.items() if number >= SHARED_FROM)
    shared = {reasons: number for number, reasons in enumerate(often, 1)}
    numbers = {source: number for number, source in enumerate(audit.hits, 1)}
    found: dict[str, list[int]] = defaultdict(list)
    for number, finding in enumerate(findings, 1):
        found[finding.where].append(number)
    notes: dict[tuple[str, tuple[Told, ...]], Note] = {}
    return Matrix(
        lines=tuple(_line(group, notes, shared, numbers, found) for group in groups),
        notes=tuple(sorted(notes.values(), key=lambda n: LETTERS.index(n.letter))),
        shared=tuple((number, reasons) for reasons, number in shared.items()),
    )


def _line(
    group: Sequence[Audited],
    notes: dict[tuple[str, tuple[Told, ...]], Note],
    shared: dict[Reasons, int],
    numbers: dict[str, int],
    found: dict[str, list[int]],
) -> Line:
    first = group[0]
    route, decision = first.route, first.decision
    reasons = _reasons(group)
    return Line(
        methods=", ".join(row.method for row in group),
        path=f"{route.host}{route.path}",
        kind="" if route.kind is Kind.ENDPOINT else route.kind.value,
        endpoint=route.qualified,
        place=where(route.place) if route.place else "",
        via=route.via,
        sources=tuple(_sources(first, numbers)),
        policy=repr(decision.policy) if decision and decision.policy else "",
        cells=tuple(_cell(group, cache.name, notes) for cache in CACHES),
        guarded=any(map(_guarded, group)),
        reasons=reasons,
        shared=shared.get(reasons, 0),
        seen=tuple(_seen(group)),
        found=tuple(number for row in group for number in found[row.key]),
    )


#: Units of time in seconds, the longest first.
_UNITS = {"y": 31_536_000, "d": 86_400, "h": 3_600, "min": 60}


def brief(seconds: float) -> str:
    """Return a time in its longest whole unit: ``"5s"``, ``"10min"``, ``"1y"``."""
    for unit, length in _UNITS.items():
        if seconds >= length and seconds % length == 0:
            return f"{seconds / length:g}{unit}"
    return f"{seconds:g}s"


def where(place: Place) -> str:
    """Return a place with its file as seen from this folder."""
    return str(Place(str(relative(place.file)), place.line))


def _reasons(group: Sequence[Audited]) -> Reasons:
    steps = (row.decision.reasons for row in group if row.decision)
    fields = dict.fromkeys(line for row in group for line in row.fields)
    return Reasons(
        group[0].decided_by,
        tuple(dict.fromkeys(step for each in steps for step in each)),
        tuple(fields),
    )


def _guarded(row: Audited) -> bool:
    """Tell whether who may ask gets other fields than those of the row."""
    plain = effects_of(row.route, row.method, row.fields)
    return bool(row.effects) and row.effects != plain


def _sources(row: Audited, numbers: dict[str, int]) -> Iterable[Source]:
    """Yield who had a say; without a decision, the words that say so."""
    if row.decision is None:
        yield Source(row.decided_by, 0)
        return
    for source in dict.fromkeys(c.source for c in row.decision.selection.choices):
        yield Source(source.partition(",")[0], numbers.get(source, 0))


def _cell(
    group: Sequence[Audited],
    cache: str,
    notes: dict[tuple[str, tuple[Told, ...]], Note],
) -> Note | None:
    effects = [row.effects[cache] for row in group if cache in row.effects]
    if not effects:
        return None
    meant = ((effect.words, told(cache, effect)) for effect in effects)
    said = tuple(dict.fromkeys(Told(w, p.reason, p.reference) for w, p in meant))
    letter = effects[0].letter
    longest = max(told(cache, effect).lifetime for effect in effects)
    lifetime = brief(longest) if letter == "S" else ""
    prefix = "X" if letter == "!" else letter  # an id that a style sheet can name
    note = notes.setdefault(
        (letter, said), Note(f"{prefix}{len(notes) + 1}", letter, lifetime, said)
    )
    if cache not in note.caches:
        note.caches.append(cache)
    return note


def _seen(group: Iterable[Audited]) -> Iterable[Seen]:
    """Yield what was answered, methods with one answer together."""
    alike: dict[tuple[int, Lines, str], list[str]] = defaultdict(list)
    for row in group:
        if (seen := row.observed) is not None:
            lower = ((name.lower(), value) for name, value in seen.fields)
            key = seen.status, tuple(caching(lower)), seen.problem
            alike[key].append(row.method)
    for (status, fields, problem), methods in alike.items():
        yield Seen(", ".join(methods), status, fields, problem)
