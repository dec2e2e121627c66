"""The WSGI shell: one table for both shells, then what is WSGI's alone.

A case is a policy, a request and what the app answers. It goes through the ASGI
middleware and through the WSGI middleware, and the same fields must leave.
"""

from __future__ import annotations

import io
import logging
import re
from dataclasses import dataclass, field
from typing import Any
from wsgiref.util import FileWrapper, setup_testing_defaults
from wsgiref.validate import validator

import flask
import pytest
from asgi_driver import answer, http_scope, sending, start

from asgi_nocache import (
    APP_DECIDES,
    LEGACY_2014,
    NO_STORE,
    NO_STORE_EDGE,
    NO_STORE_MINIMAL,
    PRIVATE,
    PUBLIC,
    REVALIDATE,
    ConfigurationError,
    NoCacheMiddleware,
    Rule,
    nocache,
    set_policy,
)
from asgi_nocache._core.guards import ALL_GUARDS
from asgi_nocache.flask import as_asgi
from asgi_nocache.wsgi import NoCacheWSGIMiddleware

MINUTE = PUBLIC(max_age=60)
HTML = ("content-type", "text/html")
CONDITIONS = [("if-none-match", '"1"'), ("if-modified-since", "x")]


@dataclass(frozen=True)
class Case:
    """One exchange under one policy."""

    name: str
    options: dict[str, Any] = field(default_factory=dict)
    path: str = "/items"
    method: str = "GET"
    root_path: str = ""
    request: tuple[tuple[str, str], ...] = ()
    status: int = 200
    response: tuple[tuple[str, str], ...] = (HTML,)


def relaxed(*rules: Rule, **options: Any) -> dict[str, Any]:
    return {"rules": [*rules, Rule("/items/**", MINUTE)], **options}


CASES = [
    Case("default"),
    *(
        Case(f"default {policy!r}", {"default": policy})
        for policy in (
            NO_STORE_MINIMAL,
            NO_STORE_EDGE,
            LEGACY_2014,
            REVALIDATE,
            PRIVATE(max_age=5),
            APP_DECIDES,
        )
    ),
    Case("a rule", relaxed()),
    Case("another path", relaxed(), path="/other"),
    Case("a path of many bytes", {"rules": [Rule("/ü", MINUTE)]}, path="/ü"),
    Case("below a mount", relaxed(), path="/api/items", root_path="/api"),
    Case("a floor", relaxed(Rule("/items", NO_STORE, floor=True))),
    Case("a method", relaxed(Rule("/items", NO_STORE, methods=["POST"]))),
    Case("a host", {"rules": [Rule(None, MINUTE, hosts=["example.com"])]}),
    Case("a status", {"rules": [Rule(None, MINUTE, status=404)]}, status=404),
    Case("a media type", {"rules": [Rule(None, MINUTE, media_types=["text/html"])]}),
    Case(
        "a callable",
        {"rules": [Rule(None, MINUTE, when=lambda q, a: q.target == "/items?a=1")]},
        path="/items?a=1",
    ),
    Case("guard: cookie set", relaxed(), response=(HTML, ("Set-Cookie", "a=b"))),
    Case(
        "guard off",
        relaxed(guards=ALL_GUARDS - {"set_cookie"}),
        response=(HTML, ("Set-Cookie", "a=b")),
    ),
    Case(
        "guard: cookie", {"default": APP_DECIDES}, request=(("cookie", "a=b"),),
        response=(HTML, ("cache-control", "max-age=60")),
    ),
    Case("guard: authorization", relaxed(), request=(("authorization", "x"),)),
    Case("guard: error", relaxed(), status=500),
    Case("guard: method", relaxed(), method="POST"),
    Case("guard: extension", {"default": MINUTE}, path="/account.css"),
    Case("app's own, stricter", relaxed(), response=(("Cache-Control", "no-store"),)),
    *(
        Case(
            f"app's own, {mode}",
            relaxed(mode=mode),
            response=(("Cache-Control", "max-age=5"), ("CACHE-CONTROL", "private")),
        )
        for mode in ("stricter", "override", "if-missing", "report")
    ),
    Case("send_file", relaxed(), response=(("Cache-Control", "no-cache"),)),
    Case("vary", {"default": PUBLIC(max_age=1, vary=["Accept"])}),
    Case("other lines keep their place", response=(("X-B", "é"), HTML, ("x-b", "1"))),
    Case("preconditions", request=tuple(CONDITIONS)),
]  # fmt: skip


