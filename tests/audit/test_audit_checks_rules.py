"""Which rules are dead, misspelled or slow, and which only look so."""

import re
from dataclasses import replace
from typing import Any

import pytest
from check_builders import codes, layer, look, one, only, route, told

from asgi_nocache import NO_STORE, PUBLIC, Rule
from asgi_nocache.audit.checks.overlap import overlap
from asgi_nocache.audit.values import Confidence, Kind, Severity

LONG = PUBLIC(max_age=9)


@pytest.mark.parametrize(
    ("pattern", "path", "meets"),
    [
        ("/items", "/items", True),
        ("/items", "/item", False),
        ("/items/", "/items", False),
        ("/items/**", "/items", True),
        ("/items/**", "/items/{id}/x", True),
        ("/items/me", "/items/{id}", True),
        ("/items/me", "/items/<int:id>", True),
        ("/items/*.css", "/items/{name}", True),
        ("/items/*.css", "/items/a.css", True),
        ("/items/*.css", "/items/a.js", False),
        ("/items/{id:int}", "/items/x", False),
        ("/items/{id}", "/items", False),
        ("/items/{id}", "/items/{id}/x", False),
        ("/**/edit", "/items/{id}/edit", True),
        ("/**/edit", "/items/{id}/read", False),
        ("/a/b/c", "/a/{rest:path}", True),
        ("/a", "/a/{rest:path}", True),
        ("/a/b", "/{rest:path}/b", True),
        ("/a/c", "/<path:rest>/b", False),
        ("/b/{x:path}", "/{rest:path}", True),
        ("/**", "/", True),
        ("/b", "", False),
    ],
)
def test_overlap(pattern: str, path: str, meets: bool) -> None:
    assert overlap(pattern, route(path)) is meets


@pytest.mark.parametrize("kind", [Kind.STATIC, Kind.OPAQUE, Kind.UNKNOWN])
def test_what_is_below(kind: Kind) -> None:
    assert overlap("/static/css/*.css", route("/static/{path:path}", kind=kind))
    assert overlap("/static/a", route("/static", kind=kind))
    assert overlap("/any", route("/", kind=kind))
    assert not overlap("/statics/a", route("/static", kind=kind))


def test_below_a_mount() -> None:
    """A rule's paths begin where its middleware stands."""
    assert overlap("/x", route("/sub/x"), "/sub")
    assert overlap("/", route("/sub"), "/sub")
    assert not overlap("/x", route("/subs/x"), "/sub")


ITEMS = {"path": "/items", "tags": frozenset({"shop"}), "host": "api.example.com"}


@pytest.mark.parametrize(
    ("rule", "given", "matches"),
    [
        (Rule("/items", LONG, methods=["POST"]), ITEMS, False),
        (Rule("/items", LONG, methods=["POST"]), {**ITEMS, "methods": ()}, True),
        (Rule("/items", LONG, tags=["shop"]), ITEMS, True),
        (Rule(None, LONG, tags=["blog"]), ITEMS, False),
        (Rule(None, LONG, tags=["blog"]), {**ITEMS, "kind": Kind.OPAQUE}, True),
        (Rule(None, LONG, endpoints=["shop.*"]), ITEMS, False),
        (Rule(None, LONG, endpoints="x"), {**ITEMS, "names": frozenset({"x"})}, True),
        (Rule(None, LONG, hosts=["other.org"]), ITEMS, False),
        (Rule(None, LONG, hosts=["other.org"]), {**ITEMS, "host": ""}, True),
        (Rule(None, LONG, hosts=["a.org"]), {**ITEMS, "host": "{sub}.org"}, True),
        (Rule("/items", LONG, status=404), ITEMS, True),
        (Rule("/items", LONG, media_types=["image/png"]), ITEMS, True),
        (Rule("/items", LONG, credentials=True), ITEMS, True),
        (Rule("/items", LONG, when=lambda *_: False), ITEMS, True),
        (Rule(re.compile("/it.*"), LONG), ITEMS, True),
        (Rule("/ITEMS", LONG), ITEMS, False),
    ],
)
def test_a_rule_matches_a_route(rule: Rule, given: Any, matches: bool) -> None:
    """As far as the route is known; a response may still be anything."""
    assert ("NC402" not in codes(one(rule, **given))) is matches


