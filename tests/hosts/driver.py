"""A raw ASGI client, and the answers that the tests of hosts expect.

What a framework's own test client adds or hides does not belong here: a scope
goes in, messages come out, on asyncio or on trio.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import anyio
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from asgi_nocache import NO_STORE, PUBLIC, REVALIDATE

BACKENDS = ("asyncio", "trio")
Field = tuple[bytes, bytes]

NEVER_STORE = {name.decode(): value.decode() for name, value in NO_STORE.fields}
REVALIDATED = {"cache-control": str(REVALIDATE.cache_control)}
RELAXED = PUBLIC(max_age=60)
PUBLISHED = {"cache-control": str(RELAXED.cache_control)}

TAG = '"v1"'
MATCH = {"If-None-Match": TAG}


@dataclass(frozen=True)
class Answer:
    """What an app sent."""

    status: int
    fields: tuple[Field, ...]
    body: bytes

    @property
    def cache(self) -> dict[str, str]:
        """The fields that tell caches what to do, each sent once."""
        told = [(k.decode(), v.decode()) for k, v in self.fields if k in _CACHE]
        assert len(dict(told)) == len(told), told
        return dict(told)


_CACHE = {b"cache-control", b"pragma", b"expires", b"surrogate-control"}


def caching(answer: Any) -> dict[str, str]:
    """Return the same of an httpx response."""
    raw = tuple((k.lower(), v) for k, v in answer.headers.raw)
    return Answer(answer.status_code, raw, b"").cache


def fields_of(fields: dict[str, str] | Iterable[Field]) -> list[Field]:
    """Return raw field lines."""
    if isinstance(fields, dict):
        return [(k.lower().encode(), v.encode()) for k, v in fields.items()]
    return list(fields)


def scope_of(
    path: str = "/",
    fields: dict[str, str] | Iterable[Field] = (),
    *,
    method: str = "GET",
    **more: Any,
) -> dict[str, Any]:
    """Return an http scope as uvicorn makes it."""
    path, _, query = path.partition("?")
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": [(b"host", b"test"), *fields_of(fields)],
        "client": ("127.0.0.1", 50000),
        "server": ("127.0.0.1", 80),
        **more,
    }


async def drive(app: Any, scope: dict[str, Any], body: bytes = b"") -> Answer:
    """Let *app* answer one request."""
    sent: list[dict[str, Any]] = []
    requests = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Any:
        if not requests:
            await anyio.sleep_forever()
        return requests.pop()

    async def send(message: Any) -> None:
        sent.append(message)

    await app(scope, receive, send)
    (start,) = [m for m in sent if m["type"] == "http.response.start"]
    assert sent[0] is start
    bodies = [m.get("body", b"") for m in sent if m["type"] == "http.response.body"]
    return Answer(start["status"], tuple(start["headers"]), b"".join(bodies))


def ask(
    app: Any,
    path: str = "/",
    fields: dict[str, str] | Iterable[Field] = (),
    *,
    backend: str = "asyncio",
    body: bytes = b"",
    **more: Any,
) -> Answer:
    """Let *app* answer one request, in an event loop of its own."""
    scope = scope_of(path, fields, **more)
    return anyio.run(drive, app, scope, body, backend=backend)


def confirming(asked: str | None) -> tuple[int, str]:
    """Return the status and body of what honours ``If-None-Match``."""
    return (304, "") if asked == TAG else (200, "fresh")


def reply(request: Request) -> Response:
    """Answer, honouring ``If-None-Match``."""
    status, body = confirming(request.headers.get("if-none-match"))
    return PlainTextResponse(body, status, headers={"etag": TAG})


def scope_copier(app: Any) -> Any:
    """Return *app* inside a middleware that gives it a copy of the scope."""

    async def copier(scope: Any, receive: Any, send: Any) -> None:
        await app(dict(scope), receive, send)

    return copier


def as_is(app: Any) -> Any:
    """Return *app*, for tables with and without a layer around it."""
    return app


async def forward(request: Any, call_next: Any) -> Any:
    """Dispatch as it comes."""
    return await call_next(request)


def base_http(app: Any) -> Any:
    """Return *app* inside Starlette's own kind of middleware."""
    return BaseHTTPMiddleware(app, dispatch=forward)


LAYERS = {"plain": as_is, "base-http": base_http, "scope-copier": scope_copier}
