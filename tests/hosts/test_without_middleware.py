"""Decorators that no middleware serves: they apply themselves, or say what misses."""

from typing import Any

import pytest
from driver import (
    MATCH,
    NEVER_STORE,
    REVALIDATED,
    ask,
    confirming,
    reply,
    scope_copier,
)
from fastapi import FastAPI
from fastapi.responses import PlainTextResponse
from starlette.applications import Starlette
from starlette.endpoints import HTTPEndpoint
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from asgi_nocache import (
    NO_STORE,
    REVALIDATE,
    NoCacheError,
    cache_policy,
    nocache,
    set_policy,
)

REMEDY = r"app = NoCacheMiddleware\(app\), or install\(app\)"


def on_function(mark: Any) -> Any:
    @mark
    async def endpoint(request: Request) -> Response:
        return reply(request)

    return endpoint


def on_sync_function(mark: Any) -> Any:
    @mark
    def endpoint(request: Request) -> Response:
        return reply(request)

    return endpoint


def on_method(mark: Any) -> Any:
    class Endpoint(HTTPEndpoint):
        @mark
        async def get(self, request: Request) -> Response:
            return reply(request)

    return Endpoint


@pytest.mark.parametrize("shape", [on_function, on_sync_function, on_method])
@pytest.mark.parametrize(
    ("mark", "status", "cache"),
    [
        (nocache, 200, NEVER_STORE),
        (cache_policy(NO_STORE), 200, NEVER_STORE),
        (cache_policy(REVALIDATE), 304, REVALIDATED),
        (lambda endpoint: endpoint, 304, {}),
    ],
)
def test_on_starlette_a_returned_response_gets_the_fields(
    shape: Any, mark: Any, status: int, cache: dict[str, str], backend: str
) -> None:
    """Its preconditions go too, where the mark is never-store."""
    app = Starlette(routes=[Route("/", shape(mark))])
    answer = ask(app, "/", MATCH, backend=backend)
    assert (answer.status, answer.cache) == (status, cache)


def test_what_the_endpoint_sent_is_replaced_not_repeated() -> None:
    """One line leaves, and all other fields stay."""

    @nocache
    async def endpoint(request: Request) -> Response:
        fields = {"cache-control": "public, max-age=60", "x-own": "kept"}
        return Response(headers=fields)

    answer = ask(Starlette(routes=[Route("/", endpoint)]))
    assert answer.cache == NEVER_STORE
    assert (b"x-own", b"kept") in answer.fields


def test_a_response_that_is_used_again_is_not_filled_up() -> None:
    """The same object for every request: still one line each time."""
    response = Response("constant")

    @nocache
    async def endpoint(request: Request) -> Response:
        return response

    app = Starlette(routes=[Route("/", endpoint)])
    for _ in range(3):
        assert ask(app).cache == NEVER_STORE


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "POST"])
def test_writers_keep_their_preconditions(method: str) -> None:
    """Only GET and HEAD can be confirmed: a create-only ``PUT`` stays one."""

    @nocache
    async def endpoint(request: Request) -> Response:
        exists = request.headers.get("if-none-match") == "*"
        return Response(status_code=412 if exists else 204)

    app = Starlette(routes=[Route("/", endpoint, methods=[method])])
    assert ask(app, "/", {"If-None-Match": "*"}, method=method).status == 412


@pytest.mark.parametrize(
    ("asked", "left"), [({"if-range": '"v1"'}, None), ({}, "bytes=0-3")]
)
def test_a_range_goes_together_with_if_range(asked: Any, left: str | None) -> None:
    """A part of the new body would be spliced onto the old one."""
    seen = []

    @nocache
    async def endpoint(request: Request) -> Response:
        seen.append(request.headers.get("range"))
        return Response()

    app = Starlette(routes=[Route("/", endpoint)])
    ask(app, "/", {**asked, "range": "bytes=0-3"})
    assert seen == [left]


def test_on_fastapi_a_returned_response_gets_the_fields(backend: str) -> None:
    """As on Starlette, whatever the endpoint's parameters are."""
    app = FastAPI()

    @app.get("/")
    @nocache
    async def endpoint() -> PlainTextResponse:
        return PlainTextResponse("body")

    assert ask(app, backend=backend).cache == NEVER_STORE


def test_on_fastapi_what_is_no_response_is_refused(backend: str) -> None:
    """There is nothing to write on, so the missing line is named."""
    app = FastAPI()

    @app.get("/")
    @nocache
    async def endpoint() -> dict[str, str]:
        return {}

    with pytest.raises(NoCacheError, match=rf"endpoint ran, .*{REMEDY}"):
        ask(app, backend=backend)


def test_a_class_that_sends_by_itself_is_refused() -> None:
    """An ``HTTPEndpoint`` returns nothing from its dispatch."""

    @nocache
    class Endpoint(HTTPEndpoint):
        async def get(self, request: Request) -> Response:
            return reply(request)

    with pytest.raises(NoCacheError, match=REMEDY):
        ask(Starlette(routes=[Route("/", Endpoint)]))


@pytest.mark.parametrize("layer", [scope_copier, lambda app: app])
def test_a_plain_app_is_refused_before_it_sends(layer: Any) -> None:
    """Nothing leaves that a cache might keep."""
    ran = []

    @nocache
    async def app(scope: Any, receive: Any, send: Any) -> None:
        ran.append(scope)

    with pytest.raises(NoCacheError, match=REMEDY):
        ask(layer(app))
    assert not ran


@pytest.mark.parametrize("kind", ["lifespan", "websocket"])
async def test_a_plain_app_still_serves_what_is_not_http(kind: str) -> None:
    """Nothing is cached there, so nothing misses."""
    seen = []

    @nocache
    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.append(scope["type"])

    await app({"type": kind}, None, None)
    assert seen == [kind]


def test_set_policy_is_refused(backend: str) -> None:
    """It has no response to write on."""

    async def endpoint(request: Request) -> Response:
        set_policy(REVALIDATE)
        return reply(request)

    with pytest.raises(NoCacheError, match=rf"set_policy\(\) ran, .*{REMEDY}"):
        ask(Starlette(routes=[Route("/", endpoint)]), backend=backend)


def test_set_policy_outside_of_any_request_is_refused() -> None:
    """Nothing could be declared."""
    with pytest.raises(NoCacheError, match="nothing was declared"):
        set_policy(NO_STORE)


def test_a_decorated_function_may_be_called_directly() -> None:
    """In a unit test an endpoint is a function: its response has the fields."""

    @nocache
    def endpoint(tag: str) -> Response:
        status, body = confirming(tag)
        return PlainTextResponse(body, status)

    response = endpoint("other")
    assert response.headers["cache-control"] == NEVER_STORE["cache-control"]
