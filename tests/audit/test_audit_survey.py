"""The survey says what a real request through the real middleware gets."""

import re
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import APIRouter, FastAPI
from flask import Flask
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Host, Mount, WebSocketRoute
from starlette.routing import Route as StarletteRoute
from starlette.staticfiles import StaticFiles

from asgi_nocache import (
    APP_DECIDES,
    NO_STORE_EDGE,
    PRIVATE,
    PUBLIC,
    REVALIDATE,
    NoCacheMiddleware,
    Rule,
    cache_policy,
    nocache,
)
from asgi_nocache._core.rules import RuleSet
from asgi_nocache.audit.drive import may_ask
from asgi_nocache.audit.routes import find_routes
from asgi_nocache.audit.survey import (
    decide_for,
    fields_out,
    layers_of,
    response_of,
    rule_hits,
    survey,
)
from asgi_nocache.audit.values import Audited, Kind, Layer, Route
from asgi_nocache.flask import as_asgi
from asgi_nocache.starlette import install

#: The fields that a policy may decide.
OURS = re.compile(
    r"cache-control|pragma|expires|vary|surrogate-.*|cdn-.*|x-accel-.*|clear-.*"
)


async def text(request: Request) -> Response:
    return PlainTextResponse("text")


async def answer(request: Request) -> Response:
    return JSONResponse({})


@nocache
async def marked(request: Request) -> Response:
    return PlainTextResponse("text")


@cache_policy(PRIVATE(max_age=30))
async def brief(request: Request) -> Response:
    return PlainTextResponse("text")


def routes() -> list[StarletteRoute]:
    return [
        StarletteRoute("/", text),
        StarletteRoute("/items/{item_id:int}", answer),
        StarletteRoute("/marked", marked),
        StarletteRoute("/brief", brief, methods=["GET", "POST"]),
    ]


def rules_and_floors(folder: Path) -> Any:
    rules = [
        Rule("/items/**", PUBLIC(max_age=60)),
        Rule("/brief", REVALIDATE, floor=True),
        Rule("/marked/**", PUBLIC(max_age=5), methods=["GET"]),
        Rule("/nothing", PUBLIC(max_age=5)),
    ]
    return NoCacheMiddleware(Starlette(routes=routes()), rules=rules)


def installed(folder: Path) -> Any:
    app = Starlette(routes=routes())
    return install(app, default=REVALIDATE)


def added(folder: Path) -> Any:
    app = FastAPI()
    router = APIRouter(prefix="/v1", tags=["slow"])

    @router.get("/things/{thing}")
    async def things(thing: str) -> dict[str, str]:
        return {}

    @router.get("/mine")
    @nocache
    async def mine() -> dict[str, str]:
        return {}

    app.include_router(router)
    app.add_middleware(
        NoCacheMiddleware,
        rules=[Rule("/v1/**", PUBLIC(max_age=9, vary=["Accept"]), tags=["slow"])],
        default=NO_STORE_EDGE,
    )
    return app


def nested(folder: Path) -> Any:
    (folder / "app.css").write_text("body {}")
    inside = NoCacheMiddleware(
        Starlette(routes=routes()), rules=[Rule("/items/*", PRIVATE(max_age=7))]
    )
    app = Starlette(
        routes=[
            Mount("/inside", inside),
            Mount("/static", StaticFiles(directory=folder)),
            *routes(),
        ]
    )
    rules = [
        Rule("/static/**", PUBLIC(max_age=3600)),
        Rule("/inside/items/**", REVALIDATE, floor=True),
        Rule("/inside/brief", REVALIDATE),
    ]
    return NoCacheMiddleware(app, rules=rules)


def closed_inside_open(folder: Path) -> Any:
    inside = NoCacheMiddleware(Starlette(routes=routes()))
    app = Starlette(routes=[Mount("/inside", inside), *routes()])
    return NoCacheMiddleware(app, default=PUBLIC(max_age=60))


