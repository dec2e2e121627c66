"""The promise of the export: an edge that follows the plan is never looser."""

import warnings
from typing import Any

import pytest
from hypothesis import given, note
from hypothesis import strategies as st

from asgi_nocache import (
    APP_DECIDES,
    LEGACY_2014,
    NO_STORE,
    NO_STORE_EDGE,
    NO_STORE_MINIMAL,
    PRIVATE,
    PUBLIC,
    REVALIDATE,
    CacheControl,
    Policy,
    RequestFacts,
    ResponseFacts,
    Rule,
    decide,
)
from asgi_nocache._core.fields import values
from asgi_nocache._core.guards import ALL_GUARDS
from asgi_nocache._core.policy import is_side_field
from asgi_nocache._core.rules import RuleSet
from asgi_nocache.export.compile import compile_plan
from asgi_nocache.export.evaluate import evaluate

CLOSED = [NO_STORE, NO_STORE_MINIMAL, NO_STORE_EDGE, LEGACY_2014]
POLICIES = [
    *CLOSED,
    REVALIDATE,
    PRIVATE(max_age=60),
    PUBLIC(max_age=60),
    PUBLIC(max_age=3600, s_maxage=10, immutable=True),
    PUBLIC(max_age=60, shared_with_credentials=True),
    APP_DECIDES,
    Policy(CacheControl(no_cache=True), "CHECK"),
    Policy(CacheControl(max_age=5), "BARE"),
]
PATTERNS = [
    "/**", "/a", "/a/**", "/a/b", "/a/*", "/a/*.css", "/{x:int}", "/a/{rest:path}",
    "/**/b", "/A/**", "/a.css", None, "/", "/a/", "/a b",
]  # fmt: skip
TARGETS = [
    "/", "/a", "/a/", "/a/b", "/A/b", "/a/b.css", "/a/x.css", "/a//b", "//a/b",
    "/a/../a/b", "/a%2fb", "/%61/b", "/a;x/b", "/a.css", "/a.css/", "/a.html", "/12",
    "/a/b/c.json", "/a%20b", "/a/b%20", "/a/b.", "/x?/a/b", "/a/.hidden", "/%2561/b",
    "/a/%C3%BC", "/a/b/..", "/a\\b",
]  # fmt: skip
WORDS = [
    None, "public, max-age=60", "public, max-age=30", "public, max-age=600",
    "max-age=30", "private, max-age=60", "private, max-age=30", "private",
    "private, max-age=9999", "no-store", "NO-STORE", "no-cache",
    str(NO_STORE.cache_control), str(REVALIDATE.cache_control), "public",
    "public, max-age=60, must-revalidate", "s-maxage=600", 'x="no-store"',
    "public, max-age=3600, s-maxage=10, immutable", "public,max-age=60", "junk",
    "max-age=60, public", "public, s-maxage=5",
]  # fmt: skip
TYPES = [None, "text/html; charset=utf-8", "application/json", "text/css", "IMAGE/png"]


rules = st.builds(
    lambda path, policy, **more: Rule(path, policy, **more),
    st.sampled_from(PATTERNS),
    st.sampled_from(POLICIES),
    methods=st.sampled_from([None, ["GET"], ["POST", "GET"]]),
    hosts=st.sampled_from([None, None, ["shop.example"]]),
    status=st.sampled_from([None, None, [200], range(400, 600)]),
    media_types=st.sampled_from([None, None, ["text/html", "image/*"]]),
    mode=st.sampled_from([None, "override"]),
    guards=st.sampled_from([None, None, []]),
)
floors = st.builds(
    lambda path, policy: Rule(path, policy, floor=True),
    st.sampled_from(PATTERNS),
    st.sampled_from(CLOSED),
)


def rule_set(given: list[Rule], default: Policy = NO_STORE, **more: Any) -> RuleSet:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        return RuleSet(given, default=default, **more)