def environ_of(case: Case) -> dict[str, Any]:
    path, _, query = case.path.partition("?")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": case.method,
        "SCRIPT_NAME": case.root_path,
        "PATH_INFO": path.removeprefix(case.root_path).encode().decode("latin-1"),
        "QUERY_STRING": query,
        "HTTP_HOST": "example.com",
    }
    for name, value in case.request:
        environ["HTTP_" + name.upper().replace("-", "_")] = value
    setup_testing_defaults(environ)
    return environ


def ask(app: Any, environ: dict[str, Any]) -> tuple[str, list[tuple[str, str]], bytes]:
    """Call a WSGI app as a server does."""
    told: list[Any] = []

    def start_response(status: str, headers: Any, exc_info: Any = None) -> Any:
        told[:] = [status, headers]
        return lambda data: None

    result = app(environ, start_response)
    try:
        body = b"".join(result)
    finally:
        if hasattr(result, "close"):
            result.close()
    return told[0], told[1], body


def by_asgi(case: Case) -> list[tuple[str, str]]:
    path, _, query = case.path.partition("?")
    scope = http_scope(
        path,
        case.method,
        root_path=case.root_path,
        query_string=query.encode(),
        headers=[
            (b"host", b"example.com"),
            *((k.encode(), v.encode()) for k, v in case.request),
        ],
    )
    fields = [(k.encode("latin-1"), v.encode("latin-1")) for k, v in case.response]
    inner = sending(start(fields, case.status))
    sent = answer(NoCacheMiddleware(inner, **case.options), scope)["headers"]
    return [(k.decode("latin-1"), v.decode("latin-1")) for k, v in sent]


def by_wsgi(case: Case) -> list[tuple[str, str]]:
    def inner(environ: Any, start_response: Any) -> list[bytes]:
        start_response(f"{case.status} Whatever", list(case.response))
        return [b"x"]

    status, fields, body = ask(
        NoCacheWSGIMiddleware(inner, **case.options), environ_of(case)
    )
    assert (status, body) == (f"{case.status} Whatever", b"x")
    return fields


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_both_shells_send_the_same(case: Case) -> None:
    """One policy, whatever the server speaks."""
    assert by_wsgi(case) == by_asgi(case)


def test_the_table_tells_policies_apart() -> None:
    """A table of equal answers would prove little."""
    assert len({tuple(by_wsgi(case)) for case in CASES}) > 15


@pytest.mark.parametrize("late", [False, True], ids=["at once", "when asked"])
def test_the_start_may_come_late(late: bool) -> None:
    """A generator app starts its response when its body is asked for."""
    closed = []

    def at_once(environ: Any, start_response: Any) -> Any:
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [b"a", b"b"]

    class when_asked:  # noqa: N801
        def __init__(self, environ: Any, start_response: Any) -> None:
            self.chunks = iter([b"a", b"b"])
            self.start = start_response

        def __iter__(self) -> Any:
            set_policy(MINUTE)
            self.start("200 OK", [("Content-Type", "text/plain")])
            yield from self.chunks

        def close(self) -> None:
            closed.append(True)

    app = NoCacheWSGIMiddleware(when_asked if late else at_once)
    _, fields, body = ask(validator(app) if not late else app, environ_of(CASES[0]))

    assert body == b"ab"
    expected = str(MINUTE.cache_control if late else NO_STORE.cache_control)
    assert dict(fields)["cache-control"] == expected
    assert closed == [True] * late


