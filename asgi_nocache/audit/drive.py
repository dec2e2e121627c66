"""Asks the real app, in process, what it answers at each route (``--drive``).

Only with safe methods: what a POST does is not the audit's to find out. How the app is
called belongs here, ASGI or WSGI; what the answers mean is the checks'.
"""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import io
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import unquote
from wsgiref.util import setup_testing_defaults

from .load import AppNotLoaded
from .values import Audited, Kind, Observed

#: Those that change nothing (RFC 9110 section 9.2.1).
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
#: Seconds that one answer may take to begin.
PATIENCE = 5.0
#: Seconds that the app may take to start.
START = 60.0
#: Seconds that it may go on once it has begun to answer, or is told to stop.
GRACE = 0.5
_SILENT = frozenset({Kind.STREAM, Kind.OPAQUE, Kind.UNKNOWN})

Lines = tuple[tuple[str, str], ...]
Told = Callable[[Audited], None]


def drive(
    app: Any, rows: Sequence[Audited], fields: Lines = (), told: Told = lambda _: None
) -> tuple[Audited, ...]:
    """Return *rows* with what *app* answered, where it could be asked.

    Args:
        app: An ASGI app, or a WSGI app such as Flask.
        rows: From the survey; those with another method than GET, HEAD or OPTIONS,
            or without a sample path, stay as they are.
        fields: Sent with each request, such as ``Authorization``.
        told: Called with each row before it is asked.
    """
    if is_wsgi(app):
        return tuple(_asked_wsgi(app, row, fields, told) for row in rows)
    return asyncio.run(_driven(app, rows, fields, told))


def is_wsgi(app: Any) -> bool:
    """Tell whether *app* takes WSGI's two arguments, and not ASGI's three."""
    try:
        signature = inspect.signature(app)
        signature.bind(None, None)
    except (TypeError, ValueError):  # other arguments, or none that can be seen
        return False
    return len(signature.parameters) == len(("environ", "start_response"))


def may_ask(row: Audited) -> bool:
    """Tell whether the audit may ask the app for this row, and can."""
    known = row.route.kind not in _SILENT and bool(row.route.sample)
    return row.method in SAFE and known


async def _driven(
    app: Any, rows: Iterable[Audited], fields: Lines, told: Told
) -> tuple[Audited, ...]:
    out = []
    async with _lifespan(app) as state:
        for row in rows:
            if may_ask(row):
                told(row)
                asked = await _observed(app, _scope(row, fields, state))
                row = replace(row, observed=asked)
            out.append(row)
    return tuple(out)


@contextlib.asynccontextmanager
async def _lifespan(app: Any) -> AsyncIterator[dict[str, Any]]:
    """Start the app and stop it, as a server would; one that knows none is fine.

    Yields the state that it keeps for its requests.

    Raises:
        AppNotLoaded: It says that it cannot start.
    """
    inbox: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    started = asyncio.Event()
    failed: list[str] = []
    state: dict[str, Any] = {}

    async def send(message: Any) -> None:
        if message["type"] == "lifespan.startup.failed":
            failed.append(message.get("message", "").strip())
        started.set()

    async def run() -> None:
        scope = {"type": "lifespan", "asgi": _ASGI, "state": state}
        try:
            await app(scope, inbox.get, send)
        except Exception:  # noqa: BLE001, S110 - as servers take it: no lifespan
            pass
        finally:
            started.set()

    await inbox.put({"type": "lifespan.startup"})
    task = asyncio.create_task(run())
    with contextlib.suppress(TimeoutError):  # one that never says so may still answer
        await asyncio.wait_for(started.wait(), START)
    try:
        if failed:
            raise _not_started(failed[0])
        yield state
    finally:
        await inbox.put({"type": "lifespan.shutdown"})
        await asyncio.wait([task], timeout=PATIENCE)
        task.cancel()


def _not_started(message: str) -> AppNotLoaded:
    last = message.splitlines()[-1] if message else "it does not say why"
    return AppNotLoaded(
        f"the app could not start: {last}",
        "give it what it needs to start, or leave out --drive",
    )


_ASGI = {"version": "3.0", "spec_version": "2.4"}


