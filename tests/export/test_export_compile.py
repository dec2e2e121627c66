"""Rules become a plan: in order, with what no edge knows refused by name."""

from __future__ import annotations

import re
import warnings
from dataclasses import replace
from typing import Any

import pytest

from asgi_nocache import (
    APP_DECIDES,
    NO_STORE,
    NO_STORE_EDGE,
    NO_STORE_MINIMAL,
    PRIVATE,
    PUBLIC,
    REVALIDATE,
    CacheControl,
    ConfigurationError,
    Policy,
    RequestFacts,
    ResponseFacts,
    Rule,
)
from asgi_nocache._core.rules import RuleSet
from asgi_nocache.export.compile import compile_plan, fingerprint
from asgi_nocache.export.evaluate import evaluate
from asgi_nocache.export.losses import NotExpressibleError
from asgi_nocache.export.plan import Fact, Plan, Say

OPEN = PUBLIC(max_age=60)
STATIC = Rule("/static/**", OPEN)


def plan(*rules: Rule, widen: bool = False, **given: Any) -> Plan:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        return compile_plan(RuleSet(rules, **given), widen=widen)


def refused(*rules: Rule, **given: Any) -> str:
    with pytest.raises(NotExpressibleError) as raised:
        plan(*rules, **given)
    return str(raised.value)


def say(
    made: Plan, path: str, *, method: str = "GET", status: int = 200, **fields: str
) -> str:
    lines = tuple((n.replace("_", "-").encode(), v.encode()) for n, v in fields.items())
    left = evaluate(made, RequestFacts(method, path), ResponseFacts(status, lines))
    return left.answer.cache_control or left.answer.say.value


NEVER = str(NO_STORE.cache_control)


def test_nothing_but_the_default() -> None:
    made = plan()

    assert made.entries == ()
    assert made.default.say is Say.NEVER
    assert made.default.cache_control == NEVER
    assert "expires" not in made.default.remove
    assert "cdn-cache-control" in made.default.remove
    assert "etag" not in made.default.remove


def test_validators_go_where_the_policy_says_so() -> None:
    assert {"etag", "last-modified"} <= {*plan(default=NO_STORE_EDGE).default.remove}


def test_an_entry_tells_its_rule() -> None:
    rule = Rule("/a", OPEN, methods=["GET"], hosts=["x.example"], reason="because")
    (entry,) = plan(rule).entries

    assert (entry.number, entry.reason) == (1, "because")
    assert entry.rule == "Rule('/a', PUBLIC(max_age=60))"
    assert entry.methods == ("GET", "HEAD")
    assert entry.hosts == ("x.example",)
    assert not entry.strict
    assert entry.never.cache_control == NEVER


def test_order() -> None:
    made = plan(Rule("/a/b", PRIVATE(max_age=5)), Rule("/a/*", OPEN))

    assert say(made, "/a/b") == "private, max-age=5"
    assert say(made, "/a/c") == "public, max-age=60"
    assert say(made, "/b") == NEVER


def test_rules_for_every_path() -> None:
    assert say(plan(Rule(None, OPEN)), "/any/thing") == "public, max-age=60"


def test_what_only_repeats_the_default_is_left_out() -> None:
    drafts = Rule("/drafts/**", NO_STORE)

    assert [e.number for e in plan(drafts, STATIC).entries] == [2]
    assert [e.number for e in plan(Rule("/static/x/**", NO_STORE), STATIC).entries] == [
        1, 2,
    ]  # fmt: skip
    minimal = Rule("/drafts/**", NO_STORE_MINIMAL)
    assert [e.number for e in plan(minimal, STATIC).entries] == [1, 2]
    assert plan(STATIC, drafts).entries == plan(STATIC).entries


def test_shadows_of_a_later_rule_come_first() -> None:
    made = plan(Rule("/img/*.png", OPEN), Rule("/img/secret", NO_STORE))

    assert say(made, "/img/secret.png") == NEVER
    assert say(made, "/img/a.png") == "public, max-age=60"


def test_a_catch_all_at_the_end_takes_nothing() -> None:
    """Its paths are spelled so, not taken for others."""
    made = plan(STATIC, Rule("/**", NO_STORE_MINIMAL))

    assert say(made, "/static/a") == "public, max-age=60"
    assert say(made, "/other") == "no-store"


def test_a_literal_is_an_exemption() -> None:
    made = plan(Rule("/img/secret.png", OPEN), Rule("/img/secret", NO_STORE))

    assert say(made, "/img/secret.png") == "public, max-age=60"


def test_shadows_that_would_take_from_a_rule() -> None:
    rules = (Rule("/img/**", OPEN), Rule("/*/secret", NO_STORE))

    assert "put the stricter rule first" in refused(*rules)
    made = plan(*rules, widen=True)
    assert say(made, "/img/secret") == NEVER
    assert any("rule 2" in note for note in made.notes)


