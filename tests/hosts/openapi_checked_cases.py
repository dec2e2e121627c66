"""What document_openapi() says, held to by schemathesis over ASGI.

Run by test_openapi_checked, in a process of its own.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

import hypothesis
import pytest
import schemathesis
from fastapi import FastAPI, Query, Response
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import response_headers_conformance

from asgi_nocache import NO_STORE, PUBLIC, Rule, nocache
from asgi_nocache.openapi import document_openapi
from asgi_nocache.starlette import install

PER_OPERATION = hypothesis.settings(
    max_examples=60,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=list(hypothesis.HealthCheck),
)


def shop(rules: Iterable[Rule] = ()) -> FastAPI:
    """Return an app whose answers differ by path, status, cookie and method."""
    app = FastAPI()
    install(app, rules=rules)

    @app.get("/me", responses={404: {"description": "nobody"}})
    async def me(response: Response, found: bool = True) -> dict[str, str]:
        response.headers["cache-control"] = "public, max-age=99"
        response.status_code = 200 if found else 404
        return {}

    @app.get("/goods/{name}")
    async def goods(
        name: str, response: Response, seen: Annotated[bool, Query()] = False
    ) -> dict[str, str]:
        if seen:
            response.set_cookie("seen", "yes")
        return {}

    @app.get("/goods/{number}/price")
    @app.head("/goods/{number}/price")
    @app.post("/goods/{number}/price")
    async def price(number: int) -> dict[str, str]:
        return {}

    @app.get("/goods/{name}/secret")
    @nocache
    async def secret(name: str) -> dict[str, str]:
        return {}

    return app


RULES = [
    Rule("/goods/sale", PUBLIC(max_age=5)),
    Rule("/goods/own", NO_STORE),
    Rule("/goods/**", PUBLIC(max_age=3600)),
]


def promised(app: FastAPI) -> FastAPI:
    """Return *app* with the schema of another that has the rules."""
    schema = document_openapi(shop(RULES)).openapi()
    app.openapi = lambda: schema  # type: ignore[method-assign]
    return app


def check(app: FastAPI) -> int:
    """Ask every operation for odd things; return how many answers were checked."""
    schema = schemathesis.openapi.from_asgi("/openapi.json", app)
    asked = 0
    for found in schema.get_all_operations():
        operation = found.ok()

        @hypothesis.given(case=operation.as_strategy())
        @PER_OPERATION
        def answers(case: schemathesis.Case) -> None:
            nonlocal asked
            for headers in ({}, {"cookie": "a=b"}, {"authorization": "Bearer x"}):
                response = case.call(headers=headers)
                asked += 1
                case.validate_response(response, checks=[response_headers_conformance])

        answers()
    return asked


def test_what_leaves_is_what_the_schema_says() -> None:
    """Whatever is asked, with whatever credentials."""
    assert check(document_openapi(shop(RULES))) > 100


def test_without_the_middleware_it_is_not() -> None:
    """The negative twin: the same schema, and nobody who keeps it."""
    app = promised(shop())
    del app.build_middleware_stack  # what install() put there

    with pytest.raises(FailureGroup, match="does not conform") as caught:
        check(app)

    assert "public, max-age=99" in str(caught.value.exceptions[0])


def test_where_nothing_is_sent_it_is_missing() -> None:
    """The negative twin: an app that never heard of caching."""
    app = FastAPI()
    app.get("/goods/{name}")(lambda name: {})

    with pytest.raises(FailureGroup, match="required headers are missing"):
        check(promised(app))


def test_another_policy_is_not_what_the_schema_says() -> None:
    """The negative twin: another lifetime than was promised."""
    app = promised(shop([Rule("/goods/**", PUBLIC(max_age=7))]))

    with pytest.raises(FailureGroup, match="does not conform") as caught:
        check(app)

    assert "public, max-age=7" in str(caught.value.exceptions[0])
