"""Marks on plain ASGI callables: no framework names an endpoint in the scope.

Starlette's request and response classes only read and write here.
"""

import functools
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
from starlette.requests import Request

from asgi_nocache import (
    NO_STORE,
    REVALIDATE,
    ConfigurationError,
    NoCacheMiddleware,
    cache_policy,
    nocache,
    set_policy,
)


async def respond(scope: Any, receive: Any, send: Any) -> None:
    await reply(Request(scope))(scope, receive, send)


def as_function(mark: Any) -> Any:
    @mark
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await respond(scope, receive, send)

    return app


def as_returning_function(mark: Any) -> Any:
    """Return an app that is no coroutine function, but returns an awaitable."""

    @mark
    def app(scope: Any, receive: Any, send: Any) -> Any:
        return respond(scope, receive, send)

    return app


def as_partial(mark: Any) -> Any:
    async def app(prefix: str, scope: Any, receive: Any, send: Any) -> None:
        await respond(scope, receive, send)

    return mark(functools.partial(app, "prefix"))


class App:
    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await respond(scope, receive, send)

    async def serve(self, scope: Any, receive: Any, send: Any) -> None:
        await respond(scope, receive, send)


def as_instance(mark: Any) -> Any:
    return mark(App())


def as_class(mark: Any) -> Any:
    @mark
    class Marked(App):
        pass

    return Marked()


def as_call(mark: Any) -> Any:
    class Marked:
        @mark
        async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
            await respond(scope, receive, send)

    return Marked()


def as_bound_method(mark: Any) -> Any:
    class Fresh(App):
        async def serve(self, scope: Any, receive: Any, send: Any) -> None:
            await respond(scope, receive, send)

    return mark(Fresh().serve)


SHAPES = [
    as_function,
    as_returning_function,
    as_partial,
    as_instance,
    as_class,
    as_call,
    as_bound_method,
]


@pytest.mark.parametrize("layer", LAYERS)
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(
    ("mark", "default", "status", "cache"),
    [
        (cache_policy(REVALIDATE), NO_STORE, 304, REVALIDATED),
        (nocache, RELAXED, 200, NEVER_STORE),
        (nocache(reason="why"), RELAXED, 200, NEVER_STORE),
        (lambda app: app, NO_STORE, 200, NEVER_STORE),
        (lambda app: app, RELAXED, 304, PUBLISHED),
    ],
    ids=["revalidate", "nocache", "called", "closed-twin", "relaxed-twin"],
)
def test_a_marked_app(
    layer: str,
    shape: Any,
    mark: Any,
    default: Any,
    status: int,
    cache: dict[str, str],
    backend: str,
) -> None:
    """Whatever is callable may be marked; without a mark the default decides."""
    app = NoCacheMiddleware(LAYERS[layer](shape(mark)), default=default)
    answer = ask(app, "/", MATCH, backend=backend)
    assert (answer.status, answer.cache) == (status, cache)


def test_other_apps_of_the_class_are_left_alone() -> None:
    """A mark on a subclass or a bound method does not reach ``App``."""
    as_class(nocache)
    as_bound_method(nocache)
    assert ask(NoCacheMiddleware(App(), default=RELAXED)).cache == PUBLISHED


def test_a_mark_on_one_branch() -> None:
    """A dispatcher calls a marked app for one path, and only that is marked."""
    marked = as_function(cache_policy(REVALIDATE))

    async def dispatch(scope: Any, receive: Any, send: Any) -> None:
        chosen = marked if scope["path"] == "/page" else respond
        await chosen(scope, receive, send)

    app = NoCacheMiddleware(dispatch)
    assert ask(app, "/page", MATCH).status == 304
    assert ask(app, "/", MATCH).cache == NEVER_STORE


@pytest.mark.parametrize("layer", ["plain", "base-http"])
@pytest.mark.parametrize(
    ("policy", "default", "status", "cache"),
    [
        (REVALIDATE, NO_STORE, 304, REVALIDATED),
        (NO_STORE, RELAXED, 200, NEVER_STORE),
    ],
)
def test_set_policy_in_a_plain_app(
    layer: str,
    policy: Any,
    default: Any,
    status: int,
    cache: dict[str, str],
    backend: str,
) -> None:
    """It needs no framework and no argument."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        set_policy(policy)
        await respond(scope, receive, send)

    wrapped = NoCacheMiddleware(LAYERS[layer](app), default=default)
    answer = ask(wrapped, "/", MATCH, backend=backend)
    assert (answer.status, answer.cache) == (status, cache)


@pytest.mark.parametrize("kind", ["lifespan", "websocket"])
async def test_a_marked_app_serves_what_is_not_http(kind: str) -> None:
    """A lifespan and a websocket pass through a marked app."""
    seen = []

    @nocache
    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.append(scope["type"])

    await NoCacheMiddleware(app)({"type": kind}, None, None)
    assert seen == [kind]


async def test_the_scope_of_the_server_keeps_its_fields() -> None:
    """Preconditions are taken from the app, not from the server's list."""
    scope = scope_of("/", MATCH)
    held, copy = scope["headers"], list(scope["headers"])
    await drive(NoCacheMiddleware(as_function(nocache)), scope)
    assert held == copy
    assert scope["headers"] is held


@pytest.mark.parametrize("odd", [None, "text", 7])
def test_what_is_not_callable_cannot_be_marked(odd: Any) -> None:
    """The decorator says so at its own line."""
    with pytest.raises(ConfigurationError, match="not callable"):
        cache_policy(REVALIDATE)(odd)


@pytest.mark.parametrize(
    ("declare", "told"),
    [
        (lambda: cache_policy("no-store"), "is not a Policy"),
        (lambda: cache_policy(None, mode="x"), "policy=None(.|\n)*mode='x'"),
        (lambda: set_policy(60), "set_policy.*"),
    ],
)
def test_a_wrong_mark_is_told_at_once(declare: Any, told: str) -> None:
    """All problems together, at the line of the decorator."""
    with pytest.raises(ConfigurationError, match=told):
        declare()