def hosts(folder: Path) -> Any:
    app = Starlette(
        routes=[
            Host("api.example.org", Starlette(routes=routes())),
            Host("{name}.example.com", Starlette(routes=routes())),
            *routes(),
        ]
    )
    rules = [Rule("/**", PUBLIC(max_age=60), hosts=["api.example.org"])]
    return NoCacheMiddleware(app, rules=rules)


def flask_in_bridge(folder: Path) -> Any:
    app = Flask(__name__, static_folder=None)

    @app.get("/posts/<int:number>")
    def post(number: int) -> str:
        return "post"

    @app.get("/private")
    @nocache
    def private() -> str:
        return "private"

    return as_asgi(app, rules=[Rule("/**", PUBLIC(max_age=60), endpoints=["post"])])


APPS = [
    rules_and_floors, installed, added, nested, closed_inside_open, hosts,
    flask_in_bridge,
]  # fmt: skip


def ours(fields: Any) -> list[tuple[str, str]]:
    lines = [(name.lower(), value) for name, value in fields]
    return sorted(line for line in lines if OURS.fullmatch(line[0]))


async def requested(app: Any, row: Audited) -> httpx.Response:
    host = row.route.host.replace("{name}", "any") or "test"
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url=f"http://{host}") as c:
        return await c.request(row.method, row.route.sample)


@pytest.mark.parametrize("make", APPS)
async def test_what_a_real_request_gets(make: Any, tmp_path: Path) -> None:
    app = make(tmp_path)
    rows = [row for row in survey(find_routes(app)) if row.method != "OPTIONS"]

    assert len(rows) >= 3
    for row in rows:
        got = await requested(app, row)
        assert got.status_code == 200, row.key
        assert ours(row.fields) == ours(got.headers.items()), row.key


async def test_a_type_that_only_the_answer_tells() -> None:
    """Nothing is guessed; with what the app was seen to send it is the same."""
    app = NoCacheMiddleware(
        Starlette(routes=routes()[:1]),
        rules=[Rule("/", PUBLIC(max_age=60), media_types=["text/plain"])],
    )
    row = survey(find_routes(app))[0]
    got = await requested(app, row)
    sent = [("content-type", got.headers["content-type"])]
    decision = decide_for(row.route, "GET", sent=sent)

    assert row.decided_by == "default"
    assert got.headers["cache-control"] == "public, max-age=60"
    assert ours(fields_out(decision, sent)) == ours(got.headers.items())


async def test_under_a_root_path() -> None:
    """A server's root path is not in the routes; a mount's is what inside sees."""
    app = NoCacheMiddleware(
        Starlette(routes=[Mount("/a", Mount("/b", Starlette(routes=routes())))]),
        rules=[Rule("/a/b/items/**", PUBLIC(max_age=60))],
    )
    row = next(r for r in survey(find_routes(app)) if r.route.path.startswith("/a/b/i"))

    assert row.route.root_path == "/a/b"
    assert row.declared
    assert ours(row.fields) == ours((await requested(app, row)).headers.items())


@pytest.mark.parametrize("status", [200, 204, 404, 500])
@pytest.mark.parametrize(
    "fields", [(), (("cookie", "a=b"),), (("authorization", "x"),)]
)
async def test_with_what_the_app_sends(status: int, fields: Any) -> None:
    """Guards, the app's own fields and the request's credentials: as at run time."""
    sent = (("Cache-Control", "public, max-age=9"), ("Set-Cookie", "a=b"))

    async def endpoint(request: Request) -> Response:
        return Response(status_code=status, headers=dict(sent))

    app = NoCacheMiddleware(
        Starlette(routes=[StarletteRoute("/", endpoint)]),
        rules=[Rule("/", APP_DECIDES)],
    )
    (route,) = find_routes(app)
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        got = await client.get("/", headers=list(fields))
    decision = decide_for(route, "GET", status, request_fields=fields, sent=sent)

    assert ours(fields_out(decision, sent)) == ours(got.headers.items())


# The rows


def rows_of(app: Any) -> dict[str, Audited]:
    return {row.key: row for row in survey(find_routes(app))}


