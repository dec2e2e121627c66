"""What the Varnish exporter writes; a real varnishd judges it in tests/edge."""

from __future__ import annotations

import re
import time

import pytest
from golden_files import hold

from asgi_nocache import (
    APP_DECIDES,
    NO_STORE,
    NO_STORE_EDGE,
    PRIVATE,
    PUBLIC,
    CacheControl,
    Policy,
    Rule,
)
from asgi_nocache._core.rules import RuleSet
from asgi_nocache.export import heading
from asgi_nocache.export.compile import compile_plan
from asgi_nocache.export.fit import fit
from asgi_nocache.export.plan import Answer, Condition, Fact, Plan, Say
from asgi_nocache.export.varnish import TARGET
from asgi_nocache.export.vcl import comment, condition, regex, string
from asgi_nocache.export.vcl_rules import groups_of, lifetime

SMALL = [
    Rule("/static/**", PUBLIC(max_age=3600), reason="hashed file names"),
    Rule("/me", PRIVATE(max_age=30), methods=["GET"]),
]


def plan_of(*rules: Rule) -> Plan:
    return fit(compile_plan(RuleSet(rules)), TARGET)


def text_of(*rules: Rule) -> str:
    plan = plan_of(*rules)
    return TARGET.write(plan, heading(TARGET, plan, "shop:app")).files[0].text


def test_the_small_policy() -> None:
    # The version is in the heading, and changes.
    text = re.sub(r"asgi-nocache [0-9.]+,", "asgi-nocache VERSION,", text_of(*SMALL))

    hold(text, "nocache.vcl")
    assert text_of(*SMALL) == text_of(*SMALL)


def test_a_policy_that_opens_nothing() -> None:
    text = text_of()

    assert "return (pass);" in text
    assert "nocache_look" not in text
    assert "elsif (resp" not in text


def test_the_include_calls_what_is_there() -> None:
    plan = plan_of(*SMALL)
    export = TARGET.write(plan, heading(TARGET, plan, ""))
    called = re.findall(r"call (\w+)", export.include)
    defined = re.findall(r"^sub (\w+)", export.files[0].text, re.MULTILINE)

    assert len(called) == 5
    assert {*called} <= {*defined}
    assert f'include "{export.files[0].name}"' in export.include


def test_a_thousand_rules() -> None:
    many = [
        Rule(f"/s{n // 40}/a{n}/**", NO_STORE if n % 4 else PUBLIC(max_age=60))
        for n in range(1000)
    ]
    start = time.process_time()
    text = text_of(*many)

    assert time.process_time() - start < 60
    assert len(text) < 400_000
    assert text.count("sub nocache_answer_") == 1
    assert r'if (req.http.X-Nocache-Path ~ "(?i)^/s7(?:[/. ]|$)") {' in text


def test_a_tree_keeps_the_order_and_goes_deeper() -> None:
    rules = [Rule(f"/api/v{n}.x/{m}", PUBLIC(max_age=9)) for n in "12" for m in "abcde"]
    text = text_of(*rules, Rule("/api/v1/*", PUBLIC(max_age=8)))

    assert '"(?i)^/api(?:[/. ]|$)"' in text
    assert '"(?i)^/api/v1(?:[/. ]|$)"' in text
    places = [text.index(f'"/api/v1.x/{name}"') for name in "abcde"]
    assert places == sorted(places) < [text.index("^/api/v1/[^/]+$")]


def test_a_stem_that_is_shared_by_names() -> None:
    names = ("a.js", "a.css", "a.png", "a.x", "a.y", "a.z", "a.v", "a.w", "a.u")
    rules = [Rule(f"/{name}/{n}", PUBLIC(max_age=9)) for name in names for n in "12"]
    many = [Rule(f"/a.js/more/{n}", PUBLIC(max_age=9)) for n in range(9)]

    assert '"(?i)^/a[^/]*/more(?:[/. ]|$)"' in text_of(*rules, *many)


def test_everything_else_is_not_looked_at() -> None:
    text = text_of(Rule("/**", PUBLIC(max_age=5)))

    assert "  # Rule 1: Rule('/**', PUBLIC(max_age=5))\n  set req.http" in text


def test_strict_rules_with_words_of_their_own() -> None:
    text = text_of(
        Rule("/a/**", NO_STORE_EDGE),
        Rule("/b/**", PUBLIC(max_age=5), methods=["GET"], hosts=["a.example"]),
    )

    # Once where the path has several readings, once where it has not.
    assert text.count("# Rule 1:") == 3
    assert 'set beresp.http.X-Nocache-Say = "no-store, no-cache' in text
    assert "  unset resp.http.ETag;" in text
    assert r'&& req.http.Host ~ "(?i)^(?:a\.example)\.?(?::[0-9]*)?$"' in text


