"""The shell: what it does to messages, scopes and exceptions, by raw ASGI."""

from __future__ import annotations

import logging

import pytest
from asgi_driver import (
    NO_STORE_FIELDS,
    answer,
    caching,
    http_scope,
    run,
    sending,
    start,
)

from asgi_nocache import (
    APP_DECIDES,
    NO_STORE_EDGE,
    NO_STORE_MINIMAL,
    PRIVATE,
    PUBLIC,
    NoCacheMiddleware,
    Policy,
    Rule,
)
from asgi_nocache._box import Process
from asgi_nocache._report import MAX_LOGGED

BODY = {"type": "http.response.body", "body": b"x"}
OTHERS = [(b"content-type", b"text/plain"), (b"X-Odd", b"1"), (b"x-odd", b"\xff")]


@pytest.fixture(autouse=True, params=[False, True], ids=["unmarked", "marked"])
def marks(request, monkeypatch):
    """Each test holds before and after a decorator was imported."""
    monkeypatch.setattr(Process, "marks", request.param)


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "OPTIONS", "BREW"])
@pytest.mark.parametrize("status", [200, 204, 206, 301, 304, 307, 404, 410, 500, 599])
def test_every_method_and_status_is_never_store(method, status):
    """With no configuration every response leaves with the default fields."""
    app = NoCacheMiddleware(sending(start([], status), BODY))
    assert answer(app, http_scope(method=method))["headers"] == NO_STORE_FIELDS


@pytest.mark.parametrize(
    "fields",
    [
        lambda: OTHERS,
        lambda: tuple(OTHERS),
        lambda: [list(pair) for pair in OTHERS],
        lambda: (pair for pair in OTHERS),
        lambda: [(bytearray(k), v) for k, v in OTHERS],
        lambda: [(k, bytearray(v)) for k, v in OTHERS],
        lambda: iter(OTHERS),
    ],
    ids=["list", "tuple", "lists", "generator", "names", "values", "iterator"],
)
def test_any_iterable_of_pairs_leaves_as_a_list_of_tuples(fields):
    """ASGI promises an iterable of pairs of byte strings, not a list of tuples."""
    message = start()
    app = NoCacheMiddleware(sending(message), rules=[Rule("/p", PUBLIC(max_age=60))])
    for path, own in [("/", NO_STORE_FIELDS), ("/p", PUBLIC(max_age=60).fields)] * 3:
        message["headers"] = fields()
        out = answer(app, http_scope(path))["headers"]
        assert out == [*OTHERS, *own]
        assert type(out) is list
        assert {type(pair) for pair in out} == {tuple}
        assert {type(name) for name, _ in out} == {bytes}


def test_missing_headers_are_empty():
    """The key ``headers`` is optional."""
    app = NoCacheMiddleware(sending({"type": "http.response.start", "status": 200}))
    assert answer(app)["headers"] == NO_STORE_FIELDS


@pytest.mark.parametrize("rules", [[], [Rule("/", PUBLIC(max_age=60))]])
@pytest.mark.parametrize(
    "own",
    [
        [(b"Cache-Control", b"no-cache")],
        [(b"CACHE-CONTROL", b"max-age=5"), (b"cache-control", b"public")],
        [(b"cache-control", b"no-cache")] * 3,
    ],
)
def test_exactly_one_cache_control_line_leaves(rules, own):
    """However the app spells it, and however often it sends it."""
    app = NoCacheMiddleware(sending(start([*own, *OTHERS, *own])), rules=rules)
    out = answer(app)
    assert len(caching(out)) == 1
    assert [pair for pair in out["headers"] if pair in OTHERS] == OTHERS


@pytest.mark.parametrize("rules", [[], [Rule("/", PUBLIC(max_age=60))]])
def test_the_apps_message_and_list_are_never_changed(rules):
    """A reused response sends the very same list every time."""
    fields = [(b"content-type", b"text/plain"), (b"expires", b"0")]
    message = start(fields, trailers=True)
    app = NoCacheMiddleware(sending(message), rules=rules)
    outs = [answer(app) for _ in range(4)]
    assert fields == [(b"content-type", b"text/plain"), (b"expires", b"0")]
    assert message == start(fields, trailers=True)
    assert all(len(caching(out)) == 1 and out["trailers"] is True for out in outs)


