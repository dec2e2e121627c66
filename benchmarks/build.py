"""What is paid once: building 10,000 rules, and the import.

Rules are built as an app builds them, `Rule(...)` by `Rule(...)`. Imports are timed
in fresh interpreters, and only what an interpreter does not load by itself counts.
"""

from __future__ import annotations

import contextlib
import json
import statistics
import subprocess
import sys
import tracemalloc
from time import perf_counter
from typing import TYPE_CHECKING, Any

from asgi_nocache import NO_STORE, PUBLIC, NoCacheMiddleware, Rule
from benchmarks.contenders import mixed_rules, prefix_rules
from benchmarks.rows import Group, Limit, Row

if TYPE_CHECKING:
    from collections.abc import Callable

MANY, FEW = 10_000, 1000

STATEMENTS = {
    "asyncio, which any server has loaded": "import asyncio",
    "asgi_nocache": "import asgi_nocache",
    "its middleware, Rule and PUBLIC": (
        "from asgi_nocache import NoCacheMiddleware, Rule, PUBLIC"
    ),
    "secure": "import secure; import secure.middleware",
    "Secweb": "import Secweb",
    "Starlette's BaseHTTPMiddleware": "import starlette.middleware.base",
}
OURS = ("asgi_nocache", "its middleware, Rule and PUBLIC")

PROBE = """
import sys, time, json
statement, before = sys.argv[1], set(sys.modules)
began = time.perf_counter()
exec(statement)
took = time.perf_counter() - began
tops = {name.partition(".")[0] for name in set(sys.modules) - before}
foreign = tops - set(sys.stdlib_module_names) - {"asgi_nocache"}
print(json.dumps([took, len(set(sys.modules) - before), sorted(foreign)]))
"""


def building(repeats: int) -> list[Group]:
    """Return the time and the memory of building many rules."""
    kinds = {"literal, parameter, subtree": mixed_rules, "one prefix": prefix_rules}
    times = tuple(_time(name, make, repeats) for name, make in kinds.items())
    memory = tuple(_memory(name, make) for name, make in kinds.items())
    return [
        Group(
            title=f"build {MANY:,} rules",
            unit="ms",
            base=f"x {FEW:,} rules",
            rows=times,
        ),
        Group(
            title=f"memory of {MANY:,} rules",
            unit="MB",
            base=f"x {FEW:,} rules",
            rows=memory,
        ),
    ]


async def _app(scope: Any, receive: Any, send: Any) -> None:
    pass


PATHS = 1_000_000


def flooding(paths: int) -> Group:
    """Return the memory that so many different paths leave behind."""
    rules = [Rule("/static/**", PUBLIC(max_age=60)), Rule("/account/**", NO_STORE)]
    middleware = NoCacheMiddleware(_answering, rules=rules)
    tracemalloc.start()
    for number in range(paths):
        path = f"/static/{number}.css" if number % 2 else f"/items/{number}"
        scope = {"type": "http", "method": "GET", "path": path, "headers": []}
        with contextlib.suppress(StopIteration):
            middleware(scope, _nothing, _nothing).send(None)
    size, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    row = Row(
        case="2 rules, half of them relaxed",
        low=size / 1e6,
        median=peak / 1e6,
        limit=Limit(most=20, column="low"),
    )
    title = f"memory after {paths:,} paths (and at most)"
    return Group(title=title, unit="MB", base="", rows=(row,))


async def _answering(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})


async def _nothing(*_: Any) -> None:
    pass


def _time(name: str, make: Callable[[int], list[Rule]], repeats: int) -> Row:
    def taken(number: int) -> float:
        began = perf_counter()
        NoCacheMiddleware(_app, rules=make(number))
        return (perf_counter() - began) * 1000

    few = min(taken(FEW) for _ in range(repeats))
    many = [taken(MANY) for _ in range(repeats)]
    return Row(
        case=name,
        low=min(many),
        median=statistics.median(many),
        ratio=min(many) / few,
        limit=Limit(most=1000, column="low"),
    )


def _memory(name: str, make: Callable[[int], list[Rule]]) -> Row:
    def held(number: int) -> float:
        tracemalloc.start()
        kept = NoCacheMiddleware(_app, rules=make(number))
        size, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        del kept
        return size / 1e6

    few, many = held(FEW), held(MANY)
    return Row(case=name, low=many, median=many, ratio=many / few)


def importing(repeats: int) -> list[Group]:
    """Return what imports cost, and how many third-party modules ours load."""
    measured = {name: _probe(text, repeats) for name, text in STATEMENTS.items()}
    first = measured[next(iter(STATEMENTS))]
    if isinstance(first, str):
        raise TypeError(f"the interpreter cannot be probed: {first}")
    base = min(first[0])
    times = tuple(_import_row(name, value, base) for name, value in measured.items())
    foreign = tuple(_foreign_row(name, measured[name]) for name in OURS)
    return [
        Group(
            title="import in a fresh interpreter",
            unit="ms",
            base="x asyncio",
            rows=times,
        ),
        Group(
            title="third-party modules loaded", unit="modules", base="", rows=foreign
        ),
    ]


Probed = tuple[list[float], int, list[str]] | str


def _probe(statement: str, repeats: int) -> Probed:
    times, modules, foreign = [], 0, []
    for _ in range(repeats):
        done = subprocess.run(
            [sys.executable, "-c", PROBE, statement],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            return done.stderr.strip().rpartition("\n")[2]
        took, modules, foreign = json.loads(done.stdout)
        times.append(took * 1000)
    return times, modules, foreign


def _import_row(name: str, value: Probed, base: float) -> Row:
    if isinstance(value, str):
        return Row(case=name, skipped=value)
    times, modules, _ = value
    return Row(
        case=f"{name} ({modules} modules)",
        low=min(times),
        median=statistics.median(times),
        ratio=min(times) / base,
    )


def _foreign_row(name: str, value: Probed) -> Row:
    if isinstance(value, str):
        return Row(case=name, skipped=value)
    loaded = value[2]
    case = f"{name}: {', '.join(loaded)}" if loaded else name
    return Row(case=case, low=len(loaded), limit=Limit(most=0, column="low"))
