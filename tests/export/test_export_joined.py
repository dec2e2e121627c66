"""The join of two policies: never looser than either, for any request and answer."""

from __future__ import annotations

import warnings
from typing import Any

import pytest
from hypothesis import given, note, settings
from hypothesis import strategies as st

from asgi_nocache import (
    APP_DECIDES,
    NO_STORE,
    NO_STORE_EDGE,
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
from asgi_nocache._core.selection import Mark
from asgi_nocache._core.sent import read_sent
from asgi_nocache.export.joined import joined

PATHS = [
    "/**", "/a", "/a/**", "/a/b", "/a/*", "/a/*.css", "/{x:int}", "/**/b", "/A/**",
    "/a.css", None, "/", "/a/",
]  # fmt: skip
TARGETS = [
    "/", "/a", "/a/", "/a/b", "/A/b", "/a/b.css", "/a//b", "/a/../a/b", "/a%2fb",
    "/%61/b", "/a;x/b", "/a.css", "/a.css/", "/12", "/a/b/c.json", "/a/b.", "/x?/a/b",
    "/%2561/b", "/a/b/..",
]  # fmt: skip
POLICIES = [
    NO_STORE, NO_STORE_EDGE, REVALIDATE, PRIVATE(60), PUBLIC(60), APP_DECIDES,
    PUBLIC(3600, s_maxage=10), PUBLIC(60, shared_with_credentials=True),
]  # fmt: skip
MODES = ["stricter", "override", "if-missing"]
WORDS = [None, "public, max-age=600", "private", "no-store", "no-cache", "max-age=5"]

some_rules = st.lists(
    st.builds(
        Rule,
        st.sampled_from(PATHS),
        st.sampled_from(POLICIES),
        methods=st.sampled_from([None, None, ["GET"]]),
        status=st.sampled_from([None, None, 404]),
        credentials=st.sampled_from([None, None, True]),
        mode=st.sampled_from([None, None, *MODES]),
        floor=st.sampled_from([False, False, True]),
        guards=st.none() | st.frozensets(st.sampled_from(sorted(ALL_GUARDS))),
        reason=st.sampled_from(["", "x"]),
    ),
    max_size=4,
)


def rule_set(rules: Any, **options: Any) -> RuleSet:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        return RuleSet(rules, **options)


def pair(
    shared: list[Rule], olds: list[Rule], news: list[Rule], data: Any
) -> list[RuleSet]:
    """Return two policies that have some rules in common, somewhere."""
    mode = data.draw(st.sampled_from(MODES))
    made = []
    for own in (olds, news):
        rules = data.draw(st.permutations([*shared, *own]))
        guards = data.draw(
            st.sampled_from([ALL_GUARDS, ALL_GUARDS - {"cookie"}, set()])
        )
        default = data.draw(st.sampled_from(POLICIES))
        made.append(rule_set(rules, default=default, mode=mode, guards=guards))
    return made


def left(
    request: RequestFacts, response: ResponseFacts, policy_set: RuleSet
) -> CacheControl:
    """Return what leaves in Cache-Control."""
    fields = decide(request, response, policy_set).apply(response.fields)
    return read_sent(ResponseFacts(200, tuple(fields)), None).cache_control


requests = st.builds(
    RequestFacts,
    st.sampled_from(["GET", "GET", "HEAD", "POST"]),
    st.sampled_from(TARGETS),
    st.lists(
        st.sampled_from([(b"cookie", b"a=b"), (b"authorization", b"x")]), max_size=1
    ),
)
responses = st.builds(
    lambda status, word, more, marked: ResponseFacts(
        status,
        ([] if word is None else [(b"cache-control", word.encode())]) + more,
        marks=marked,
    ),
    st.sampled_from([200, 200, 404]),
    st.sampled_from(WORDS),
    st.lists(
        st.sampled_from([(b"set-cookie", b"a=b"), (b"content-type", b"text/html")]),
        max_size=1,
    ),
    st.sampled_from([(), (), (Mark(PUBLIC(60)),), (Mark(NO_STORE),)]),
)


@settings(max_examples=500)
@given(some_rules, some_rules, some_rules, requests, responses, st.data())
def test_it_permits_nothing_that_either_forbids(
    shared: list[Rule],
    olds: list[Rule],
    news: list[Rule],
    request: RequestFacts,
    response: ResponseFacts,
    data: Any,
) -> None:
    """For every response, whatever the rules, their order and the app's words."""
    old, new = pair(shared, olds, news, data)
    both = joined(old, new)
    seen = left(request, response, both)
    note(f"joined: {both.rules}, default {both.default!r}: {seen}")
    for each in (old, new):
        wanted = left(request, response, each)
        note(f"{each.rules}, default {each.default!r}, {each.mode}: {wanted}")
        assert not wanted or seen.covers(wanted)


def test_the_join_of_a_policy_with_itself_is_the_policy() -> None:
    """Nothing changes, so nothing is shut."""
    rules = [
        Rule("/a", PUBLIC(60)),
        Rule("/b/**", NO_STORE, floor=True),
        Rule("/**", REVALIDATE, reason="why"),
    ]
    same = joined(RuleSet(rules), RuleSet(list(rules)))

    assert set(same.rules) == set(rules)
    assert (same.default, same.mode, same.guards) == (NO_STORE, "stricter", ALL_GUARDS)


def test_what_changes_is_shut_and_the_rest_stays() -> None:
    """A rule that is new, one that goes, one that says something else."""
    stays = Rule("/static/**", PUBLIC(60))
    old = RuleSet([Rule("/goes", PUBLIC(1)), stays, Rule("/says", PUBLIC(9))])
    new = RuleSet([stays, Rule("/says", PUBLIC(8)), Rule("/comes", REVALIDATE)])

    assert [repr(rule) for rule in joined(old, new).rules] == [
        "Rule('/goes', NO_STORE)",
        "Rule('/says', NO_STORE)",
        "Rule('/says', NO_STORE)",
        "Rule('/comes', NO_STORE)",
        "Rule('/static/**', PUBLIC(max_age=60))",
    ]


def test_defaults_that_differ_are_shut_in_every_mode() -> None:
    """Under if-missing, the app would undo a default: its no-cache is no private."""
    old, new = (
        RuleSet(default=default, mode="if-missing")
        for default in (NO_STORE, PRIVATE(60))
    )
    response = ResponseFacts(200, [(b"cache-control", b"no-cache")])
    seen = left(RequestFacts("GET", "/"), response, joined(old, new))

    assert seen.no_store
    assert seen.covers(left(RequestFacts("GET", "/"), response, new))


def test_a_reason_changes_nothing() -> None:
    old = RuleSet([Rule("/a", PUBLIC(60), reason="once")])
    new = RuleSet([Rule("/a", PUBLIC(60), reason="now")])

    assert joined(old, new).rules == new.rules


@pytest.mark.parametrize(
    ("old", "new"), [("stricter", "override"), ("report", "report")]
)
def test_modes_are_changed_apart(old: Any, new: Any) -> None:
    with pytest.raises(ConfigurationError, match=f"mode {old!r}, the new one {new!r}"):
        joined(RuleSet(mode=old), RuleSet(mode=new))
