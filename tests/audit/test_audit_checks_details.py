"""What single checks tell apart, beyond that they fire and are silent."""

import functools
from dataclasses import replace
from datetime import date
from types import SimpleNamespace
from typing import Annotated, Any

import check_cases as cases
import pytest
from check_builders import codes, layer, look, one, only, route, seen, told

from asgi_nocache import (
    APP_DECIDES,
    NO_STORE,
    PRIVATE,
    PUBLIC,
    CacheControl,
    Policy,
    Rule,
    cache_policy,
    nocache,
    set_policy,
)
from asgi_nocache.audit.checks.views import rule_path
from asgi_nocache.audit.values import Confidence, Kind, Place, Severity

LONG = PUBLIC(max_age=9)


# the audit itself


@pytest.mark.parametrize(
    ("given", "severity"),
    [
        ({}, Severity.ERROR),
        ({"layers": (layer(),)}, Severity.INFO),
        ({"layers": (layer(default=APP_DECIDES),)}, Severity.ERROR),
        ({"layers": (layer(Rule("/x/**", LONG)),)}, Severity.INFO),
    ],
)
@pytest.mark.parametrize("kind", [Kind.OPAQUE, Kind.UNKNOWN])
def test_what_cannot_be_seen(given: Any, severity: Severity, kind: Kind) -> None:
    """It is information where the policy covers it."""
    looked = look(route("/x/{p:path}", kind=kind, methods=(), catch_all=True, **given))

    assert only(looked, "NC002").severity is severity


def test_a_request_that_failed_is_no_answer() -> None:
    looked = seen(one(), status=500)
    observed = looked.rows[0].observed
    assert observed is not None
    failed = replace(looked.rows[0], observed=replace(observed, problem="timeout"))

    assert "NC004" in codes(looked)
    assert "NC004" not in codes(replace(looked, rows=(failed,)))
    assert "NC901" not in codes(replace(looked, rows=(failed,)))


# coverage


def test_the_fix_names_the_endpoint() -> None:
    place = Place("shop/items.py", 12)
    looked = one(path="/a/<int:n>", default=LONG, endpoint=cases.endpoint, place=place)

    assert only(looked, "NC101").fix == (
        "Rule('/a/{n:int}', NO_STORE, reason=\"...\") in the middleware's rules, or "
        "@nocache above endpoint at shop/items.py:12"
    )


def test_the_pasted_rule_makes_it_silent() -> None:
    looked = one(path="/a/{n}", default=LONG)
    rule = eval(
        only(looked, "NC101").fix.partition(" in the")[0],
        {"Rule": Rule, "NO_STORE": NO_STORE},
    )

    assert "NC101" not in codes(one(rule, path="/a/{n}", default=LONG))


def test_the_left_out_method_is_named() -> None:
    looked = one(Rule("/items", LONG, methods=["GET"]), methods=("DELETE", "GET"))

    assert codes(looked) == set()
    assert only(replace(looked, require=True), "NC103").fix.startswith(
        "Rule('/items', NO_STORE, methods=[\"DELETE\"]"
    )


@nocache
class Decorated:
    def __call__(self) -> None: ...


class Served(Decorated):
    pass


class Views:
    @nocache
    def get(self) -> None: ...


def as_view() -> None: ...


as_view.view_class = Views  # type: ignore[attr-defined]


def holding(thing: Any, deep: int) -> Any:
    def outer() -> Any:
        return thing

    return holding(outer, deep - 1) if deep else outer


def unfilled() -> Any:
    def inner() -> Any:
        return later

    if unfilled is None:
        later = 1
    return inner


@pytest.mark.parametrize(
    ("served", "decorated"),
    [
        (cases.marked, cases.marked),
        (functools.partial(cases.marked), cases.marked),
        (functools.partial(cases.marked), functools.partial(cases.marked)),
        (cases.marked.__wrapped__, cases.marked),  # type: ignore[attr-defined]
        (Served, Decorated),
        (Served(), Decorated),
        (Views().get, Views.get),
        (Views, Views.get),
        (as_view, Views.get),
    ],
)
def test_served(served: Any, decorated: Any) -> None:
    looked = look(route("/", layer(), endpoint=served), decorated=(decorated,))

    assert "NC105" not in codes(looked)


