"""Where marked endpoints of Starlette stand, and what meets a mark there.

The table of shapes is in ``test_starlette.py``.
"""

import logging
import re
from typing import Any

import pytest
from driver import (
    LAYERS,
    MATCH,
    NEVER_STORE,
    PUBLISHED,
    RELAXED,
    REVALIDATED,
    ask,
    drive,
    reply,
    scope_of,
)
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Mount, Route

from asgi_nocache import (
    NO_STORE,
    NO_STORE_MINIMAL,
    PRIVATE,
    PUBLIC,
    REVALIDATE,
    NoCacheError,
    NoCacheMiddleware,
    Rule,
    cache_policy,
    nocache,
    set_policy,
)
from asgi_nocache.starlette import install

# Where the endpoint is


@nocache
async def private(request: Request) -> Response:
    return reply(request)


@cache_policy(REVALIDATE)
async def page(request: Request) -> Response:
    return reply(request)


async def unmarked(request: Request) -> Response:
    return reply(request)


ROUTES = [Route("/private", private), Route("/page", page), Route("/", unmarked)]


@pytest.mark.parametrize(
    ("path", "default", "status", "cache"),
    [
        ("/a/page", NO_STORE, 304, REVALIDATED),
        ("/a/b/page", NO_STORE, 304, REVALIDATED),
        ("/a/b/private", RELAXED, 200, NEVER_STORE),
        ("/a/b/", RELAXED, 304, PUBLISHED),
        ("/a/b/", NO_STORE, 200, NEVER_STORE),
        ("/a/b/absent", RELAXED, 404, NEVER_STORE),
    ],
)
def test_marks_inside_mounted_apps(
    path: str, default: Any, status: int, cache: dict[str, str], backend: str
) -> None:
    """However deep it is mounted, the endpoint that answers is the one asked."""
    inner = Starlette(routes=[Mount("/b", Starlette(routes=ROUTES)), *ROUTES])
    app = NoCacheMiddleware(Starlette(routes=[Mount("/a", inner)]), default=default)
    answer = ask(app, path, MATCH, backend=backend)
    assert (answer.status, answer.cache) == (status, cache)


@pytest.mark.parametrize("layer", LAYERS)
def test_a_marked_mounted_app(layer: str) -> None:
    """What is mounted may be a marked ASGI callable; its siblings are not."""

    @nocache
    async def mounted(scope: Any, receive: Any, send: Any) -> None:
        await reply(Request(scope))(scope, receive, send)

    app = Starlette(routes=[Mount("/raw", mounted), *ROUTES])
    app = NoCacheMiddleware(LAYERS[layer](app), default=RELAXED)
    answer = ask(app, "/raw/deep", MATCH)
    assert (answer.status, answer.cache) == (200, NEVER_STORE)
    assert ask(app, "/", MATCH).status == 304


def test_an_error_of_a_marked_endpoint_is_never_stored() -> None:
    """A ``PUBLIC`` mark speaks for what succeeds."""

    @cache_policy(PUBLIC(max_age=600))
    async def endpoint(request: Request) -> None:
        raise HTTPException(404)

    app = NoCacheMiddleware(Starlette(routes=[Route("/", endpoint)]))
    assert ask(app).cache == NEVER_STORE


def test_marks_on_one_endpoint_are_joined(backend: str) -> None:
    """Two decorators: the stricter one holds."""

    @cache_policy(REVALIDATE)
    @cache_policy(PUBLIC(max_age=600))
    async def endpoint(request: Request) -> Response:
        return Response()

    app = NoCacheMiddleware(Starlette(routes=[Route("/", endpoint)]))
    assert ask(app, backend=backend).cache == REVALIDATED


def test_a_mark_beats_rules_and_yields_to_floors() -> None:
    """The endpoint knows best; a floor still tightens it, and takes its 304."""
    rules = [Rule("/page", PRIVATE(max_age=9))]
    app = Starlette(routes=ROUTES)
    assert ask(NoCacheMiddleware(app, rules=rules), "/page", MATCH).status == 304
    rules = [Rule("/page", NO_STORE, floor=True)]
    answer = ask(NoCacheMiddleware(app, rules=rules), "/page", MATCH)
    assert (answer.status, answer.cache) == (200, NEVER_STORE)


@pytest.mark.parametrize(
    ("mode", "cache"),
    [
        ("stricter", NEVER_STORE),
        ("if-missing", {"cache-control": "no-store"}),
        ("override", {"cache-control": "private, max-age=60"}),
    ],
)
def test_the_mode_of_a_mark(mode: Any, cache: dict[str, str]) -> None:
    """How it meets what the endpoint sends: ``stricter``, unless it says so."""

    @cache_policy(PRIVATE(max_age=60), mode=mode)
    async def endpoint(request: Request) -> Response:
        return Response(headers={"cache-control": "no-store"})

    app = NoCacheMiddleware(Starlette(routes=[Route("/", endpoint)]))
    assert ask(app).cache == cache


