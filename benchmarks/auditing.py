"""What an audit costs: 500 FastAPI routes, beyond the app's own import.

The app is built here, as one with included routers is; the audit is the command's.
"""

from __future__ import annotations

import gc
import statistics
import tracemalloc
from datetime import date
from time import process_time
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, FastAPI

from asgi_nocache import PUBLIC, NoCacheMiddleware, Rule
from asgi_nocache.audit.report import WRITERS
from asgi_nocache.audit.run import Options, audit
from benchmarks.rows import Group, Limit, Row

if TYPE_CHECKING:
    from collections.abc import Callable

    from asgi_nocache.audit.values import Audit

ROUTES = 500
#: What the audit was promised to take at most, of this machine's time.
SECOND = Limit(most=1000, column="low")
FLAT = Limit(most=0.1, column="low")
TODAY = date(2026, 11, 22)


def run(repeats: int) -> list[Group]:
    """Return the time and the memory of one audit and its reports."""
    app = make_app(ROUTES)
    found = audit_of(app)
    cases: dict[str, Callable[[], Any]] = {
        "the audit": lambda: audit_of(app),
        **{
            f"its report, {name}": lambda name=name: WRITERS[name](found)
            for name in WRITERS
        },
    }
    return [
        Group(
            title=f"an audit of {ROUTES} FastAPI routes, CPU",
            unit="ms",
            base="",
            rows=tuple(_time(name, call, repeats) for name, call in cases.items()),
        ),
        Group(
            title="memory that an audit leaves behind",
            unit="MB",
            base="",
            rows=tuple(_memory(app)),
        ),
    ]


def make_app(count: int) -> Any:
    """Return a FastAPI app of so many routes, in an included router, with rules."""
    router = APIRouter(prefix="/api")
    for number in range(count):
        router.add_api_route(f"/things{number}/{{id}}", _endpoint(number))
    app = FastAPI()
    app.include_router(router)
    rules = [Rule(f"/api/things{n}/**", PUBLIC(max_age=5)) for n in range(40)]
    return NoCacheMiddleware(app, rules=rules)


def _endpoint(number: int) -> Any:
    def endpoint(id: int) -> dict[str, int]:  # noqa: A002 - as a route names it
        return {"id": id}

    endpoint.__name__ = f"thing{number}"
    return endpoint


def audit_of(app: Any) -> Audit:
    """Audit *app* as the command does."""
    return audit(app, "bench:app", Options(), TODAY)


def _time(name: str, call: Callable[[], Any], repeats: int) -> Row:
    took = []
    for _ in range(repeats):
        began = process_time()
        call()
        took.append((process_time() - began) * 1e3)
    return Row(case=name, low=min(took), median=statistics.median(took), limit=SECOND)


def _memory(app: Any) -> list[Row]:
    """Return what ten audits hold more than two, of which none is kept."""
    tracemalloc.start()
    held = []
    for _ in range(10):
        audit_of(app)
        gc.collect()
        held.append(tracemalloc.get_traced_memory()[0] / 1e6)
    tracemalloc.stop()
    more = held[-1] - held[1]
    return [Row(case="ten audits, more than two", low=more, limit=FLAT)]
