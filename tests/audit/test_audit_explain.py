"""The story of one request: each step is there, and it is the decision's."""

import re
from typing import Any

import pytest
from flask import Flask
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Host, Mount, WebSocketRoute
from starlette.routing import Route as StarletteRoute

from asgi_nocache import (
    NO_STORE,
    PRIVATE,
    PUBLIC,
    REVALIDATE,
    NoCacheMiddleware,
    Rule,
    cache_policy,
)
from asgi_nocache.audit.explain import Story, explain
from asgi_nocache.audit.matching import pattern_of, routes_at
from asgi_nocache.audit.routes import find_routes
from asgi_nocache.audit.values import Kind, Route
from asgi_nocache.flask import as_asgi


async def text(request: Request) -> Response:
    return PlainTextResponse("")


@cache_policy(PRIVATE(max_age=30))
async def brief(request: Request) -> Response:
    return PlainTextResponse("")


async def socket(websocket: Any) -> None: ...


def broken(request: Any, response: Any) -> bool:
    raise ValueError("no")


ROUTES = [
    StarletteRoute("/", text),
    StarletteRoute("/items/{item:int}", text, methods=["GET"]),
    StarletteRoute("/items/{name}", brief, methods=["GET", "PUT"]),
    WebSocketRoute("/live", socket),
]


def tell(
    *rules: Rule,
    at: str = "/items/1",
    method: str = "GET",
    routes: Any = ROUTES,
    default: Any = NO_STORE,
    **options: Any,
) -> Story:
    app = NoCacheMiddleware(Starlette(routes=routes), rules=rules, default=default)
    return explain(find_routes(app), method, at, **options)


def section(story: Story, title: str) -> str:
    """Return the lines of the section that is called so."""
    (found,) = [s for s in story.sections if s.title == title]
    return "\n".join(found.lines)


def test_the_whole_story() -> None:
    """Readings, rules tried, guards, what the app sent, what leaves, what then."""
    story = tell(
        Rule("/static/**", PUBLIC(max_age=3600)),
        Rule("/items/**", PUBLIC(max_age=60), reason="a catalogue"),
        fields=[("cookie", "a=b"), ("authorization", "x")],
        sent=[("Cache-Control", "max-age=10")],
    )

    assert [s.title for s in story.sections] == [
        "request", "route", "readings", "middleware, wrapped", "selected",
        "the app sent", "guards", "leaves", "then",
    ]  # fmt: skip
    assert section(story, "request") == "GET /items/1\ncookie: a=b\nauthorization: x"
    assert section(story, "route").splitlines()[0] == (
        "starlette endpoint /items/{item:int}"
    )
    assert re.search(r"text \(.*test_audit_explain.py:\d+\)$", section(story, "route"))
    assert section(story, "readings") == "spellings: /items/1"
    assert section(story, "middleware, wrapped").splitlines() == [
        "rule 1, Rule('/static/**', PUBLIC(max_age=3600)): another path",
        "rule 2, Rule('/items/**', PUBLIC(max_age=60)) (a catalogue): matches",
        "default: NO_STORE",
    ]
    assert section(story, "selected") == (
        "rule 2, Rule('/items/**', PUBLIC(max_age=60)) selects PUBLIC(max_age=60)\n"
        "mode stricter"
    )
    assert section(story, "the app sent") == "status 200\nCache-Control: max-age=10"
    assert re.search(r"^authorization: .* \(RFC 9111 ", section(story, "guards"))
    assert section(story, "leaves") == "cache-control: private, max-age=10"
    then = section(story, "then").splitlines()
    assert [line.partition(":")[0] for line in then] == ["browser", "shared", "cdn"]
    assert then[0].startswith("browser: stored for 10 s: fresh: max-age=10")
    assert then[1].startswith("shared: private caches only: private in Cache-Control")
    assert all(re.search(r"\((RFC 9\d\d\d|measured|https?:)", line) for line in then)


def test_the_story_is_the_decision() -> None:
    story = tell(Rule("/items/*", PUBLIC(max_age=60)))

    assert story.route is not None
    assert story.decision is not None
    assert story.fields == (("cache-control", "public, max-age=60"),)
    assert section(story, "guards") == "none fired"
    assert section(story, "the app sent") == "status 200\nnothing"


