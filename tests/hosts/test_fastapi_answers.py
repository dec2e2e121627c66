"""Marks on FastAPI: what endpoints return, models and streams.

When a mark is found at all is in ``test_fastapi.py``.
"""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from driver import LAYERS, NEVER_STORE, RELAXED, REVALIDATED, ask
from fastapi import FastAPI
from fastapi import Response as Injected
from fastapi.responses import StreamingResponse
from pydantic import BaseModel

from asgi_nocache import (
    NO_STORE,
    PRIVATE,
    REVALIDATE,
    NoCacheMiddleware,
    cache_policy,
    nocache,
)
from asgi_nocache.starlette import install


class Item(BaseModel):
    name: str


class Stored(Item):
    secret: str = "s"


@pytest.mark.parametrize("place", ["above", "below"])
def test_a_response_model_still_filters(place: str, backend: str) -> None:
    """The model that the endpoint names decides what leaves."""

    async def endpoint() -> Any:
        return Stored(name="n")

    app, mark = FastAPI(), cache_policy(REVALIDATE)
    if place == "above":
        mark(app.get("/", response_model=Item)(endpoint))
    else:
        app.get("/", response_model=Item)(mark(endpoint))
    answer = ask(NoCacheMiddleware(app), backend=backend)
    assert (answer.body, answer.cache) == (b'{"name":"n"}', REVALIDATED)


def test_the_injected_response_is_joined(backend: str) -> None:
    """A ``Response`` parameter stays the way to set fields; stricter holds."""
    app = FastAPI()

    @app.get("/")
    @cache_policy(PRIVATE(max_age=60))
    def endpoint(response: Injected) -> str:
        response.headers["cache-control"] = "private, max-age=5"
        response.headers["x-own"] = "kept"
        return "body"

    answer = ask(NoCacheMiddleware(app), backend=backend)
    assert answer.cache == {"cache-control": "private, max-age=5"}
    assert (b"x-own", b"kept") in answer.fields


def streams(mark: Any) -> FastAPI:
    """Return an app with one marked endpoint for each way to stream."""
    app = FastAPI()

    @app.get("/response")
    @mark
    async def response() -> StreamingResponse:
        return StreamingResponse(iter("012"))

    @app.get("/async")
    @mark
    async def generate() -> AsyncIterator[int]:
        for number in range(3):
            yield number

    @app.get("/sync")
    @mark
    def generate_too() -> Iterator[int]:
        yield from range(3)

    return app


@pytest.mark.parametrize("layer", LAYERS)
@pytest.mark.parametrize("path", ["/response", "/async", "/sync"])
@pytest.mark.parametrize(
    ("mark", "default", "cache"),
    [
        (nocache, RELAXED, NEVER_STORE),
        (cache_policy(REVALIDATE), NO_STORE, REVALIDATED),
    ],
)
def test_marked_streams(
    layer: str, path: str, mark: Any, default: Any, cache: dict[str, str], backend: str
) -> None:
    """A stream leaves whole, under the mark's fields, also from generators."""
    app = NoCacheMiddleware(LAYERS[layer](streams(mark)), default=default)
    answer = ask(app, path, backend=backend)
    assert answer.body.replace(b"\n", b"") == b"012"
    assert answer.cache == cache


@pytest.mark.parametrize("wrap", [NoCacheMiddleware, install])
@pytest.mark.parametrize("path", ["/docs", "/openapi.json", "/absent"])
def test_what_fastapi_answers_itself_is_never_stored(wrap: Any, path: str) -> None:
    """Closed by default: nobody declared the docs."""
    assert ask(wrap(FastAPI()), path).cache == NEVER_STORE
