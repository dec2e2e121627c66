# pyright: strict, reportUnnecessaryTypeIgnoreComment=true
"""What must check clean. Checked by mypy and pyright, never executed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from typing import assert_type

import uvicorn
from fastapi import APIRouter, Depends, FastAPI
from starlette.applications import Starlette
from starlette.endpoints import HTTPEndpoint
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route
from starlette.testclient import TestClient
from starlette.types import ASGIApp, Receive, Scope, Send

from asgi_nocache import (
    NO_STORE,
    PRIVATE,
    PUBLIC,
    REVALIDATE,
    CacheControl,
    NoCacheMiddleware,
    Policy,
    Rule,
    cache_policy,
    nocache,
    set_policy,
)
from asgi_nocache.starlette import install

RULES = [
    Rule("/static/**", PUBLIC(max_age=3600, immutable=True), reason="hashed names"),
    Rule("/api/**", REVALIDATE, methods=["GET"], status=[200], floor=True),
    Rule(None, Policy(CacheControl(private=True, max_age=60), "brief")),
]


# The middleware, wherever Starlette and FastAPI take one


async def raw(scope: Scope, receive: Receive, send: Send) -> None: ...


starlette = Starlette(middleware=[Middleware(NoCacheMiddleware, rules=RULES)])
fastapi = FastAPI(middleware=[Middleware(NoCacheMiddleware, default=NO_STORE)])
starlette.add_middleware(NoCacheMiddleware)
starlette.add_middleware(NoCacheMiddleware, rules=RULES, default=REVALIDATE)
fastapi.add_middleware(
    NoCacheMiddleware,
    rules=tuple(RULES),
    mode="if-missing",
    guards={"set_cookie"},
    error_response=True,
)

wrapped = NoCacheMiddleware(raw, rules=iter(RULES))
as_starlette_app: ASGIApp = wrapped
Mount("/sub", wrapped)
TestClient(wrapped)
assert_type(NoCacheMiddleware(starlette), NoCacheMiddleware)
assert_type(NoCacheMiddleware(NoCacheMiddleware(fastapi)), NoCacheMiddleware)

# install() gives back what it was given

assert_type(install(Starlette(), rules=RULES), Starlette)
assert_type(install(FastAPI(), default=PRIVATE(max_age=60), mode="report"), FastAPI)


def serve() -> None:
    uvicorn.run(wrapped)
    uvicorn.run(install(Starlette()))


# Decorated functions keep their signature, bare and called


@nocache
async def coroutine(number: int, *, name: str = "n") -> bytes:
    raise NotImplementedError


@nocache(reason="personal")
def function(request: Request, number: int = 0) -> Response:
    raise NotImplementedError


@cache_policy(PUBLIC(max_age=60), mode="override", reason="published")
async def agenerator(number: int) -> AsyncIterator[str]:
    yield ""


@cache_policy(REVALIDATE)
def generator(number: int) -> Iterator[str]:
    yield ""


@nocache
@cache_policy(REVALIDATE)
def twice(number: int) -> str:
    raise NotImplementedError


async def check_calls(request: Request) -> None:
    assert_type(await coroutine(1, name="x"), bytes)
    assert_type(function(request, number=1), Response)
    assert_type(agenerator(1), AsyncIterator[str])
    assert_type(generator(1), Iterator[str])
    assert_type(twice(1), str)


def keeps_its_parameters(plain: Callable[[int], str]) -> None:
    assert_type(nocache(plain), Callable[[int], str])
    assert_type(nocache(reason="why")(plain), Callable[[int], str])
    assert_type(cache_policy(REVALIDATE)(plain), Callable[[int], str])


# Classes, methods and apps keep what they are


@nocache
class Endpoint(HTTPEndpoint):
    @cache_policy(PRIVATE(max_age=60))
    async def get(self, request: Request) -> Response:
        raise NotImplementedError


@nocache(reason="personal")
class App:
    def __init__(self, name: str) -> None:
        self.name = name

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None: ...


async def check_classes(endpoint: Endpoint, request: Request) -> None:
    assert_type(await endpoint.get(request), Response)
    assert_type(App("name"), App)
    assert_type(App("name").name, str)
    NoCacheMiddleware(App("name"))
    NoCacheMiddleware(nocache(raw))


routes = [Route("/", function), Route("/class", Endpoint), Mount("/app", App("name"))]


# Dependencies


def private() -> None:
    set_policy(PRIVATE(max_age=60))


router = APIRouter(dependencies=[Depends(private)])


@router.get("/above")
@nocache
async def above(number: int) -> int:
    raise NotImplementedError


@nocache
@router.get("/below")
async def below(number: int) -> int:
    raise NotImplementedError


async def check_routed() -> None:
    assert_type(await above(1), int)
    assert_type(await below(number=1), int)
