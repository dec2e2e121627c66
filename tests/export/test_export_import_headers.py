"""Rules from ``_headers``: what the file says, never looser, and what it lost."""

from __future__ import annotations

import warnings

import pytest
from hypothesis import given, note, settings
from hypothesis import strategies as st

from asgi_nocache import (
    NO_STORE,
    NO_STORE_EDGE,
    NO_STORE_MINIMAL,
    PRIVATE,
    PUBLIC,
    REVALIDATE,
    CacheControl,
    ConfigurationError,
    RequestFacts,
    ResponseFacts,
    Rule,
    decide,
)
from asgi_nocache._core.guards import ALL_GUARDS
from asgi_nocache._core.rules import RuleSet
from asgi_nocache.export import heading
from asgi_nocache.export.cloudflare_headers import TARGET
from asgi_nocache.export.compile import compile_plan
from asgi_nocache.export.evaluate import evaluate
from asgi_nocache.export.fit import fit
from asgi_nocache.export.import_headers import rules_from_headers
from asgi_nocache.export.plan import Plan

FILES_ONLY = ALL_GUARDS - {"error_status", "extension_mismatch"}


def said(policy_set: RuleSet, path: str) -> dict[bytes, bytes]:
    decision = decide(RequestFacts("GET", path), ResponseFacts(200), policy_set, now=0)
    return dict(decision.edits.add)


def told(plan: Plan, path: str) -> dict[bytes, bytes]:
    return dict(evaluate(plan, RequestFacts("GET", path), ResponseFacts(200)).fields)


def rules(text: str) -> list[tuple[object, str]]:
    policy_set = rules_from_headers(text).policy_set
    return [(rule.path, str(rule.policy.cache_control)) for rule in policy_set.rules]


def test_a_file_becomes_rules() -> None:
    text = "# mine\n/*\n  Cache-Control: no-store\n\n/a/:id\n  ! Cache-Control\n  Cache-Control: private\n"  # noqa: E501
    found = rules_from_headers(text, place="public/_headers")

    (rule,) = found.policy_set.rules
    assert (rule.path, str(rule.policy.cache_control)) == ("/a/{id}", "private")
    assert (rule.mode, rule.reason) == ("override", "public/_headers line 5")
    assert found.policy_set.default == NO_STORE_MINIMAL
    assert found.notes == ()


def test_values_of_blocks_that_match_are_joined() -> None:
    text = (
        "/*\n  Cache-Control: public, max-age=60\n/a/*\n  Cache-Control: max-age=5\n"
        "/a/b\n  Cache-Control: private\n/a/c\n  ! Cache-Control\n  Cache-Control: no-store"  # noqa: E501
    )

    assert dict(rules(text)) == {
        "/**": "public, max-age=60",
        "/a/{rest:path}": "public, max-age=5",
        "/a/b": "private, max-age=5",
        "/a/c": "no-store",
    }


def test_the_narrower_goes_first_and_what_crosses_tightens_both() -> None:
    text = "/a/*\n Cache-Control: public, max-age=9\n/:x/b\n ! Cache-Control\n Cache-Control: no-store"  # noqa: E501

    assert [path for path, _ in rules(text)] == ["/{x}/b", "/a/{rest:path}"]
    assert [words for _, words in rules(text)] == ["no-store", "public, max-age=9"]
    swapped = text.replace("no-store", "private")
    assert [words for _, words in rules(swapped)] == ["private", "public, max-age=9"]


@pytest.mark.parametrize(
    ("path", "patterns"),
    [
        ("/a/*", ["/a/**"]),
        ("/*", []),
        ("/app*", ["/app*/**"]),
        ("/a/*/c", ["/a/*/**/c"]),
        ("/*.png", ["/**/*.png"]),
        ("/a*b/c", ["/a*b/c", "/a*/**/*b/c"]),
        ("/a/:id.png", ["/a/*.png"]),
        ("/a%20b/", ["/a b/"]),
    ],
)
def test_paths_become_patterns(path: str, patterns: list[str]) -> None:
    text = f"{path}\n  Cache-Control: no-store\n"

    assert [rule[0] for rule in rules(text)] == patterns


def test_a_folder_itself_is_not_opened_by_what_is_below() -> None:
    text = "/a/*\n  Cache-Control: public, max-age=9\n"
    twice = text + "/a\n  Cache-Control: public, max-age=9\n"
    other = text + "/a\n  Cache-Control: no-store\n"

    assert rules(text) == [("/a/{rest:path}", "public, max-age=9")]
    assert {path for path, _ in rules(twice)} == {"/a", "/a/**"}
    assert dict(rules(other)) == {
        "/a": "no-store",
        "/a/{rest:path}": "public, max-age=9",
    }


