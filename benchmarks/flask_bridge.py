"""The Flask bridge beside other ways to serve the same Flask app.

Each way is a server process of its own; all are up at the same time and are loaded
one after the other, round by round, each round for about a second. The result is the
median over the rounds of the ratio to gunicorn's threads in the same round.

First as servers run: on all cores, which whoever asks shares with them, and rates by
the clock. The threads of a server then fight over the interpreter's lock, which costs
gunicorn more than it costs ours; how much depends on who else is on those cores. So the
rates are taken a second time with all servers on the first core and whoever asks on the
last, by the seconds in which no other program had the core: a machine that is busy
changes little in that.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections import defaultdict
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import client, flask_client
from benchmarks.client import Outcome
from benchmarks.flask_client import MB
from benchmarks.flask_server import A2WSGI, ASGIREF, BRIDGE, GTHREAD, OURS
from benchmarks.process import MissingError, Server, idle_seconds, on_core
from benchmarks.rows import Group, Limit, Row

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    Report = Callable[[str], object]

MAY_FAIL = frozenset({ASGIREF})
"""Answers some kept connections with 500; how many is part of its result."""

COMPARED = (A2WSGI, ASGIREF, OURS, BRIDGE)
"""What is set against gunicorn."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """How many rounds of so many seconds to load whom, and with bodies how large."""

    names: Sequence[str] = COMPARED
    rounds: int = 7
    seconds: int = 1
    download: int = 64 * MB
    upload: int = 200 * MB


QUICK = Effort(names=(A2WSGI, OURS), rounds=1, download=MB, upload=MB)


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """What is measured of one server, and the budgets of ours."""

    title: str
    unit: str
    measure: Callable[[Server], tuple[float, Outcome]]
    limit: Limit | None
    limit_by_a2wsgi: Limit | None = None


@dataclass(slots=True)
class _Figures:
    """What one contender reached in a workload, round by round."""

    values: list[float] = field(default_factory=list)
    outcomes: list[Outcome] = field(default_factory=list)

    def by(self, other: _Figures) -> float:
        """Return the median ratio to *other* in the same round."""
        pairs = zip(self.values, other.values, strict=True)
        return statistics.median(mine / others for mine, others in pairs)

    def failing(self) -> str:
        """Say how many answers were errors, if any were."""
        answers = sum(each.answers for each in self.outcomes)
        failed = sum(each.failed for each in self.outcomes)
        return f", {failed / answers:.0%} of the answers errors" if failed else ""


def workloads(effort: Effort, core: int | None, *, pinned: bool) -> Iterator[Workload]:
    """Yield what every contender is loaded with, in rounds; *pinned*: on *core*."""
    where = ", servers on one core" if pinned else ""
    program = client.choose()

    def small(port: int) -> Outcome:
        (outcome,) = program.load([port], flask_client.PLAIN, effort.seconds)
        return outcome

    def streams(port: int) -> Outcome:
        return flask_client.streams(port, effort.seconds)

    def rate(load: Callable[[int], Outcome], server: Server) -> tuple[float, Outcome]:
        before = _available(server, core, pinned=pinned)
        outcome = load(server.port)
        seconds = _available(server, core, pinned=pinned) - before
        return outcome.answers / seconds, outcome

    def download(server: Server) -> tuple[float, Outcome]:
        seconds = flask_client.repeated(
            lambda: flask_client.download(server.port, effort.download)
        )
        return seconds, Outcome(answers=1)

    yield Workload(
        title=f"small JSON view, {program.name}{where}",
        unit="requests/s",
        measure=partial(rate, small),
        limit=None if pinned else Limit(least=1.5),
        limit_by_a2wsgi=None if pinned else Limit(least=1.8),
    )
    yield Workload(
        title=f"100 chunks 0.3 ms apart, {client.CONNECTIONS} at once{where}",
        unit="requests/s",
        measure=partial(rate, streams),
        limit=None if pinned else Limit(least=0.9),
    )
    if pinned:
        return
    yield Workload(
        title=f"{client.CONNECTIONS} at once, each sleeps 50 ms",
        unit="s",
        measure=lambda server: flask_client.sleepers(server.port),
        limit=Limit(most=1.05),  # no slower; that it is a tie is a coin's toss
    )
    yield Workload(
        title=f"a file of {effort.download // MB} MB",
        unit="s",
        measure=download,
        limit=Limit(most=4),
    )


def _available(server: Server, core: int | None, *, pinned: bool) -> float:
    """Return the seconds that *server* used of its core, or could have used.

    In those that are missing, some other program had it.
    """
    idle = idle_seconds(core) if pinned else None
    return time.monotonic() if idle is None else server.cpu_seconds() + idle


def run(effort: Effort, report: Report = lambda text: None) -> list[Group]:
    """Load every contender in turn, and return a group for each workload."""
    free = _measured(effort, report, pinned=False)
    pinned = _measured(effort, report, pinned=True)
    return [*free, *pinned]


def _measured(effort: Effort, report: Report, *, pinned: bool) -> list[Group]:
    with ExitStack() as stack:
        file = stack.enter_context(_file(effort.download))
        report("Flask: starting every server")
        with on_core(0) if pinned else nullcontext() as core:
            servers, missing = _started((GTHREAD, *effort.names), file, stack)
        if pinned:
            stack.enter_context(on_core(-1))
        for server in servers.values():
            flask_client.sleepers(server.port)  # all threads are there from now on
        memory = []
        if not pinned:
            # First, since what was once in memory counts for all that follows.
            report("Flask: upload")
            memory = [_memory(effort, servers, missing)]
        measured = []
        for workload in workloads(effort, core, pinned=pinned):
            report(f"Flask: {workload.title}")
            measured.append((workload, _rounds(workload, servers, effort.rounds)))
    groups = [_group(workload, figures, missing) for workload, figures in measured]
    return [*groups, *memory, _by_a2wsgi(measured)]


@contextmanager
def _file(size: int) -> Iterator[str]:
    """Make a file of *size* bytes, for as long as it is needed."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "file.bin")
        path.write_bytes(bytes(size))
        yield str(path)


