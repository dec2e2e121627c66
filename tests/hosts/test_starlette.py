"""Marks on Starlette: every shape of endpoint, in every place, under every layer.

What a mark does on FastAPI and on plain ASGI callables is in the files beside
this one; ``install()`` in ``test_install.py``.
"""

import copy
import functools
import itertools
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
    reply,
    scope_copier,
)
from starlette.applications import Starlette
from starlette.authentication import AuthCredentials, requires
from starlette.endpoints import HTTPEndpoint
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from asgi_nocache import (
    NO_STORE,
    PUBLIC,
    REVALIDATE,
    NoCacheMiddleware,
    cache_policy,
    nocache,
)

# The table: shapes, places, layers


def make_endpoint(nature: str, form: str) -> Any:
    """Return a new endpoint that honours ``If-None-Match``."""

    def plain(request: Request) -> Response:
        return reply(request)

    async def awaited(request: Request) -> Response:
        return reply(request)

    class Plain(HTTPEndpoint):
        def get(self, request: Request) -> Response:
            return reply(request)

    class Awaited(HTTPEndpoint):
        async def get(self, request: Request) -> Response:
            return reply(request)

    function, cls = (plain, Plain) if nature == "sync" else (awaited, Awaited)
    made = {"function": function, "partial": functools.partial(function)}
    return made.get(form, cls)


def make_routes(nature: str, form: str, place: str, mark: Any) -> list[Route]:
    """Return a route whose endpoint is marked above or below the framework's own."""
    endpoint = make_endpoint(nature, form)
    if form == "method":
        own, above = requires([]), place == "above"
        endpoint.get = mark(own(endpoint.get)) if above else own(mark(endpoint.get))
        return [Route("/", endpoint)]
    if place == "below":
        return [Route("/", mark(endpoint))]
    route = Route("/", endpoint)
    mark(endpoint)
    return [route]


#: A copied scope hides the endpoint, and above the registered function is bare.
OUT_OF_REACH = (("function", "above"), ("partial", "above"))

TABLE = [
    pytest.param(*row, id="-".join(row))
    for row in itertools.product(
        ("sync", "async"),
        ("function", "method", "class", "partial"),
        ("above", "below"),
        LAYERS,
    )
    if not (row[1:3] in OUT_OF_REACH and row[3] == "scope-copier")
]


@pytest.mark.parametrize(("nature", "form", "place", "layer"), TABLE)
def test_a_revalidate_mark_keeps_its_304_under_the_closed_default(
    nature: str, form: str, place: str, layer: str, backend: str
) -> None:
    """The endpoint sees ``If-None-Match``; the 304 carries the mark's field."""
    routes = make_routes(nature, form, place, cache_policy(REVALIDATE))
    app = NoCacheMiddleware(LAYERS[layer](Starlette(routes=routes)))
    answer = ask(app, "/", MATCH, backend=backend)
    assert (answer.status, answer.cache) == (304, REVALIDATED)


@pytest.mark.parametrize(("nature", "form", "place", "layer"), TABLE)
def test_a_nocache_mark_never_gets_a_304_under_a_relaxed_default(
    nature: str, form: str, place: str, layer: str, backend: str
) -> None:
    """The endpoint does not see ``If-None-Match``; its 200 is never-store."""
    routes = make_routes(nature, form, place, nocache)
    app = NoCacheMiddleware(LAYERS[layer](Starlette(routes=routes)), default=RELAXED)
    answer = ask(app, "/", MATCH, backend=backend)
    assert (answer.status, answer.body) == (200, b"fresh")
    assert answer.cache == NEVER_STORE


@pytest.mark.parametrize("layer", LAYERS)
@pytest.mark.parametrize(
    ("default", "status", "cache"),
    [(NO_STORE, 200, NEVER_STORE), (RELAXED, 304, PUBLISHED)],
)
def test_without_a_mark_the_default_decides(
    layer: str, default: Any, status: int, cache: dict[str, str], backend: str
) -> None:
    """The table's twin: nothing but the mark makes the difference there."""
    app = Starlette(routes=[Route("/", make_endpoint("async", "function"))])
    app = NoCacheMiddleware(LAYERS[layer](app), default=default)
    answer = ask(app, "/", MATCH, backend=backend)
    assert (answer.status, answer.cache) == (status, cache)


@pytest.mark.parametrize(
    ("mark", "default", "cache"),
    [
        (cache_policy(REVALIDATE), NO_STORE, NEVER_STORE),
        (nocache, RELAXED, PUBLISHED),
    ],
)
def test_a_mark_that_nothing_can_reach_leaves_the_default(
    mark: Any, default: Any, cache: dict[str, str]
) -> None:
    """A known limit: above the registration *and* behind a copied scope.

    The registered function is the bare one, so no mark is reported, and the copy
    hides the endpoint, so none is found: the default applies. Put the decorator
    below the framework's own.
    """
    app = Starlette(routes=make_routes("async", "function", "above", mark))
    app = NoCacheMiddleware(scope_copier(app), default=default)
    assert ask(app).cache == cache