def test_a_late_body_without_close() -> None:
    """Only what has one is closed."""

    class Body:
        def __init__(self, environ: Any, start_response: Any) -> None:
            self.start = start_response

        def __iter__(self) -> Any:
            self.start("200 OK", [])
            return iter([b"x"])

    result = NoCacheWSGIMiddleware(Body)(environ_of(CASES[0]), lambda *_: None)
    result.close()  # type: ignore[attr-defined]

    assert list(result) == [b"x"]


def test_what_the_server_can_send_itself_stays_what_it_is() -> None:
    """A server hands its own file wrapper to the kernel, and nothing else."""
    wrapped = FileWrapper(io.BytesIO(b"file"))

    def inner(environ: Any, start_response: Any) -> Any:
        start_response("200 OK", [])
        return wrapped

    app = NoCacheWSGIMiddleware(inner)

    assert app(environ_of(CASES[0]), lambda *_: None) is wrapped


def test_a_second_start_is_decided_again() -> None:
    """An error page replaces what had been started (PEP 3333)."""
    starts = []

    def inner(environ: Any, start_response: Any) -> Any:
        start_response("200 OK", [])
        start_response("500 Sorry", [], ("type", "value", "traceback"))
        return [b""]

    app = NoCacheWSGIMiddleware(inner, default=MINUTE)
    app(environ_of(CASES[0]), lambda *args: starts.append(args))

    assert [len(args) for args in starts] == [2, 3]
    assert starts[0][1] == [("cache-control", "public, max-age=60")]
    assert starts[1][1][0] == ("cache-control", str(NO_STORE.cache_control))


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT"])
@pytest.mark.parametrize(
    ("policy", "taken"), [(NO_STORE, True), (MINUTE, False)], ids=repr
)
def test_preconditions_do_not_reach_the_app(policy, taken, method) -> None:
    """On GET and HEAD of never-store routes; the server's environ stays whole."""
    seen: dict[str, Any] = {}

    def inner(environ: Any, start_response: Any) -> Any:
        seen.update(environ)
        start_response("200 OK", [])
        return []

    given = [*CONDITIONS, ("if-range", "x"), ("range", "bytes=0-"), ("if-match", "x")]
    case = Case("", {"default": policy}, method=method, request=tuple(given))
    environ = environ_of(case)
    NoCacheWSGIMiddleware(inner, **case.options)(environ, lambda *_: None)

    keys = {"HTTP_" + name.upper().replace("-", "_") for name, _ in given}
    left = {"HTTP_IF_MATCH"} if taken and method != "PUT" else keys
    assert keys & set(seen) == left
    assert keys <= set(environ)


def test_marks_reach_the_middleware() -> None:
    """And leave no trace for the next request."""

    @nocache
    def marked() -> None: ...

    def inner(environ: Any, start_response: Any) -> Any:
        if environ["PATH_INFO"] == "/marked":
            marked()
        start_response("200 OK", [])
        return []

    app = NoCacheWSGIMiddleware(inner, default=MINUTE)
    sent = [ask(app, environ_of(Case("", path=p)))[1] for p in ("/marked", "/", "/")]

    assert [len(fields) for fields in sent] == [3, 1, 1]


@pytest.mark.parametrize("switch", ["report", "off"])
def test_the_kill_switch(monkeypatch, caplog, switch) -> None:
    """Nothing is changed, and it is counted."""
    monkeypatch.setenv("ASGI_NOCACHE_MODE", switch)
    caplog.set_level(logging.WARNING, "asgi_nocache")
    seen: dict[str, Any] = {}

    def inner(environ: Any, start_response: Any) -> Any:
        seen.update(environ)
        start_response("200 OK", [HTML])
        return []

    app = NoCacheWSGIMiddleware(inner)
    _, fields, _ = ask(app, environ_of(CASES[-1]))

    assert fields == [HTML]
    assert "HTTP_IF_NONE_MATCH" in seen
    assert app.counts[f"switch_{switch}"] == 1
    assert app.counts["would_change"] == (switch == "report")


