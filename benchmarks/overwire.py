"""The contenders behind real uvicorn, under a loopback load.

Each contender is a server process of its own. The bare app and a contender are loaded
at the same time, side by side on one core, with the clients on another; what the
machine does meanwhile meets both. A rate is requests per second of the server's CPU:
what it would serve with the core to itself. The result is the median of the pairwise
ratios, and the bare app against itself shows how far off that is.
"""

from __future__ import annotations

import statistics
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmarks import client
from benchmarks.cases import OURS_0, OURS_10000, RELAXING
from benchmarks.contenders import BARE, BASE_HTTP, HAND_WRITTEN, PEERS
from benchmarks.process import MissingError, Server, on_core
from benchmarks.rows import Group, Limit, Row
from benchmarks.server import FLOOR, OURS, SAME
from benchmarks.workloads import ITEM

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Report = Callable[[str], object]

LIMIT = Limit(least=0.97)
"""Of an app without the fields: it includes what writing them costs the server."""

PATHS = {RELAXING: "/static/app.css"}
"""What is requested, where it is not the item that no rule matches."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """Which contenders to load around which app, in so many pairs of so many seconds.

    The budget is for an app that does what apps do: it reads a list. Around the raw
    one, uvicorn alone exceeds it when it adds the fields itself; around one that
    answers a number, the hand-written middleware stands at the limit.
    """

    app: str
    names: Sequence[str]
    pairs: int = 11
    seconds: int = 1
    limit: Limit | None = None


LOADS = (
    Load(
        app="raw",
        names=(
            SAME,
            FLOOR,
            HAND_WRITTEN.name,
            *OURS,
            PEERS[0].name,
            *(each.name for each in PEERS[-2:]),
            BASE_HTTP.name,
        ),
    ),
    Load(
        app="FastAPI",
        names=(SAME, FLOOR, HAND_WRITTEN.name, *OURS),
        pairs=17,
    ),
    Load(
        app="FastAPI dropdown",
        names=(SAME, FLOOR, HAND_WRITTEN.name, OURS_0, OURS_10000),
        pairs=17,
        limit=LIMIT,
    ),
)
QUICK = (Load(app="raw", names=(OURS_0,), pairs=1),)


def run(load: Load, report: Report = lambda text: None) -> Group:
    """Load every contender beside the bare app and return their throughputs."""
    program = client.choose()
    bare_rates: list[float] = []
    rows: list[Row] = []
    with ExitStack() as servers:
        try:
            with on_core(0):
                bare = servers.enter_context(_server(load.app, BARE.name))
        except MissingError as error:
            return _group(load, program, [Row(case=BARE.name, skipped=str(error))])
        for name in load.names:
            report(f"uvicorn, {load.app} app: {name}")
            try:
                pairs = _pairs(load, name, bare, program)
            except MissingError as error:
                rows.append(Row(case=name, skipped=str(error)))
                continue
            bare_rates += [rate for rate, _ in pairs]
            rows.append(_row(name, pairs, load.limit if name in OURS else None))
    middle = statistics.median(bare_rates) if bare_rates else None
    first = Row(case=BARE.name, low=min(bare_rates, default=None), median=middle)
    return _group(load, program, [first, *rows])


def _group(load: Load, program: client.Client, rows: list[Row]) -> Group:
    return Group(
        title=f"uvicorn, {load.app} app, {program.name}",
        unit="requests/s",
        base="x bare app",
        rows=tuple(rows),
    )


def _server(app: str, name: str) -> Server:
    return Server("benchmarks.server", app, name, path=ITEM)


Pairs = list[tuple[float, float]]


def _pairs(load: Load, name: str, bare: Server, program: client.Client) -> Pairs:
    path = PATHS.get(name, ITEM)
    with ExitStack() as stack:
        with on_core(0):
            other = stack.enter_context(_server(load.app, name))
        stack.enter_context(on_core(-1))
        both = (bare, other)
        return [
            # Whoever is loaded first is ahead by a moment, so they take turns.
            _rates(both, program, path, load.seconds)
            if number % 2
            else _rates(both[::-1], program, path, load.seconds)[::-1]
            for number in range(load.pairs)
        ]


def _rates(
    servers: tuple[Server, Server], program: client.Client, path: str, seconds: int
) -> tuple[float, float]:
    before = [server.cpu_seconds() for server in servers]
    outcomes = program.load([server.port for server in servers], path, seconds)
    first, second = (
        outcome.flawless() / (server.cpu_seconds() - began)
        for server, outcome, began in zip(servers, outcomes, before, strict=True)
    )
    return first, second


def _row(name: str, pairs: Pairs, limit: Limit | None) -> Row:
    rates = [rate for _, rate in pairs]
    return Row(
        case=name,
        low=min(rates),
        median=statistics.median(rates),
        ratio=statistics.median(rate / bare for bare, rate in pairs),
        limit=limit,
    )
