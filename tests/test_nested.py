"""Instances within instances: what goes with a response, and with no other."""

from __future__ import annotations

import pytest
from asgi_driver import answer, caching, http_scope, run, sending, start

from asgi_nocache import (
    NO_STORE,
    PRIVATE,
    PUBLIC,
    REVALIDATE,
    NoCacheMiddleware,
    Policy,
    Rule,
    cache_policy,
    nocache,
)
from asgi_nocache._box import Process

RELAXED = PUBLIC(max_age=60)
CLOSED = [NO_STORE.fields[0][1]]
OPEN = [RELAXED.fields[0][1]]


@pytest.fixture(params=[False, True], ids=["unmarked", "marked"])
def either(request, monkeypatch):
    """Hold before and after a decorator was imported: the short ways differ."""
    monkeypatch.setattr(Process, "marks", request.param)


def mounting(app):
    """Return an app that leads to *app* as a router does."""

    async def router(scope, receive, send):
        scope["endpoint"] = app
        await app(scope, receive, send)

    return router


async def swallow(app, scope, receive):
    """Ask *app* and keep what it answers to oneself."""

    async def keep(message):
        """Take it."""

    await app(scope, receive, keep)


@pytest.mark.usefixtures("either")
def test_what_is_inside_replaces_the_default_outside():
    """And nothing more: its rules and floors hold."""
    inner = NoCacheMiddleware(sending(start()), default=RELAXED)
    top = NoCacheMiddleware(mounting(inner))
    assert [caching(answer(top)) for _ in range(3)] == [OPEN] * 3
    rules = [Rule("/", NO_STORE)]
    assert caching(answer(NoCacheMiddleware(mounting(inner), rules=rules))) == CLOSED
    floors = [Rule("/**", REVALIDATE, floor=True)]
    outer = NoCacheMiddleware(mounting(inner), rules=floors)
    assert caching(answer(outer)) == [REVALIDATE.fields[0][1]]


@pytest.mark.usefixtures("either")
def test_a_selection_goes_with_its_response_only():
    """What was asked and swallowed says nothing of what is answered instead."""
    open_one = NoCacheMiddleware(sending(start(status=404)), default=RELAXED)
    closed_one = NoCacheMiddleware(sending(start()))

    async def cascade(scope, receive, send):
        await swallow(open_one, scope, receive)
        await closed_one(scope, receive, send)

    async def instead(scope, receive, send):
        await swallow(open_one, scope, receive)
        await send(start())

    assert caching(answer(NoCacheMiddleware(cascade))) == CLOSED
    assert caching(answer(NoCacheMiddleware(instead))) == CLOSED


@pytest.mark.usefixtures("either")
def test_an_inner_instance_that_asks_itself_answers_for_itself():
    """Through a copy of the scope, two levels down."""

    async def app(scope, receive, send):
        if scope["path"] == "/static/x":
            await send(start())
            return
        await swallow(inner, {**scope, "path": "/static/x"}, receive)
        await send(start())

    inner = NoCacheMiddleware(app, rules=[Rule("/static/**", RELAXED)])
    outer = NoCacheMiddleware(mounting(inner))
    assert caching(answer(outer, http_scope("/private"))) == CLOSED
    assert caching(answer(outer, http_scope("/static/x"))) == OPEN


@pytest.mark.usefixtures("either")
def test_an_inner_instance_that_only_reports_opens_nothing():
    """The closed default outside still applies."""
    inner = NoCacheMiddleware(sending(start()), mode="report")
    assert caching(answer(NoCacheMiddleware(mounting(inner)))) == CLOSED


@pytest.mark.usefixtures("either")
def test_clear_site_data_from_inside_needs_https_each_time():
    """What is remembered outside must not decide it."""
    logout = Policy(NO_STORE.cache_control, "logout", clear_site_data=True)
    inner = NoCacheMiddleware(sending(start()), default=logout)
    outer = NoCacheMiddleware(mounting(inner))
    line = (b"clear-site-data", b'"cache"')
    for scheme in ("http", "https", "http", "https"):
        out = answer(outer, http_scope(scheme=scheme))["headers"]
        assert (line in out) is (scheme == "https")


@pytest.mark.parametrize("floor", [PRIVATE(max_age=60), RELAXED])
def test_a_floor_beside_a_rule_that_only_reports(floor):
    """The app decides above it, and the floor only tightens."""
    message = start([(b"cache-control", b"no-store")])
    rules = [
        Rule("/", RELAXED, mode="report"),
        Rule("/**", floor, floor=True, mode="override"),
    ]
    app = NoCacheMiddleware(sending(message), rules=rules, mode="override")
    assert caching(answer(app)) == CLOSED
    message["headers"] = [(b"cache-control", b"no-cache")]
    assert b"no-cache" in caching(answer(app))[0]


