"""One instance inside another: mounts, floors outside, and the same app twice."""

import logging
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
from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Host, Mount, Route

from asgi_nocache import (
    NO_STORE,
    PRIVATE,
    PUBLIC,
    REVALIDATE,
    ConfigurationError,
    NoCacheMiddleware,
    Rule,
    cache_policy,
    nocache,
    set_policy,
)
from asgi_nocache.starlette import install

HOUR = {"cache-control": "public, max-age=3600"}


def make_sub(wrap: Any = NoCacheMiddleware, **options: Any) -> Any:
    """Return a wrapped FastAPI app with one endpoint for each kind of mark."""
    sub = FastAPI()

    @sub.get("/public", response_model=None)
    @cache_policy(PUBLIC(max_age=3600))
    async def public(request: Request) -> Response:
        return reply(request)

    @sub.get("/page", response_model=None)
    @cache_policy(REVALIDATE)
    async def page(request: Request) -> Response:
        return reply(request)

    @sub.get("/private", response_model=None)
    @nocache
    async def private(request: Request) -> Response:
        return reply(request)

    @sub.get("/said", response_model=None)
    async def said(request: Request) -> Response:
        set_policy(PUBLIC(max_age=3600))
        return reply(request)

    @sub.get("/plain", response_model=None)
    async def plain(request: Request) -> Response:
        return reply(request)

    return wrap(sub, **options)


def make_app(sub: Any, layer: str = "plain", **options: Any) -> NoCacheMiddleware:
    """Return a wrapped FastAPI app with *sub* mounted at ``/sub``."""
    app = FastAPI()

    @app.get("/", response_model=None)
    async def home(request: Request) -> Response:
        return reply(request)

    app.mount("/sub", sub)
    return NoCacheMiddleware(LAYERS[layer](app), **options)


TABLE = [
    ("/sub/public", NO_STORE, NO_STORE, 304, HOUR),
    ("/sub/said", NO_STORE, NO_STORE, 304, HOUR),
    ("/sub/page", NO_STORE, NO_STORE, 304, REVALIDATED),
    ("/sub/plain", NO_STORE, NO_STORE, 200, NEVER_STORE),
    ("/sub/plain", NO_STORE, RELAXED, 304, PUBLISHED),
    ("/sub/plain", RELAXED, NO_STORE, 200, NEVER_STORE),
    ("/sub/private", RELAXED, RELAXED, 200, NEVER_STORE),
    ("/sub/absent", RELAXED, RELAXED, 404, NEVER_STORE),
    ("/", NO_STORE, RELAXED, 200, NEVER_STORE),
    ("/", RELAXED, NO_STORE, 304, PUBLISHED),
]


@pytest.mark.parametrize("layer", LAYERS)
@pytest.mark.parametrize("wrap", [NoCacheMiddleware, install])
@pytest.mark.parametrize(("path", "outer", "inner", "status", "cache"), TABLE)
def test_what_is_inside_speaks_for_itself(
    layer: str,
    wrap: Any,
    path: str,
    outer: Any,
    inner: Any,
    status: int,
    cache: dict[str, str],
    backend: str,
) -> None:
    """Marks and default of the inner instance hold; the outer default does not."""
    app = make_app(make_sub(wrap, default=inner), layer, default=outer)
    answer = ask(app, path, MATCH, backend=backend)
    assert (answer.status, answer.cache) == (status, cache)
    assert not app.counts


def test_marks_of_a_sub_app_that_is_not_wrapped(backend: str) -> None:
    """The outer instance serves them, with its own default for the rest."""
    app = make_app(make_sub(lambda sub: sub))
    assert ask(app, "/sub/public", MATCH, backend=backend).cache == HOUR
    assert ask(app, "/sub/plain", MATCH, backend=backend).cache == NEVER_STORE


@pytest.mark.parametrize("layer", LAYERS)
@pytest.mark.parametrize(
    ("policy", "status", "cache"),
    [
        (NO_STORE, 200, NEVER_STORE),
        (REVALIDATE, 304, REVALIDATED),
        (PRIVATE(max_age=5), 304, {"cache-control": "private, max-age=5"}),
        (PUBLIC(max_age=9999), 304, HOUR),
    ],
)
def test_a_floor_outside_still_tightens(
    layer: str, policy: Any, status: int, cache: dict[str, str], backend: str
) -> None:
    """A mark inside cannot undo it, nor can it loosen the mark."""
    rules = [Rule("/sub/**", policy, floor=True)]
    app = make_app(make_sub(), layer, rules=rules)
    answer = ask(app, "/sub/public", MATCH, backend=backend)
    assert (answer.status, answer.cache) == (status, cache)


def test_a_rule_outside_is_joined() -> None:
    """Rules of the outer instance are said of this path in so many words."""
    app = make_app(make_sub(), rules=[Rule("/sub/**", REVALIDATE)])
    assert ask(app, "/sub/public").cache == REVALIDATED
    assert ask(app, "/sub/plain").cache == NEVER_STORE


