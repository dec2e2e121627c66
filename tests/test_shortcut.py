"""What the middleware remembers always equals a fresh decide()."""

from __future__ import annotations

import functools
import time
import warnings

import pytest
from asgi_driver import answer, caching, http_scope, sending, start
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from asgi_nocache import (
    APP_DECIDES,
    NO_STORE,
    NO_STORE_EDGE,
    NO_STORE_MINIMAL,
    PRIVATE,
    PUBLIC,
    REVALIDATE,
    NoCacheMiddleware,
    Policy,
    RequestFacts,
    ResponseFacts,
    Rule,
    decide,
    set_policy,
)
from asgi_nocache._box import Process
from asgi_nocache._core.rules import MODES
from asgi_nocache._names import MAX_NAMES, Names
from asgi_nocache._shortcut import MAX_ENTRIES, Shortcuts

POLICIES = [
    NO_STORE,
    NO_STORE_MINIMAL,
    NO_STORE_EDGE,
    REVALIDATE,
    APP_DECIDES,
    PRIVATE(max_age=60),
    PUBLIC(max_age=600, s_maxage=5, vary=["Accept"]),
    PUBLIC(max_age=9, shared_with_credentials=True),
    Policy(NO_STORE.cache_control, "logout", clear_site_data=True),
]
PATHS = ["/", "/a", "/a/b", "/static/x.css", "/static/x.js", "/a/x.json"]
LINES = [
    (b"Cache-Control", b"public, max-age=60"),
    (b"cache-control", b"no-store, no-transform"),
    (b"cache-control", b"no-cache"),
    (b"Pragma", b"no-cache"),
    (b"expires", b"Thu, 01 Jan 2015 00:01:00 GMT"),
    (b"expires", b"0"),
    (b"date", b"Thu, 01 Jan 2015 00:00:00 GMT"),
    (b"content-type", b"text/css"),
    (b"content-type", b"text/html; charset=utf-8"),
    (b"Content-Type", b"application/json"),
    (b"set-cookie", b"a=b"),
    (b"vary", b"Accept-Encoding"),
    (b"vary", b"*"),
    (b"etag", b'"1"'),
    (b"last-modified", b"Thu, 01 Jan 2015 00:00:00 GMT"),
    (b"surrogate-control", b"max-age=9"),
    (b"X-Accel-Expires", b"7"),
    (b"Acme-CDN-Cache-Control", b"no-store"),
    (b"no-vary-search", b"params"),
    (b"clear-site-data", b'"cookies"'),
    (b"x-other", b"1"),
    (b"X-Other", b"2"),
]
ASKED = [
    (b"cookie", b"a=b"),
    (b"Authorization", b"Basic x"),
    (b"accept", b"*/*"),
    (b"x-junk", b"1"),
]
HOSTS = [(b"host", b"a.example"), (b"host", b"b.example:80")]

policies = st.sampled_from(POLICIES)
rules = st.builds(
    Rule,
    st.sampled_from(["/", "/**", "/a/*", "/static/**", "/a/{x}", None]),
    policies,
    methods=st.sampled_from([None, ["GET"], ["POST", "HEAD"]]),
    hosts=st.sampled_from([None, ["a.example"]]),
    status=st.sampled_from([None, 200, [404, 500]]),
    media_types=st.sampled_from([None, ["text/css"]]),
    credentials=st.sampled_from([None, True, False]),
    mode=st.sampled_from([None, *MODES]),
    floor=st.booleans(),
    guards=st.sampled_from([None, [], ["set_cookie", "cookie"]]),
)
requests = st.fixed_dictionaries(
    {
        "path": st.sampled_from(PATHS),
        "root_path": st.sampled_from(["", "", "/a"]),
        "method": st.sampled_from(["GET", "GET", "HEAD", "POST", "OPTIONS"]),
        "scheme": st.sampled_from(["http", "https"]),
        "fields": st.builds(
            lambda host, asked: (host, *asked),
            st.sampled_from(HOSTS),
            st.lists(st.sampled_from(ASKED), max_size=2, unique=True),
        ),
    }
)
# Few lines, and often none: what was remembered must meet something like it.
lines = st.one_of(
    st.just([]),
    st.lists(st.sampled_from(LINES), max_size=1),
    st.lists(st.sampled_from(LINES), max_size=4),
)
responses = st.tuples(st.sampled_from([200, 200, 206, 304, 404, 500]), lines)