@pytest.mark.parametrize("rules", [[], [Rule("/", PUBLIC(max_age=60))]])
def test_every_other_message_passes_as_the_same_object(rules):
    """Bodies are not read, and messages of extensions are not known."""
    others = [
        {"type": "http.response.debug", "info": {}},
        {"type": "http.response.early_hint", "links": []},
        BODY,
        {"type": "http.response.trailers", "headers": [(b"cache-control", b"x")]},
        {"type": "http.response.pathsend", "path": "/x"},
    ]
    app = NoCacheMiddleware(sending(others[0], start(), *others[1:]), rules=rules)
    sent = run(app, http_scope())
    assert [m for m in sent if m["type"] != "http.response.start"] == others
    assert all(a is b for a, b in zip([sent[0], *sent[2:]], others, strict=True))


def test_receive_and_other_scopes_pass_untouched():
    """Lifespan, websockets without denials and unknown types cost one comparison."""
    seen = []

    async def app(scope, receive, send):
        seen.append((scope, receive, send))

    async def receive():
        raise AssertionError

    async def send(message):
        raise AssertionError

    for kind in ("lifespan", "websocket", "telepathy"):
        scope = {"type": kind}
        with pytest.raises(StopIteration):
            NoCacheMiddleware(app)(scope, receive, send).send(None)
        assert seen[-1][0] is scope
        assert seen[-1][1] is receive
        assert seen[-1][2] is send
        assert scope == {"type": kind}
    with pytest.raises(StopIteration):
        NoCacheMiddleware(app)(http_scope(), receive, send).send(None)
    assert seen[-1][1] is receive


def test_a_websocket_denial_is_a_response():
    """A denial is a cacheable 403, so it carries the fields; an accept does not."""
    scope = http_scope(type="websocket", extensions={"websocket.http.response": {}})
    del scope["method"]
    denial = {"type": "websocket.http.response.start", "status": 403, "headers": []}
    accept = {"type": "websocket.accept", "headers": [(b"x", b"y")]}
    app = NoCacheMiddleware(sending(accept, denial))
    assert run(app, scope) == [accept, {**denial, "headers": NO_STORE_FIELDS}]


def test_request_headers_may_be_a_one_shot_iterable():
    """Looking for preconditions must not use up what the app is to read."""
    lines = [(b"host", b"a"), (b"if-none-match", b'"1"'), (b"x-last", b"1")]

    async def app(scope, receive, send):
        assert list(scope["headers"]) == [lines[0], lines[2]]
        await send(start())

    assert answer(NoCacheMiddleware(app), http_scope(headers=iter(lines)))


@pytest.mark.parametrize("headers", [[(b"", b"x")], [(b"If-None-Match", b'"1"')]])
def test_odd_request_field_names_are_read_with_care(headers):
    """An empty name is no precondition; one in mixed case is."""

    async def app(scope, receive, send):
        assert list(scope["headers"]) == [h for h in headers if h[0] == b""]
        await send(start())

    assert answer(NoCacheMiddleware(app), http_scope(headers=headers))


def test_an_app_that_raises_before_its_start_gets_a_never_store_500():
    """A server's own bare 500 would leave without our fields."""

    async def app(scope, receive, send):
        raise LookupError("gone")

    with pytest.raises(LookupError, match="gone"):
        run(NoCacheMiddleware(app), http_scope())
    first, second = run.sent
    assert first["status"] == 500
    assert first["headers"][2:] == NO_STORE_FIELDS
    assert second["body"] == b"Internal Server Error"


@pytest.mark.parametrize(
    ("scope", "option"),
    [({"app": object()}, None), ({}, False)],
    ids=["inside a framework", "switched off"],
)
def test_an_exception_is_left_to_who_stands_outside(scope, option):
    """The framework has an error page of its own."""

    async def app(scope, receive, send):
        raise LookupError

    with pytest.raises(LookupError):
        run(NoCacheMiddleware(app, error_response=option), http_scope(**scope))
    assert run.sent == []


def test_a_framework_inside_does_not_count_as_one_outside():
    """Starlette puts itself into the scope, and may fail before its error page."""

    class Framework:
        async def __call__(self, scope, receive, send):
            scope["app"] = self
            raise LookupError

    with pytest.raises(LookupError):
        run(NoCacheMiddleware(Framework()), http_scope())
    assert run.sent[0]["status"] == 500


