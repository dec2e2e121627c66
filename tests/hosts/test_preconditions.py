"""No stale copy is confirmed: which preconditions of a request an app may see.

With real servers of files, on Starlette; what marks do to preconditions is in
the files of each host.
"""

import itertools
from pathlib import Path
from typing import Any

import pytest
from driver import (
    MATCH,
    NEVER_STORE,
    PUBLISHED,
    RELAXED,
    REVALIDATED,
    ask,
    drive,
    fields_of,
    scope_of,
)
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from asgi_nocache import (
    APP_DECIDES,
    NO_STORE,
    NO_STORE_MINIMAL,
    PRIVATE,
    PUBLIC,
    REVALIDATE,
    NoCacheMiddleware,
    Rule,
)
from asgi_nocache.starlette import install

pytestmark = pytest.mark.usefixtures("decorators_imported")

SINCE = "Mon, 04 Jan 2016 10:00:00 GMT"
CONDITIONS = {
    "if-none-match": '"v1"',
    "if-modified-since": SINCE,
    "if-range": '"v1"',
    "range": "bytes=0-3",
    "if-match": '"v1"',
    "if-unmodified-since": SINCE,
}
STRIPPED = {"if-none-match", "if-modified-since", "if-range", "range"}


def make_seer() -> tuple[Any, list[dict[str, str]]]:
    """Return an app, and the preconditions that it saw."""
    seen: list[dict[str, str]] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        told = {k.decode().lower(): v.decode() for k, v in scope["headers"]}
        seen.append({k: v for k, v in told.items() if k in CONDITIONS})
        await Response()(scope, receive, send)

    return app, seen


def seen_of(
    fields: Any, *, method: str = "GET", path: str = "/", **options: Any
) -> Any:
    app, seen = make_seer()
    ask(NoCacheMiddleware(app, **options), path, fields, method=method)
    return seen[0]


# Which fields


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_all_together(method: str) -> None:
    """What could confirm or splice goes; what protects writers stays."""
    expected = {k: v for k, v in CONDITIONS.items() if k not in STRIPPED}
    assert seen_of(CONDITIONS, method=method) == expected


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize(
    ("asked", "left"),
    [
        (["if-none-match"], []),
        (["if-modified-since"], []),
        (["if-range", "range"], []),
        (["if-range"], []),
        (["range"], ["range"]),
        (["range", "if-none-match"], ["range"]),
        (["if-match"], ["if-match"]),
        (["if-unmodified-since"], ["if-unmodified-since"]),
        ([], []),
    ],
)
def test_each_by_itself(method: str, asked: list[str], left: list[str]) -> None:
    """``Range`` goes only together with ``If-Range``: alone it is media seeking."""
    fields = {name: CONDITIONS[name] for name in asked}
    assert list(seen_of(fields, method=method)) == left


@pytest.mark.parametrize(
    "method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "QUERY", "get", "ODD"]
)
def test_other_methods_are_never_touched(method: str) -> None:
    """Optimistic concurrency keeps working, ``If-None-Match: *`` too."""
    assert seen_of(CONDITIONS, method=method) == CONDITIONS


@pytest.mark.parametrize(
    "fields",
    [
        [(b"If-None-Match", b'"v1"')],
        [(b"IF-NONE-MATCH", b'"v1"')],
        [(b"if-none-match", b'"v0"'), (b"if-none-match", b'"v1"')],
        [(b"if-none-match", b"*")],
        [(b"if-none-match", b"")],
        [(b"", b"odd"), (b"if-none-match", b'"v1"')],
    ],
)
def test_however_they_are_spelled(fields: Any) -> None:
    """In any letter case and number, with any value."""
    assert seen_of(fields) == {}


