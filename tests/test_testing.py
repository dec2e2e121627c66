"""The helpers for test suites: each assertion fires, is silent, and says what to do."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

import flask
import httpx
import httpx2
import pytest
from starlette.applications import Starlette
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient

from asgi_nocache import (
    APP_DECIDES,
    NO_STORE,
    NO_STORE_EDGE,
    PRIVATE,
    PUBLIC,
    NoCacheMiddleware,
    Policy,
)
from asgi_nocache import testing as helpers
from asgi_nocache.flask import as_asgi
from asgi_nocache.testing import (
    assert_never_reused,
    assert_not_stored,
    assert_policy,
    fields_of,
)

SENT = [("Cache-Control", "max-age=60"), ("X-Two", "a"), ("X-Two", "b")]
WANTED = [(name.lower(), value) for name, value in SENT]


def starlette_app(*sent: tuple[str, str]) -> Starlette:
    async def endpoint(request: Any) -> Response:
        response = JSONResponse({})
        response.raw_headers += [(n.encode(), v.encode()) for n, v in sent]
        return response

    return Starlette(routes=[Route("/x", endpoint, methods=["GET", "POST"])])


def flask_app(*sent: tuple[str, str]) -> flask.Flask:
    app = flask.Flask(__name__)

    @app.route("/x")
    def endpoint() -> flask.Response:
        response = flask.make_response("x")
        for name, value in sent:
            response.headers.add(name, value)
        return response

    return app


def from_starlette() -> Any:
    response = Response()
    response.raw_headers += [(n.lower().encode(), v.encode()) for n, v in SENT]
    return response


RESPONSES: dict[str, Callable[[], Any]] = {
    "httpx": lambda: httpx.Response(200, headers=SENT),
    "httpx2": lambda: httpx2.Response(200, headers=SENT),
    "starlette": from_starlette,
    "its test client": lambda: TestClient(starlette_app(*SENT)).get("/x"),
    "flask": lambda: flask_app(*SENT).test_client().get("/x"),
    "pairs with items": lambda: type("R", (), {"headers": Pairs()})(),
    "a mapping": lambda: {"Cache-Control": "max-age=60"},
}


class Pairs:
    """Fields of a client that knows only ``items``."""

    def items(self) -> list[tuple[str, str]]:
        return SENT


@pytest.mark.parametrize("kind", RESPONSES)
def test_fields_of_any_response(kind: str) -> None:
    found = fields_of(RESPONSES[kind]())

    wanted = WANTED[:1] if kind == "a mapping" else WANTED
    assert [line for line in found if line in WANTED] == wanted


def test_what_is_no_response() -> None:
    with pytest.raises(TypeError, match="'text' has no header fields; give a response"):
        fields_of("text")


def response(*policies: Policy, sent: Any = ()) -> Any:
    app: Any = starlette_app(*sent)
    for policy in policies:
        app = NoCacheMiddleware(app, default=policy)
    return TestClient(app).get("/x")


def test_not_stored() -> None:
    assert_not_stored(response(NO_STORE))
    assert_not_stored(response(NO_STORE), worst_case=True)


@pytest.mark.parametrize(
    ("text", "cache"),
    [("max-age=60", "private"), ("private", "private"), ("no-cache", "private")],
)
def test_stored(text: str, cache: str) -> None:
    with pytest.raises(AssertionError) as caught:
        assert_not_stored(response(sent=[("cache-control", text)]))

    said = str(caught.value)
    assert said.startswith(f"a {cache} cache may store this response: ")
    assert f"It has cache-control: {text}" in said
    assert "Why it matters: " in said
    assert "What to do: put the app under NoCacheMiddleware" in said


def test_stored_in_the_worst_case_only() -> None:
    """``no-store`` alone is for browsers only, where Fastly stands in front."""
    alone = response(sent=[("cache-control", "no-store")])
    assert_not_stored(alone)

    with pytest.raises(AssertionError, match=r"a shared cache.*Fastly docs"):
        assert_not_stored(alone, worst_case=True)


def test_nothing_that_speaks_to_caches() -> None:
    with pytest.raises(AssertionError, match="It has no field that speaks to caches"):
        assert_not_stored({"x": "y"})


@pytest.mark.parametrize(
    "policy", [NO_STORE, NO_STORE_EDGE, PRIVATE(max_age=60), PUBLIC(max_age=60)]
)
def test_a_policy_is_kept(policy: Policy) -> None:
    assert_policy(response(policy), policy)


def test_what_the_app_decides_is_kept() -> None:
    assert_policy(response(sent=[("cache-control", "max-age=1")]), APP_DECIDES)


@pytest.mark.parametrize(
    ("sent", "problem"),
    [
        ([], "Cache-Control permits what each cache likes; pragma is 'missing'"),
        ([("cache-control", "no-store")], "pragma is 'missing', not 'no-cache'"),
        (
            [("cache-control", "no-store"), ("cache-control", "private")],
            "there are 2 Cache-Control lines; caches differ",
        ),
        (
            [("cache-control", "no-store"), ("pragma", "x"), ("pragma", "no-cache")],
            r"pragma is \['x', 'no-cache'\], not 'no-cache'",
        ),
    ],
)
def test_a_policy_is_not_kept(sent: Any, problem: str) -> None:
    with pytest.raises(AssertionError, match=problem) as caught:
        assert_policy(response(sent=sent), NO_STORE)

    assert str(caught.value).startswith("the response does not keep to NO_STORE: ")
    assert "What to do: see which rule decides" in str(caught.value)


needs_hishel = pytest.mark.skipif(
    find_spec("hishel") is None, reason="hishel is not installed"
)


@needs_hishel
@pytest.mark.parametrize("shared", [True, False])
@pytest.mark.parametrize(
    "app",
    [
        NoCacheMiddleware(starlette_app(("cache-control", "max-age=60"))),
        as_asgi(flask_app(("cache-control", "max-age=60"))),
        flask_app(("cache-control", "no-store")),
    ],
    ids=["asgi", "bridged", "wsgi"],
)
def test_never_reused(app: Any, shared: bool) -> None:
    assert_never_reused(app, "GET", "/x", shared=shared)


@needs_hishel
async def test_never_reused_inside_a_loop() -> None:
    app = NoCacheMiddleware(starlette_app())
    assert_never_reused(app, "GET", "/x", headers={"cookie": "a=b"})


@needs_hishel
@pytest.mark.parametrize(
    ("sent", "how"),
    [
        ([("cache-control", "max-age=60")], "a shared cache reused one at request 2"),
        (
            [("cache-control", "no-cache"), ("etag", '"1"')],
            "a shared cache asked about an older copy at request 2",
        ),
    ],
)
@pytest.mark.parametrize("make", [starlette_app, flask_app])
def test_reused(sent: Any, how: str, make: Any) -> None:
    with pytest.raises(AssertionError) as caught:
        assert_never_reused(make(*sent), "GET", "/x")

    assert str(caught.value).startswith(f"GET /x: {how}.\nIt had cache-control: ")


@needs_hishel
def test_what_the_app_raises_goes_on() -> None:
    async def broken(scope: Any, receive: Any, send: Any) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        assert_never_reused(broken)


def test_without_hishel(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(helpers, "find_spec", lambda name: None)

    with pytest.raises(ImportError, match=r"needs httpx and hishel: pip install"):
        assert_never_reused(starlette_app())