@settings(
    deadline=None,
    max_examples=300,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    rules=st.lists(rules, max_size=3),
    default=policies,
    mode=st.sampled_from(["stricter", *MODES]),
    asked=st.lists(requests, min_size=1, max_size=2),
    answers=st.lists(responses, min_size=2, max_size=4),
    order=st.lists(
        st.tuples(st.integers(0, 1), st.integers(0, 3), st.booleans(), st.booleans()),
        min_size=6,
    ),
)
def test_what_is_sent_equals_a_fresh_decision(
    rules, default, mode, asked, answers, order
):
    """Promise of the shortcut: one long-lived instance, any order, repetitions."""
    message = start()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # rules may shadow one another
        app = NoCacheMiddleware(
            sending(message), rules=rules, default=default, mode=mode
        )
    for which, what, as_tuple, marked in order:
        Process.marks = marked
        x = asked[which % len(asked)]
        status, lines = answers[what % len(answers)]
        message["status"], message["headers"] = status, lines
        if as_tuple:
            message["headers"] = tuple(lines)
        more = {"root_path": x["root_path"], "scheme": x["scheme"]}
        scope = http_scope(x["path"], x["method"], headers=list(x["fields"]), **more)
        request = RequestFacts(x["method"], x["path"], x["fields"], **more)
        response = ResponseFacts(status, tuple(lines))
        fresh = decide(request, response, app.policy_set, now=time.time())
        assert answer(app, scope)["headers"] == fresh.apply(lines)


@pytest.fixture(autouse=True, params=[False, True], ids=["unmarked", "marked"])
def marks(request, monkeypatch):
    """Each test holds before and after a decorator was imported."""
    monkeypatch.setattr(Process, "marks", request.param)


def test_a_content_type_that_was_not_seen_is_looked_at():
    """What one type came to says nothing of another, or of none."""
    rules = [Rule("/a.css", PUBLIC(max_age=60))]
    message = start()
    app = NoCacheMiddleware(sending(message), rules=rules)
    for value, expected in [
        (b"text/css", b"public, max-age=60"),
        (b"text/html", NO_STORE.fields[0][1]),
        (b"text/css", b"public, max-age=60"),
    ]:
        message["headers"] = [(b"content-type", value)]
        for _ in range(2):
            assert caching(answer(app, http_scope("/a.css"))) == [expected]


def test_a_missing_content_type_is_an_answer_of_its_own():
    """A rule for a media type does not speak for what has none."""
    rules = [Rule("/**", PUBLIC(max_age=60), media_types=["text/css"])]
    message = start()
    app = NoCacheMiddleware(sending(message), rules=rules)
    for fields, expected in [
        ([(b"content-type", b"text/css")], b"public, max-age=60"),
        ([], NO_STORE.fields[0][1]),
    ]:
        message["headers"] = fields
        for _ in range(2):
            assert caching(answer(app)) == [expected]


def test_each_status_is_an_answer_of_its_own():
    """An error seen first does not close what is public."""
    rules = [Rule("/**", PUBLIC(max_age=60))]
    message = start()
    app = NoCacheMiddleware(sending(message), rules=rules)
    for status, expected in [
        (404, NO_STORE.fields[0][1]),
        (200, b"public, max-age=60"),
    ]:
        message["status"] = status
        for _ in range(2):
            assert caching(answer(app)) == [expected]


def test_a_mark_is_asked_for_each_time(monkeypatch):
    """What one request declared says nothing of the next."""
    monkeypatch.setattr(Process, "marks", True)
    chosen = [PUBLIC(max_age=60), NO_STORE, None, PUBLIC(max_age=60), None]

    async def app(scope, receive, send):
        if (policy := chosen[0]) is not None:
            set_policy(policy)
        await send(start())

    protected = NoCacheMiddleware(app, default=PRIVATE(max_age=1))
    while chosen:
        expected = chosen[0] or PRIVATE(max_age=1)
        assert caching(answer(protected)) == [expected.fields[0][1]]
        chosen.pop(0)


def test_an_expiry_is_read_each_time():
    """Without Date it depends on the clock, so it is not remembered."""
    fields = [(b"expires", b"Thu, 01 Jan 2037 00:00:00 GMT")]
    app = NoCacheMiddleware(sending(start(fields)), default=PUBLIC(max_age=10**9))
    answer(app)
    (place,) = app._shortcuts.places.values()
    (exchange,) = place._exchanges.values()
    assert exchange.outcomes == exchange.answers == {}


def test_memory_is_bounded_under_any_number_of_paths():
    """Nor does it hold what a client sent as credentials."""
    rules = [Rule("/**", PUBLIC(max_age=60))]
    app = NoCacheMiddleware(sending(start([(b"content-type", b"x/y")])), rules=rules)
    shortcuts = app._shortcuts
    for number in range(3 * MAX_ENTRIES):
        asked = [(b"cookie", b"secret%d" % number)]
        answer(app, http_scope(f"/{number}", headers=asked))
    assert len(shortcuts.places) <= MAX_ENTRIES
    kept = [
        exchange.request.fields
        for place in shortcuts.places.values()
        for exchange in place._exchanges.values()
    ]
    assert kept
    assert {value for fields in kept for _, value in fields} == {b""}