def test_a_floor_that_only_reports_changes_nothing():
    """Neither the response nor the request."""
    seen = []

    async def app(scope, receive, send):
        seen.append(list(scope["headers"]))
        await send(start())

    rules = [Rule("/**", NO_STORE, floor=True, mode="report")]
    protected = NoCacheMiddleware(app, rules=rules, default=RELAXED)
    condition = (b"if-none-match", b'"1"')
    assert caching(answer(protected, http_scope(headers=[condition]))) == OPEN
    assert seen == [[condition]]


@pytest.mark.parametrize("mark", [nocache, cache_policy(NO_STORE, mode="override")])
def test_marks_change_nothing_where_all_is_only_reported(mark):
    """A rollout in report mode reports endpoints that are marked, too."""
    seen = []

    @mark
    async def app(scope, receive, send):
        seen.append(list(scope["headers"]))
        await send(start([(b"X", b"y")]))

    condition = (b"if-none-match", b'"1"')
    scope = http_scope(headers=[condition])
    assert run(NoCacheMiddleware(app, mode="report"), scope)[0]["headers"] == [
        (b"X", b"y")
    ]
    assert seen == [[condition]]


def test_a_mark_that_only_reports_does_not_edit_the_request():
    """Under the closed default, too: it has replaced it."""
    seen = []

    @cache_policy(RELAXED, mode="report")
    async def app(scope, receive, send):
        seen.append(list(scope["headers"]))
        await send(start())

    condition = (b"if-none-match", b'"1"')
    message = answer(NoCacheMiddleware(app), http_scope(headers=[condition]))
    assert message["headers"] == []
    assert seen == [[condition]]


def test_what_is_given_back_is_given_once():
    """A layer between router and endpoint may drop it again."""
    seen = []

    @cache_policy(REVALIDATE)
    async def endpoint(scope, receive, send):
        seen.append(list(scope["headers"]))
        await send(start())

    async def app(scope, receive, send):
        scope["endpoint"] = endpoint
        scope["headers"][:] = [x for x in scope["headers"] if x[0] != b"if-none-match"]
        await endpoint(scope, receive, send)

    condition = (b"if-none-match", b'"1"')
    answer(NoCacheMiddleware(app), http_scope(headers=[condition]))
    assert seen == [[]]


def test_a_never_store_mark_reaches_whoever_is_current():
    """A layer that builds a scope of its own hides the box, not the mark."""

    @nocache
    async def view(request):
        return Response()

    class Request:
        scope = http_scope()
        receive = print

    class Response:
        status_code = 200

        def __init__(self):
            self.raw_headers = []

    async def app(scope, receive, send):
        response = await view(Request())
        assert caching({"headers": response.raw_headers}) == CLOSED
        await send(start())

    assert caching(answer(NoCacheMiddleware(app, default=RELAXED))) == CLOSED


async def test_a_document_among_keywords_is_no_scope():
    """FastAPI passes what clients send by name."""

    @nocache
    async def view(payload, a=None, b=None):
        return payload

    async def app(scope, receive, send):
        await view(payload={"type": "http"}, a=None, b=None)
        await send(start())

    assert caching(answer(NoCacheMiddleware(app, default=RELAXED))) == CLOSED


@pytest.mark.usefixtures("either")
@pytest.mark.parametrize("rules", [[], [Rule("/", PUBLIC(max_age=60))]])
def test_a_leftover_box_leaves_nothing_open(rules):
    """Whoever takes itself for nested, with nobody outside, writes its fields."""
    app = NoCacheMiddleware(sending(start()), rules=rules)
    scope = http_scope()
    first = caching(answer(app, scope))
    assert caching(answer(app, scope)) == first != []


@pytest.mark.usefixtures("either")
def test_what_a_layer_between_adds_and_drops_stands():
    """It edits the list that the inner instance sent, in place."""
    inner = NoCacheMiddleware(
        sending(start([(b"x-a", b"1"), (b"x-b", b"2")])), default=RELAXED
    )

    async def layer(scope, receive, send):
        async def edit(message):
            message["headers"].remove((b"x-a", b"1"))
            message["headers"].append((b"x-c", b"3"))
            await send(message)

        await inner(scope, receive, edit)

    out = answer(NoCacheMiddleware(mounting(layer)))["headers"]
    assert out == [(b"x-b", b"2"), (b"x-c", b"3"), *RELAXED.fields]


@pytest.mark.usefixtures("either")
def test_a_layer_that_makes_a_list_of_its_own_closes():
    """What was selected is lost on the way, so the default outside applies."""
    inner = NoCacheMiddleware(sending(start()), default=RELAXED)

    async def layer(scope, receive, send):
        async def copy(message):
            await send({**message, "headers": list(message["headers"])})

        await inner(scope, receive, copy)

    assert caching(answer(NoCacheMiddleware(mounting(layer)))) == CLOSED