SHADOWED = [
    ([Rule("/a", REVALIDATE), Rule("/**", PRIVATE(max_age=60))], "/a.css"),
    ([Rule("/a/*.png", OPEN), Rule("/a/b", PRIVATE(max_age=5))], "/a/b.png"),
    ([Rule("/a", PUBLIC(max_age=5)), Rule("/**", OPEN)], "/A"),
    ([Rule("/a", OPEN), Rule("/**", APP_DECIDES)], "/a/"),
    ([Rule("/a", OPEN), Rule("/**", OPEN, guards=[])], "/a.x"),
    ([Rule("/a", OPEN), Rule("/**", OPEN, mode="override")], "/a."),
]


@pytest.mark.parametrize(("rules", "path"), SHADOWED)
def test_shadows_of_what_allows_less(rules: list[Rule], path: str) -> None:
    """What the middleware would join, an edge does not store."""
    made = plan(*rules)

    assert say(made, path) == NEVER
    assert say(made, "/a/c.png" if "png" in path else "/other") != NEVER


def test_shadows_of_what_allows_more_change_nothing() -> None:
    for first in (Rule("/a", PUBLIC(max_age=600)), Rule("/a", APP_DECIDES)):
        made = plan(first, Rule("/**", OPEN))
        assert say(made, "/a.css") == "public, max-age=60"
        assert len(made.entries) == 2
    assert say(plan(Rule("/a", OPEN), Rule("/A", PUBLIC(max_age=90))), "/A") != NEVER


def test_floors_stand_above_all() -> None:
    made = plan(STATIC, Rule("/static/x/**", NO_STORE_MINIMAL, floor=True))

    assert say(made, "/static/x/a") == "no-store"
    assert say(made, "/static/a") == "public, max-age=60"


def test_statuses() -> None:
    made = plan(Rule("/gone", OPEN, status=[404, 410, 411]), STATIC)

    assert say(made, "/gone", status=404) == "public, max-age=60"
    assert say(made, "/gone", status=411) == "public, max-age=60"
    assert say(made, "/gone", status=405) == NEVER
    assert say(made, "/gone") == NEVER
    assert say(made, "/static/x", status=404) == NEVER
    ranges = {c.values for e in made.entries for x in e.cases for c in x.when
              if c.fact is Fact.STATUS}  # fmt: skip
    assert ("404-404", "410-411") in ranges


def test_what_else_applies_where_the_status_is_another() -> None:
    """The next rule for the same paths, with the rest of its order."""
    made = plan(
        Rule("/a/b", NO_STORE_MINIMAL, status=range(500, 600)),
        Rule("/c", OPEN),
        Rule("/a/**", REVALIDATE, status=200),
        Rule("/a/**", PRIVATE(max_age=9)),
    )

    assert say(made, "/a/b", status=500) == "no-store"
    assert say(made, "/a/b") == str(REVALIDATE.cache_control)
    assert say(made, "/a/b", status=301) == "private, max-age=9"
    assert say(made, "/a/b.css", status=301) == NEVER  # a shadow


def test_a_part_of_the_paths_behind_a_status() -> None:
    rules = (Rule("/a/**", OPEN, status=404), Rule("/a/b", NO_STORE), STATIC)

    assert "rule 2 applies to a part of its paths" in refused(*rules)
    made = plan(*rules, widen=True)
    assert say(made, "/a/c", status=404) == "public, max-age=60"
    assert say(made, "/a/b", status=200) == NEVER
    narrower = Rule("/a/**", PRIVATE(max_age=1), methods=["GET"])
    assert "rule 2" in refused(Rule("/a/**", OPEN, status=404), narrower)


def test_media_types() -> None:
    made = plan(Rule("/a", OPEN, media_types=["image/*", "text/x.y"]))

    assert say(made, "/a", content_type="image/png") == "public, max-age=60"
    assert say(made, "/a", content_type="TEXT/X.Y; a=b") == "public, max-age=60"
    assert say(made, "/a", content_type="text/xzy") == NEVER
    assert say(made, "/a") == NEVER


def test_an_extension_that_lies() -> None:
    made = plan(STATIC, Rule("/feed", OPEN), Rule("/x/*.css", OPEN))

    assert say(made, "/static/a.css", content_type="text/html") == NEVER
    assert say(made, "/static/a.css", content_type="text/css") == "public, max-age=60"
    assert say(made, "/x/a.css", content_type="text/html") == NEVER
    asked = [
        [c.fact for case in entry.cases for c in case.when] for entry in made.entries
    ]
    assert [Fact.MISMATCH in facts for facts in asked] == [True, False, True]