@pytest.mark.parametrize(
    ("mark", "default", "status", "cache"),
    [
        (cache_policy(REVALIDATE), NO_STORE, 304, REVALIDATED),
        (nocache, RELAXED, 200, NEVER_STORE),
    ],
)
def test_a_deep_copy_of_the_scope(
    mark: Any, default: Any, status: int, cache: dict[str, str], backend: str
) -> None:
    """Some middleware copies the scope deeply; a mark is reported all the same."""
    app = Starlette(routes=make_routes("async", "function", "below", mark))

    async def copier(scope: Any, receive: Any, send: Any) -> None:
        await app(copy.deepcopy(scope), receive, send)

    answer = ask(
        NoCacheMiddleware(copier, default=default), "/", MATCH, backend=backend
    )
    assert (answer.status, answer.cache) == (status, cache)


def test_a_refusal_above_the_marked_method_is_never_stored() -> None:
    """``@requires`` answers 403 without running the method: no stored error."""

    class Endpoint(HTTPEndpoint):
        @requires("admin")
        @cache_policy(REVALIDATE)
        async def get(self, request: Request) -> None:
            """Never run."""

    app = NoCacheMiddleware(Starlette(routes=[Route("/", Endpoint)]))
    answer = ask(app, "/", auth=AuthCredentials())
    assert (answer.status, answer.cache) == (403, NEVER_STORE)


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_mark_holds_where_its_method_did_not_run(method: str) -> None:
    """``@requires`` redirects: ``nocache`` below it speaks for that answer too."""

    class Endpoint(HTTPEndpoint):
        @requires("admin", redirect="login")
        @nocache
        async def get(self, request: Request) -> None:
            """Never run."""

    routes = [Route("/", Endpoint), Route("/login", Endpoint, name="login")]
    app = NoCacheMiddleware(Starlette(routes=routes), default=RELAXED)
    answer = ask(app, method=method, auth=AuthCredentials())
    assert (answer.status, answer.cache) == (303, NEVER_STORE)


def test_a_partial_of_a_function_that_is_marked_later(backend: str) -> None:
    """The mark is found through the partial."""
    function = make_endpoint("async", "function")
    app = Starlette(routes=[Route("/", functools.partial(functools.partial(function)))])
    nocache(function)
    answer = ask(NoCacheMiddleware(app, default=RELAXED), "/", MATCH, backend=backend)
    assert (answer.status, answer.cache) == (200, NEVER_STORE)


# What a class says, and what its methods say


class Base(HTTPEndpoint):
    @nocache
    async def get(self, request: Request) -> Response:
        return reply(request)


@cache_policy(REVALIDATE)
class Whole(HTTPEndpoint):
    async def get(self, request: Request) -> Response:
        return reply(request)


class Inheriting(Whole):
    pass


@cache_policy(PUBLIC(max_age=600))
class Narrowed(HTTPEndpoint):
    @nocache
    def get(self, request: Request) -> Response:
        return reply(request)


@pytest.mark.parametrize(
    ("endpoint", "method", "default", "cache"),
    [
        (Base, "GET", RELAXED, NEVER_STORE),
        (Base, "HEAD", RELAXED, NEVER_STORE),
        (Base, "OPTIONS", RELAXED, PUBLISHED),
        (Whole, "GET", NO_STORE, REVALIDATED),
        (Whole, "HEAD", NO_STORE, REVALIDATED),
        (Inheriting, "GET", NO_STORE, REVALIDATED),
        (Narrowed, "GET", RELAXED, NEVER_STORE),
        (Narrowed, "OPTIONS", NO_STORE, {"cache-control": "public, max-age=600"}),
    ],
)
def test_a_class_and_its_methods(
    endpoint: Any, method: str, default: Any, cache: dict[str, str]
) -> None:
    """A method's mark is its own, ``HEAD`` is ``get``'s; a class's is inherited.

    Where both speak they are joined, so the stricter one holds.
    """

    def options(self: Any, request: Request) -> Response:
        return Response()

    both = type("Both", (endpoint,), {"options": options})
    app = NoCacheMiddleware(Starlette(routes=[Route("/", both)]), default=default)
    assert ask(app, method=method).cache == cache


def test_marking_a_class_leaves_its_base_alone() -> None:
    """The base's own routes keep the default."""

    class Parent(HTTPEndpoint):
        def get(self, request: Request) -> Response:
            return reply(request)

    @nocache
    class Child(Parent):
        pass

    routes = [Route("/parent", Parent), Route("/child", Child)]
    app = NoCacheMiddleware(Starlette(routes=routes), default=RELAXED)
    assert ask(app, "/parent").cache == PUBLISHED
    assert ask(app, "/child").cache == NEVER_STORE