def test_a_mark_decides() -> None:
    story = tell(at="/items/blue")

    assert "selects PRIVATE(max_age=30)" in section(story, "selected")
    assert story.fields == (("cache-control", "private, max-age=30"),)


def test_without_middleware() -> None:
    story = explain(find_routes(Starlette(routes=ROUTES)), "GET", "/")

    assert story.decision is None
    assert "nothing is decided" in section(story, "middleware")
    assert section(story, "leaves") == "no caching fields"
    assert section(story, "then").startswith("browser: heuristic")
    assert "guards" not in [s.title for s in story.sections]


# Which route


def test_a_status_is_imagined() -> None:
    found = tell(Rule("/items/**", PUBLIC(max_age=60)), status=404)

    assert found.route is not None
    assert "status 404" in section(found, "the app sent")
    assert section(found, "guards").startswith("error_status: ")
    assert section(found, "leaves").startswith("cache-control: no-store")


def test_an_unknown_path_is_a_404_under_the_common_middleware() -> None:
    story = tell(at="/nothing/here", default=PUBLIC(max_age=60))

    assert story.route is None
    assert "none matches" in section(story, "route")
    assert "status 404" in section(story, "the app sent")
    assert section(story, "guards").startswith("error_status: ")
    assert story.decision is not None
    assert story.decision.never_store


def test_an_unknown_path_where_nothing_is_common() -> None:
    mounted = Mount("/a", NoCacheMiddleware(Starlette(routes=ROUTES)))
    routes = find_routes(Starlette(routes=[mounted, *ROUTES]))

    assert explain(routes, "GET", "/nothing/here").decision is None
    assert explain((), "GET", "/").decision is None


def test_a_method_that_is_not_there_is_a_405() -> None:
    story = tell(at="/items/1", method="DELETE")

    assert story.route is None
    assert section(story, "route") == (
        "/items/{item:int} takes GET, HEAD only; 405 as a rule"
    )
    assert "status 405" in section(story, "the app sent")


def test_another_route_may_take_the_method() -> None:
    story = tell(at="/items/1", method="PUT")

    assert story.route is not None
    assert story.route.path == "/items/{name}"
    assert "unsafe_method: " in section(story, "guards")


def test_nested_layers_are_each_told() -> None:
    inside = NoCacheMiddleware(
        Starlette(routes=ROUTES), rules=[Rule("/items/*", REVALIDATE)]
    )
    story = tell(routes=[Mount("/shop", inside)], at="/shop/items/1")
    readings = [s.lines[0] for s in story.sections if s.title == "readings"]

    assert readings == ["spellings: /shop/items/1", "spellings: /items/1"]
    assert "Mount /shop" in section(story, "route")


def test_flask_inside() -> None:
    app = Flask(__name__, static_folder=None)

    @app.get("/posts/<int:number>")
    def post(number: int) -> str:
        return "post"

    story = explain(find_routes(as_asgi(app)), "GET", "/posts/7?page=2")

    assert section(story, "request") == "GET /posts/7?page=2"
    assert section(story, "route").startswith("flask endpoint /posts/<int:number>")


def test_a_route_without_an_endpoint() -> None:
    story = explain([Route(path="/x", framework="own", via=("a", "b"))], "GET", "/x")

    assert section(story, "route") == "own endpoint /x\na\nb"


@pytest.mark.parametrize(
    ("template", "path", "expected"),
    [
        ("/items/{id}", "/items/7", True),
        ("/items/{id}", "/items/7/8", False),
        ("/items/{id}", "/items/", False),
        ("/items/{path}", "/items/7/8", False),  # a name, not a type
        ("/items/{id:int}", "/items/7", True),
        ("/items/{id:int}", "/items/x", False),
        ("/items/{id:float}", "/items/7.5", True),
        ("/items/{id:float}", "/items/7.x", False),
        ("/items/{id:uuid}", "/items/12345678-1234-5678-1234-567812345678", True),
        ("/items/{id:uuid}", "/items/7", False),
        ("/items/{id:str}", "/items/7", True),
        ("/files/{rest:path}", "/files/a/b", True),
        ("/files/{rest:path}", "/files/", True),
        ("/items/<int:id>", "/items/x", False),
        ("/items/<int(min=1):id>", "/items/7", True),
        ("/items/<id>", "/items/x", True),
        ("/files/<path:rest>", "/files/a/b", True),
        ("/<any(en, de):language>/x", "/en/x", True),
        ("/a.b", "/axb", False),
        ("/a.b", "/a.b", True),
    ],
)
def test_templates(template: str, path: str, expected: bool) -> None:
    assert bool(pattern_of(Route(path=template)).fullmatch(path)) is expected