def _started(
    names: Sequence[str], file: str, stack: ExitStack
) -> tuple[dict[str, Server], list[Row]]:
    """Return each server, and a row for each that cannot start."""
    servers: dict[str, Server] = {}
    missing: list[Row] = []
    for name in names:
        server = Server("benchmarks.flask_server", name, file, path=flask_client.PLAIN)
        try:
            servers[name] = stack.enter_context(server)
        except MissingError as error:
            missing.append(Row(case=name, skipped=str(error)))
    return servers, missing


Rounds = dict[str, _Figures]


def _rounds(workload: Workload, servers: Mapping[str, Server], rounds: int) -> Rounds:
    """Return what each contender reached, who took turns."""
    found: Rounds = defaultdict(_Figures)
    names = list(servers)
    for number in range(rounds):
        # Everyone starts in turn, so no place in the order is better.
        at = number % len(names)
        for name in names[at:] + names[:at]:
            value, outcome = workload.measure(servers[name])
            _wait_until_idle(servers[name])
            if name not in MAY_FAIL:
                outcome.flawless()
            found[name].values.append(value)
            found[name].outcomes.append(outcome)
    return {name: found[name] for name in names}


def _wait_until_idle(server: Server) -> None:
    """Wait until *server* is done with what it still does for clients that went.

    It would be at the expense of who comes next.
    """
    used = server.cpu_seconds()
    until = time.monotonic() + flask_client.PATIENCE
    while time.monotonic() < until:
        time.sleep(0.02)
        before, used = used, server.cpu_seconds()
        if used - before < 0.002:
            return


def _group(workload: Workload, found: Rounds, missing: Sequence[Row]) -> Group:
    base = found.get(GTHREAD)
    rows = [
        Row(
            case=name + figures.failing(),
            low=min(figures.values),
            median=statistics.median(figures.values),
            ratio=figures.by(base) if base and name != GTHREAD else None,
            limit=workload.limit if name == OURS else None,
        )
        for name, figures in found.items()
    ]
    return Group(
        title=f"Flask, {workload.title}",
        unit=workload.unit,
        base="x gthread",
        rows=(*rows, *missing),
    )


def _by_a2wsgi(measured: Sequence[tuple[Workload, Rounds]]) -> Group:
    """Return the rows that set ours against the fastest other bridge."""
    rows = [
        Row(
            case=workload.title,
            ratio=found[OURS].by(found[A2WSGI]),
            limit=workload.limit_by_a2wsgi,
        )
        if {OURS, A2WSGI} <= found.keys()
        else Row(case=workload.title, skipped="one of them was not measured")
        for workload, found in measured
    ]
    return Group(title="Flask, ours by a2wsgi", unit="", base="ratio", rows=tuple(rows))


def _memory(
    effort: Effort, servers: Mapping[str, Server], missing: Sequence[Row]
) -> Group:
    """Return what an upload, read piece by piece, adds to each server's memory."""
    readable = Path(flask_client.STATUS).exists()
    rows = [
        _added(name, server.port, effort.upload)
        if readable
        else Row(case=name, skipped=f"there is no {flask_client.STATUS}")
        for name, server in servers.items()
    ]
    return Group(
        title=f"Flask, memory that an upload of {effort.upload // MB} MB adds",
        unit="MB",
        base="",
        rows=(*rows, *missing),
    )


def _added(name: str, port: int, size: int) -> Row:
    flask_client.upload(port, 1)  # what is imported for it stays
    before = flask_client.peak_memory(port)
    flask_client.upload(port, size)
    added = flask_client.peak_memory(port) - before
    limit = Limit(most=10, column="low") if name == OURS else None
    return Row(case=name, low=added, median=added, limit=limit)