def test_not_served() -> None:
    looked = look(route("/", layer(), endpoint=unfilled()), decorated=(Decorated,))

    finding = only(looked, "NC105")
    assert finding.severity is Severity.ERROR
    assert finding.where.endswith("test_audit_checks_details.Decorated")


@pytest.mark.parametrize(
    "endpoint", [cases.hidden, holding(cases.marked, 0), holding(cases.marked, 3)]
)
def test_hidden_is_milder(endpoint: Any) -> None:
    """At run time its mark is heard all the same."""
    looked = look(route("/", layer(), endpoint=endpoint), decorated=(cases.marked,))

    finding = only(looked, "NC105")
    assert finding.severity is Severity.WARNING
    assert "hides it behind GET /" in finding.message


def test_a_wrapper_that_never_ends() -> None:
    def endpoint() -> None: ...

    endpoint.__wrapped__ = endpoint  # type: ignore[attr-defined]

    assert codes(look(route("/", layer(), endpoint=endpoint))) == set()


def test_other_peoples_code_is_not_judged() -> None:
    @nocache
    def elsewhere() -> None: ...

    elsewhere.__module__ = "library.views"
    looked = look(route("/", layer(), endpoint=cases.endpoint), decorated=(elsewhere,))

    assert "NC105" not in codes(looked)


def test_a_rule_for_streams_and_others() -> None:
    on = layer(Rule("/live/**", NO_STORE), Rule(None, NO_STORE))
    stream = route("/live/ws", on, kind=Kind.STREAM, methods=())

    assert codes(look(stream, route("/live/page", on))) == set()
    finding = only(look(stream, replace(stream, path="/b"), route("/x", on)), "NC107")
    assert finding.where == "Rule('/live/**', NO_STORE)"


# private data


def auth(*names: str) -> Any:
    return {"auth": names, "guards": []}


@pytest.mark.parametrize("name", ["OAuth2PasswordBearer", "HTTPBasic"])
def test_header_schemes_are_asked_with_authorization(name: str) -> None:
    """Which no shared cache keeps without a word that allows it (RFC 9111 3.5)."""
    short = Rule("/items", Policy(CacheControl(max_age=9)))
    allowed = Rule("/items", Policy(CacheControl(max_age=9, must_revalidate=True)))

    assert "NC201" not in codes(one(short, **auth(name)))
    finding = only(one(allowed, **auth(name)), "NC201")
    assert finding.message.endswith("what a request with authorization gets")


@pytest.mark.parametrize("name", ["APIKeyHeader", "api_key_query"])
def test_keys_that_no_guard_knows(name: str) -> None:
    """All guards are on, and a cache sees no credentials."""
    looked = one(Rule("/items", Policy(CacheControl(max_age=9))), auth=(name,))

    assert only(looked, "NC201").message.endswith("may store what a request gets")


def test_a_session_is_asked_with_a_cookie() -> None:
    short = Rule("/items", Policy(CacheControl(max_age=9)))
    looked = one(short, **auth("APIKeyCookie"))

    assert "with cookie" in only(looked, "NC201").message


def test_a_floor_silences_public() -> None:
    rules = [Rule("/items", LONG), Rule("/items", NO_STORE, floor=True)]

    assert "NC204" in codes(one(rules[0], auth=("login",)))
    assert "NC204" not in codes(one(*rules, auth=("login",)))


def test_public_for_shared_caches_only() -> None:
    policy = Policy(CacheControl(max_age=0, s_maxage=60))

    assert "NC204" in codes(one(Rule("/items", policy), auth=("login",)))


def test_a_cookie_under_the_policy() -> None:
    looked = seen(one(), ("set-cookie", "a=b"))
    kept = seen(one(), ("set-cookie", "a=b"), ("cache-control", "private"))

    assert only(looked, "NC202").message.endswith("sends no Cache-Control")
    assert "NC202" not in codes(kept)


def in_annotation(accept_language: Annotated[str, cases.Header()]) -> None: ...
def both(a: Any = cases.A_COOKIE, authorization: Any = cases.A_HEADER) -> None: ...
def others(x_token: Any = cases.A_HEADER, cookie: int = 1) -> None: ...