def test_below_a_catch_all() -> None:
    opaque = Route(path="/old", kind=Kind.OPAQUE, catch_all=True)
    rest = Route(path="/files/{rest:path}", catch_all=True)

    assert pattern_of(opaque).fullmatch("/old/a/b")
    assert pattern_of(opaque).fullmatch("/old")
    assert not pattern_of(opaque).fullmatch("/older")
    assert pattern_of(rest).pattern.count(".*") == 1


def test_the_path_is_decoded_once() -> None:
    (found,) = routes_at([Route(path="/a b")], "/a%20b?x=y")

    assert found.path == "/a b"


def test_a_websocket_answers_no_request() -> None:
    assert tell(at="/live").route is None


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("", "api.example.org"),
        ("api.example.org:8000", "api.example.org"),
        ("ANY.example.com", "{name}.example.com"),
        ("localhost", ""),
    ],
)
def test_the_host_chooses(host: str, expected: str) -> None:
    inner = Starlette(routes=ROUTES)
    routes = [
        Host("api.example.org", inner),
        Host("{name}.example.com", inner),
        *ROUTES,
    ]
    fields = [("host", host)] if host else []
    story = tell(routes=routes, at="/", fields=fields)

    assert story.route is not None
    assert story.route.host == expected


# Rules that are tried


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (Rule("/items/**", REVALIDATE, methods=["POST"]), "methods does not (POST)"),
        (
            Rule("/items/**", REVALIDATE, hosts=["a.example"]),
            "hosts does not (a.example)",
        ),
        (
            Rule("/items/**", REVALIDATE, credentials=True),
            "credentials does not (True)",
        ),
        (
            Rule("/items/**", REVALIDATE, status=[404, 410]),
            "status does not (404, 410)",
        ),
        (
            Rule("/items/**", REVALIDATE, media_types=["image/*"]),
            "media_types does not (image/*)",
        ),
        (
            Rule("/items/**", REVALIDATE, when=lambda request, response: False),
            "the path matches; when does not",
        ),
        (
            Rule("/items/**", REVALIDATE, when=broken),
            "its when raised ValueError('no'), so the default is joined in",
        ),
        (Rule("/items/**", REVALIDATE, floor=True), "): matches"),
    ],
)
def test_what_does_not_hold(rule: Rule, expected: str) -> None:
    lines = section(tell(rule), "middleware, wrapped").splitlines()

    assert lines[0].endswith(expected)
    assert lines[0].startswith("floor 1, " if rule.floor else "rule 1, ")


def test_a_shadow_can_only_tighten() -> None:
    rules = [Rule("/account", NO_STORE), Rule("/**", PUBLIC(max_age=9))]
    story = tell(*rules, at="/account.css", status=200)
    first, second, _ = section(story, "middleware, wrapped").splitlines()

    assert section(story, "readings").splitlines()[1].startswith("shadows: /account")
    assert first.endswith(": matches, by a shadow, so it can only tighten")
    assert second.endswith(": matches")
    assert section(story, "leaves").startswith("cache-control: no-store")


def test_too_many_readings() -> None:
    few = tell(at="/%2525", status=200)
    many = tell(at="/%" + "25" * 40 + "2e", status=200)

    assert "too many readings" not in section(few, "readings")
    assert "too many readings: never-store" in section(many, "readings")


def test_many_rules_are_counted() -> None:
    rules = [Rule(f"/part{number}", REVALIDATE) for number in range(25)]
    rules.insert(3, Rule("/items/**", REVALIDATE))
    lines = section(tell(*rules), "middleware, wrapped").splitlines()

    assert lines == [
        "rule 4, Rule('/items/**', REVALIDATE): matches",
        "25 more rules have another path",
        "default: NO_STORE",
    ]


def test_guards_that_are_off() -> None:
    rule = Rule("/items/**", PUBLIC(max_age=60), status=404)
    named = section(tell(rule, status=404), "guards")

    assert named == "switched off: error_status"