@pytest.mark.parametrize("rules", [[], [Rule("/", PUBLIC(max_age=60))]])
def test_an_exception_after_the_start_adds_nothing(rules):
    """A second start would break the connection's framing."""

    async def app(scope, receive, send):
        await send(start())
        raise LookupError

    with pytest.raises(LookupError):
        run(NoCacheMiddleware(app, rules=rules), http_scope())
    assert len(run.sent) == 1


def test_an_error_under_a_relaxing_rule_is_never_store():
    """The long way answers for the app as the short way does."""

    async def app(scope, receive, send):
        raise LookupError

    rules = [Rule("/", PUBLIC(max_age=60))]
    with pytest.raises(LookupError):
        run(NoCacheMiddleware(app, rules=rules), http_scope())
    assert run.sent[0]["headers"][2:] == NO_STORE_FIELDS


@pytest.mark.parametrize("rules", [[], [Rule("/never", PUBLIC(max_age=60))]])
def test_one_scope_used_twice_is_not_nested(rules):
    """A leftover of the first run must not open the second one."""
    app, scope = NoCacheMiddleware(sending(start()), rules=rules), http_scope()
    assert caching(answer(app, scope)) == caching(answer(app, scope)) != []


def test_the_policy_of_a_rule_applies_where_it_matches():
    """And nowhere else."""
    rules = [Rule("/static/**", PUBLIC(max_age=60))]
    app = NoCacheMiddleware(sending(start()), rules=rules)
    for _ in range(2):
        assert caching(answer(app, http_scope("/static/a"))) == [b"public, max-age=60"]
        assert answer(app, http_scope("/else"))["headers"] == NO_STORE_FIELDS


def test_rules_are_relative_to_the_root_path():
    """ASGI leaves root_path in path."""
    rules = [Rule("/static/**", PUBLIC(max_age=60))]
    app = NoCacheMiddleware(sending(start()), rules=rules)
    scope = http_scope("/api/static/a", root_path="/api")
    assert caching(answer(app, scope)) == [b"public, max-age=60"]
    scope = http_scope("/apistatic/a", root_path="/api")
    assert answer(app, scope)["headers"] == NO_STORE_FIELDS


@pytest.mark.parametrize(
    ("mode", "sent", "expected"),
    [
        ("stricter", [b"public, max-age=600"], b"max-age=60"),
        ("stricter", [b"no-store"], NO_STORE_FIELDS[0][1]),
        ("stricter", [], b"private, max-age=60"),
        ("override", [b"no-store"], b"private, max-age=60"),
        ("if-missing", [b"public, max-age=600"], b"public, max-age=600"),
        ("if-missing", [], b"private, max-age=60"),
        ("report", [b"public"], b"public"),
    ],
)
def test_modes(mode, sent, expected):
    """How a policy meets what the app sent."""
    policy = PRIVATE(max_age=60)
    fields = [(b"Cache-Control", value) for value in sent]
    app = NoCacheMiddleware(sending(start(fields)), default=policy, mode=mode)
    values = caching(answer(app))
    if mode == "stricter" and sent == [b"public, max-age=600"]:
        expected = b"private, max-age=60"
    assert values == [expected]


def test_report_changes_nothing_and_counts(caplog):
    """The bytes go out as sent; one line says what would change."""
    app = NoCacheMiddleware(sending(start([(b"Cache-Control", b"x")])), mode="report")
    with caplog.at_level(logging.WARNING, "asgi_nocache"):
        outs = [answer(app) for _ in range(3)]
    assert all(out["headers"] == [(b"Cache-Control", b"x")] for out in outs)
    assert app.counts["would_change"] == 3
    assert [r.getMessage().startswith("'/': would send") for r in caplog.records] == [
        True
    ]


def test_a_discarded_declaration_is_logged_once_with_the_line_to_paste(caplog):
    """Promise 1: a handler's own field is no declaration."""
    fields = [(b"cache-control", b"public, max-age=300")]
    app = NoCacheMiddleware(sending(start(fields)))
    with caplog.at_level(logging.WARNING, "asgi_nocache"):
        for _ in range(3):
            assert answer(app, http_scope("/feed"))["headers"] == NO_STORE_FIELDS
    (record,) = caplog.records
    assert "Rule('/feed', PUBLIC(max_age=300))" in record.getMessage()
    assert app.counts["discarded"] == 3