@pytest.mark.parametrize(
    ("rule", "hint"),
    [
        (Rule("/itmes/{id}", LONG), "did you mean '/items/{id}'?"),
        (Rule(None, LONG, tags=["shpo"]), "did you mean 'shop'?"),
        (Rule(None, LONG, endpoints=["str.stirp"]), "did you mean 'str.strip'?"),
        (Rule("/quite/different", LONG), "matches no route"),
    ],
)
def test_did_you_mean(rule: Rule, hint: str) -> None:
    tags = frozenset({"shop"})
    looked = one(rule, path="/items/{id}", tags=tags, endpoint=_Strip)

    assert only(looked, "NC402").message.endswith(hint)


class _Strip:
    pass


_Strip.__module__, _Strip.__qualname__ = "str", "strip"


def test_a_route_with_another_method_is_no_hint() -> None:
    looked = one(Rule("/items", LONG, methods=["POST"]))

    assert only(looked, "NC402").message.endswith("matches no route")


def test_a_floor_for_nothing_does_no_harm() -> None:
    looked = one(Rule("/admin/**", NO_STORE, floor=True))

    assert only(looked, "NC402").severity is Severity.INFO


def test_a_regular_expression_may_match_what_is_no_sample() -> None:
    rule = Rule(re.compile("/items/[a-z]+"), LONG)
    known, varying = one(rule), one(rule, path="/items/{id}")

    assert only(known, "NC402").confidence is Confidence.CERTAIN
    assert only(varying, "NC402").confidence is Confidence.GUESS


def test_each_middleware_has_its_own_routes() -> None:
    inner = layer(Rule("/x", LONG), Rule("/y", LONG), root_path="/sub")
    routes = [
        route("/sub/x", layer(), inner, root_path="/sub"),
        route("/y", layer()),
    ]

    assert only(look(*routes), "NC402").where == "Rule('/y', PUBLIC(max_age=9))"


def test_two_that_are_shadowed() -> None:
    rules = [Rule("/**", NO_STORE), Rule("/a", LONG), Rule("/b", NO_STORE)]
    found = told(one(*rules, path="/a"), "NC401")

    assert [f.where for f in found] == [repr(rule) for rule in rules[1:]]
    assert found[0].message == (
        "rule 2, Rule('/a', PUBLIC(max_age=9)), never applies: rule 1, "
        "Rule('/**', NO_STORE), comes first and takes all of it"
    )


def test_other_warnings_are_not_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    from asgi_nocache.audit.checks import rule_set

    looked = one()
    monkeypatch.setattr(rule_set, "_warnings_of", lambda _: ["something else"])

    assert codes(looked) == set()


@pytest.mark.parametrize(
    ("pattern", "slow"),
    [
        (r"/(a+)+", True),
        (r"/(?:a*)*", True),
        (r"/([a-z]+\s?)*", True),
        (r"/(?:\w+|\d+)*x", True),
        (r"/((a{1,})b?){20,}", True),
        (r"/(?:(?:a+)?)+?", True),
        (r"(?:/[^/]+)*", False),
        (r"/[a-z]+/\d+", False),
        (r"/(?:en|de)(?:/.*)?", False),
        (r"/(?:[a-z]{1,8}){1,3}", False),
        (r"/(?:a|b|[c-d])*", False),
    ],
)
def test_slow_expressions(pattern: str, slow: bool) -> None:
    looked = one(Rule(re.compile(pattern), NO_STORE), path="/{x:path}", catch_all=True)

    assert ("NC404" in codes(looked)) is slow


def test_fingerprints_stay_while_rules_move() -> None:
    typo = Rule("/itmes", LONG)
    alone, second = one(typo), one(Rule("/items", NO_STORE), typo)

    first = only(alone, "NC402")
    assert first.fingerprint == only(second, "NC402").fingerprint
    assert first.fingerprint == only(replace(alone, pedantic=True), "NC402").fingerprint