def test_long_paths_and_long_lines_are_not_remembered():
    """A key that a client chooses must not be large."""
    rules = [Rule("/**", PUBLIC(max_age=60))]
    fields = [(b"cache-control", b"max-age=1, " + b"x" * 2000)]
    app = NoCacheMiddleware(sending(start(fields)), rules=rules)
    answer(app, http_scope("/" + "x" * 1000))
    assert app._shortcuts.places == {}
    answer(app, http_scope("/y"))
    (place,) = app._shortcuts.places.values()
    (exchange,) = place._exchanges.values()
    assert exchange.outcomes == {}


def test_names_learn_a_bounded_number_of_short_names():
    """Junk cannot crowd out what is seen every day."""
    names = Names({b"cache-control"}, side_fields=True)
    assert all(names.learn(b"x-%d" % n) for n in range(2 * MAX_NAMES))
    assert len(names.known) == MAX_NAMES
    assert b"content-type" in names.known
    assert names.learn(b"y" * 100)
    assert b"y" * 100 not in names.known
    assert not names.learn(b"Cache-CONTROL")
    assert not names.learn(b"Any-CDN-Cache-Control")


def test_a_constant_needs_one_answer_from_all_that_could_speak():
    """Two never-store policies with different texts are two answers."""
    same = Shortcuts(
        NoCacheMiddleware(sending(), rules=[Rule("/a", NO_STORE)]).policy_set
    )
    other = NoCacheMiddleware(sending(), rules=[Rule("/a", NO_STORE_MINIMAL)])
    assert same.place("/a", "").constant == list(NO_STORE.fields)
    assert other._shortcuts.place("/a", "").constant is None
    assert other._shortcuts.place("/b", "").constant == list(NO_STORE.fields)


def test_a_host_is_remembered_only_if_it_is_short():
    """A key that a client chooses must not be large."""
    rules = [Rule("/**", PUBLIC(max_age=60), hosts=["a.example"])]
    app = NoCacheMiddleware(sending(start()), rules=rules)
    for host in (b"a.example", b"a.example" + b"x" * 100):
        expected = rules[0].policy if host == b"a.example" else NO_STORE
        for _ in range(2):
            out = answer(app, http_scope(headers=[(b"host", host)]))
            assert caching(out) == [expected.fields[0][1]]
    (place,) = app._shortcuts.places.values()
    assert len(place._exchanges) == 1


def test_all_memories_together_are_bounded():
    """Many responses at one place count as many places do."""
    message = start()
    app = NoCacheMiddleware(sending(message), default=PRIVATE(max_age=5))
    for number in range(MAX_ENTRIES + 10):
        message["headers"] = [(b"cache-control", b"max-age=%d" % number)]
        answer(app)
    held = [
        len(exchange.outcomes)
        for place in app._shortcuts.places.values()
        for exchange in place._exchanges.values()
    ]
    assert sum(held) <= MAX_ENTRIES


def test_odd_types_after_a_remembered_answer(monkeypatch):
    """Names that are no bytes take the long way, values pass as they are."""
    monkeypatch.setattr(Process, "marks", False)
    message = start()
    app = NoCacheMiddleware(sending(message), rules=[Rule("/", PUBLIC(max_age=60))])
    for name in (b"x-a", b"x-a", bytearray(b"x-a"), b"x-a"):
        message["headers"] = [(name, bytearray(b"1"))]
        assert answer(app)["headers"] == [(b"x-a", b"1"), *PUBLIC(max_age=60).fields]


def test_an_object_as_endpoint_has_the_name_of_its_class():
    """For rules that ask for endpoints."""
    rules = [Rule(None, PUBLIC(max_age=60), endpoints="*.Names")]

    async def app(scope, receive, send):
        scope["endpoint"] = functools.partial(Names([b"x"]).learn, b"y")
        if scope["path"] == "/object":
            scope["endpoint"] = Names([b"x"])
        await send(start())

    protected = NoCacheMiddleware(app, rules=rules)
    assert caching(answer(protected, http_scope("/object"))) == [b"public, max-age=60"]
    assert caching(answer(protected)) == [NO_STORE.fields[0][1]]


def test_a_place_made_while_all_is_forgotten_holds_nothing_old(monkeypatch):
    """It shared what was remembered before the bound was met."""
    monkeypatch.setattr("asgi_nocache._shortcut.MAX_ENTRIES", 12)
    app = NoCacheMiddleware(sending(start([])), default=PUBLIC(max_age=60))
    asked = [("/", f"M{n}") for n in range(5)] + [("/x", "M0")]
    asked += [("/y", f"N{n}") for n in range(5)]
    for path, method in asked:
        answer(app, http_scope(path, method))
    held = {id(p._exchanges): p._exchanges for p in app._shortcuts.places.values()}
    known = [each for kind in held.values() for each in kind.values()]
    outcomes = sum(len(each.outcomes) for each in known)
    assert len(app._shortcuts.places) + len(known) + outcomes <= 13