@pytest.mark.parametrize("sent", [b"no-store", b"no-store, private"])
def test_nothing_is_logged_where_nothing_is_discarded(caplog, sent):
    """An app that asked for never-store gets what it asked for."""
    app = NoCacheMiddleware(sending(start([(b"cache-control", sent)])))
    with caplog.at_level(logging.WARNING, "asgi_nocache"):
        answer(app)
    assert caplog.records == []
    assert not app.counts


def test_override_that_loosens_no_store_is_logged(caplog):
    """Looser than the app asked for is possible only in words, and is said."""
    fields = [(b"cache-control", b"no-store")]
    app = NoCacheMiddleware(
        sending(start(fields)), default=PUBLIC(max_age=5), mode="override"
    )
    with caplog.at_level(logging.WARNING, "asgi_nocache"):
        assert caching(answer(app)) == [b"public, max-age=5"]
    assert "loosens" in caplog.text
    assert app.counts["loosened"] == 1


def test_app_decides_leaves_the_bytes_alone():
    """Unless a guard fires."""
    fields = [(b"Cache-Control", b"Public,max-age=9"), (b"ETag", b'"1"')]
    app = NoCacheMiddleware(sending(start(fields)), default=APP_DECIDES)
    assert answer(app)["headers"] == fields
    guarded = answer(app, fields=[(b"authorization", b"Basic x")])
    assert caching(guarded) == [b"private, max-age=9"]


@pytest.mark.parametrize("policy", [NO_STORE_EDGE, NO_STORE_MINIMAL])
def test_presets_as_default(policy):
    """Each sends its own fields, and the edge set drops validators."""
    fields = [(b"etag", b'"1"'), (b"Surrogate-Control", b"max-age=9")]
    app = NoCacheMiddleware(sending(start(fields)), default=policy)
    for _ in range(2):
        out = answer(app)["headers"]
        assert [f for f in policy.fields if f in out] == list(policy.fields)
        assert (b"surrogate-control", b"no-store, max-age=0") in out
        assert ((b"etag", b'"1"') in out) is not policy.strip_validators


def test_clear_site_data_needs_https_on_every_request():
    """What is remembered of an http request must not leak into an https one."""
    logout = Policy(NO_STORE_MINIMAL.cache_control, "logout", clear_site_data=True)
    app = NoCacheMiddleware(sending(start()), default=logout)
    line = (b"clear-site-data", b'"cache"')
    for scheme in ("http", "https", "http", "https"):
        out = answer(app, http_scope(scheme=scheme))["headers"]
        assert (line in out) is (scheme == "https")


@pytest.mark.parametrize("mode", ["off", "report"])
def test_the_kill_switch_is_logged_and_counted(monkeypatch, caplog, mode):
    """Two in the morning: nothing is changed, and it is said."""
    monkeypatch.setenv("ASGI_NOCACHE_MODE", mode)
    rules = [Rule("/a", NO_STORE_EDGE)]
    with caplog.at_level(logging.WARNING, "asgi_nocache"):
        app = NoCacheMiddleware(sending(start([(b"X", b"y")])), rules=rules)
    assert f"ASGI_NOCACHE_MODE={mode}" in caplog.text
    assert answer(app)["headers"] == [(b"X", b"y")]
    assert app.counts[f"switch_{mode}"] == 1
    assert app.counts["would_change"] == (mode == "report")


def test_an_unknown_kill_switch_is_an_error(monkeypatch):
    """A typing error must not look like a switch that was thrown."""
    monkeypatch.setenv("ASGI_NOCACHE_MODE", "of")
    with pytest.raises(ValueError, match="'of' is unknown; set 'report' or 'off'"):
        NoCacheMiddleware(sending())


def test_a_wrapped_app_is_refused_with_the_reason():
    """Two policies on one response are a mistake, also through other middleware."""

    class Other:
        def __init__(self, app):
            self.app = app

    once = NoCacheMiddleware(sending())
    with pytest.raises(ValueError, match="wrapped already"):
        NoCacheMiddleware(once)
    with pytest.raises(ValueError, match="wrapped already"):
        NoCacheMiddleware(Other(once))


def test_a_rule_that_raises_costs_no_500(caplog):
    """The default is joined in, and it is said once."""

    def asks(request, response):
        raise LookupError("asked")

    rules = [Rule("/**", PUBLIC(max_age=60), when=asks)]
    app = NoCacheMiddleware(sending(start()), rules=rules)
    with caplog.at_level(logging.WARNING, "asgi_nocache"):
        for _ in range(2):
            assert answer(app)["headers"] == NO_STORE_FIELDS
    (record,) = caplog.records
    assert "LookupError('asked')" in record.getMessage()
    assert app.counts["rule_raised"] == 2


