"""document_openapi(): what stands in the schema, and where the policy is found."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
from fastapi import APIRouter, FastAPI
from starlette.applications import Starlette

from asgi_nocache import (
    APP_DECIDES,
    NO_STORE,
    PUBLIC,
    ConfigurationError,
    NoCacheMiddleware,
    Rule,
)
from asgi_nocache.openapi import document_openapi
from asgi_nocache.starlette import install

NEVER = str(NO_STORE.cache_control)
SHARED = ["private, max-age=60", "public, max-age=60"]
RULE = Rule("/goods/**", PUBLIC(max_age=60))


def nothing() -> dict[str, str]:
    return {}


def one(n: str) -> dict[str, str]:
    return {}


def named(name: str) -> dict[str, str]:
    return {}


def api(path: str = "/goods/7", **more: Any) -> FastAPI:
    """Return an app of one route."""
    app = FastAPI()
    app.get(path, **more)(nothing)
    return app


def documented(app: FastAPI, *rules: Rule, **options: Any) -> dict[str, Any]:
    """Return the schema of *app*, with the policy around it."""
    return document_openapi(install(app, rules=rules, **options)).openapi()


def response(
    schema: dict[str, Any], path: str = "/goods/7", status: str = "200"
) -> Any:
    """Return what is said of one response to GET."""
    return schema["paths"][path]["get"]["responses"][status]


def header(schema: dict[str, Any], *where: str) -> Any:
    """Return the header that one response to GET refers to."""
    reference = response(schema, *where)["headers"]["Cache-Control"]["$ref"]
    return schema["components"]["headers"][reference.rpartition("/")[2]]


def allowed(schema: dict[str, Any], *where: str) -> list[str] | None:
    """Return the texts that one response to GET may have, ``None`` for any."""
    found = header(schema, *where)["schema"]
    return [found["const"]] if "const" in found else found.get("enum")


def test_one_text() -> None:
    """The default, in words that tools read, and what decided it."""
    schema = documented(api())

    assert header(schema)["required"] is True
    assert header(schema)["schema"] == {"type": "string", "const": NEVER}
    assert response(schema)["x-nocache"] == {"rule": "default", "decision": "NO_STORE"}


def test_several_texts() -> None:
    """Credentials are in no schema, so both are said, and when."""
    schema = documented(api(), RULE)

    assert allowed(schema) == SHARED
    assert response(schema)["x-nocache"] == {
        "rule": f"rule 1, {RULE!r}",
        "decision": "PUBLIC(max_age=60)",
        "otherwise": [
            {
                "rule": f"rule 1, {RULE!r}",
                "decision": "private, max-age=60",
                "guards": ["authorization"],
            }
        ],
    }


def test_before_3_1_there_is_no_const() -> None:
    """An enum of one says the same."""
    app = api()
    app.openapi_version = "3.0.3"

    assert header(documented(app))["schema"] == {"type": "string", "enum": [NEVER]}


def test_headers_are_shared() -> None:
    """However many routes say the same, it stands there once."""
    app = api()
    app.get("/other")(nothing)
    schema = documented(app)

    assert len(schema["components"]["headers"]) == 1
    assert response(schema, "/other")["headers"] == response(schema)["headers"]


def test_a_name_that_is_taken() -> None:
    """What somebody else put there stays, and so does a long list's name in bounds."""
    app = install(api(), rules=[])
    plain = app.openapi()
    name = next(iter(documented(api())["components"]["headers"]))
    plain["components"] = {"headers": {name: {"description": "mine"}}}
    schema = document_openapi(app).openapi()

    assert schema["components"]["headers"][name] == {"description": "mine"}
    assert allowed(schema) == [NEVER]


def test_long_lists_have_short_names() -> None:
    """A name is a key in other people's code."""
    rules = [Rule(f"/goods/{n}", PUBLIC(max_age=n)) for n in range(1, 9)]
    app = FastAPI()
    app.get("/goods/{n}")(one)
    schema = documented(app, *rules)

    assert len(allowed(schema, "/goods/{n}") or ()) > 16
    assert max(map(len, schema["components"]["headers"])) < 130


ODD = {
    404: {"description": "nobody"},
    "4XX": {"description": "wrong"},
    "default": {"description": "else"},
}


