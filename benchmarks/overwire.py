"""The contenders behind real uvicorn, under a loopback load.

Each contender is a server process of its own. The bare app and a contender are loaded
at the same time, side by side on one core, with the clients on another; what the
machine does meanwhile meets both. A rate is requests per second of the server's CPU:
what it would serve with the core to itself. The result is the median of the pairwise
ratios, and the bare app against itself shows how far off that is.
"""

from __future__ import annotations

import http.client
import os
import socket
import statistics
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from benchmarks import client
from benchmarks.cases import OURS_0, RELAXING
from benchmarks.contenders import BARE, BASE_HTTP, HAND_WRITTEN, PEERS
from benchmarks.rows import Group, Limit, Row
from benchmarks.server import FLOOR, OURS, SAME
from benchmarks.workloads import ITEM

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    Report = Callable[[str], object]

LIMIT = Limit(least=0.97)
"""Of an app without the fields: it includes what writing them costs the server."""

PATHS = {RELAXING: "/static/app.css"}
"""What is requested, where it is not the item that no rule matches."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """Which contenders to load around which app, in so many pairs of so many seconds.

    The budget is for an app that does what apps do. Around the raw one, uvicorn alone
    exceeds it when it adds the fields itself.
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
        limit=LIMIT,
    ),
)
QUICK = (Load(app="raw", names=(OURS_0,), pairs=1),)


class ServerError(RuntimeError):
    """A server did not come up."""


class MissingError(ServerError):
    """Something that the server imports is not installed; the only reason to skip."""


class Server:
    """A contender served in a process of its own."""

    def __init__(self, app: str, name: str) -> None:
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            listener.listen(1024)
            self.port: int = listener.getsockname()[1]
            file = listener.fileno()
            self._process = subprocess.Popen(
                [sys.executable, "-m", "benchmarks.server", app, name, str(file)],
                pass_fds=[file],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )

    def __enter__(self) -> Self:
        deadline = time.monotonic() + 30
        while not self._answers():
            if self._process.poll() is not None:
                _, errors = self._process.communicate()
                reason = errors.strip().rpartition("\n")[2]
                missing = reason.startswith(("ImportError", "ModuleNotFoundError"))
                raise MissingError(reason) if missing else ServerError(errors)
            if time.monotonic() > deadline:
                self.__exit__()
                raise ServerError("it did not answer within 30 seconds")
            time.sleep(0.05)
        return self

    def __exit__(self, *exc: object) -> None:
        # The end of its input stops it.
        self._process.communicate()

    def cpu_seconds(self) -> float:
        """Return the CPU time that the server has used."""
        if self._process.stdin is None or self._process.stdout is None:
            raise ServerError("it was started without pipes")
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return float(self._process.stdout.readline())

    def _answers(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request("GET", ITEM)
            return connection.getresponse().status == 200
        except OSError:
            return False
        finally:
            connection.close()


@contextmanager
def on_core(place: int) -> Iterator[None]:
    """Keep this process and those it starts on one core, where that can be said."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {sorted(allowed)[place]})
    try:
        yield
    finally:
        os.sched_setaffinity(0, allowed)


def run(load: Load, report: Report = lambda text: None) -> Group:
    """Load every contender beside the bare app and return their throughputs."""
    program = client.choose()
    bare_rates: list[float] = []
    rows: list[Row] = []
    with ExitStack() as servers:
        try:
            with on_core(0):
                bare = servers.enter_context(Server(load.app, BARE.name))
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


Pairs = list[tuple[float, float]]


def _pairs(load: Load, name: str, bare: Server, program: client.Client) -> Pairs:
    path = PATHS.get(name, ITEM)
    with ExitStack() as stack:
        with on_core(0):
            other = stack.enter_context(Server(load.app, name))
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
    counts = program.load([server.port for server in servers], path, seconds)
    first, second = (
        count / (server.cpu_seconds() - began)
        for server, count, began in zip(servers, counts, before, strict=True)
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
