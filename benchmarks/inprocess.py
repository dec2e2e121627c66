"""All contenders interleaved in one process, without a server or a socket.

The coroutines are driven by hand, so what is timed is the app and the middleware.
Contenders take turns batch by batch: whatever else the machine does meets them all.
`python -m benchmarks.inprocess --decorators` measures what a decorator switches on.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import gc
import json
import logging
import statistics
import sys
from dataclasses import dataclass
from time import perf_counter_ns
from typing import TYPE_CHECKING, Any

from benchmarks.cases import (
    COMPARISONS,
    LIFESPAN,
    WEBSOCKET,
    Case,
    Comparison,
    cases,
    decorator_cases,
)
from benchmarks.contenders import BARE, HAND_WRITTEN, Contender, ours
from benchmarks.rows import Group, Limit, Row
from benchmarks.workloads import Workload

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from benchmarks.workloads import ASGIApp


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """How long to measure: rounds of so many batches of so many calls."""

    rounds: int = 21
    batches: int = 20
    calls: int = 200

    def calls_of(self, workload: Workload) -> int:
        """Return the calls per batch: fewer where one call takes long."""
        slow = workload.chunks * (10 if workload.on_loop else 1)
        return max(1, self.calls // slow)


QUICK = Effort(rounds=2, batches=1, calls=20)


async def _receive() -> dict[str, Any]:
    return {"type": "http.request", "body": b"", "more_body": False}


async def _send(message: dict[str, Any]) -> None:
    pass


@dataclass(slots=True)
class _Runner:
    """One contender around its own app, ready to be timed."""

    name: str
    app: ASGIApp
    starts: list[dict[str, Any]]

    @classmethod
    def of(cls, contender: Contender, workload: Workload) -> _Runner:
        starts: list[dict[str, Any]] = []
        return cls(contender.name, contender.build(workload.app(starts)), starts)

    def timed(self, workload: Workload, calls: int) -> float:
        """Return the nanoseconds of one call, or of one chunk of it."""
        scopes = workload.scopes(calls)
        self.starts[:] = workload.starts(calls)
        drive = _on_loop if workload.on_loop else _by_hand
        return drive(self.app, scopes) / calls / workload.chunks


def _by_hand(app: ASGIApp, scopes: Sequence[dict[str, Any]]) -> int:
    receive, send = _receive, _send
    began = perf_counter_ns()
    for scope in scopes:
        # A coroutine that awaits nothing real ends at its first step.
        try:
            app(scope, receive, send).send(None)  # type: ignore[attr-defined]
        except StopIteration:
            pass
        else:
            raise RuntimeError("the app waits for something; drive it on a loop")
    return perf_counter_ns() - began


def _on_loop(app: ASGIApp, scopes: Sequence[dict[str, Any]]) -> int:
    async def each() -> int:
        receive, send = _receive, _send
        began = perf_counter_ns()
        for scope in scopes:
            await app(scope, receive, send)
        return perf_counter_ns() - began

    return asyncio.run(each())


def check(contender: Contender, workload: Workload) -> None:
    """Assert that *contender* sends the `cache-control` it should.

    Raises:
        RuntimeError: It does not, so its time would mean nothing.
    """
    if workload.kind != "http" or contender.name == BARE.name:
        return
    runner = _Runner.of(contender, workload)
    runner.starts[:] = workload.starts(1)
    seen: list[dict[str, Any]] = []

    async def keep(message: dict[str, Any]) -> None:
        seen.append(message)

    asyncio.run(_finish(runner.app(workload.scopes(1)[0], _receive, keep)))
    fields = [
        value for name, value in seen[0]["headers"] if name.lower() == b"cache-control"
    ]
    right = bool(fields) if contender.expects is None else fields == [contender.expects]
    if not right:
        raise RuntimeError(
            f"{contender.name!r} sent {fields}, expected {contender.expects!r}"
        )


async def _finish(awaitable: Any) -> None:
    await awaitable


def measure(case: Case, effort: Effort) -> tuple[dict[str, list[float]], list[Row]]:
    """Return nanoseconds per round by contender, and a row for each skipped one."""
    runners, skipped = _prepare(case)
    calls = effort.calls_of(case.workload)
    rounds: dict[str, list[float]] = {runner.name: [] for runner in runners}
    for runner in runners:
        runner.timed(case.workload, calls)
    for number in range(effort.rounds):
        totals = dict.fromkeys(rounds, 0.0)
        gc.collect()
        gc.disable()
        try:
            for batch in range(effort.batches):
                # Everyone starts in turn, so no place in the order is better.
                at = (number + batch) % len(runners)
                for runner in runners[at:] + runners[:at]:
                    totals[runner.name] += runner.timed(case.workload, calls)
        finally:
            gc.enable()
        for name, total in totals.items():
            rounds[name].append(total / effort.batches)
    return rounds, skipped


def _prepare(case: Case) -> tuple[list[_Runner], list[Row]]:
    runners, skipped = [], []
    for contender in case.contenders:
        try:
            check(contender, case.workload)
            runners.append(_Runner.of(contender, case.workload))
        except ImportError as error:
            skipped.append(Row(case=contender.name, skipped=str(error)))
    return runners, skipped


def group_of(case: Case, rounds: dict[str, list[float]], skipped: list[Row]) -> Group:
    """Return the rows of *case*, each with its multiple of the hand-written cost."""
    bare = rounds[BARE.name]
    hand = min(rounds[HAND_WRITTEN.name]) - min(bare)
    rows = [Row(case=BARE.name, low=min(bare), median=statistics.median(bare))]
    for name, values in rounds.items():
        if name == BARE.name:
            continue
        added = min(values) - min(bare)
        rows.append(
            Row(
                case=name,
                low=min(values),
                median=statistics.median(values),
                added=added,
                ratio=added / hand,
                limit=case.limits.get(name),
            )
        )
    return Group(title=case.title, rows=(*rows, *skipped))


def compare(groups: Sequence[Group]) -> Group:
    """Return the rows that set one contender's added cost against another's."""
    added = {
        (group.title, row.case): row.added
        for group in groups
        for row in group.rows
        if row.added is not None
    }
    rows = [_compared(comparison, added) for comparison in COMPARISONS]
    return Group(title="added cost by added cost", base="ratio", rows=tuple(rows))


def _compared(comparison: Comparison, added: dict[tuple[str, str], float]) -> Row:
    over = added.get((comparison.case, comparison.over))
    under = added.get((comparison.base or comparison.case, comparison.under))
    if over is None or under is None:
        return Row(case=comparison.name, skipped="one of them was not measured")
    return Row(case=comparison.name, ratio=over / under, limit=comparison.limit)


def handed_on() -> Group:
    """Count what is replaced on the way to the app where nothing may be."""
    kinds = {LIFESPAN: Workload(kind="lifespan"), WEBSOCKET: Workload(kind="websocket")}
    rows = [
        Row(
            case=f"{title}: of scope, receive, send",
            low=_replaced(workload),
            limit=Limit(most=0, column="low"),
        )
        for title, workload in kinds.items()
    ]
    return Group(
        title="handed on as it came", unit="replaced", base="", rows=tuple(rows)
    )


def _replaced(workload: Workload) -> int:
    seen: list[tuple[Any, Any, Any]] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.append((scope, receive, send))

    given = (workload.scopes(1)[0], _receive, _send)
    asyncio.run(_finish(ours("").build(app)(*given)))
    return sum(a is not b for a, b in zip(seen[0], given, strict=True))


def run(
    effort: Effort,
    *,
    decorators: bool = False,
    report: Callable[[str], object] = lambda text: None,
) -> list[Group]:
    """Measure every case and return its group, telling *report* what is next."""
    # What is discarded is logged; a handler keeps that cost in and the text out.
    logging.getLogger("asgi_nocache").addHandler(logging.NullHandler())
    groups = []
    for case in decorator_cases() if decorators else cases():
        report(case.title)
        groups.append(group_of(case, *measure(case, effort)))
    return groups if decorators else [*groups, compare(groups), handed_on()]


def main() -> None:
    """Print the groups as JSON, for the process that prints the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.inprocess")
    parser.add_argument("--decorators", action="store_true", help="with nocache in use")
    parser.add_argument("--quick", action="store_true", help="a smoke run")
    options = parser.parse_args()
    groups = run(QUICK if options.quick else Effort(), decorators=options.decorators)
    json.dump([group.as_mapping() for group in groups], sys.stdout)


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        main()