@pytest.mark.parametrize(
    ("endpoint", "count"), [(in_annotation, 1), (both, 2), (others, 0), (print, 0)]
)
def test_what_an_endpoint_reads(endpoint: Any, count: int) -> None:
    looked = one(Rule("/items", LONG), endpoint=endpoint)

    assert len(told(looked, "NC203")) == count


def test_a_builtin_without_a_signature() -> None:
    assert codes(one(Rule("/items", LONG), endpoint=iter)) == set()


def test_an_answer_that_varies_by_itself() -> None:
    endpoint = cases.reads_language
    looked = one(Rule("/items", LONG), endpoint=endpoint)
    control = ("cache-control", "public, max-age=9")

    assert "NC203" in codes(seen(looked, control))
    assert "NC203" not in codes(seen(looked, control, ("vary", "Accept-Language")))
    assert "NC203" not in codes(one(Rule("/items", LONG), endpoint=endpoint,
                                    methods=("POST",)))  # fmt: skip


@pytest.mark.parametrize(
    ("given", "fires"),
    [
        ({}, True),
        ({"endpoint": cases.endpoint}, True),
        ({"endpoint": cases.marked}, False),  # Flask applies it without a middleware
        ({"kind": Kind.FRAMEWORK}, False),
        ({"methods": ("POST",)}, False),
    ],
)
def test_json_without_a_word(given: Any, fires: bool) -> None:
    looked = look(route("/", media_type="application/json", **given))

    assert ("NC205" in codes(looked)) is fires


@pytest.mark.parametrize("status", [404, 302])
def test_errors_are_no_json_endpoints(status: int) -> None:
    looked = seen(look(route("/")), ("content-type", "application/json"), status=status)

    assert "NC205" not in codes(looked)


def test_many_json_routes() -> None:
    routes = [route(f"/{n}", media_type="application/json") for n in range(3)]

    finding = only(look(*routes), "NC205")
    assert "3 routes (GET /0, GET /1, GET /2) leave as JSON" in finding.message


def test_errors_that_are_meant() -> None:
    """A rule that names the status is about errors."""
    rules = (Rule(None, LONG, status=404), Rule("/items", LONG, guards=["cookie"]))
    looked = one(*rules, guards=[])

    assert [f.message[:7] for f in told(looked, "NC206")] == ["rule 2,"]
    looked = one(Rule("/items", LONG), default=LONG, guards=[])
    assert "so the default and 1 more holds" in only(looked, "NC206").message


@pytest.mark.parametrize(
    ("path", "name", "fires"),
    [
        ("/logout", "", True),
        ("/x", "auth.log_out", True),
        ("/sign-off", "", True),
        ("/blogout", "", False),
        ("/logout-help", "", True),
        ("/catalogs/output", "", False),
    ],
)
def test_names_of_logouts(path: str, name: str, fires: bool) -> None:
    assert ("NC207" in codes(one(path=path, name=name))) is fires


def test_a_logout_that_clears() -> None:
    looked = one(path="/logout")
    field = ("clear-site-data", '"cache"')

    assert "NC207" not in codes(seen(looked, ("cache-control", "no-store"), field))
    assert "NC207" not in codes(look(route("/logout")))


def test_the_fix_of_a_logout_can_be_pasted() -> None:
    fix = only(one(path="/logout"), "NC207").fix
    given = {"Rule": Rule, "Policy": Policy, "NO_STORE": NO_STORE}

    assert "NC207" not in codes(one(eval(fix, given), path="/logout"))


# safeguards


def test_safeguards_that_are_off() -> None:
    shares = PUBLIC(max_age=9, shared_with_credentials=True)
    words = "lets shared caches keep what requests with Authorization get"

    assert words in only(one(Rule("/items", shares)), "NC408").message
    assert words in only(one(default=shares), "NC408").message
    assert "the middleware switches cookie off" not in codes(one())
    guards = ["authorization", "error_status"]
    assert (
        "switches ambiguous_target, cookie" in only(one(guards=guards), "NC408").message
    )

    @cache_policy(shares)
    def endpoint() -> None: ...

    assert "by its decorator" in only(one(endpoint=endpoint), "NC408").message