@pytest.mark.parametrize("path", ["/f/{x:path}", "/f/{x}", "/f/**"])
def test_any_extension_is_possible(path: str) -> None:
    made = plan(Rule(path, OPEN))

    assert say(made, "/f/a.css", content_type="text/html") == NEVER


def test_a_rule_that_is_for_safe_methods_needs_no_guard() -> None:
    (entry,) = plan(Rule("/a", OPEN, methods=["GET"])).entries

    assert Fact.METHOD not in {c.fact for case in entry.cases for c in case.when}


def test_the_app_may_say_more() -> None:
    made = plan(STATIC, Rule("/raw/**", APP_DECIDES), Rule("/p", REVALIDATE))
    keep = Say.KEEP.value
    closed = "private, max-age=9"

    def told(path: str, word: str, **more: str) -> str:
        return say(made, path, cache_control=word, **more)

    assert told("/static/a", "public, max-age=10") == keep
    assert told("/static/a", "max-age=10") == keep
    assert told("/static/a", "public, must-revalidate, max-age=10") == keep
    assert told("/static/a", "private, max-age=10") == keep
    assert told("/static/a", "public, max-age=600") == "public, max-age=60"
    assert told("/static/a", "no-store") == NEVER
    assert told("/static/a", "anything else") == NEVER
    assert told("/static/a", "public, max-age=10", pragma="no-cache") == NEVER
    assert told("/static/a", "public, max-age=10", set_cookie="a=b") == NEVER
    assert say(made, "/static/a", expires="x") == NEVER
    assert say(made, "/static/a", set_cookie="a=b") == "private, max-age=60"
    assert told("/static/a", "max-age=600") == NEVER  # without "public"
    assert told("/raw/a", "what it likes") == keep
    assert told("/raw/a", closed, set_cookie="a=b", cdn_cache_control="x") == NEVER
    assert say(made, "/raw/a", set_cookie="a=b") == "private"
    assert say(made, "/raw/a", set_cookie="a=b", expires="x") == NEVER
    assert told("/raw/a", closed, set_cookie="a=b") == keep
    assert told("/raw/a", "max-age=9", set_cookie="a=b") == NEVER
    assert told("/p", "public, max-age=9") == str(REVALIDATE.cache_control)
    assert told("/p", str(REVALIDATE.cache_control)) == keep


def test_a_private_policy_and_lifetimes_for_all() -> None:
    made = plan(Rule("/a", PRIVATE(max_age=60)))

    for word in ("max-age=30", "public, max-age=30"):  # shorter, and not private
        assert say(made, "/a", cache_control=word) == NEVER
    assert say(made, "/a", cache_control="public, max-age=600") == "private, max-age=60"


def test_override_needs_no_word() -> None:
    made = plan(Rule("/a", OPEN, mode="override"))

    assert say(made, "/a", cache_control="no-store") == "public, max-age=60"
    assert say(made, "/a", set_cookie="a=b") == "private, max-age=60"
    assert say(made, "/a", method="POST") == NEVER


def test_what_says_the_same_anyway_is_one_case() -> None:
    made = plan(Rule("/a", APP_DECIDES, guards=[]))

    assert [len(e.cases) for e in made.entries] == [1]
    assert say(made, "/a", method="POST", cache_control="x") == Say.KEEP.value


def test_guards_that_are_off() -> None:
    made = plan(Rule("/a", OPEN, mode="override", guards=[]))

    assert [len(e.cases) for e in made.entries] == [1]
    assert say(made, "/a", method="POST", status=500) == "public, max-age=60"


def test_what_the_rule_needs_not_be_private_for() -> None:
    shared = PUBLIC(max_age=5, shared_with_credentials=True)
    made = plan(Rule("/a", shared, mode="override"))
    request = RequestFacts("GET", "/a", ((b"authorization", b"x"), (b"cookie", b"y")))

    left = evaluate(made, request, ResponseFacts(200))

    assert left.answer.cache_control == "public, max-age=5"


ODD: list[tuple[Rule, str]] = [
    (Rule(re.compile("/a.*"), OPEN), "regular expression"),
    (Rule("/a", OPEN, when=lambda request, response: True), "when="),
    (Rule("/a", OPEN, endpoints="shop.*"), "endpoints"),
    (Rule("/a", OPEN, tags=["x"]), "tags"),
    (Rule("/a", OPEN, credentials=True), "credentials="),
    (Rule("/a", OPEN, mode="report"), "'report'"),
    (Rule("/a", OPEN, mode="if-missing"), "'if-missing'"),
    (Rule("/a", OPEN, floor=True), "a floor that allows caching"),
    (Rule("/a", NO_STORE, floor=True, status=200), "decided too late"),
    (Rule("/a", PUBLIC(max_age=5, vary=["Accept"])), "vary="),
    (
        Rule("/a", Policy(CacheControl(max_age=5), "EDGY",
                          beside=[("cdn-cache-control", "max-age=9")])),
        "targeted field",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "said"), ODD, ids=lambda each: str(each)[:40])