async def _observed(app: Any, scope: dict[str, Any]) -> Observed:
    starts: list[Any] = []
    began = asyncio.Event()
    gone = asyncio.Event()
    sent = False

    async def receive() -> Any:
        nonlocal sent
        if not sent:
            sent = True
            return {"type": "http.request", "body": b"", "more_body": False}
        await gone.wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            starts.append(message)
            began.set()
        await asyncio.sleep(0)  # or a stream without end would keep everybody waiting

    task = asyncio.create_task(app(scope, receive, send))
    waiting = asyncio.create_task(began.wait())
    await asyncio.wait(
        {task, waiting}, timeout=PATIENCE, return_when=asyncio.FIRST_COMPLETED
    )
    gone.set()  # the fields are all that is wanted, and some streams never end
    waiting.cancel()
    problem = await _ended(task)
    if not starts:
        return Observed(0, (), problem or f"no answer within {PATIENCE:g} s")
    lines = tuple(
        (bytes(n).decode("latin-1"), bytes(v).decode("latin-1"))
        for n, v in starts[0].get("headers", ())
    )
    return Observed(starts[0]["status"], lines, problem)


async def _ended(task: asyncio.Task[Any]) -> str:
    """Wait a moment for *task*, end it, and return what it raised."""
    await asyncio.wait({task}, timeout=GRACE)
    task.cancel()
    await asyncio.wait({task}, timeout=GRACE)
    if not task.done() or task.cancelled():
        return ""
    error = task.exception()
    return f"{type(error).__name__}: {error}" if error else ""


def _host(row: Audited) -> str:
    """Return the host to name: the route's, unless it is a pattern."""
    host = row.route.host
    return host if host and not set(host) & set("{<") else "testserver"


def _scope(row: Audited, fields: Lines, state: dict[str, Any]) -> dict[str, Any]:
    path, _, query = row.route.sample.partition("?")
    host = _host(row)
    lines = [("host", host), ("accept", "*/*"), *fields]
    return {
        "type": "http",
        "asgi": _ASGI,
        "http_version": "1.1",
        "method": row.method,
        "scheme": "http",
        "path": unquote(path),
        "raw_path": path.encode("ascii", "replace"),
        "query_string": query.encode("ascii", "replace"),
        "root_path": "",
        "headers": [
            (n.lower().encode("latin-1"), v.encode("latin-1")) for n, v in lines
        ],
        "client": ("127.0.0.1", 50000),
        "server": (host, 80),
        "state": state.copy(),
    }


_nothing: contextlib.AbstractContextManager[Any] = contextlib.nullcontext()


def _asked_wsgi(app: Any, row: Audited, fields: Lines, told: Told) -> Audited:
    if not may_ask(row):
        return row
    told(row)
    path, _, query = row.route.sample.partition("?")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": row.method,
        "PATH_INFO": unquote(path, "latin-1"),
        "QUERY_STRING": query,
        "SERVER_NAME": _host(row),
        "wsgi.input": io.BytesIO(),
        "wsgi.errors": io.StringIO(),
    }
    for name, value in fields:
        environ["HTTP_" + name.upper().replace("-", "_")] = value
    setup_testing_defaults(environ)
    starts: list[tuple[str, list[tuple[str, str]]]] = []

    def start_response(status: str, headers: Any, _: Any = None) -> Any:
        starts.append((status, headers))
        return lambda _: None

    problem = ""
    try:
        body = app(environ, start_response)
        with contextlib.closing(body) if hasattr(body, "close") else _nothing:
            next(iter(body), None)  # a generator may start late
    except Exception as error:  # noqa: BLE001 - the app's own
        problem = f"{type(error).__name__}: {error}"
    if not starts:
        return replace(row, observed=Observed(0, (), problem or "no answer"))
    status, headers = starts[-1]
    return replace(row, observed=Observed(status_code(status), tuple(headers), problem))


def status_code(status: str) -> int:
    """Return the code of a WSGI status, 0 if there is none: apps send anything."""
    code = status.partition(" ")[0]
    return int(code) if code.isascii() and code.isdigit() else 0