# wiring


@pytest.mark.parametrize(
    ("framework", "fix"),
    [
        ("starlette", "from asgi_nocache.starlette import install; install(app)"),
        ("flask", "asgi_app = as_asgi(app), from"),
        ("", "app = NoCacheMiddleware(app)"),
        ("litestar", "app = NoCacheMiddleware(app)"),
    ],
)
def test_how_to_install(framework: str, fix: str) -> None:
    finding = only(look(route("/", framework=framework)), "NC301")

    assert finding.fix.startswith(fix)


@pytest.mark.parametrize(
    ("app", "name"),
    [
        ("shop.main:api", "api"),
        ("shop:a.b", "a.b"),
        ("shop main", "app"),
        ("x:", "app"),
    ],
)
def test_the_app_has_its_name(app: str, name: str) -> None:
    looked = replace(look(route("/", framework="")), app=app)

    assert only(looked, "NC301").fix == f"{name} = NoCacheMiddleware({name})"


def test_decorators_without_a_middleware() -> None:
    looked = look(route("/", endpoint=cases.marked), decorated=(cases.marked,))

    assert only(looked, "NC301").message.endswith(", though decorators are used")


def test_only_streams_need_no_middleware() -> None:
    assert codes(look(route("/ws", kind=Kind.STREAM, methods=()))) == set()


def test_parts_outside() -> None:
    routes = [route("/b/x"), route("/b/y"), route("/c"), route("/d", layer())]
    found = told(look(*routes), "NC305")

    assert [f.where for f in found] == ["/b", "/c"]
    assert "2 routes (GET /b/x, GET /b/y)" in found[0].message


def test_a_part_is_named_by_its_mount() -> None:
    """Not by middleware on the way to it."""
    routes = [route("/b/x", via=("GZipMiddleware", "Mount /b")), route("/d", layer())]

    assert only(look(*routes), "NC305").where == "Mount /b"


def test_what_escapes_fastapi() -> None:
    added = layer(form="add_middleware")
    routes = [route("/a", added, framework="fastapi"), route("/b", added)]

    message = only(look(*routes), "NC302").message
    assert "the 500 for an unhandled exception and FastAPI's 413" in message


def test_added_inside_a_wrapped_app() -> None:
    """What escapes it, the outer one covers."""
    inner = layer(form="add_middleware", root_path="/sub")

    assert codes(look(route("/sub/a", layer(), inner))) == set()


def test_who_stands_outside() -> None:
    looked = replace(one(), outside=("shop.auth.AuthMiddleware", "hishel.fastapi.X"))
    unknown, known = sorted(told(looked, "NC303"), key=lambda f: f.severity.rank)

    assert unknown.severity is Severity.WARNING
    assert unknown.message.endswith("and may answer by itself")
    assert known.severity is Severity.ERROR
    assert told(replace(look(route("/")), outside=("x.Y",)), "NC303") == []


def test_setters_inside_are_milder() -> None:
    looked = replace(one(), inside=("whitenoise.base.WhiteNoise",))

    assert only(looked, "NC306").severity is Severity.INFO
    assert told(replace(look(route("/")), inside=("hishel.x.Y",)), "NC306") == []


def test_two_hosts_are_two_apps() -> None:
    twice = (layer(), layer())

    assert "NC304" in codes(look(route("/", *twice), route("/b", *twice)))
    assert "NC304" not in codes(look(route("/", *twice, host="api.example.com")))


@pytest.mark.parametrize(
    "middleware",
    [
        SimpleNamespace(_switched=SimpleNamespace(_switch="off")),
        SimpleNamespace(_switch="off"),
    ],
)
def test_the_kill_switch_is_seen(middleware: Any) -> None:
    looked = look(route("/", layer(middleware=middleware)))

    assert only(looked, "NC307").message.endswith("ASGI_NOCACHE_MODE=off")
    switched = replace(looked.rows[0].route.layers[0], middleware=None)
    assert "NC307" not in codes(look(route("/", switched)))


