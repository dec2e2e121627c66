# pyright: strict, reportUnnecessaryTypeIgnoreComment=true
"""What must be an error. Checked by mypy and pyright, never executed.

Each mistake is excused on its line, which both understand, and an excuse that
is not needed is an error itself: so every line is proven wrong by both.
"""

from __future__ import annotations

from typing import assert_type

from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.middleware import Middleware

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
from asgi_nocache.starlette import install

app = Starlette()
fastapi = FastAPI()


# A misspelt keyword

app.add_middleware(NoCacheMiddleware, rulez=[])  # type: ignore[call-arg]
fastapi.add_middleware(NoCacheMiddleware, rulez=[])  # type: ignore[call-arg]
Middleware(NoCacheMiddleware, defualt=NO_STORE)  # type: ignore[call-arg]
NoCacheMiddleware(app, rulez=[])  # type: ignore[call-arg]
install(app, rulez=[])  # type: ignore[call-arg]
Rule("/", NO_STORE, method=["GET"])  # type: ignore[call-arg]

# A wrong element type, and no sequence at all

app.add_middleware(NoCacheMiddleware, rules=["/static/**"])  # type: ignore[list-item]
fastapi.add_middleware(NoCacheMiddleware, rules=["/static/**"])  # type: ignore[list-item]
app.add_middleware(NoCacheMiddleware, rules=Rule("/", NO_STORE))  # type: ignore[arg-type]
Middleware(NoCacheMiddleware, rules=[NO_STORE])  # type: ignore[list-item]
NoCacheMiddleware(app, rules=[("/static/**", NO_STORE)])  # type: ignore[list-item]
install(app, rules=["/static/**"])  # type: ignore[list-item]

# A wrong value

Middleware(NoCacheMiddleware, default="x")  # type: ignore[arg-type]
app.add_middleware(NoCacheMiddleware, default="no-store")  # type: ignore[arg-type]
app.add_middleware(NoCacheMiddleware, mode="strict")  # type: ignore[arg-type]
NoCacheMiddleware(app, default=PUBLIC)  # type: ignore[arg-type]
NoCacheMiddleware(app, [Rule("/", NO_STORE)])  # type: ignore[call-arg]
install(app, mode="strict")  # type: ignore[arg-type]

# Marks

cache_policy("no-store")  # type: ignore[arg-type]
cache_policy(REVALIDATE, mode="strict")  # type: ignore[arg-type]
set_policy(60)  # type: ignore[arg-type]
nocache("why")  # type: ignore[call-overload]
nocache(reasn="why")  # type: ignore[call-overload]
PUBLIC()  # type: ignore[call-arg]


@nocache
def function(number: int) -> str:
    raise NotImplementedError


@cache_policy(REVALIDATE)
async def coroutine(number: int) -> str:
    raise NotImplementedError


async def wrong_calls() -> None:
    function("text")  # type: ignore[arg-type]
    function()  # type: ignore[call-arg]
    await coroutine("text")  # type: ignore[arg-type]
    coroutine(1).upper()  # type: ignore[attr-defined]
    assert_type(function(1), bytes)  # type: ignore[assert-type]