def test_fields_beside_come_along() -> None:
    text = "/a\n  Cache-Control: no-store\n  CDN-Cache-Control: no-store\n  Pragma: no-cache\n"  # noqa: E501
    (rule,) = rules_from_headers(text).policy_set.rules

    assert rule.policy.beside == (
        ("cdn-cache-control", "no-store"),
        ("pragma", "no-cache"),
    )


@pytest.mark.parametrize(
    ("block", "why"),
    [
        ("  ! Cache-Control", "says nothing in Cache-Control"),
        ("  Expires: 0", "says nothing in Cache-Control"),
        ("  Cache-Control: max-age=1\n  Expires: 0\n  Expires: 1", "several things"),
        ("  Cache-Control: no-store\n  CDN-Cache-Control: max-age=1", "cannot be sent"),
    ],
)
def test_what_is_unclear_is_closed_with_a_word(block: str, why: str) -> None:
    closed = rules_from_headers(f"/a\n{block}\n")
    assert [rule.policy for rule in closed.policy_set.rules] == [NO_STORE]
    assert why in closed.notes[0]


def test_what_is_left_behind_is_named() -> None:
    notes = rules_from_headers(
        "/a\n  X-Frame-Options: DENY\n  Basic-Auth: me:secret\n  ! X-Other\n"
        "/b*c\n  Cache-Control: no-store\n/b*c\n  ! Cache-Control\n"
        "  Cache-Control: private\nhttps://x.example/*\n  X-Robots-Tag: noindex\n"
    ).notes

    text = "\n".join(notes)
    assert "line 2: X-Frame-Options" in text
    assert "line 3: a password" in text
    assert "secret" not in text
    assert "line 5: hosts read '*' inside of /b*c" in text
    assert "line 7: /b*c stands in line 5, too" in text
    assert "what no block is for" in text


def test_a_path_that_stands_twice_says_both() -> None:
    text = "/a\n  Cache-Control: public, max-age=1\n/a\n  Cache-Control: private\n"

    assert rules(text) == [("/a", "private, max-age=1")]


def test_all_errors_name_their_line_and_a_remedy() -> None:
    text = (
        "X-A: b\n/a/*/*\n  Cache-Control: no-store\nhttps://x/a\n  Pragma: no-cache\n"
        "/b\n  foo\n  !\n  a b: c\n/{x}\n  Cache-Control: no-store\n/:a:b\n  Expires: 0\n"  # noqa: E501
    )
    with pytest.raises(ConfigurationError) as caught:
        rules_from_headers(text, place="site/_headers")

    assert caught.value.place == "site/_headers"
    numbers = [each.split(":")[0] for each in caught.value.problems]
    assert numbers == [f"line {n}" for n in (1, 2, 4, 7, 8, 9, 10, 12)]
    assert all(";" in each for each in caught.value.problems)


PATHS = ["/", "/a", "/a/b", "/a/b/c", "/a/x.png", "/a.css", "/c%20d", "/a/b.css", "/z"]
POLICIES = [
    NO_STORE, NO_STORE_EDGE, NO_STORE_MINIMAL, REVALIDATE, PRIVATE(max_age=60),
    PUBLIC(max_age=60), PUBLIC(max_age=3600, s_maxage=10, immutable=True),
]  # fmt: skip
PATTERNS = [
    "/**", "/a", "/a/**", "/a/b", "/a/*", "/{x}/b", "/a/{rest:path}",
    "/c d", "/a.css", "/", "/{x}",
]  # fmt: skip


@given(
    st.lists(
        st.builds(Rule, st.sampled_from(PATTERNS), st.sampled_from(POLICIES)),
        max_size=4,
    )
)
@settings(max_examples=300)
def test_out_and_in_again_comes_to_the_same(given_rules: list[Rule]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        before = RuleSet(given_rules, guards=FILES_ONLY)
        plan = fit(compile_plan(before, widen=True), TARGET)
        text = TARGET.write(plan, heading(TARGET, plan, "")).files[0].text
        read = rules_from_headers(text)
        after = RuleSet(
            read.policy_set.rules, default=read.policy_set.default, guards=FILES_ONLY
        )
    note(text + "\n".join(map(repr, after.rules)))

    for path in PATHS:
        old, new = told(plan, path), said(after, path)
        assert CacheControl.parse([new[b"cache-control"]]).covers(
            CacheControl.parse([old[b"cache-control"]])
        ), path
        # The app takes more names for each other than a host of files does, and a
        # block that crosses another tightens one of them.
        if said(before, path) == old and "{" not in str(given_rules):
            assert new == old or b"no-store" in old[b"cache-control"], path