sets = st.builds(
    rule_set,
    st.lists(rules | floors, max_size=4),
    st.sampled_from(CLOSED),
    guards=st.sampled_from([ALL_GUARDS, ALL_GUARDS - {"ambiguous_target"}]),
)
requests = st.builds(
    RequestFacts,
    st.sampled_from(["GET", "HEAD", "POST", "OPTIONS"]),
    st.sampled_from(TARGETS),
    st.lists(
        st.sampled_from(
            [(b"authorization", b"x"), (b"cookie", b"a=b"), (b"host", b"shop.example")]
        ),
        unique=True,
    ),
)


def fields_of(word: str | None, media: str | None, more: list[Any]) -> list[Any]:
    lines = [("cache-control", word), ("content-type", media)]
    sent = [(n.encode(), v.encode()) for n, v in lines if v is not None]
    return [*sent, *more]


responses = st.builds(
    ResponseFacts,
    st.sampled_from([200, 200, 204, 301, 404, 500]),
    st.builds(
        fields_of,
        st.sampled_from(WORDS),
        st.sampled_from(TYPES),
        st.lists(
            st.sampled_from(
                [
                    (b"set-cookie", b"a=b"),
                    (b"cdn-cache-control", b"max-age=99"),
                    (b"cdn-cache-control", b"no-store"),
                    (b"surrogate-control", b"max-age=5"),
                    (b"expires", b"Thu, 01 Jan 2037 00:00:00 GMT"),
                    (b"pragma", b"no-cache"),
                ]
            ),
            unique=True,
        ),
    ),
)


def side_fields(fields: Any) -> set[Any]:
    """Return what outranks Cache-Control and does not say no."""
    noes = {b"no-store", b"no-store, max-age=0", b"0"}
    return {(n, v) for n, v in fields if is_side_field(n.lower()) and v not in noes}


def said(fields: Any) -> CacheControl:
    return CacheControl.parse(values(tuple(fields), b"cache-control"))


@given(sets, requests, responses, st.booleans())
def test_whatever_the_app_sends(
    policy_set: RuleSet, request: RequestFacts, response: ResponseFacts, decodes: bool
) -> None:
    plan = compile_plan(policy_set, widen=True)
    decision = decide(request, response, policy_set, now=0)
    left = evaluate(plan, request, response, decodes=decodes)
    note(f"{policy_set.rules} {decision.reasons} {left.answer} {left.fields}")

    assert said(left.fields).covers(said(decision.apply(response.fields)))
    assert side_fields(left.fields) <= side_fields(decision.apply(response.fields))


@given(sets, requests, responses, st.booleans())
def test_behind_the_middleware(
    policy_set: RuleSet, request: RequestFacts, response: ResponseFacts, decodes: bool
) -> None:
    """What leaves the app already says what was decided."""
    plan = compile_plan(policy_set, widen=True)
    decision = decide(request, response, policy_set, now=0)
    behind = ResponseFacts(response.status, tuple(decision.apply(response.fields)))
    left = evaluate(plan, request, behind, decodes=decodes)
    note(f"{policy_set.rules} {decision.reasons} {left.answer} {left.fields}")

    assert said(left.fields).covers(said(behind.fields))
    assert len(values(tuple(left.fields), b"cache-control")) <= 1 or not left.answer.set


@pytest.mark.parametrize("lifetimes", [(3600, 10), (10, 3600), (60, 60)])
@pytest.mark.parametrize("kind", ["public, ", "", "private, "])
@pytest.mark.parametrize("seconds", [5, 10, 11, 60, 600, 3600, 9999])
def test_a_lifetime_for_shared_caches_limits_what_the_app_says(
    lifetimes: tuple[int, int], kind: str, seconds: int
) -> None:
    policy = PUBLIC(max_age=lifetimes[0], s_maxage=lifetimes[1])
    policy_set = RuleSet([Rule("/a", policy)])
    word = f"{kind}max-age={seconds}".encode()
    request = RequestFacts("GET", "/a")
    response = ResponseFacts(200, [(b"cache-control", word)])
    left = evaluate(compile_plan(policy_set), request, response)
    decision = decide(request, response, policy_set, now=0)

    assert said(left.fields).covers(said(decision.apply(response.fields)))
