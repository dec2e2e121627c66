"""Helpers for test suites: assertions about one response, and about an app.

Responses are duck-typed (httpx, httpx2, requests, Starlette's and Flask's), so that
nothing is imported for them. Only ``assert_never_reused`` needs httpx and hishel.
"""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Iterable, Mapping
from importlib.util import find_spec
from typing import Any, Literal

from ._core.cache_control import CacheControl
from ._core.facts import RequestFacts, ResponseFacts
from ._core.policy import Policy
from .reuse import Exchange, Outcome, Prediction, predict

__all__ = ["assert_never_reused", "assert_not_stored", "assert_policy", "fields_of"]

#: A moment: the response is taken to be received now, and asked for again soon.
_NOW, _SOON = 1_000_000_000.0, 1.0
_AUDIENCES: tuple[Literal["private", "shared"], ...] = ("private", "shared")
_REMEDY = "put the app under NoCacheMiddleware, or the endpoint under @nocache"


def fields_of(response: Any) -> list[tuple[str, str]]:
    """Return the field lines of any response, duplicates included where it has them.

    Raises:
        TypeError: It has nothing that looks like header fields.
    """
    headers = getattr(response, "headers", response)
    lines: Any = getattr(response, "raw_headers", None)  # Starlette's responses
    if lines is None:
        lines = getattr(headers, "raw", None)  # httpx
    if lines is None:
        for name in ("multi_items", "items"):  # httpx, then everything else
            if callable(found := getattr(headers, name, None)):
                lines = found()
                break
    if lines is None:
        raise TypeError(f"{response!r} has no header fields; give a response")
    return [(_text(name).lower(), _text(value)) for name, value in lines]


def assert_not_stored(response: Any, *, worst_case: bool = False) -> None:
    """Fail unless no cache, private or shared, may store *response*.

    Args:
        response: Of any client or framework.
        worst_case: Ask for the loosest caches that are known, too.

    Raises:
        AssertionError: With what was found, why it matters and what to do.
    """
    __tracebackhide__ = True  # pytest then shows the caller's line
    fields = fields_of(response)
    for cache in _AUDIENCES:
        told = _told(response, fields, cache, worst_case)
        if told.outcome is not Outcome.NOT_STORED:
            raise AssertionError(
                f"a {cache} cache may store this response: {told.reason} "
                f"({told.reference}).\n"
                f"It has {_shown(fields)}.\n"
                "Why it matters: what is stored can be shown again after it changed, "
                "or to another user.\n"
                f"What to do: {_REMEDY}."
            )


def assert_policy(response: Any, policy: Policy) -> None:
    """Fail unless *response* says exactly what *policy* says.

    Letter for letter it may differ: what counts is what caches may do. Fields that
    the policy sends besides Cache-Control must be there with their values.

    Raises:
        AssertionError: With what was found, why it matters and what to do.
    """
    __tracebackhide__ = True  # pytest then shows the caller's line
    fields = fields_of(response)
    lines = [v.encode("latin-1") for n, v in fields if n == "cache-control"]
    wanted, found = policy.cache_control, CacheControl.parse(lines)
    problems = []
    if len(lines) > 1:
        problems.append(f"there are {len(lines)} Cache-Control lines; caches differ")
    if wanted is not None and found.canonical() != wanted.canonical():
        problems.append(f"Cache-Control permits {found or 'what each cache likes'}")
    have: dict[str, list[str]] = {}
    for name, value in fields:
        have.setdefault(name, []).append(value)
    problems += [
        f"{name} is {have.get(name.lower(), 'missing')!r}, not {value!r}"
        for name, value in policy.beside
        if have.get(name.lower()) != [value]
    ]
    if problems:
        raise AssertionError(
            f"the response does not keep to {policy!r}: {'; '.join(problems)}.\n"
            f"It has {_shown(fields)}.\n"
            "Why it matters: caches act on the fields, not on what was meant.\n"
            f"What to do: see which rule decides: asgi-nocache explain; or {_REMEDY}."
        )