def test_nocache_takes_the_default_where_that_is_never_store() -> None:
    """One text for the whole app; under a relaxed default, ``NO_STORE``'s."""
    app = Starlette(routes=ROUTES)
    minimal = NoCacheMiddleware(app, default=NO_STORE_MINIMAL)
    assert ask(minimal, "/private").cache == {"cache-control": "no-store"}
    relaxed = NoCacheMiddleware(app, default=RELAXED)
    assert ask(relaxed, "/private").cache == NEVER_STORE


def test_what_is_discarded_in_a_mount_can_be_declared_by_the_line_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The line names the path that the middleware sees, mounts included."""

    async def endpoint(request: Request) -> Response:
        return Response(headers={"cache-control": "private, max-age=60"})

    inner = Starlette(routes=[Route("/items/{number:int}", endpoint)])
    app = Starlette(routes=[Mount("/shop", inner)])
    with caplog.at_level(logging.WARNING, "asgi_nocache"):
        assert ask(NoCacheMiddleware(app), "/shop/items/1").cache == NEVER_STORE
    told = re.search(r"to declare it: (.*)", caplog.text)
    assert told is not None
    rule = eval(told[1], {"Rule": Rule, "PRIVATE": PRIVATE})
    answer = ask(NoCacheMiddleware(app, rules=[rule]), "/shop/items/2")
    assert answer.cache == {"cache-control": "private, max-age=60"}


# set_policy()


async def declared(request: Request) -> Response:
    set_policy(REVALIDATE)
    return reply(request)


def withdrawn(request: Request) -> Response:
    set_policy(NO_STORE)
    return reply(request)


@pytest.mark.parametrize("layer", LAYERS)
@pytest.mark.parametrize(
    ("endpoint", "default", "status", "cache"),
    [
        (declared, NO_STORE, 304, REVALIDATED),
        (withdrawn, RELAXED, 200, NEVER_STORE),
    ],
)
def test_set_policy_speaks_for_one_response(
    layer: str,
    endpoint: Any,
    default: Any,
    status: int,
    cache: dict[str, str],
    backend: str,
) -> None:
    """Also for its preconditions; the route's neighbours keep the default."""
    app = Starlette(routes=[Route("/", endpoint), Route("/page", unmarked)])
    app = NoCacheMiddleware(LAYERS[layer](app), default=default)
    answer = ask(app, "/", MATCH, backend=backend)
    assert (answer.status, answer.cache) == (status, cache)
    assert ask(app, "/page", backend=backend).cache != cache


async def test_set_policy_after_the_start_changes_nothing() -> None:
    """The fields have left; what still runs is not punished for it."""

    async def endpoint(request: Request) -> Response:
        return Response(background=BackgroundTask(set_policy, PRIVATE(max_age=5)))

    app = NoCacheMiddleware(Starlette(routes=[Route("/", endpoint)]))
    assert (await drive(app, scope_of())).cache == NEVER_STORE


async def test_set_policy_finds_no_box_of_an_earlier_request() -> None:
    """In a context that a server reuses, the box is a leftover."""
    bare = Starlette(routes=[Route("/", declared)])
    assert (await drive(NoCacheMiddleware(bare), scope_of())).cache == REVALIDATED
    with pytest.raises(NoCacheError, match="set_policy"):
        await drive(bare, scope_of())


async def test_a_mark_does_not_outlive_its_request() -> None:
    """The same scope served again starts afresh."""
    app = NoCacheMiddleware(Starlette(routes=[Route("/", declared)]))
    plain = NoCacheMiddleware(Starlette(routes=[Route("/", unmarked)]))
    scope = scope_of()
    assert (await drive(app, scope)).cache == REVALIDATED
    assert (await drive(plain, scope_of())).cache == NEVER_STORE


def test_a_marked_stream(backend: str) -> None:
    """A streamed body passes whole, under the mark's fields."""

    @cache_policy(REVALIDATE)
    async def endpoint(request: Request) -> Response:
        async def chunks() -> Any:
            for number in range(3):
                yield f"{number}"

        return StreamingResponse(chunks())

    app = NoCacheMiddleware(Starlette(routes=[Route("/", endpoint)]))
    answer = ask(app, backend=backend)
    assert (answer.body, answer.cache) == (b"012", REVALIDATED)


# Where the middleware stands


def add(app: Starlette, **options: Any) -> Any:
    app.add_middleware(NoCacheMiddleware, **options)
    return app


@pytest.mark.parametrize("wrap", [NoCacheMiddleware, install, add])
def test_marks_work_wherever_the_middleware_stands(wrap: Any, backend: str) -> None:
    """Outside, installed, or added: the same marks, the same preconditions."""
    closed = wrap(Starlette(routes=ROUTES))
    answer = ask(closed, "/page", MATCH, backend=backend)
    assert (answer.status, answer.cache) == (304, REVALIDATED)
    assert ask(closed, "/", MATCH, backend=backend).cache == NEVER_STORE
    relaxed = wrap(Starlette(routes=ROUTES), default=RELAXED)
    answer = ask(relaxed, "/private", MATCH, backend=backend)
    assert (answer.status, answer.cache) == (200, NEVER_STORE)