def test_what_no_edge_knows(rule: Rule, said: str) -> None:
    told = refused(STATIC, rule)

    assert "NC802" in told
    assert f"rule 2, {rule!r}" in told
    assert said in told
    assert "--widen" in told
    made = plan(Rule("/x", OPEN), rule, Rule("/a/**", OPEN), widen=True)
    assert say(made, "/a") == NEVER
    assert say(made, "/x") == ("public, max-age=60")
    assert any(said in note for note in made.notes)


def test_a_targeted_field_that_overrides() -> None:
    policy = Policy(CacheControl(max_age=5), beside=[("cdn-cache-control", "no-store")])
    (entry,) = plan(Rule("/a", policy, mode="override")).entries

    assert ("cdn-cache-control", "no-store") in entry.cases[-1].answer.set


def test_an_open_default() -> None:
    told = refused(default=APP_DECIDES)

    assert "the default, APP_DECIDES" in told
    made = plan(default=APP_DECIDES, widen=True)
    assert made.default.cache_control == NEVER
    assert made.notes


def test_a_policy_that_only_reports() -> None:
    assert "'report'" in refused(mode="report")


def test_all_problems_at_once() -> None:
    told = refused(*(rule for rule, _ in ODD), default=APP_DECIDES)

    assert "the default" in told
    assert all(f"rule {n}," in told for n in range(1, len(ODD) + 1))
    assert issubclass(NotExpressibleError, ConfigurationError)


def test_clear_site_data_stays_the_apps() -> None:
    policy = Policy(CacheControl(no_store=True), "LOGOUT", clear_site_data=True)

    assert any("Clear-Site-Data" in note for note in plan(Rule("/x", policy)).notes)


def test_hosts() -> None:
    made = plan(Rule("/a", OPEN, hosts=["*.x.example"]))

    def left(host: bytes) -> str:
        request = RequestFacts("GET", "/a", ((b"host", host),))
        return evaluate(made, request, ResponseFacts(200)).answer.cache_control

    assert left(b"www.x.example") == "public, max-age=60"
    assert left(b"y.example") == NEVER


def test_what_leaves() -> None:
    made = plan(STATIC)
    sent = (
        (b"Cache-Control", b"public, max-age=5"), (b"Expires", b"x"), (b"x-a", b"b")
    )  # fmt: skip
    kept = evaluate(made, RequestFacts("GET", "/static/a"), ResponseFacts(200, sent))
    shut = evaluate(made, RequestFacts("GET", "/a"), ResponseFacts(200, sent))

    assert kept.fields == [(b"Cache-Control", b"public, max-age=5"), (b"x-a", b"b")]
    assert shut.fields[0] == (b"x-a", b"b")
    assert shut.entry is None
    assert kept.entry is made.entries[0]


def test_edges_that_match_what_was_sent() -> None:
    made = plan(STATIC, Rule("/a b", OPEN))

    def left(path: str, *, decodes: bool) -> bool:
        request = RequestFacts("GET", path)
        answer = evaluate(made, request, ResponseFacts(200), decodes=decodes).answer
        return answer.stores

    assert left("/static/%61", decodes=True)
    assert not left("/static/%61", decodes=False)
    assert left("/a%20b", decodes=True)
    assert not left("/a%20b", decodes=False)


CHANGES: list[dict[str, Any]] = [
    {"default": NO_STORE_MINIMAL},
    {"mode": "override"},
    {"guards": ["cookie"]},
]


def test_the_fingerprint_is_of_the_policy() -> None:
    one = RuleSet([STATIC])
    others = [RuleSet([STATIC], **change) for change in CHANGES]
    others += [
        RuleSet([Rule("/static/**", OPEN, **more)])
        for more in (
            {"methods": ["GET"]}, {"status": 200}, {"guards": []}, {"mode": "override"},
            {"reason": "x"}, {"media_types": ["text/css"]}, {"floor": True},
        )
    ]  # fmt: skip
    others += [
        RuleSet([Rule("/static/**", policy)])
        for policy in (
            PUBLIC(max_age=60, immutable=True), PUBLIC(max_age=60, vary=["Accept"]),
            PUBLIC(max_age=60, shared_with_credentials=True),
            replace(OPEN, strip_validators=True),
        )
    ]  # fmt: skip

    assert fingerprint(one) == fingerprint(RuleSet([Rule("/static/**", OPEN)]))
    assert len({fingerprint(each) for each in (one, *others)}) == len(others) + 1
    assert fingerprint(one) == "e367ab640437"