def test_what_a_head_would_fetch_as_a_get_is_not_shared() -> None:
    policy = PUBLIC(max_age=5)
    head = Rule("/a", policy, methods=["HEAD"])
    both = Rule("/b", policy, methods=["GET"])
    groups = groups_of(plan_of(head, both))

    assert [group.shared for group in groups] == [False, True]


def test_names_are_not_taken_twice() -> None:
    """One rule may stand in several entries that say different things."""
    plan = plan_of(
        Rule("/a", PUBLIC(max_age=5), status=200),
        Rule("/a", NO_STORE_EDGE),
        Rule("/**", PUBLIC(max_age=9)),
    )
    groups = groups_of(plan)

    assert len({group.name for group in groups}) == len(groups)


def test_one_rule_in_two_entries() -> None:
    entry = plan_of(Rule("/a", PUBLIC(max_age=5))).entries[0]
    other = plan_of(Rule("/b", PUBLIC(max_age=6))).entries[0]
    plan = Plan((entry, other), plan_of().default, "")

    assert [group.name for group in groups_of(plan)] == ["1", "1-1"]


def test_rules_that_say_the_same_share_a_number() -> None:
    text = text_of(Rule("/a", PUBLIC(max_age=5)), Rule("/b", PUBLIC(max_age=5)))

    assert "# Rule 1: Rule('/a', PUBLIC(max_age=5)). The same for rules 1, 2" in text
    assert text.count('set req.http.X-Nocache-Rule = "1"') == 2


def test_the_same_words_with_other_fields() -> None:
    vendor = Policy(
        CacheControl(max_age=5, public=True),
        "V",
        beside=(("cdn-cache-control", 'max-age=5, x="%"'),),
    )
    text = text_of(
        Rule("/a", PUBLIC(max_age=5), mode="override"),
        Rule("/b", vendor, mode="override"),
        Rule("/c", APP_DECIDES),
    )

    assert 'resp.http.X-Nocache-Say == "public, max-age=5 #2"' in text
    quoted = '"max-age=5, x=" + {"""} + {"%"} + {"""} + ""'
    assert f"set resp.http.CDN-Cache-Control = {quoted};" in text
    assert 'resp.http.X-Nocache-Say == "the app\'s fields"' in text


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("public, max-age=5", (5, 0)),
        ("max-age=5, s-maxage=7, stale-while-revalidate=3", (7, 0)),
        ("max-age=5, stale-while-revalidate=3", (5, 3)),
        ("max-age=5, must-revalidate, stale-while-revalidate=3", (5, 0)),
        ("max-age=0", None),
        ("public", None),
        ("private, max-age=5", None),
        ("no-cache, max-age=5", None),
    ],
)
def test_how_long_the_words_allow(said: str, kept: tuple[int, int] | None) -> None:
    assert lifetime(Answer(Say.OWN, (("cache-control", said),))) == kept
    assert lifetime(Answer(Say.NEVER, (("cache-control", said),))) is None


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (Condition(Fact.STATUS, ("200-200",)), "beresp.status == 200"),
        (
            Condition(Fact.STATUS, ("200-204", "404-404"), negated=True),
            "!((beresp.status >= 200 && beresp.status <= 204) || beresp.status == 404)",
        ),
        (
            Condition(Fact.RESPONSE_FIELD, ("set-cookie", "pragma")),
            "beresp.http.Set-Cookie || beresp.http.Pragma",
        ),
        (
            Condition(Fact.MEDIA_TYPE, ("text/css", "image/.*")),
            r'beresp.http.Content-Type ~ "(?i)^[ \t]*(?:text/css|image/[^;]*)'
            r'[ \t]*(?:;|$)"',
        ),
        (Condition(Fact.WORD, ("",)), "!beresp.http.Cache-Control"),
    ],
)
def test_conditions(asked: Condition, said: str) -> None:
    assert condition(asked, "bereq") == said


def test_nothing_breaks_out() -> None:
    assert comment("a\nb\r\n \N{LINE SEPARATOR}c\x00") == "# a b c\n"
    assert string('a"}b') == '"a" + {"""} + "}b"'
    assert string("50%") == '{"50%"}'
    assert regex('a"}%') == r'"a\x22}\x25"'


def test_a_long_reason_is_wrapped() -> None:
    reason = "so it is " * 200
    text = text_of(Rule("/a", PUBLIC(max_age=5), reason=reason))

    assert all(len(li) <= 92 for li in text.splitlines() if li.lstrip().startswith("#"))
