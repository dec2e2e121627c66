"""Marks on FastAPI: endpoints, dependencies, routers.

What marked endpoints return is in ``test_fastapi_answers.py``, what is left of
their signatures in ``test_fastapi_signatures.py``.
"""

import itertools
from collections.abc import Iterator
from typing import Annotated, Any

import pytest
from driver import (
    LAYERS,
    MATCH,
    NEVER_STORE,
    PUBLISHED,
    RELAXED,
    REVALIDATED,
    ask,
    confirming,
    reply,
    scope_copier,
)
from fastapi import APIRouter, Depends, FastAPI, Header, HTTPException, Request
from fastapi.responses import PlainTextResponse

from asgi_nocache import (
    NO_STORE,
    PUBLIC,
    REVALIDATE,
    NoCacheMiddleware,
    Rule,
    cache_policy,
    nocache,
    set_policy,
)

Asked = Annotated[str | None, Header(alias="If-None-Match")]


def by_request(nature: str) -> Any:
    """Return an endpoint that reads the request's fields itself."""

    def plain(request: Request) -> Any:
        return reply(request)

    async def awaited(request: Request) -> Any:
        return reply(request)

    return plain if nature == "sync" else awaited


def by_parameter(nature: str) -> Any:
    """Return an endpoint that lets FastAPI read them, before it runs."""

    def plain(if_none_match: Asked = None) -> Any:
        status, body = confirming(if_none_match)
        return PlainTextResponse(body, status)

    async def awaited(if_none_match: Asked = None) -> Any:
        return plain(if_none_match)

    return plain if nature == "sync" else awaited


def by_dependency(nature: str) -> Any:
    """Return an endpoint whose dependency reads them, before it runs."""
    read: Any = by_parameter(nature)

    def plain(answer: Annotated[Any, Depends(read)]) -> Any:
        return answer

    async def awaited(answer: Annotated[Any, Depends(read)]) -> Any:
        return answer

    return plain if nature == "sync" else awaited


def registered(make: Any, nature: str, place: str, mark: Any) -> FastAPI:
    app = FastAPI()
    if place == "above":
        mark(app.get("/", response_model=None)(make(nature)))
    else:
        app.get("/", response_model=None)(mark(make(nature)))
    return app


MAKERS = [by_request, by_parameter, by_dependency]

#: A copied scope hides the endpoint until it runs: what FastAPI reads before,
#: and what stands above the registration, is out of reach there.
REACHABLE = [
    pytest.param(*row, id="-".join([row[0].__name__, *row[1:]]))
    for row in itertools.product(MAKERS, ("sync", "async"), ("above", "below"), LAYERS)
    if row[3] != "scope-copier" or (row[0] is by_request and row[2] == "below")
]


@pytest.mark.parametrize(("make", "nature", "place", "layer"), REACHABLE)
def test_a_revalidate_mark_keeps_its_304_under_the_closed_default(
    make: Any, nature: str, place: str, layer: str, backend: str
) -> None:
    """The endpoint sees ``If-None-Match``; the 304 carries the mark's field."""
    app = registered(make, nature, place, cache_policy(REVALIDATE))
    answer = ask(NoCacheMiddleware(LAYERS[layer](app)), "/", MATCH, backend=backend)
    assert (answer.status, answer.cache) == (304, REVALIDATED)


@pytest.mark.parametrize(("make", "nature", "place", "layer"), REACHABLE)
def test_a_nocache_mark_never_gets_a_304_under_a_relaxed_default(
    make: Any, nature: str, place: str, layer: str, backend: str
) -> None:
    """The endpoint does not see ``If-None-Match``; its 200 is never-store."""
    app = LAYERS[layer](registered(make, nature, place, nocache))
    app = NoCacheMiddleware(app, default=RELAXED)
    answer = ask(app, "/", MATCH, backend=backend)
    assert (answer.status, answer.body) == (200, b"fresh")
    assert answer.cache == NEVER_STORE


@pytest.mark.parametrize("make", MAKERS)
@pytest.mark.parametrize(
    ("default", "status", "cache"),
    [(NO_STORE, 200, NEVER_STORE), (RELAXED, 304, PUBLISHED)],
)
def test_without_a_mark_the_default_decides(
    make: Any, default: Any, status: int, cache: dict[str, str], backend: str
) -> None:
    """The tables' twin: nothing but the mark makes the difference there."""
    app = registered(make, "async", "below", lambda endpoint: endpoint)
    app = NoCacheMiddleware(app, default=default)
    answer = ask(app, "/", MATCH, backend=backend)
    assert (answer.status, answer.cache) == (status, cache)