def test_statuses() -> None:
    """A range and the default stand for what is not said otherwise."""
    rules = [
        Rule(None, PUBLIC(max_age=4), status=404),
        Rule(None, PUBLIC(max_age=5), status=410),
        RULE,
    ]
    schema = documented(api(responses=ODD), *rules)

    assert allowed(schema, "/goods/7", "404") == [
        "private, max-age=4",
        "public, max-age=4",
    ]
    assert allowed(schema, "/goods/7", "4XX") == [
        NEVER,
        "private, max-age=5",
        "public, max-age=5",
    ]
    assert allowed(schema, "/goods/7", "default") == [NEVER, *SHARED]


def test_statuses_that_leave_nothing() -> None:
    """A default beside all ranges still gets what an error gets."""
    ranges = {f"{n}XX": {"description": "x"} for n in range(1, 6)}
    app = install(api(), rules=[RULE])
    of_get = response(app.openapi())
    del of_get["content"]
    app.openapi()["paths"]["/goods/7"]["get"]["responses"] |= {
        **ranges,
        "default": {"description": "x"},
    }
    schema = document_openapi(app).openapi()

    assert allowed(schema, "/goods/7", "default") == [NEVER]
    assert allowed(schema, "/goods/7", "1XX") == SHARED


def test_what_the_app_sends_stands() -> None:
    """Then any text will do, and none."""
    schema = documented(api(), Rule("/goods/**", APP_DECIDES))

    assert allowed(schema) is None
    assert header(schema)["required"] is False
    assert response(schema)["x-nocache"]["decision"] == "as the app sends it"


def test_if_missing() -> None:
    """Any text will do, but there is one."""
    schema = documented(api(), RULE, mode="if-missing")

    assert allowed(schema) is None
    assert header(schema)["required"] is True


def test_if_missing_for_errors() -> None:
    """What a guard makes never-store is never-store, whatever the app sends."""
    schema = documented(
        api(responses={404: {"description": "x"}}), RULE, mode="if-missing"
    )

    assert allowed(schema, "/goods/7", "404") == [NEVER]


def test_report() -> None:
    """A middleware that changes nothing promises nothing."""
    schema = documented(api(), RULE, mode="report")

    assert header(schema)["required"] is False


@pytest.mark.parametrize("kind", [int, str])
def test_values_in_the_path(kind: type) -> None:
    """A text may be spelled in ways that are read twice; a number may not."""

    def goods(name: Any) -> dict[str, str]:
        return {}

    goods.__annotations__["name"] = kind
    app = FastAPI()
    app.get("/goods/{name}")(goods)
    app.get("/secret/{name}/x")(goods)
    schema = documented(app, Rule("/goods/own", NO_STORE), RULE)
    expected = SHARED if kind is int else [NEVER, *SHARED]

    assert allowed(schema, "/goods/{name}") == expected
    assert allowed(schema, "/secret/{name}/x") == [NEVER]


def test_values_that_rules_name() -> None:
    """One value is public, so the route may be."""
    app = FastAPI()
    app.get("/goods/{name:path}")(named)
    schema = documented(app, Rule("/goods/sale", PUBLIC(max_age=60)))

    assert allowed(schema, "/goods/{name}") == [NEVER, *SHARED]


def test_values_that_no_route_takes() -> None:
    """A convertor keeps out what a rule names."""
    app = FastAPI()
    app.get("/goods/{n:int}")(one)
    schema = documented(app, Rule("/goods/sale", PUBLIC(max_age=60)))

    assert allowed(schema, "/goods/{n}") == [NEVER]


def test_hosts() -> None:
    """A schema knows no host that a rule asks for."""
    schema = documented(api(), Rule(None, PUBLIC(max_age=60), hosts=["*.example.com"]))

    assert allowed(schema) == [NEVER, *SHARED]


def test_patterns_of_ones_own() -> None:
    """A regular expression is asked, and no path is made of it."""
    app = FastAPI()
    app.get("/goods/{name}")(named)
    schema = documented(app, Rule(re.compile("/goods/.*"), PUBLIC(max_age=60)))

    assert allowed(schema, "/goods/{name}") == [NEVER, *SHARED]