@pytest.mark.parametrize(
    "form",
    [
        tuple,
        iter,
        lambda fields: [list(line) for line in fields],
    ],
    ids=["tuple", "iterator", "list-pairs"],
)
@pytest.mark.parametrize("switch", ["", "report", "off"])
@pytest.mark.parametrize("default", [NO_STORE, RELAXED])
async def test_however_the_list_is_made(
    form: Any, switch: str, default: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """ASGI allows any iterable; the app still sees all other fields."""
    monkeypatch.setenv("ASGI_NOCACHE_MODE", switch)
    app, seen = make_seer()
    scope = scope_of()
    lines = fields_of({**MATCH, "Range": "bytes=0-3"})
    scope["headers"] = form(lines)
    await drive(NoCacheMiddleware(app, default=default), scope)
    stripped = default is NO_STORE and not switch
    assert seen[0].keys() == {"range"} | (set() if stripped else {"if-none-match"})


async def test_without_a_field_list() -> None:
    """``headers`` may be absent from a scope."""
    app, seen = make_seer()
    scope = scope_of()
    del scope["headers"]

    async def tolerant(inner: Any, receive: Any, send: Any) -> None:
        await app({"headers": [], **inner}, receive, send)

    await drive(NoCacheMiddleware(tolerant), scope)
    assert seen == [{}]


# Under which policies


@pytest.mark.parametrize(
    ("options", "stripped"),
    [
        ({}, True),
        ({"mode": "override"}, True),
        ({"mode": "if-missing"}, True),
        ({"mode": "report"}, False),
        ({"default": NO_STORE_MINIMAL}, True),
        ({"default": REVALIDATE}, False),
        ({"default": PRIVATE(max_age=60)}, False),
        ({"default": RELAXED}, False),
        ({"default": APP_DECIDES}, False),
        ({"rules": [Rule("/", REVALIDATE)]}, False),
        ({"rules": [Rule("/", REVALIDATE, methods=["POST"])]}, True),
        ({"rules": [Rule("/other", REVALIDATE)]}, True),
        ({"default": RELAXED, "rules": [Rule("/", NO_STORE)]}, True),
        ({"default": RELAXED, "rules": [Rule("/other", NO_STORE)]}, False),
        ({"default": RELAXED, "rules": [Rule("/", NO_STORE, floor=True)]}, True),
        ({"default": RELAXED, "rules": [Rule("/", NO_STORE, mode="report")]}, False),
        # what only the response will tell may still be selected
        ({"rules": [Rule("/", RELAXED, media_types=["text/css"])]}, True),
        ({"default": RELAXED, "rules": [Rule("/", NO_STORE, tags=["t"])]}, True),
        ({"default": RELAXED, "rules": [Rule("/", NO_STORE, status=[200])]}, True),
        # an error is no answer that a precondition could change
        ({"default": RELAXED, "rules": [Rule("/", NO_STORE, status=[404])]}, False),
        # a rule that an earlier one always decides before cannot be selected
        ({"rules": [Rule("/", RELAXED), Rule("/{n}", NO_STORE)]}, False),
    ],
)
def test_what_can_be_selected_decides(options: Any, stripped: bool) -> None:
    """Any never-store policy that the request leaves possible takes them away."""
    assert seen_of(MATCH, **options) == ({} if stripped else {"if-none-match": '"v1"'})


@pytest.mark.parametrize("value", ["report", "off"])
def test_the_kill_switch_never_edits_a_request(
    value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is changed, on the way in as on the way out."""
    monkeypatch.setenv("ASGI_NOCACHE_MODE", value)
    assert seen_of(CONDITIONS) == CONDITIONS


@pytest.mark.parametrize("fields", [{}, MATCH])
async def test_middleware_outside_still_learns_the_endpoint(fields: Any) -> None:
    """What routers write reaches the server's scope, preconditions or not."""

    async def endpoint(request: Request) -> Response:
        return Response()

    scope = scope_of("/in/page", fields)
    app = Starlette(routes=[Mount("/in", routes=[Route("/page", endpoint)])])
    await drive(NoCacheMiddleware(app), scope)
    assert scope["endpoint"] is endpoint
    assert scope["root_path"] == "/in"


# With real files


@pytest.fixture
def files(tmp_path: Path) -> Starlette:
    """Serve one file."""
    (tmp_path / "app.css").write_text("body {}")
    return Starlette(routes=[Mount("/static", StaticFiles(directory=tmp_path))])


def validators(app: Any) -> dict[str, str]:
    answer = ask(app, "/static/app.css")
    told = {k.decode(): v.decode() for k, v in answer.fields}
    return {"if-none-match": told["etag"], "if-modified-since": told["last-modified"]}


@pytest.mark.parametrize("wrap", [NoCacheMiddleware, install])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_static_files_answer_200_under_the_default(
    wrap: Any, method: str, files: Starlette, backend: str
) -> None:
    """A matching ETag, or date: the whole file again, never a 304."""
    app, body = wrap(files), b"body {}" if method == "GET" else b""
    for name, value in validators(app).items():
        line = {name: value}
        answer = ask(app, "/static/app.css", line, method=method, backend=backend)
        assert (answer.status, answer.body) == (200, body)
        assert answer.cache == NEVER_STORE


@pytest.mark.parametrize("policy", [REVALIDATE, PUBLIC(max_age=60), APP_DECIDES])
def test_static_files_answer_304_where_declared(policy: Any, files: Starlette) -> None:
    """The twin: a rule that lets caches store gives them their 304 back."""
    app = NoCacheMiddleware(files, rules=[Rule("/static/**", policy)])
    for name, value in validators(app).items():
        assert ask(app, "/static/app.css", {name: value}).status == 304


def test_static_files_and_ranges(files: Starlette) -> None:
    """A part where a part is asked for; the whole where it would be spliced."""
    app = NoCacheMiddleware(files)
    part = {"range": "bytes=0-3"}
    answer = ask(app, "/static/app.css", part)
    assert (answer.status, answer.body) == (206, b"body")
    etag = validators(app)["if-none-match"]
    answer = ask(app, "/static/app.css", {**part, "if-range": etag})
    assert (answer.status, answer.body) == (200, b"body {}")


# Writers


async def store(request: Request) -> Response:
    """Write if the tag is right, as every API with optimistic concurrency does."""
    if request.headers.get("if-match", '"v1"') != '"v1"':
        return PlainTextResponse("lost update", 412)
    if request.headers.get("if-none-match") == "*":
        return PlainTextResponse("exists", 412)
    return Response(status_code=204)


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("default", [NO_STORE, RELAXED])
def test_writers_still_get_their_412(method: str, default: Any, backend: str) -> None:
    """A lost update is refused, a matching one is carried out."""
    routes = [Route("/", store, methods=[method])]
    app = NoCacheMiddleware(Starlette(routes=routes), default=default)
    lines = itertools.product(["if-match", "if-none-match"], ['"v0"', '"v1"', "*"])
    refused = {("if-match", '"v0"'), ("if-match", "*"), ("if-none-match", "*")}
    for name, value in lines:
        answer = ask(app, "/", {name: value}, method=method, backend=backend)
        assert answer.status == (412 if (name, value) in refused else 204)
        assert answer.cache == NEVER_STORE


# A layer that answers 304 by itself


def confirming_layer(scope: Any, receive: Any, send: Any) -> Any:
    return Response(status_code=304)(scope, receive, send)


@pytest.mark.parametrize(
    ("default", "cache", "escaped"),
    [(NO_STORE, NEVER_STORE, 1), (REVALIDATE, REVALIDATED, 0), (RELAXED, PUBLISHED, 0)],
)
def test_a_304_that_escapes_gets_the_fields_and_is_counted(
    default: Any, cache: dict[str, str], escaped: int
) -> None:
    """The confirmed copy at least learns that it may not be reused again."""
    app = NoCacheMiddleware(confirming_layer, default=default)
    answer = ask(app, "/", MATCH)
    assert (answer.status, answer.cache) == (304, cache)
    assert app.counts["escaped_304"] == escaped
