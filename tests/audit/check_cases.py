"""For each check a survey in which it fires, and its twin in which it is silent."""

import re
from dataclasses import replace
from typing import Any, NamedTuple

from check_builders import layer, look, one, route, seen

from asgi_nocache import (
    APP_DECIDES,
    NO_STORE,
    PRIVATE,
    PUBLIC,
    REVALIDATE,
    CacheControl,
    Policy,
    Rule,
    nocache,
)
from asgi_nocache.audit.values import Kind, Survey


class Pair(NamedTuple):
    """What is found in the first survey, in these words, and not in the second."""

    code: str
    fires: Survey
    silent: Survey
    says: str


class Header:
    """What FastAPI's parameters have as their default."""


class Cookie:
    """Likewise."""


A_HEADER, A_COOKIE = Header(), Cookie()


def reads_language(accept_language: Any = A_HEADER) -> None: ...


def reads_cookie(session: Any = A_COOKIE) -> None: ...


def endpoint() -> None: ...


@nocache
def marked() -> None: ...


def without_wraps(function: Any) -> Any:
    def inner() -> Any:
        return function()

    return inner


hidden = without_wraps(marked)
LOGOUT = Policy(
    NO_STORE.cache_control, "LOGOUT", beside=NO_STORE.beside, clear_site_data=True
)
SHORT = Policy(CacheControl(max_age=60), "SHORT")
LOGIN = ("get_current_user",)
BOTH = [
    Rule("/static/**", PUBLIC(max_age=60)),
    Rule("/**", NO_STORE),
]
JSON = ("content-type", "application/json")
COVERED = layer()
bare = look(route("/items"))
mounted = route("/admin/{x:path}", COVERED, kind=Kind.OPAQUE, catch_all=True)
socket = route("/ws", COVERED, methods=(), kind=Kind.STREAM)
on_ws = layer(Rule("/ws", NO_STORE))
twice_in = layer()
reads_target = Rule("/account", NO_STORE, when=lambda q, _: q.target == "/account")
reads_path = Rule("/account", NO_STORE, when=lambda q, _: q.path == "/account")
loose = layer(default=PUBLIC(max_age=60))


def auth(*rules: Rule, **given: Any) -> Survey:
    return one(*rules, auth=LOGIN, **given)


def spread(fields: list[tuple[str, str]]) -> Survey:
    return seen(bare, *fields)


def cc(value: str, *more: tuple[str, str]) -> Survey:
    return spread([("cache-control", value), *more])