def test_a_rules_function_sees_the_whole_request():
    """The query and all fields, each time anew."""
    seen = []

    def asks(request, response):
        seen.append((request.target, request.fields, response.fields))
        return False

    rules = [Rule("/**", PUBLIC(max_age=60), when=asks)]
    app = NoCacheMiddleware(sending(start([(b"x-a", b"1")])), rules=rules)
    for query, value in [(b"a=1", b"x"), (b"", b"y")]:
        fields = [(b"x-b", value)]
        answer(app, http_scope("/p", query_string=query, headers=fields))
    assert seen == [
        ("/p?a=1", ((b"x-b", b"x"),), ((b"x-a", b"1"),)),
        ("/p", ((b"x-b", b"y"),), ((b"x-a", b"1"),)),
    ]


def test_a_flood_of_paths_neither_fills_memory_nor_forges_lines(caplog):
    """What a client chooses is shown as text, cut, and then only counted."""
    app = NoCacheMiddleware(sending(start([(b"cache-control", b"public")])))
    with caplog.at_level(logging.WARNING, "asgi_nocache"):
        answer(app, http_scope("/x\r\nCRITICAL: forged" + "y" * 900))
        for number in range(MAX_LOGGED + 5):
            answer(app, http_scope(f"/{number}"))
    first, *_, last = [record.getMessage() for record in caplog.records]
    assert "\n" not in first
    assert len(first) < 700
    assert "APP_DECIDES" in first
    assert last == f"{MAX_LOGGED} lines logged; what is new is only counted"
    assert len(caplog.records) == MAX_LOGGED + 1
    assert app.counts["discarded"] == MAX_LOGGED + 6


@pytest.mark.parametrize("rules", [[], [Rule("/", PUBLIC(max_age=60))]])
@pytest.mark.parametrize("name", [bytearray(b"if-none-match"), bytearray(b"x")])
def test_request_names_that_are_no_bytes(rules, name):
    """Odd, legal by the letter, and no reason for a 500."""
    app = NoCacheMiddleware(sending(start()), rules=rules)
    for _ in range(2):
        assert len(caching(answer(app, http_scope(headers=[(name, b"a")])))) == 1


def test_our_500_does_not_hide_what_the_app_raised():
    """Sending may fail as well; the app's own exception goes on."""

    async def app(scope, receive, send):
        raise LookupError("the app's")

    async def receive():
        return {}

    async def send(message):
        raise RuntimeError("gone")

    with pytest.raises(LookupError, match="the app's"):
        NoCacheMiddleware(app)(http_scope(), receive, send).send(None)


@pytest.mark.parametrize(
    ("scope", "options"),
    [
        ({"type": "websocket", "extensions": {"websocket.http.response": {}}}, {}),
        ({}, {"mode": "report"}),
    ],
)
def test_no_500_where_it_would_be_wrong(scope, options):
    """Not on a websocket, and not where nothing may be changed."""

    async def app(scope, receive, send):
        raise LookupError

    protected = NoCacheMiddleware(app, error_response=True, **options)
    with pytest.raises(LookupError):
        run(protected, http_scope(**scope))
    assert run.sent == []


def test_an_exception_where_an_answer_is_remembered():
    """The short way answers for the app as the long one does."""
    raising = []

    async def app(scope, receive, send):
        if raising:
            raise LookupError
        await send(start())

    protected = NoCacheMiddleware(app, rules=[Rule("/", PUBLIC(max_age=60))])
    for _ in range(2):
        assert caching(answer(protected)) == [b"public, max-age=60"]
    raising.append(True)
    with pytest.raises(LookupError):
        run(protected, http_scope())
    assert run.sent[0]["headers"][2:] == NO_STORE_FIELDS


def test_the_kill_switch_says_once_what_would_change(monkeypatch, caplog):
    """And counts every time."""
    monkeypatch.setenv("ASGI_NOCACHE_MODE", "report")
    app = NoCacheMiddleware(sending(start()))
    with caplog.at_level(logging.WARNING, "asgi_nocache"):
        for _ in range(2):
            answer(app)
    told = [r.getMessage() for r in caplog.records]
    assert [line.startswith("'/': would send") for line in told] == [False, True]
    assert app.counts["would_change"] == 2