@pytest.mark.parametrize("path", ["/sub/public", "/sub/plain", "/sub/page"])
def test_a_never_store_rule_outside_takes_the_304(path: str) -> None:
    """Neither a mark nor a relaxed default inside brings a precondition back."""
    app = make_app(make_sub(default=RELAXED), rules=[Rule("/sub/**", NO_STORE)])
    answer = ask(app, path, MATCH)
    assert (answer.status, answer.cache) == (200, NEVER_STORE)


def test_rules_inside_see_the_path_inside() -> None:
    """The inner instance knows nothing of where it is mounted."""
    rules = [Rule("/plain", PUBLIC(max_age=3600))]
    assert ask(make_app(make_sub(rules=rules)), "/sub/plain").cache == HOUR
    rules = [Rule("/sub/plain", PUBLIC(max_age=3600))]
    assert ask(make_app(make_sub(rules=rules)), "/sub/plain").cache == NEVER_STORE


def test_a_floor_inside_holds_too() -> None:
    """Floors of both instances are joined in."""
    rules = [Rule("/public", NO_STORE, floor=True)]
    answer = ask(make_app(make_sub(rules=rules)), "/sub/public", MATCH)
    assert (answer.status, answer.cache) == (200, NEVER_STORE)


def test_three_instances(backend: str) -> None:
    """The innermost one's mark meets the floors of all."""
    middle = make_app(make_sub(), rules=[Rule("/sub/page", NO_STORE, floor=True)])
    app = NoCacheMiddleware(Starlette(routes=[Mount("/top", middle)]))
    assert ask(app, "/top/sub/public", MATCH, backend=backend).cache == HOUR
    answer = ask(app, "/top/sub/page", MATCH, backend=backend)
    assert (answer.status, answer.cache) == (200, NEVER_STORE)


def test_guards_outside_hold() -> None:
    """A cookie in the response of the sub-app closes it to shared caches."""

    @cache_policy(PUBLIC(max_age=60))
    async def endpoint(request: Request) -> Response:
        return Response(headers={"set-cookie": "a=b"})

    sub = NoCacheMiddleware(Starlette(routes=[Route("/", endpoint)]))
    answer = ask(NoCacheMiddleware(Starlette(routes=[Mount("/sub", sub)])), "/sub/")
    assert answer.cache == {"cache-control": "private, max-age=60"}


def test_the_sub_app_may_also_be_served_alone() -> None:
    """Nothing of the outer instance stays behind in the inner one."""
    sub = make_sub()
    ask(make_app(sub, rules=[Rule(None, NO_STORE, floor=True)]), "/sub/public")
    assert ask(sub, "/public").cache == HOUR
    assert ask(sub, "/plain").cache == NEVER_STORE


# The same app twice


def test_wrapped_twice_directly_is_refused() -> None:
    """It raises where it is written, and says what to do."""
    with pytest.raises(ConfigurationError, match=r"wrapped already.*keep one"):
        NoCacheMiddleware(NoCacheMiddleware(make_sub(lambda sub: sub)))


def test_wrapped_twice_through_middleware_with_an_app_attribute() -> None:
    """Plain middleware between them does not hide the first."""

    class Layer:
        def __init__(self, app: Any) -> None:
            self.app = app

    with pytest.raises(ConfigurationError, match="wrapped already"):
        NoCacheMiddleware(Layer(Layer(make_sub())))


def test_wrapped_twice_out_of_sight_is_explained(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Where it shows only at a request: counted, and logged once."""
    inner = make_sub(default=RELAXED)
    outer = NoCacheMiddleware(scope_copier(inner))
    with caplog.at_level(logging.WARNING, "asgi_nocache"):
        for _ in range(3):
            assert ask(outer, "/plain").cache == PUBLISHED
    assert inner.counts["wrapped_twice"] == 3
    assert [r.getMessage() for r in caplog.records if "twice" in r.getMessage()] == [
        "the same app is wrapped twice, with no mount between: the outer instance's "
        "default gives way to the inner one; keep one of them"
    ]


def test_added_inside_a_wrapped_app_is_explained(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """``add_middleware`` beside ``NoCacheMiddleware(app)``: the usual mistake."""
    app = Starlette(routes=[Route("/", reply)])
    app.add_middleware(NoCacheMiddleware)
    with caplog.at_level(logging.WARNING, "asgi_nocache"):
        assert ask(NoCacheMiddleware(app)).cache == NEVER_STORE
    assert "wrapped twice" in caplog.text


@pytest.mark.parametrize(
    "route",
    [
        lambda sub: Mount("/sub", sub),
        lambda sub: Mount("", sub),
        lambda sub: Host("test", sub),
    ],
    ids=["mount", "mount-at-root", "host"],
)
def test_a_mounted_instance_is_no_mistake(route: Any) -> None:
    """Another app stands there, wherever its routes begin."""
    sub = NoCacheMiddleware(Starlette(routes=[Route("/page", reply)]))
    outer = NoCacheMiddleware(Starlette(routes=[route(sub)]))
    answers = [ask(outer, path).status for path in ("/page", "/sub/page")]
    assert sorted(answers) == [200, 404]
    assert not sub.counts["wrapped_twice"]