STATIC = [
    Pair("NC001", look(), one(), "no routes at all"),
    Pair(
        "NC002",
        look(replace(mounted, layers=())),
        one(),
        "/admin/{x:path} is an app whose routes cannot be seen",
    ),
    Pair("NC101", one(default=APP_DECIDES), one(), "GET /items has no policy"),
    Pair(
        "NC101",
        replace(one(), require=True),
        replace(one(Rule("/items", NO_STORE)), require=True),
        "the default, NO_STORE",
    ),
    Pair(
        "NC102",
        replace(one(), pedantic=True),
        replace(one(Rule("/items", NO_STORE)), pedantic=True),
        "by the default alone",
    ),
    Pair(
        "NC103",
        replace(
            one(Rule("/items", NO_STORE, methods=["GET"]), methods=("GET", "POST")),
            require=True,
        ),
        replace(one(Rule("/items", NO_STORE), methods=("GET", "POST")), require=True),
        "though GET of the same path is declared",
    ),
    Pair(
        "NC104",
        one(path="/docs", kind=Kind.FRAMEWORK, default=APP_DECIDES),
        one(path="/docs", kind=Kind.FRAMEWORK),
        "GET /docs, made by the framework, has no policy",
    ),
    Pair(
        "NC105",
        look(route("/items", COVERED, endpoint=endpoint), decorated=(marked,)),
        look(route("/items", COVERED, endpoint=marked), decorated=(marked,)),
        "check_cases.marked is decorated, but no route",
    ),
    Pair(
        "NC107",
        look(replace(socket, layers=(on_ws,)), route("/a", on_ws)),
        look(route("/ws", on_ws)),
        "matches websockets only",
    ),
    Pair(
        "NC107",
        look(replace(socket, endpoint=marked)),
        look(replace(socket, endpoint=endpoint)),
        "its decorator does nothing",
    ),
    Pair(
        "NC201",
        auth(Rule("/items", SHORT), guards=[]),
        auth(Rule("/items", SHORT)),
        "asks for get_current_user, and a shared cache may store",
    ),
    Pair(
        "NC203",
        one(Rule("/items", PUBLIC(max_age=9)), endpoint=reads_language),
        one(
            Rule("/items", PUBLIC(max_age=9, vary=["Accept-Language"])),
            endpoint=reads_language,
        ),
        "reads Accept-Language",
    ),
    Pair(
        "NC203",
        one(Rule("/items", PUBLIC(max_age=9)), endpoint=reads_cookie),
        one(Rule("/items", PRIVATE(max_age=9)), endpoint=reads_cookie),
        "reads Cookie",
    ),
    Pair(
        "NC204",
        auth(Rule("/items", PUBLIC(max_age=9))),
        auth(Rule("/items", PRIVATE(max_age=9))),
        "rule 1, Rule('/items', PUBLIC(max_age=9)) says public",
    ),
    Pair(
        "NC205",
        look(route("/items", media_type="application/json")),
        one(media_type="application/json"),
        "GET /items leaves as JSON",
    ),
    Pair(
        "NC206",
        one(Rule("/items", PUBLIC(max_age=9), guards=[])),
        one(Rule("/items", PUBLIC(max_age=9))),
        "holds for errors, too: its guard is off",
    ),
    Pair(
        "NC206",
        one(Rule("/items", PUBLIC(max_age=9)), guards=[]),
        one(Rule("/items", NO_STORE), guards=[]),
        "error_status is off, so rule 1",
    ),
    Pair(
        "NC207",
        one(path="/auth/logout"),
        one(Rule("/auth/logout", LOGOUT), path="/auth/logout"),
        "ends a session",
    ),
    Pair(
        "NC207",
        one(path="/items/{id}/delete"),
        one(path="/items/{id}/delete", methods=("POST",)),
        "seems to change something",
    ),
    Pair("NC301", bare, one(), "no NoCacheMiddleware stands around GET /items"),
    Pair(
        "NC302",
        look(route("/items", layer(form="add_middleware"))),
        look(route("/items", layer(form="install()"))),
        "the 500 for an unhandled exception leaves",
    ),
    Pair(
        "NC303",
        replace(one(), outside=("starlette.middleware.sessions.SessionMiddleware",)),
        replace(one(), outside=("starlette.middleware.gzip.GZipMiddleware",)),
        "sets its cookie after our guards have looked",
    ),
    Pair(
        "NC304",
        look(route("/items", COVERED, twice_in)),
        look(route("/items", COVERED, replace(twice_in, root_path="/sub"))),
        "two instances",
    ),
    Pair(
        "NC305",
        look(route("/a", COVERED), route("/b/x", via=("GZip", "Mount /b"))),
        look(route("/a", COVERED), route("/b/x", COVERED, via=("Mount /b",))),
        "no NoCacheMiddleware stands around GET /b/x, unlike",
    ),
    Pair(
        "NC306",
        replace(one(), inside=("starlette_caches.middleware.CacheMiddleware",)),
        replace(one(), inside=("starlette.middleware.gzip.GZipMiddleware",)),
        "keeps responses by itself",
    ),
    Pair("NC307", one(mode="report"), one(), 'mode="report"'),
    Pair(
        "NC307",
        one(Rule("/items", PUBLIC(max_age=9), mode="report")),
        one(Rule("/items", PUBLIC(max_age=9))),
        "only reports",
    ),
    Pair(
        "NC401",
        one(*reversed(BOTH), path="/static/x"),
        one(*BOTH, path="/static/x"),
        "rule 2, Rule('/static/**', PUBLIC(max_age=60)), never applies: rule 1",
    ),
    Pair(
        "NC402",
        one(Rule("/itmes/**", PUBLIC(max_age=9))),
        one(Rule("/items/**", PUBLIC(max_age=9))),
        "matches no route",
    ),
    Pair(
        "NC404",
        one(Rule(re.compile(r"/(\w+)+/?"), NO_STORE)),
        one(Rule(re.compile(r"(/\w+)+/?"), NO_STORE)),
        "repeats a repeat",
    ),
    Pair(
        "NC408",
        one(Rule("/items", PUBLIC(max_age=9), guards=["error_status"])),
        one(Rule("/items", PUBLIC(max_age=9))),
        "ambiguous_target, authorization, cookie, extension_mismatch, set_cookie",
    ),
    Pair(
        "NC501",
        one(Rule("/items", Policy(CacheControl(max_age=9), beside=(("pragma", "x"),)))),
        one(Rule("/items", PUBLIC(max_age=9))),
        "pragma says no-cache, and a lifetime is given",
    ),
    Pair(
        "NC502",
        one(
            Rule(
                "/items",
                Policy(CacheControl(no_store=True), beside=(("expires", "-1"),)),
            )
        ),
        one(),
        "expires: -1: that is no date",
    ),
    Pair(
        "NC503",
        replace(one(media_type="text/html"), pedantic=True),
        replace(one(Rule(None, REVALIDATE), media_type="text/html"), pedantic=True),
        "HTML page",
    ),
    Pair(
        "NC601",
        auth(
            Rule("/a/**", PRIVATE(max_age=9), guards=[]),
            path="/a/{rest:path}",
            catch_all=True,
        ),
        auth(Rule("/a/**", PRIVATE(max_age=9)), path="/a/{rest:path}", catch_all=True),
        "answers /a/1/x.css, and nothing forbids to store it",
    ),
    Pair(
        "NC602",
        auth(Rule("/me.csv", PRIVATE(max_age=9)), path="/me.csv"),
        auth(Rule("/me.csv", NO_STORE), path="/me.csv"),
        "its name ends in .csv",
    ),
    Pair(
        "NC603",
        one(reads_target, default=PUBLIC(max_age=9), path="/account"),
        one(reads_path, default=PUBLIC(max_age=9), path="/account"),
        "asked for as /%61ccount gets public, max-age=9",
    ),
    Pair(
        "NC604",
        look(route("/me", loose, endpoint=marked)),
        one(path="/me", endpoint=marked),
        "its redirect from /me/ gets public, max-age=60",
    ),
]