def assert_never_reused(
    app: Any,
    method: str = "GET",
    path: str = "/",
    *,
    headers: Mapping[str, str] | None = None,
    shared: bool = True,
    times: int = 3,
) -> None:
    """Fail if a real RFC 9111 cache in front of *app* answers in its place.

    Each request must reach the app, with nothing asked of an older copy.

    Args:
        app: An ASGI app, or a WSGI app such as Flask.
        method: The method.
        path: Path and query.
        headers: Sent with each request.
        shared: Whether the cache is a shared one.
        times: How many requests are made.

    Raises:
        AssertionError: With what was found, why it matters and what to do.
        ImportError: httpx or hishel is not installed.
    """
    __tracebackhide__ = True  # pytest then shows the caller's line
    missing = [name for name in ("httpx", "hishel") if find_spec(name) is None]
    if missing:
        raise ImportError(
            f"assert_never_reused needs {' and '.join(missing)}: "
            "pip install 'hishel[httpx]'"
        )
    import httpx
    from hishel import CacheOptions, SqliteStorage
    from hishel.httpx import CacheTransport

    origin = _origin(app, httpx)
    connection = sqlite3.connect(":memory:", check_same_thread=False)
    cache = CacheTransport(
        origin, SqliteStorage(connection=connection), CacheOptions(shared=shared)
    )
    with httpx.Client(transport=cache, base_url="http://testserver") as client:
        for number in range(1, times + 1):
            response = client.request(method, path, headers=dict(headers or {}))
            if origin.asked != number or origin.conditional:
                kind = "shared" if shared else "private"
                how = (
                    "asked about an older copy" if origin.conditional else "reused one"
                )
                raise AssertionError(
                    f"{method} {path}: a {kind} cache {how} at request {number}.\n"
                    f"It had {_shown(fields_of(response))}.\n"
                    "Why it matters: the app does not decide what users see.\n"
                    f"What to do: {_REMEDY}."
                )


def _origin(app: Any, httpx: Any) -> Any:
    """Return a transport that counts what reaches *app*."""

    class Origin(httpx.BaseTransport):  # type: ignore[misc]
        asked = 0
        conditional = False

        def handle_request(self, request: Any) -> Any:
            self.asked += 1
            names = {"if-none-match", "if-modified-since"}
            self.conditional |= bool(names & {n.lower() for n in request.headers})
            if callable(getattr(app, "wsgi_app", None)):
                return httpx.WSGITransport(app=app).handle_request(request)
            return _in_a_loop(_ask(app, request, httpx))

    return Origin()


async def _ask(app: Any, request: Any, httpx: Any) -> Any:
    sent = httpx.Request(
        request.method, request.url, headers=request.headers, content=request.read()
    )
    transport = httpx.ASGITransport(app=app)
    response = await transport.handle_async_request(sent)
    body = await response.aread()
    return httpx.Response(response.status_code, headers=response.headers, content=body)


def _in_a_loop(coroutine: Any) -> Any:
    """Run *coroutine* in a thread of its own: the test may have a loop running."""
    out: list[Any] = []

    def run() -> None:
        try:
            out.append(asyncio.run(coroutine))
        except BaseException as error:  # noqa: BLE001 - handed to the caller
            out.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    if isinstance(out[0], BaseException):
        raise out[0]
    return out[0]


def _told(
    response: Any,
    fields: Iterable[tuple[str, str]],
    cache: Literal["private", "shared"],
    worst_case: bool,
) -> Prediction:
    status = getattr(response, "status_code", getattr(response, "status", 200))
    pairs = tuple((n.encode("latin-1"), v.encode("latin-1")) for n, v in fields)
    request = RequestFacts()
    return predict(
        Exchange(request, ResponseFacts(int(status), pairs)),
        request,
        cache=cache,
        elapsed=_SOON,
        response_time=_NOW,
        worst_case=worst_case,
    )


def _shown(fields: Iterable[tuple[str, str]]) -> str:
    """Return the fields that matter to caches, or that there are none."""
    wanted = ("cache-control", "expires", "pragma", "surrogate-control", "age")
    lines = [
        f"{n}: {v}" for n, v in fields if n in wanted or n.endswith("-cache-control")
    ]
    return "; ".join(lines) or "no field that speaks to caches"


def _text(part: Any) -> str:
    return part.decode("latin-1") if isinstance(part, bytes | bytearray) else str(part)
