"""Judging what left an edge: against the plan, exactly, and against ``decide()``.

One sentence for each thing that is wrong; an edge that is stricter than the app is
counted, not blamed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from edge_cells import Cell
from edge_wire import Seen, ask

from asgi_nocache import CacheControl, decide
from asgi_nocache._core.fields import values
from asgi_nocache._core.rules import RuleSet
from asgi_nocache.export.cases import CACHING
from asgi_nocache.export.evaluate import Outcome, evaluate
from asgi_nocache.export.plan import Plan, Say


@dataclass
class Tally:
    """What a matrix came to.

    Attributes:
        cells: How many were asked.
        equal: How many leave with what the app would have decided.
        stricter: How many are stricter than that, by why.
        known: What differs from the plan as it is known to, one sentence each.
        wrong: What is wrong, one sentence each.
    """

    cells: int = 0
    equal: int = 0
    stricter: Counter[str] = field(default_factory=Counter)
    known: set[str] = field(default_factory=set)
    wrong: list[str] = field(default_factory=list)


#: What programs in Go do, which is stricter: their HTTP client writes Cache-Control:
#: no-cache into an answer that has only Pragma: no-cache, before the program sees it.
GO = frozenset(
    {"GET /raw/x 200 [pragma: no-cache]: cache-control is ['no-cache'], not []"}
)

#: Of this run: the target, the edge it was on, and what it came to.
RESULTS: list[tuple[str, str, Tally]] = []


def note(target: str, how: str, tally: Tally) -> Tally:
    """Keep *tally* for the table at the end of the run."""
    RESULTS.append((target, how, tally))
    return tally


def run(
    port: int,
    plan: Plan,
    policy_set: RuleSet,
    cells: Iterable[Cell],
    *,
    decodes: bool,
    refused: frozenset[int] = frozenset({400, 404, 414}),
    known: frozenset[str] = frozenset(),
) -> Tally:
    """Ask the edge at *port* each cell twice, and judge.

    Args:
        port: Where it listens.
        plan: What it was told.
        policy_set: What the app would follow.
        cells: What is asked.
        decodes: Whether the edge matches decoded paths.
        refused: Statuses with which the edge itself may refuse an odd spelling; then
            never-store is expected.
        known: Sentences that are not wrong: the edge is known to be stricter there.
    """
    tally = Tally()
    for number, cell in enumerate(cells):
        outcome = evaluate(plan, cell.request, cell.response, decodes=decodes)
        mark = "&" if "?" in cell.target else "?"
        seen = [_ask(port, cell, f"{cell.target}{mark}n={number}") for _ in range(2)]
        tally.cells += 1
        if not seen[0].count and seen[0].status in refused and cell.status != 404:
            wrong = list(_not_closed(seen[0]))
        else:
            wrong = list(_problems(cell, outcome, seen))
            _compare(tally, cell, seen[0], policy_set, wrong)
        said = {f"{cell}: {each}" for each in wrong}
        tally.known |= said & known
        tally.wrong += sorted(said - known)
    return tally


def _ask(port: int, cell: Cell, target: str) -> Seen:
    return ask(
        port,
        target,
        method=cell.method,
        fields=cell.fields,
        status=cell.status,
        answer=cell.answer,
    )


def _not_closed(seen: Seen) -> Iterable[str]:
    lines = seen.values("cache-control")
    if len(lines) != 1 or "no-store" not in lines[0]:
        yield f"the edge's own {seen.status} says {lines}"


def _problems(cell: Cell, outcome: Outcome, seen: list[Seen]) -> Iterable[str]:
    first, second = seen
    expected = [(n.decode(), v.decode("latin-1")) for n, v in outcome.fields]
    for name in CACHING:
        want = [v for n, v in expected if n == name]
        if first.values(name) != want:
            yield f"{name} is {first.values(name)}, not {want}"
    strict = outcome.entry is None or outcome.entry.strict
    if strict and first.status == 304:
        yield "a stale copy was confirmed: 304"
    if not first.count:
        yield f"the edge answered {first.status} by itself"
    elif outcome.answer.say is Say.NEVER and first.count == second.count:
        yield "the edge answered the second request from its own copy"


def _compare(
    tally: Tally, cell: Cell, seen: Seen, policy_set: RuleSet, wrong: list[str]
) -> None:
    decision = decide(cell.request, cell.response, policy_set, now=0)
    decided = values(tuple(decision.apply(cell.response.fields)), b"cache-control")
    left = [value.encode("latin-1") for value in seen.values("cache-control")]
    if left == decided:
        tally.equal += 1
    elif CacheControl.parse(left).covers(CacheControl.parse(decided)):
        plain = "the spelling" if "%" in cell.target or "/." in cell.target else "words"
        tally.stricter[plain] += 1
    else:
        wrong.append(f"looser than the app: {left}, not {decided}")
