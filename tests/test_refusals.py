"""Refusals: what ``reject_ambiguous`` and ``refuse_prefetch`` answer for the app.

Both shells, both remembered and not. Which targets are ambiguous is the core's to
say (core/test_preview.py), and how a plain answer looks is the middleware's.
"""

from __future__ import annotations

from typing import Any

import pytest
from asgi_driver import NO_STORE_FIELDS, http_scope, run, sending, start
from refusing_driver import (
    AMBIGUOUS,
    CLEAR,
    NOT_FOUND,
    PREFETCH,
    RULES,
    UNAVAILABLE,
    Asked,
)
from starlette.applications import Starlette
from starlette.routing import Mount

from asgi_nocache import (
    APP_DECIDES,
    NO_STORE,
    NO_STORE_EDGE,
    PRIVATE,
    PUBLIC,
    NoCacheMiddleware,
    Rule,
)
from asgi_nocache._box import Process
from asgi_nocache._core.readings import MAX_LENGTH
from asgi_nocache.flask import as_asgi
from asgi_nocache.starlette import install


@pytest.fixture(autouse=True, params=[False, True], ids=["unmarked", "marked"])
def marks(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hold before and after a decorator was imported: the short ways differ."""
    monkeypatch.setattr(Process, "marks", request.param)


shells = pytest.mark.parametrize("shell", ["asgi", "wsgi"])


# Ambiguous targets


@shells
@pytest.mark.parametrize("path", AMBIGUOUS, ids=lambda path: path[:30])
def test_an_ambiguous_target_is_not_found(shell: str, path: str) -> None:
    """ASVS 5.0 14.2.5; and the app is not asked, however often it comes."""
    asked = Asked(shell, rules=RULES, reject_ambiguous=True)
    for count in (1, 2, 3):
        assert asked.get(path) == NOT_FOUND
        assert asked.app.counts["ambiguous_rejected"] == count
    assert asked.calls == 0


@shells
@pytest.mark.parametrize("path", CLEAR)
def test_a_clear_target_is_served(shell: str, path: str) -> None:
    """The negative twin: a shadow tightens, and is no reason to refuse."""
    asked = Asked(shell, rules=RULES, reject_ambiguous=True)
    without = Asked(shell, rules=RULES)
    for count in (1, 2, 3):
        assert asked.get(path) == without.get(path)
        assert asked.calls == count
    assert not asked.app.counts


@shells
@pytest.mark.parametrize("path", AMBIGUOUS, ids=lambda path: path[:30])
def test_off_by_default(shell: str, path: str) -> None:
    """It is served then, and never stored."""
    asked = Asked(shell, rules=RULES)
    for _ in range(3):
        assert asked.get(path) == (200, NO_STORE_FIELDS, b"app")
    assert asked.calls == 3


@shells
def test_too_many_readings_without_any_rule(shell: str) -> None:
    """What is not read to its end is not known to be clear."""
    asked = Asked(shell, reject_ambiguous=True)

    assert asked.get("/;" + "x" * MAX_LENGTH) == NOT_FOUND
    assert asked.get("/static/../account")[0] == 200  # nothing could differ


@shells
def test_the_answer_is_never_stored_whatever_the_default(shell: str) -> None:
    """The default's own text if it is never-store, else the full set."""
    for default, text in [
        (PUBLIC(max_age=60), NO_STORE),
        (APP_DECIDES, NO_STORE),
        (NO_STORE_EDGE, NO_STORE_EDGE),
    ]:
        asked = Asked(shell, rules=RULES, default=default, reject_ambiguous=True)
        assert asked.get("/static/../account")[1][2:] == list(text.fields)


# Prefetches


@shells
@pytest.mark.parametrize(
    "value",
    [b"prefetch", b"prefetch;prerender", b"prefetch;anonymous-client-ip", b"PREFETCH",
     b" prefetch ;x", b"x, prefetch"],
)  # fmt: skip
@pytest.mark.parametrize("path", ["/account", "/items", "/static/../account"])
def test_a_prefetch_of_what_is_never_stored(
    shell: str, value: bytes, path: str
) -> None:
    """A browser's own cache for them heeds no Cache-Control."""
    asked = Asked(shell, rules=RULES, refuse_prefetch=True)
    for count in (1, 2, 3):
        assert asked.get(path, [(b"sec-purpose", value)]) == UNAVAILABLE
        assert asked.app.counts["prefetch_refused"] == count
    assert asked.calls == 0
    assert asked.get(path)[0] == 200  # now someone wants it


@shells
@pytest.mark.parametrize("path", ["/static/app.css", "/pages/1"])
def test_a_prefetch_of_what_may_be_stored(shell: str, path: str) -> None:
    """The negative twin: a relaxed policy says that a copy does no harm."""
    asked = Asked(shell, rules=RULES, refuse_prefetch=True)
    without = Asked(shell, rules=RULES)
    for _ in range(3):
        assert asked.get(path, PREFETCH) == without.get(path, PREFETCH)
    assert not asked.app.counts


@shells
@pytest.mark.parametrize(
    "line",
    [(b"sec-purpose", b"prefetching"), (b"sec-purpose", b"prerender"),
     (b"sec-purpose", b"x;prefetch"), (b"sec-purpose", b""), (b"purpose", b"prefetch")],
)  # fmt: skip
def test_what_is_no_prefetch(shell: str, line: tuple[bytes, bytes]) -> None:
    """The negative twin: it is served, before and after one that is refused."""
    asked = Asked(shell, rules=RULES, refuse_prefetch=True)
    for _ in range(2):
        assert asked.get("/account", [line])[0] == 200
        assert asked.get("/account", PREFETCH)[0] == 503


@shells
def test_a_prefetch_is_served_by_default(shell: str) -> None:
    """Nothing is refused that nobody asked to refuse."""
    asked = Asked(shell, rules=RULES)

    assert [asked.get("/account", PREFETCH)[0] for _ in range(3)] == [200] * 3


# Both


@shells
@pytest.mark.parametrize("method", ["HEAD", "POST"])
def test_other_methods(shell: str, method: str) -> None:
    """HEAD has the fields of GET and no body: one would be the next answer's start."""
    options = {"reject_ambiguous": True, "refuse_prefetch": True}
    asked = Asked(shell, rules=RULES, **options)
    for path, fields, expected in [
        ("/static/../account", [], NOT_FOUND),
        ("/account", PREFETCH, UNAVAILABLE),
    ]:
        status, lines, body = asked.get(path, fields, method)
        assert (status, lines) == expected[:2]
        assert body == (b"" if method == "HEAD" else expected[2])


def test_an_error_answered_for_the_app_has_no_body_for_head() -> None:
    """The same plain answer, as a 500."""

    async def failing(scope: Any, receive: Any, send: Any) -> None:
        raise LookupError

    for method, body in (("GET", b"Internal Server Error"), ("HEAD", b"")):
        with pytest.raises(LookupError):
            run(NoCacheMiddleware(failing), http_scope(method=method))
        assert run.sent[1]["body"] == body  # type: ignore[attr-defined]


@shells
def test_ambiguity_comes_first(shell: str) -> None:
    """What is not there is not there later either."""
    asked = Asked(shell, rules=RULES, reject_ambiguous=True, refuse_prefetch=True)

    assert asked.get("/static/../account", PREFETCH) == NOT_FOUND
    assert asked.app.counts == {"ambiguous_rejected": 1}


@shells
@pytest.mark.parametrize("switch", ["report", "off", ""])
def test_who_only_reports_refuses_nothing(
    shell: str, switch: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither under the mode nor under the kill switch."""
    monkeypatch.setenv("ASGI_NOCACHE_MODE", switch)
    options: dict[str, Any] = {"reject_ambiguous": True, "refuse_prefetch": True}
    asked = Asked(
        shell, rules=RULES, mode="stricter" if switch else "report", **options
    )
    for path, fields in [("/static/../account", []), ("/account", PREFETCH)]:
        for _ in range(3):
            assert asked.get(path, fields) == (200, [], b"app")
    assert not {"ambiguous_rejected", "prefetch_refused"} & {*asked.app.counts}


@pytest.mark.parametrize("inside", [True, False], ids=["inside", "outside"])
def test_nested(inside: bool) -> None:
    """Whichever of two instances is asked to refuse does, and only it counts."""
    options: dict[str, Any] = {"reject_ambiguous": True, "refuse_prefetch": True}
    called = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        called.append(scope["path"])
        await send(start())

    inner = NoCacheMiddleware(app, rules=RULES, **options if inside else {})

    async def router(scope: Any, receive: Any, send: Any) -> None:
        scope["endpoint"] = inner
        await inner(scope, receive, send)

    outer = NoCacheMiddleware(router, rules=RULES, **{} if inside else options)
    for path, fields, status in [
        ("/static/../account", [], 404),
        ("/account", PREFETCH, 503),
        ("/account", [], 200),
    ]:
        first, *_ = run(outer, http_scope(path, headers=list(fields)))
        assert first["status"] == status
        assert first["headers"][-3:] == NO_STORE_FIELDS
    refused = {"ambiguous_rejected": 1, "prefetch_refused": 1}
    assert called == ["/account"]
    assert (inner if inside else outer).counts == refused


def test_websockets_are_served() -> None:
    """There is nothing to store of one; also where it could be denied."""
    messages: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        messages.append(scope["path"])
        await send({"type": "websocket.accept"})

    protected = NoCacheMiddleware(
        app, rules=RULES, reject_ambiguous=True, refuse_prefetch=True
    )
    for extensions in ({}, {"websocket.http.response": {}}):
        scope = http_scope("/static/../account", headers=list(PREFETCH))
        scope |= {"type": "websocket", "extensions": extensions}
        assert run(protected, scope) == [{"type": "websocket.accept"}]
    assert not protected.counts


@pytest.mark.parametrize("option", ["reject_ambiguous", "refuse_prefetch"])
def test_each_way_in_takes_the_options(option: str) -> None:
    """install() and as_asgi() hand them on."""
    asked = Asked("wsgi")
    routes = [Mount("/", sending(start()))]
    flask: Any = as_asgi(asked._wsgi, rules=RULES, **{option: True})
    apps = [install(Starlette(routes=routes), rules=RULES, **{option: True}), flask]
    path, fields, status = {
        "reject_ambiguous": ("/static/../account", [], 404),
        "refuse_prefetch": ("/account", PREFETCH, 503),
    }[option]
    for app in apps:
        first, _ = run(app, http_scope(path, headers=list(fields)))
        assert first["status"] == status
    assert asked.calls == 0


def test_the_options_cost_nothing_where_they_are_off() -> None:
    """Constant answers stay constant, and request fields go unread."""
    off = NoCacheMiddleware(sending(start()), rules=[Rule("/a", PRIVATE(max_age=1))])
    on = NoCacheMiddleware(sending(start()), refuse_prefetch=True)

    assert off._shortcuts.place("/b", "").constant == NO_STORE_FIELDS
    assert b"sec-purpose" in off._shortcuts.request_names.known
    assert on._shortcuts.place("/b", "").constant is None
    assert b"sec-purpose" not in on._shortcuts.request_names.known
