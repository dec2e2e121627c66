"""What the decorators leave of a signature, with annotations that are strings.

FastAPI reads parameters, models and docs from the function; a decorator that
hid them would show here.
"""

from __future__ import annotations

import inspect
from typing import Annotated, Any

import pytest
from driver import MATCH, NEVER_STORE, RELAXED, REVALIDATED, TAG, ask
from fastapi import Body, Depends, FastAPI, Header, Query, Request
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel

from asgi_nocache import (
    PUBLIC,
    REVALIDATE,
    NoCacheMiddleware,
    cache_policy,
    nocache,
)

MARKS = {
    "bare": nocache,
    "called": nocache(reason="why"),
    "policy": cache_policy(REVALIDATE),
}


class Item(BaseModel):
    """What is stored."""

    name: str
    price: float = 0.0


def current_user(x_user: Annotated[str, Header()] = "nobody") -> str:
    return x_user


User = Annotated[str, Depends(current_user)]


def make_app(mark: Any, place: str, nature: str) -> FastAPI:
    """Return an app whose every endpoint is marked."""
    app = FastAPI()

    def read(
        number: int,
        user: User,
        q: Annotated[list[str] | None, Query(max_length=3)] = None,
        if_none_match: Annotated[str | None, Header()] = None,
    ) -> dict[str, Any]:
        """Read one item."""
        return {"number": number, "user": user, "q": q, "asked": if_none_match}

    async def read_later(
        number: int,
        user: User,
        q: Annotated[list[str] | None, Query(max_length=3)] = None,
        if_none_match: Annotated[str | None, Header()] = None,
    ) -> dict[str, Any]:
        """Read one item."""
        return read(number, user, q, if_none_match)

    def write(item: Item, note: Annotated[str, Body()], request: Request) -> Item:
        """Write one item."""
        return item

    reader = read if nature == "sync" else read_later
    reader.__name__ = reader.__qualname__ = "reader"
    routes = [(app.get("/items/{number}"), reader), (app.post("/items"), write)]
    for register, endpoint in routes:
        if place == "above":
            mark(register(endpoint))
        else:
            register(mark(endpoint))
    return app


EVERYWHERE = [
    pytest.mark.parametrize("nature", ["sync", "async"]),
    pytest.mark.parametrize("place", ["above", "below"]),
    pytest.mark.parametrize("mark", MARKS.values(), ids=MARKS),
]


def everywhere(test: Any) -> Any:
    for each in EVERYWHERE:
        test = each(test)
    return test


@everywhere
def test_the_docs_stay_the_same(mark: Any, place: str, nature: str) -> None:
    """``openapi.json`` is that of the undecorated app, word by word."""
    bare = make_app(lambda endpoint: endpoint, place, nature)
    assert make_app(mark, place, nature).openapi() == bare.openapi()
    assert "/items/{number}" in bare.openapi()["paths"]


@everywhere
def test_parameters_are_read_and_checked(mark: Any, place: str, nature: str) -> None:
    """Path, query, header, body, request and dependency arrive; bad ones do not."""
    app = NoCacheMiddleware(make_app(mark, place, nature))
    answer = ask(app, "/items/7?q=a&q=b", {"X-User": "ann"})
    assert answer.status == 200
    expected = b'{"number":7,"user":"ann","q":["a","b"],"asked":null}'
    assert answer.body == expected
    assert ask(app, "/items/seven").status == 422
    json = {"Content-Type": "application/json"}
    body = b'{"item": {"name": "n"}, "note": "x"}'
    answer = ask(app, "/items", json, method="POST", body=body)
    assert answer.body == b'{"name":"n","price":0.0}'
    assert ask(app, "/items", json, method="POST", body=b"{}").status == 422


@pytest.mark.parametrize("nature", ["sync", "async"])
@pytest.mark.parametrize("place", ["above", "below"])
@pytest.mark.parametrize(
    ("mark", "default", "asked"),
    [
        (cache_policy(REVALIDATE), None, TAG),
        (cache_policy(PUBLIC(max_age=5)), None, TAG),
        (nocache, None, None),
        (nocache, RELAXED, None),
        (cache_policy(REVALIDATE), RELAXED, TAG),
    ],
)
def test_a_header_parameter_hears_the_mark(
    mark: Any, default: Any, asked: str | None, place: str, nature: str, backend: str
) -> None:
    """``If-None-Match`` arrives under a weaker mark, and not under ``nocache``."""
    options = {} if default is None else {"default": default}
    app = NoCacheMiddleware(make_app(mark, place, nature), **options)
    answer = ask(app, "/items/1", MATCH, backend=backend)
    expected = "null" if asked is None else '"\\"v1\\""'
    assert answer.body.endswith(f'"asked":{expected}}}'.encode())


@pytest.mark.parametrize("place", ["above", "below"])
@pytest.mark.parametrize(
    ("mark", "default", "status", "cache"),
    [
        (cache_policy(REVALIDATE), {}, 304, REVALIDATED),
        (nocache, {"default": RELAXED}, 200, NEVER_STORE),
    ],
)
def test_a_304_by_a_header_parameter(
    place: str, mark: Any, default: Any, status: int, cache: dict[str, str]
) -> None:
    """What the parameter says decides on the 304."""
    app = FastAPI()

    async def endpoint(if_none_match: Annotated[str | None, Header()] = None) -> Any:
        return Response(status_code=304) if if_none_match == TAG else JSONResponse({})

    if place == "above":
        mark(app.get("/")(endpoint))
    else:
        app.get("/")(mark(endpoint))
    answer = ask(NoCacheMiddleware(app, **default), "/", MATCH)
    assert (answer.status, answer.cache) == (status, cache)


@pytest.mark.parametrize("mark", MARKS.values(), ids=MARKS)
def test_a_decorated_function_keeps_its_face(mark: Any) -> None:
    """Name, module, docs, signature and nature are those of the original."""

    async def coroutine(number: int, *, name: str = "n") -> str:
        """Say so."""
        return name * number

    def function(number: int) -> int:
        """Say it."""
        return number

    async def agenerator() -> Any:
        """Say them."""
        yield 1

    def generator() -> Any:
        """Say all."""
        yield 1

    for endpoint in (coroutine, function, agenerator, generator):
        decorated = mark(endpoint)
        assert inspect.signature(decorated) == inspect.signature(endpoint)
        assert decorated.__name__ == endpoint.__name__
        assert decorated.__doc__ == endpoint.__doc__
        assert decorated.__module__ == __name__
        assert inspect.iscoroutinefunction(decorated) is (endpoint is coroutine)
        unwrapped = inspect.unwrap(decorated)
        assert inspect.isasyncgenfunction(unwrapped) is (endpoint is agenerator)
        assert inspect.isgeneratorfunction(unwrapped) is (endpoint is generator)


@pytest.mark.parametrize("mark", MARKS.values(), ids=MARKS)
def test_a_decorated_class_stays_the_class(mark: Any) -> None:
    """No wrapper takes its place: subclassing and ``isinstance`` keep working."""

    class Endpoint:
        async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
            """Answer."""

    assert mark(Endpoint) is Endpoint
    assert Endpoint.__call__.__doc__ == "Answer."
