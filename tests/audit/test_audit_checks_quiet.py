"""Quiet by default: what is in order is not called wrong, one cause is one finding."""

from dataclasses import replace

import pytest
from check_builders import codes, layer, look, one, only, route, seen, told

from asgi_nocache import (
    APP_DECIDES,
    LEGACY_2014,
    NO_STORE,
    NO_STORE_EDGE,
    NO_STORE_MINIMAL,
    PRIVATE,
    PUBLIC,
    REVALIDATE,
    Policy,
    Rule,
)
from asgi_nocache.audit.checks import looked_for, run_checks
from asgi_nocache.audit.values import Confidence, Kind, Route, Severity, Survey

RULES = (
    Rule("/static/**", PUBLIC(max_age=3600)),
    Rule("/files/*.css", PUBLIC(max_age=3600)),
    Rule("/users/me", REVALIDATE),
    Rule(None, PRIVATE(max_age=60), tags=["reports"]),
    Rule("/account/**", NO_STORE, floor=True),
)


def app(*layers: object) -> list[Route]:
    """Return the routes of an app as apps are."""
    given = {"layers": layers, "framework": "fastapi"}
    json = {**given, "media_type": "application/json"}
    return [
        route("/items/{id}", methods=("DELETE", "GET", "HEAD", "OPTIONS"), **json),
        route("/users/{name}", auth=("get_current_user",), **json),
        route("/account/{rest:path}", auth=("login",), catch_all=True, **given),
        route("/report", tags=frozenset({"reports"}), **json),
        route("/docs", kind=Kind.FRAMEWORK, media_type="text/html", **given),
        route("/static", kind=Kind.STATIC, catch_all=True, **given),
        route("/files/{path:path}", catch_all=True, **given),
        route("/metrics", kind=Kind.OPAQUE, methods=(), catch_all=True, **given),
        route("/ws", kind=Kind.STREAM, methods=(), **given),
        route("/logout", methods=("POST",), **given),
    ]


def counting(looked: Survey) -> list[str]:
    return [
        f"{f.code} {f.message}"
        for f in run_checks(looked)
        if f.severity is not Severity.INFO and f.confidence is not Confidence.GUESS
    ]


@pytest.mark.parametrize("rules", [(), RULES])
def test_a_well_configured_app(rules: tuple[Rule, ...]) -> None:
    looked = look(*app(layer(*rules, form="install()")))

    assert counting(looked) == []


def test_the_same_app_without_us() -> None:
    """One finding for what one line mends, not one for each route."""
    found = counting(look(*app()))

    assert sorted(each[:5] for each in found) == ["NC002", "NC205", "NC301"]
    assert "around 9 routes (GET /items/{id}, GET /users/{name}," in found[1]


@pytest.mark.parametrize(
    "policy",
    [NO_STORE, NO_STORE_EDGE, NO_STORE_MINIMAL, LEGACY_2014, REVALIDATE,
     PRIVATE(max_age=9), PUBLIC(max_age=9, s_maxage=99, immutable=True)],
    ids=repr,
)  # fmt: skip
def test_our_own_output_is_never_called_wrong(policy: Policy) -> None:
    looked = one(Rule("/items", policy))
    fields = looked.rows[0].fields

    assert counting(looked) == []
    assert counting(seen(looked, *fields)) == []


def test_what_a_default_that_stores_costs() -> None:
    """Nobody has decided: each route is one finding, whatever its methods."""
    looked = look(*app(layer(default=PUBLIC(max_age=60))))

    assert len(told(looked, "NC101")) == 7
    assert len(told(looked, "NC104")) == 1


def test_one_finding_for_all_methods_names_get() -> None:
    looked = one(methods=("DELETE", "GET", "HEAD"), default=APP_DECIDES, guards=[])

    assert only(looked, "NC101").where == "GET /items"


def test_options_need_no_declaration() -> None:
    looked = replace(one(methods=("OPTIONS",)), require=True)

    assert codes(looked) == set()


def test_text_that_many_send_is_one_finding() -> None:
    routes = [route(f"/{n}") for n in range(5)]
    looked = seen(look(*routes), ("expires", "0"), ("cache-control", "no-store"))

    finding = only(looked, "NC502")
    assert "5 routes (GET /0, GET /1, GET /2, ...): expires: 0" in finding.message
    assert finding.where == "expires: 0"


def test_the_same_directives_beside_others_are_one_finding() -> None:
    first = seen(look(route("/a")), ("cache-control", "public, no-store"))
    second = seen(
        look(route("/b")), ("cache-control", "public, no-store"), ("pragma", "no-cache")
    )
    looked = replace(first, rows=first.rows + second.rows)

    only(looked, "NC501")


def test_a_redirect_slash_of_a_default_is_silent() -> None:
    assert "NC604" not in codes(one(path="/account/"))


def test_worst_first() -> None:
    looked = replace(one(default=APP_DECIDES), inside=("secure.Secure",))
    found = run_checks(looked)

    assert [f.code for f in found] == ["NC101", "NC306"]


def test_nobody_looked() -> None:
    """So a suppression of it is not called unused."""
    static, asked = looked_for(one()), looked_for(seen(one()))

    assert {"NC901", "NC201", "NC101", "NC102", "NC106", "NC006"}.isdisjoint(static)
    assert "NC402" in static
    assert {"NC901", "NC201"} <= asked
    everything = looked_for(replace(seen(one()), require=True, pedantic=True))
    assert {"NC101", "NC102", "NC503"} <= everything