def test_who_decided(tmp_path: Path) -> None:
    rows = rows_of(rules_and_floors(tmp_path))

    assert rows["GET /items/{item_id:int}"].decided_by.startswith("rule 1, Rule(")
    assert rows["GET /marked"].decided_by.startswith("mark")
    assert rows["POST /brief"].declared
    assert rows["GET /"].decided_by == "default"
    assert not rows["GET /"].declared


def test_a_floor_declares_nothing(tmp_path: Path) -> None:
    app = NoCacheMiddleware(
        Starlette(routes=routes()), rules=[Rule("/", REVALIDATE, floor=True)]
    )
    row = rows_of(app)["GET /"]

    assert "floor 1" in row.decided_by
    assert not row.declared


def test_nobody_decides() -> None:
    row = rows_of(Starlette(routes=routes()))["GET /"]

    assert row.decision is None
    assert row.decided_by == "nobody: no middleware stands around it"
    assert row.fields == ()
    assert {effect.letter for effect in row.effects.values()} == {"H"}


async def socket(websocket: Any) -> None: ...


def test_a_websocket_has_no_method(tmp_path: Path) -> None:
    app = NoCacheMiddleware(Starlette(routes=[WebSocketRoute("/live", socket)]))
    (row,) = survey(find_routes(app))

    assert (row.key, row.method) == ("/live", "")
    assert (row.decision, row.decided_by) == (None, "not HTTP")
    assert row.effects == {}
    assert not may_ask(row)
    assert decide_for(row.route, "GET") is None


def test_any_method_is_asked_as_get() -> None:
    (layer,) = find_routes(NoCacheMiddleware(Starlette(routes=routes()[:1])))[0].layers
    opaque = Route(path="/{rest:path}", kind=Kind.OPAQUE, layers=(layer,))
    (row,) = survey([opaque])

    assert row.method == "GET"
    assert row.decision is not None
    assert row.decision.never_store


def test_a_media_type_that_is_sent_is_not_said_twice() -> None:
    route = Route(path="/", media_type="application/json")

    assert response_of(route, "GET", 200).media_type == "application/json"
    sent = response_of(route, "GET", 200, [("Content-Type", "text/css")])
    assert [value for _, value in sent.fields] == [b"text/css"]


def test_hits_are_counted_for_each_rule(tmp_path: Path) -> None:
    rows = survey(find_routes(rules_and_floors(tmp_path)))
    hits = rule_hits(rows)
    first, floor, beaten, unused = list(hits)[:4]

    assert first.startswith("rule 1, Rule(")
    assert hits[first] == 2
    assert floor.startswith("floor 2, Rule(")
    assert hits[floor] == 3
    assert hits[beaten] == hits[unused] == 0  # a mark beats the first
    assert hits["default"] == 2
    assert len(hits) == 6, hits


def test_a_shadow_is_a_hit_of_its_rule() -> None:
    app = NoCacheMiddleware(
        Starlette(routes=[StarletteRoute("/account.css", text)]),
        rules=[Rule("/account", REVALIDATE)],
        default=PUBLIC(max_age=60),
    )
    hits = rule_hits(survey(find_routes(app)))

    assert list(hits.values()) == [2, 2], hits  # GET and HEAD


def test_layers_are_each_there_once(tmp_path: Path) -> None:
    rows = survey(find_routes(nested(tmp_path)))

    assert [layer.root_path for layer in layers_of(rows)] == ["", "/inside"]


@pytest.mark.parametrize("heard", [True, False])
def test_a_rule_by_endpoint_needs_to_hear_of_it(heard: bool) -> None:
    """Litestar and others do not tell the middleware who answered."""
    rules = RuleSet([Rule(None, PUBLIC(max_age=60), endpoints=[f"{__name__}.*"])])
    route = Route(
        path="/x",
        methods=("GET",),
        endpoint=test_a_rule_by_endpoint_needs_to_hear_of_it,
        layers=(Layer(rules, "wrapped"),),
        heard=heard,
    )

    (row,) = survey([route])

    assert row.declared is heard