DYNAMIC = [
    Pair(
        "NC004",
        seen(one(), status=401),
        seen(one(), status=404),
        "1 of 1 requests of the audit were refused (401)",
    ),
    Pair(
        "NC201",
        seen(look(route("/me", auth=LOGIN)), ("cache-control", "public, max-age=9")),
        seen(look(route("/me", auth=LOGIN)), ("cache-control", "private, max-age=9")),
        "was seen to send public, max-age=9",
    ),
    Pair(
        "NC202",
        cc("public, max-age=9", ("set-cookie", "a=b")),
        cc("no-store", ("set-cookie", "a=b")),
        "sets a cookie, and sends public, max-age=9",
    ),
    Pair(
        "NC202",
        spread(
            [("set-cookie", "a=b"), ("last-modified", "Thu, 01 Jan 1970 00:00:01 GMT")]
        ),
        cc("private", ("set-cookie", "a=b")),
        "set a cookie, and say nothing about caching",
    ),
    Pair("NC205", spread([JSON]), cc("no-cache", JSON), "leaves as JSON"),
    Pair(
        "NC501",
        cc("public, no-store"),
        cc("no-store, max-age=0"),
        "public invites what no-store forbids",
    ),
    Pair("NC502", cc("no-store, pre-check=0"), cc("no-store"), "pre-check is obsolete"),
    Pair("NC502", cc("no-store, max-stale=0"), cc("no-store"), "a request's directive"),
    Pair("NC502", cc("max-age=x"), cc("max-age=9"), "max-age"),
    Pair(
        "NC502",
        spread([("pragma", "public")]),
        spread([("pragma", "no-cache")]),
        "responses have no Pragma",
    ),
    Pair(
        "NC504",
        cc("no-cache", ("cache-control", "private")),
        cc("no-cache, private"),
        "more than once",
    ),
    Pair(
        "NC504",
        cc("max-age=9", ("cdn-cache-control", "MAX-AGE=9")),
        cc("max-age=9", ("cdn-cache-control", "max-age=9")),
        "it is not a structured field",
    ),
    Pair(
        "NC505",
        cc("no-store", ("cdn-cache-control", "max-age=9")),
        cc("no-store", ("cdn-cache-control", "no-store")),
        "cdn-cache-control: max-age=9 with no-store",
    ),
    Pair(
        "NC505",
        cc("no-store", ("x-accel-expires", "9")),
        cc("max-age=9", ("x-accel-expires", "9")),
        "x-accel-expires: 9",
    ),
    Pair(
        "NC701",
        cc("no-store", ("etag", '"1"')),
        seen(one(), ("cache-control", "no-store"), ("etag", '"1"')),
        "sends no-store and a validator",
    ),
    Pair(
        "NC702",
        seen(bare, ("etag", '"1"'), status=304),
        seen(bare, ("etag", '"1"'), ("cache-control", "no-store"), status=304),
        "answered 304 without Cache-Control",
    ),
    Pair(
        "NC901",
        seen(one(), ("cache-control", "max-age=9")),
        seen(one(), ("cache-control", "no-store")),
        "was seen to send max-age=9, where the policy says no-store",
    ),
    Pair(
        "NC901",
        seen(one(Rule("/items", PUBLIC(max_age=9)))),
        seen(one(Rule("/items", PUBLIC(max_age=9))), ("cache-control", "no-store")),
        "no Cache-Control",
    ),
]
