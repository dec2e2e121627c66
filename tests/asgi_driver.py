"""A raw ASGI driver: what a server hands to an app, and what comes back.

For messages that no framework would send. No event loop is needed, since
nothing here waits.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

NO_STORE_LINE = (
    b"cache-control",
    b"no-store, no-cache, must-revalidate, private, max-age=0",
)
NO_STORE_FIELDS = [
    NO_STORE_LINE,
    (b"pragma", b"no-cache"),
    (b"expires", b"Thu, 01 Jan 1970 00:00:01 GMT"),
]


def http_scope(path: str = "/", method: str = "GET", **more: Any) -> dict[str, Any]:
    """Return an http scope as uvicorn would make it."""
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [(b"host", b"example.com")],
        **more,
    }


def start(fields: Any = (), status: int = 200, **more: Any) -> dict[str, Any]:
    """Return a start message."""
    return {
        "type": "http.response.start",
        "status": status,
        "headers": fields,
        **more,
    }


def sending(*messages: dict[str, Any]) -> Any:
    """Return an app that sends *messages*, the same objects every time."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        for message in messages:
            await send(message)

    return app


def run(app: Any, scope: Any) -> list[dict[str, Any]]:
    """Run *app* once and return what it sent, up to an exception of its own."""
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    run.sent = sent  # type: ignore[attr-defined]
    coroutine = app(scope, receive, send)
    try:
        coroutine.send(None)
    except StopIteration:
        return sent
    raise AssertionError("the app waits for something")


def answer(
    app: Any, scope: Any = None, *, fields: Iterable[tuple[bytes, bytes]] = ()
) -> dict[str, Any]:
    """Run *app* and return its start message."""
    scope = http_scope() if scope is None else scope
    if fields:
        scope["headers"] = [*scope["headers"], *fields]
    return run(app, scope)[0]


def caching(message: dict[str, Any]) -> list[bytes]:
    """Return the values of the cache-control lines of *message*, any case."""
    return [v for k, v in message["headers"] if k.lower() == b"cache-control"]