@pytest.mark.parametrize("make", [by_parameter, by_dependency])
def test_behind_a_copied_scope_parameters_are_read_too_early(make: Any) -> None:
    """A known limit: FastAPI reads them before the endpoint can be known.

    A ``REVALIDATE`` mark then loses its 304. Under a relaxed default the 304 of a
    ``nocache`` mark escapes: it leaves with the mark's fields, and is counted.
    """
    app = registered(make, "async", "below", cache_policy(REVALIDATE))
    answer = ask(NoCacheMiddleware(scope_copier(app)), "/", MATCH)
    assert (answer.status, answer.cache) == (200, REVALIDATED)
    app = scope_copier(registered(make, "async", "below", nocache))
    app = NoCacheMiddleware(app, default=RELAXED)
    answer = ask(app, "/", MATCH)
    assert (answer.status, answer.cache) == (304, NEVER_STORE)
    assert app.counts["escaped_304"] == 1


# Dependencies and routers


def private() -> None:
    set_policy(NO_STORE)


async def revalidated() -> None:
    set_policy(REVALIDATE)


def cleaned_up() -> Iterator[None]:
    set_policy(REVALIDATE)
    yield


LINES = [
    (private, RELAXED, 200, NEVER_STORE),
    (revalidated, NO_STORE, 304, REVALIDATED),
    (cleaned_up, NO_STORE, 304, REVALIDATED),
]


@pytest.mark.parametrize("make", MAKERS)
@pytest.mark.parametrize("layer", ["plain", "base-http"])
@pytest.mark.parametrize(("dependency", "default", "status", "cache"), LINES)
def test_one_line_covers_a_router(
    make: Any,
    layer: str,
    dependency: Any,
    default: Any,
    status: int,
    cache: dict[str, str],
    backend: str,
) -> None:
    """``dependencies=[Depends(...)]`` covers a router, and nothing beside it."""
    router = APIRouter(dependencies=[Depends(dependency)])
    router.get("/in", response_model=None)(make("async"))
    app = FastAPI()
    app.include_router(router, prefix="/v1")
    app.get("/out", response_model=None)(make("async"))
    app = NoCacheMiddleware(LAYERS[layer](app), default=default)
    answer = ask(app, "/v1/in", MATCH, backend=backend)
    assert (answer.status, answer.cache) == (status, cache)
    assert ask(app, "/out", backend=backend).cache != cache


def test_a_refusing_dependency_is_never_stored(backend: str) -> None:
    """The 401 and the 422 of a ``PUBLIC`` endpoint are errors first."""

    def refuse() -> None:
        raise HTTPException(401)

    app = FastAPI()

    @app.get("/closed", dependencies=[Depends(refuse)])
    @app.get("/typed")
    @cache_policy(PUBLIC(max_age=600))
    async def endpoint(number: int) -> int:
        return number

    wrapped = NoCacheMiddleware(app)
    assert ask(wrapped, "/typed?number=1").cache["cache-control"].startswith("public")
    refused = [("/closed?number=1", 401), ("/typed?number=one", 422)]
    for path, status in refused:
        answer = ask(wrapped, path, backend=backend)
        assert (answer.status, answer.cache) == (status, NEVER_STORE)


def test_behind_a_copied_scope_a_dependency_speaks_too_late() -> None:
    """A known limit: FastAPI holds a list of its own of the request's fields.

    The 304 that escapes leaves with the declared fields, and is counted.
    """
    app = FastAPI(dependencies=[Depends(private)])
    app.get("/", response_model=None)(by_request("async"))
    wrapped = NoCacheMiddleware(scope_copier(app), default=RELAXED)
    answer = ask(wrapped, "/", MATCH)
    assert (answer.status, answer.cache) == (304, NEVER_STORE)
    assert wrapped.counts["escaped_304"] == 1


def test_marks_in_included_routers(backend: str) -> None:
    """A router included twice keeps its marks in both places."""
    router = APIRouter()

    @router.get("/page")
    @cache_policy(REVALIDATE)
    def page() -> str:
        return "page"

    @router.get("/other")
    def other() -> str:
        return "other"

    app = FastAPI()
    for prefix in ("/v1", "/v2"):
        app.include_router(router, prefix=prefix)
    wrapped = NoCacheMiddleware(app)
    for prefix in ("/v1", "/v2"):
        assert ask(wrapped, f"{prefix}/page", backend=backend).cache == REVALIDATED
        assert ask(wrapped, f"{prefix}/other", backend=backend).cache == NEVER_STORE


def test_a_rule_by_tag_and_by_endpoint() -> None:
    """Tags count from the router, the include and the route itself."""
    router = APIRouter(tags=["routed"])

    @router.get("/page", tags=["own"])
    def page() -> str:
        return "page"

    app = FastAPI()
    app.include_router(router, prefix="/v1", tags=["included"])
    for asked in ({"tags": ["routed"]}, {"tags": ["included"]}, {"tags": ["own"]}):
        rules = [Rule(None, REVALIDATE, **asked)]
        answer = ask(NoCacheMiddleware(app, rules=rules), "/v1/page")
        assert answer.cache == REVALIDATED
    rules = [Rule(None, REVALIDATE, endpoints=["*.page"])]
    assert ask(NoCacheMiddleware(app, rules=rules), "/v1/page").cache == REVALIDATED
    rules = [Rule(None, REVALIDATE, tags=["others"])]
    assert ask(NoCacheMiddleware(app, rules=rules), "/v1/page").cache == NEVER_STORE