@pytest.mark.parametrize(
    ("today", "said", "severity"),
    [
        (date(2027, 1, 31), ", until 2027-01-31", Severity.WARNING),
        (date(2027, 2, 1), ", which was to end on 2027-01-31", Severity.ERROR),
    ],
)
@pytest.mark.parametrize("rule", [False, True])
def test_mode_report_ends(
    today: date, said: str, severity: Severity, rule: bool
) -> None:
    """Planned until its last day, forgotten after it."""
    middleware = SimpleNamespace(report_until=date(2027, 1, 31))
    rules = [Rule("/", NO_STORE, mode="report")] if rule else []
    mode = {} if rule else {"mode": "report"}
    around = layer(*rules, middleware=middleware, **mode)
    finding = only(look(route("/", around), today=today), "NC307")

    assert finding.message.endswith(said)
    assert finding.severity is severity
    switched = layer(*rules, middleware=SimpleNamespace(_switch="off"), **mode)
    assert only(look(route("/", switched), today=today), "NC307").severity is (
        Severity.ERROR
    )


# fields


def test_a_fields_finding_has_no_route() -> None:
    """Its fingerprint must not change with the first route that sends it."""
    first, second = (
        only(seen(look(*(route(p) for p in paths)), ("expires", "0")), "NC502")
        for paths in (("/a", "/b"), ("/b",))
    )

    assert first.fingerprint == second.fingerprint


@pytest.mark.parametrize(
    ("value", "fires"),
    [
        ("Thu, 01 Jan 1970 00:00:01 GMT", False),
        ("Sunday, 06-Nov-94 08:49:37 GMT", False),
        ("0", True),
        ("-1", True),
        ("never", True),
        ("1 2 3", True),
    ],
)
def test_dates(value: str, fires: bool) -> None:
    assert ("NC502" in codes(seen(look(route("/")), ("expires", value)))) is fires


def test_a_directive_that_is_only_unknown() -> None:
    """It may be of some cache's own."""
    bare = look(route("/"))

    assert "NC502" not in codes(seen(bare, ("cache-control", "no-store, own=1")))


def test_side_fields_that_close() -> None:
    said = ("cache-control", "no-store")
    bare = look(route("/"))

    for line in (
        ("x-accel-expires", "0"),
        ("surrogate-control", "no-store, max-age=0"),
        ("edge-control", "private"),
    ):
        assert "NC505" not in codes(seen(bare, said, line))
    assert "NC505" in codes(seen(bare, said, ("surrogate-control", "s-maxage=9")))


def test_pedantry_is_only_for_pages_that_browsers_would_keep() -> None:
    for given in (
        {"kind": Kind.FRAMEWORK},
        {"methods": ("POST",)},
        {"media_type": "application/json"},
    ):
        looked = one(**{"media_type": "text/html", **given})
        assert "NC503" not in codes(replace(looked, pedantic=True))


# paths


@pytest.mark.parametrize(
    ("given", "fires"),
    [
        ({"auth": ("login",)}, True),
        ({}, False),
        ({"auth": ("login",), "kind": Kind.STATIC}, False),
        ({"auth": ("login",), "catch_all": False}, False),
        ({"auth": ("login",), "layers": ()}, False),
    ],
)
def test_deception_needs_private_data(given: Any, fires: bool) -> None:
    unguarded = layer(Rule("/a/**", LONG, guards=[]))
    values = {"layers": (unguarded,), "catch_all": True, **given}
    looked = look(route("/a/{p:path}", **values))

    assert ("NC601" in codes(looked)) is fires


def test_deception_under_a_default() -> None:
    path = {"path": "/{p:path}", "catch_all": True}

    assert "NC601" not in codes(one(default=LONG, **path))
    assert "NC601" in codes(one(default=LONG, guards=[], **path))


def test_a_private_file() -> None:
    brief = Rule("/**", PRIVATE(max_age=9))

    assert "NC602" in codes(one(brief, path="/me.csv", auth=("login",)))
    assert "NC602" not in codes(one(brief, path="/me", auth=("login",)))
    assert "NC602" not in codes(look(route("/me.csv", auth=("login",))))