def test_what_was_said_by_hand() -> None:
    """One field of that name, and all others stay."""
    by_hand = {"cache-control": {"description": "old"}, "X-Own": {"description": "x"}}
    schema = documented(api(responses={200: {"description": "x", "headers": by_hand}}))

    assert set(response(schema)["headers"]) == {"Cache-Control", "X-Own"}


def test_shared_responses() -> None:
    """A reference is followed; one that leads nowhere stays what it is."""
    app = install(api())
    schema = app.openapi()
    found = schema["paths"]["/goods/7"]["get"]["responses"]
    found["404"] = {"$ref": "#/components/responses/Gone"}
    schema["components"] = {"responses": {"Gone": {"description": "gone"}}}
    schema["paths"]["/elsewhere"] = {"get": {"responses": {"200": {}}}}
    document_openapi(app).openapi()

    assert response(schema, "/goods/7", "404")["description"] == "gone"
    assert allowed(schema, "/goods/7", "404") == [NEVER]
    assert schema["components"]["responses"] == {"Gone": {"description": "gone"}}
    assert schema["paths"]["/elsewhere"] == {"get": {"responses": {"200": {}}}}


def added(app: FastAPI) -> Any:
    app.add_middleware(NoCacheMiddleware, rules=[RULE])
    return app


@pytest.mark.parametrize(
    "around",
    [
        lambda app: install(app, rules=[RULE]),
        added,
        lambda app: NoCacheMiddleware(app, rules=[RULE]),
    ],
    ids=["install", "add_middleware", "wrapped"],
)
def test_ways_to_put_it_there(around: Callable[[FastAPI], Any]) -> None:
    """The policy is found, and what was given comes back."""
    app = api()
    whole = around(app)

    assert document_openapi(whole) is whole
    assert allowed(app.openapi()) == SHARED


def test_once() -> None:
    """Said twice it is done once; what FastAPI keeps is what is written to."""
    app = install(api())
    first = document_openapi(app).openapi
    schema = first()

    assert document_openapi(app).openapi is first
    assert first() is schema is app.openapi_schema


def test_routes_that_come_later() -> None:
    """The schema is made when it is asked for, and made anew."""
    app = install(api())
    document_openapi(app).openapi()
    router = APIRouter(prefix="/later")
    router.get("/{n}")(one)
    app.include_router(router, prefix="/v1")

    assert allowed(app.openapi(), "/v1/later/{n}") == [NEVER]


def test_a_mounted_app() -> None:
    """Its schema has no prefix; the policy outside sees one."""
    inner = api("/7")
    outer = install(api(), rules=[RULE])
    outer.mount("/goods", inner)
    document_openapi(inner, within=outer)

    assert allowed(inner.openapi(), "/7") == SHARED


def test_nothing_around_it() -> None:
    """There is nothing to document, and the remedy is said at once."""
    with pytest.raises(ConfigurationError, match=r"call install\(app\) before"):
        document_openapi(api())


def test_an_app_without_routes() -> None:
    """Nothing can be said yet."""
    bare = FastAPI(openapi_url=None)

    assert document_openapi(bare).openapi()["paths"] == {}


def test_routes_out_of_reach() -> None:
    """Where no policy applies, nothing is said."""
    bare = document_openapi(FastAPI(openapi_url=None))
    bare.get("/goods/7")(nothing)

    assert "headers" not in response(bare.openapi())


@pytest.mark.parametrize("odd", [Starlette(), None])
def test_no_fastapi_app(odd: Any) -> None:
    """What else has no schema."""
    with pytest.raises(ConfigurationError, match="no FastAPI app"):
        document_openapi(odd)


def test_a_ring() -> None:
    """Middleware around itself is looked through for a while."""
    ring = NoCacheMiddleware(api())
    ring.app = ring

    with pytest.raises(ConfigurationError, match="no FastAPI app"):
        document_openapi(ring)


def test_what_it_loads() -> None:
    """An app that serves has no use for what prints."""
    loaded = subprocess.run(
        [sys.executable, "-c", "import sys, asgi_nocache.openapi; print(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()

    assert "asgi_nocache.audit.survey" in loaded
    assert not {"click", "rich", "jinja2", "fastapi", "starlette"} & set(loaded)