def test_what_is_discarded_is_logged(caplog) -> None:
    """With the line to paste."""

    def inner(environ: Any, start_response: Any) -> Any:
        start_response("200 OK", [("Cache-Control", "public, max-age=5")])
        return []

    app = NoCacheWSGIMiddleware(inner)
    ask(app, environ_of(CASES[0]))

    assert app.counts["discarded"] == 1
    assert "Rule('/items', PUBLIC(max_age=5))" in caplog.text


def test_twice_out_of_sight_is_explained(caplog) -> None:
    """Both write their fields; the log says what is wrong."""

    def inner(environ: Any, start_response: Any) -> Any:
        start_response("200 OK", [])
        return []

    once = NoCacheWSGIMiddleware(inner, default=MINUTE)
    twice = NoCacheWSGIMiddleware(lambda e, s: once(e, s), default=REVALIDATE)
    _, fields, _ = ask(twice, environ_of(CASES[0]))

    assert fields == [("cache-control", str(REVALIDATE.cache_control))]
    assert once.counts["wrapped_twice"] == 1
    assert "keep one of them" in caplog.text


@pytest.mark.parametrize(
    ("app", "message"),
    [
        (None, "NoCacheWSGIMiddleware: None is no WSGI app; give the one to wrap"),
        (NoCacheWSGIMiddleware(print), "has NoCacheWSGIMiddleware already"),
    ],
)
def test_what_cannot_be_wrapped(app, message) -> None:
    """The error names the value and the remedy."""
    with pytest.raises(ConfigurationError, match=re.escape(message)):
        NoCacheWSGIMiddleware(app)


def test_all_problems_of_a_configuration() -> None:
    """As under ASGI, and it names this middleware."""
    with pytest.raises(ConfigurationError) as caught:
        NoCacheWSGIMiddleware(print, mode="lax", default="no")  # type: ignore[arg-type]

    assert caught.value.place == "NoCacheWSGIMiddleware"
    assert len(caught.value.problems) == 2


@pytest.mark.parametrize(
    ("options", "relaxed_path"),
    [
        ({"endpoints": ["blog.show"]}, "/posts/1"),
        ({"endpoints": ["/posts/<int:number>"]}, "/posts/1"),
        ({"tags": ["blog"]}, "/posts/1"),
        ({"endpoints": ["index"]}, "/"),
    ],
    ids=str,
)
def test_rules_know_what_flask_calls_things(
    options: dict[str, Any], relaxed_path: str
) -> None:
    """As under the bridge: endpoints, templates, blueprints."""
    app = flask.Flask("rules")
    blog = flask.Blueprint("blog", "rules")
    blog.add_url_rule("/posts/<int:number>", "show", lambda number: "x")
    app.register_blueprint(blog)
    app.add_url_rule("/", "index", lambda: "x")
    rules = [Rule(None, MINUTE, **options)]
    app.wsgi_app = NoCacheWSGIMiddleware(  # type: ignore[method-assign]
        app.wsgi_app, rules=rules
    )
    client = app.test_client()
    relaxed = {
        path
        for path in ("/", "/posts/1")
        if client.get(path).headers["cache-control"] == str(MINUTE.cache_control)
    }

    assert relaxed == {relaxed_path}


@pytest.mark.parametrize("form", ["the app", "its wsgi_app"])
def test_as_asgi_refuses_what_is_wrapped_already(form: str) -> None:
    """Two policies for each response, of which one would not hear the marks."""
    app: Any = flask.Flask("wrapped")
    wrapped = NoCacheWSGIMiddleware(app.wsgi_app)
    if form == "its wsgi_app":
        app.wsgi_app = wrapped
        wrapped = app

    with pytest.raises(ConfigurationError, match=r"as_asgi\(\): the app has NoCache"):
        as_asgi(wrapped)