def test_spellings_of_a_tail() -> None:
    rule = Rule("/**", NO_STORE, when=lambda q, _: "//" not in q.target)
    looked = one(rule, default=LONG, path="/a/{p:path}", catch_all=True)

    assert "asked for as /a/1// gets" in only(looked, "NC603").message


def test_a_path_without_letters() -> None:
    rule = Rule("/**", NO_STORE, when=lambda q, _: q.target == "/")

    assert "NC603" not in codes(one(rule, default=LONG, path="/"))


def test_a_spelling_that_the_app_decides() -> None:
    rule = Rule("/a", NO_STORE, when=lambda q, _: q.target == "/a")
    looked = one(rule, default=APP_DECIDES, path="/a")

    assert "gets what the app sends, not" in only(looked, "NC603").message


@pytest.mark.parametrize(
    ("given", "fires"),
    [
        ({}, True),
        ({"framework": "flask", "path": "/me/"}, True),
        ({"framework": "django"}, False),
        ({"path": "/"}, False),
        ({"kind": Kind.STATIC}, False),
        ({"catch_all": True}, False),
    ],
)
def test_redirects(given: Any, fires: bool) -> None:
    values = {"path": "/me", "endpoint": cases.marked, **given}
    looked = look(route(values.pop("path"), layer(default=LONG), **values))

    assert ("NC604" in codes(looked)) is fires


def test_a_redirect_that_the_app_decides() -> None:
    """The frameworks' own say nothing, and nobody keeps a 307 that says nothing."""
    looked = look(route("/me", layer(default=APP_DECIDES), endpoint=cases.marked))

    assert "NC604" not in codes(looked)


# what was seen


def declares() -> None:
    set_policy(PRIVATE(max_age=9))


@pytest.mark.parametrize(
    ("endpoint", "confidence"),
    [
        (declares, Confidence.GUESS),
        (cases.endpoint, Confidence.LIKELY),
        (Served(), Confidence.LIKELY),
    ],
)
def test_an_endpoint_that_declares_while_it_runs(
    endpoint: Any, confidence: Confidence
) -> None:
    looked = seen(one(Rule("/items", NO_STORE), endpoint=endpoint),
                  ("cache-control", "private, max-age=9"))  # fmt: skip

    assert only(looked, "NC901").confidence is confidence


def test_a_report_is_not_compared() -> None:
    assert "NC901" not in codes(seen(one(mode="report")))


def test_what_the_app_decides_is_as_it_decides() -> None:
    looked = one(Rule("/items", APP_DECIDES))

    assert "NC901" not in codes(seen(looked, ("cache-control", "max-age=9")))
    assert "NC901" not in codes(seen(looked))


def test_several_no_stores() -> None:
    routes = [route("/a"), route("/b")]
    looked = seen(look(*routes), ("cache-control", "no-store"), ("etag", "1"))

    assert "send no-store and a validator" in only(looked, "NC701").message
    assert "NC701" not in codes(seen(look(*routes), ("cache-control", "no-store")))


# rule_path


@pytest.mark.parametrize(
    ("path", "given", "rule"),
    [
        ("/items/{id}", {}, "/items/{id}"),
        ("/items/{id:int}/x", {}, "/items/{id:int}/x"),
        ("/items/{id:odd}", {}, "/items/{id}"),
        ("/blog/<int:year>/<slug>", {}, "/blog/{year:int}/{slug}"),
        ("/blog/<string(length=2):lang>", {}, "/blog/{lang}"),
        ("/f/{name}.{ext}", {}, "/f/*"),
        ("/f/a-{name}.csv", {}, "/f/a-*.csv"),
        ("/files/{p:path}", {"catch_all": True}, "/files/**"),
        ("/<path:p>/edit", {}, "/**/edit"),
        ("/static", {"kind": Kind.STATIC}, "/static/**"),
        ("/a b%20c", {}, "/**"),
        ("/", {}, "/"),
        ("/api/x", {"layers": (layer(root_path="/api"),)}, "/x"),
        ("/x/y", {"layers": (layer(root_path="/api"),)}, "/x/y"),
        ("", {}, "/"),
    ],
)
def test_a_routes_path_as_a_rule(path: str, given: Any, rule: str) -> None:
    assert rule_path(route(path, **given)) == rule
    Rule(rule, NO_STORE)
