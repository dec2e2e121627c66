"""Whether ``asgi_nocache.reuse`` foresaw what was measured.

Each measured cell must lie inside the worst case; the spec is compared and counted,
since real caches do less and more than the RFC. Nothing is judged by policy here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from email.utils import parsedate_to_datetime
from typing import Literal

from proof_outcome import outcome, preconditions
from proof_record import Cell, Exchange, Lines, Outcome, Proof, Step

from asgi_nocache import RequestFacts, ResponseFacts, reuse

Audience = Literal["private", "shared"]

#: More lines than that help nobody.
_SHOWN = 40
#: What must be foreseen at least.
NEEDED = {
    Outcome.REUSED: reuse.Outcome.REUSED,
    Outcome.REVALIDATED: reuse.Outcome.REVALIDATED,
    Outcome.CONDITIONAL: reuse.Outcome.REVALIDATED,
    Outcome.FRESH: reuse.Outcome.NOT_STORED,
    Outcome.FAILED: reuse.Outcome.NOT_STORED,
}


@dataclass(frozen=True)
class Compared:
    """How the predictions of one run fared.

    Attributes:
        measured: Cells of caches that honour Cache-Control.
        inside: Those that lie inside the worst case.
        exact: Those for which the spec says just what was measured.
        never: Those that even the worst case takes for never kept, and so they were.
        outside: One line for each cell that was not foreseen.
    """

    measured: int
    inside: int
    exact: int
    never: int
    outside: tuple[str, ...]

    def __str__(self) -> str:
        """What a terminal shows."""
        return "\n".join(
            (
                f"asgi_nocache.reuse: of {self.measured} cells of caches that heed "
                f"Cache-Control {self.inside} lie inside the worst case, "
                f"{self.never} of them foreseen as never kept; "
                f"the RFC alone says {self.exact} exactly.",
                *self.outside[:_SHOWN],
            )
        )


def compare(proof: Proof) -> Compared:
    """Compare all cells of caches that honour Cache-Control."""
    audiences: dict[str, Audience] = {
        column.name: "private" if column.audience == "private" else "shared"
        for column in proof.columns
        if column.honours
    }
    cells = [cell for cell in proof.cells if cell.cache in audiences and cell.steps]
    outside = [line for c in cells for line in _outside(c, audiences[c.cache])]
    exact = sum(_exact(cell, audiences[cell.cache]) for cell in cells)
    bad = {line.partition(":")[0] for line in outside}
    never = sum(_never(cell, audiences[cell.cache]) for cell in cells)
    return Compared(len(cells), len(cells) - len(bad), exact, never, tuple(outside))


def _outside(cell: Cell, audience: Audience) -> Iterator[str]:
    """Yield what was measured and not foreseen."""
    where = f"{cell.cache} {cell.policy} {cell.case}"
    for number, step in _probed(cell):
        measured = outcome(step, cell.steps[0])
        foreseen = _foreseen(cell, number, audience, worst_case=True)
        if foreseen.rank < NEEDED[measured].rank:
            yield f"{where}: request {number + 1} {measured}, foreseen {foreseen.value}"
    if cell.on_error:
        kept = _foreseen(cell, len(cell.steps) - 1, audience, worst_case=True)
        if kept.rank < reuse.Outcome.REVALIDATED.rank:
            yield f"{where}: served on an error, foreseen {kept.value}"


def _never(cell: Cell, audience: Audience) -> bool:
    """Tell whether the worst case says that nothing was there to be reused."""
    kept = _foreseen(cell, len(cell.steps) - 1, audience, worst_case=True)
    return kept is reuse.Outcome.NOT_STORED


def _exact(cell: Cell, audience: Audience) -> bool:
    """Tell whether the spec says of the second request what was measured."""
    for number, step in _probed(cell):
        wanted = NEEDED[outcome(step, cell.steps[0])]
        foreseen = _foreseen(cell, number, audience, worst_case=False)
        least = max(foreseen.rank, reuse.Outcome.FORWARDED.rank)
        if least != max(wanted.rank, reuse.Outcome.FORWARDED.rank):
            return False
    return True


def _probed(cell: Cell) -> Iterator[tuple[int, Step]]:
    """Yield the requests after the first that the origin would have answered well.

    Not those of a client that asks about a copy of its own: what becomes of that is
    no reuse of what a cache stored.
    """
    for number, step in enumerate(cell.steps):
        if number and _well(step) and not preconditions(step.request):
            yield number, step


def _well(step: Step) -> bool:
    """Tell whether it was the app that answered, and not an outage."""
    return not step.note.startswith("the origin")


def _foreseen(
    cell: Cell, number: int, audience: Audience, *, worst_case: bool
) -> reuse.Outcome:
    """Return the most that is foreseen, of all that could have been stored by then."""
    step = cell.steps[number]
    outcomes = [
        reuse.predict(
            reuse.Exchange(
                _request(cell, old.method, old.request),
                ResponseFacts(seen.status, _pairs(seen.response)),
            ),
            _request(cell, step.method, step.request),
            cache=audience,
            elapsed=max(0.0, step.at - at),
            response_time=_date(seen.response),
            worst_case=worst_case,
        ).outcome
        for old, seen, at in _stored(cell.steps[:number])
    ]
    return max(outcomes, key=lambda o: o.rank, default=reuse.Outcome.NOT_STORED)


def _stored(steps: Iterable[Step]) -> list[tuple[Step, Exchange, float]]:
    """Return each response that a cache could hold, and since when it is good.

    A 304 makes what was stored as good as new, and its fields take the place of
    those stored (RFC 9111 section 4.3.4), which not all caches do.
    """
    out: list[tuple[Step, Exchange, float]] = []
    for step in filter(_well, steps):
        for seen in step.origin:
            if seen.status == 304:
                known = [(old, response) for old, response, _ in out]
                out += [(old, response, step.at) for old, response in known]
                out += [(old, _updated(r, seen), step.at) for old, r in known]
            else:
                out.append((step, seen, step.at))
    return out


def _updated(stored: Exchange, by: Exchange) -> Exchange:
    names = {name.lower() for name, _ in by.response}
    kept = (line for line in stored.response if line[0].lower() not in names)
    return replace(stored, response=(*kept, *by.response))


def _request(cell: Cell, method: str, lines: Lines) -> RequestFacts:
    return RequestFacts(method, f"/{cell.policy}/{cell.case}", _pairs(lines))


def _pairs(lines: Lines) -> tuple[tuple[bytes, bytes], ...]:
    return tuple((n.encode("latin-1"), v.encode("latin-1")) for n, v in lines)


def _date(lines: Lines) -> float:
    """Return the moment of the response: its Date, else any moment at all."""
    for name, value in lines:
        if name.lower() == "date":
            return parsedate_to_datetime(value).timestamp()
    return 1_800_000_000.0
