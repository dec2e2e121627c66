"""Properties of ``predict``, and the link to the product: what leaves is not reused.

Examples are the other files'. A random response is handed to ``decide`` and what
leaves then is handed to every cache there is.
"""

from typing import Any

import pytest
from core_strategies import field_lists, requests
from hypothesis import example, given, settings
from hypothesis import strategies as st
from reuse_driver import NOT_STORED, NOW, REUSED, case, worst

from asgi_nocache import (
    LEGACY_2014,
    NO_STORE,
    NO_STORE_EDGE,
    NO_STORE_MINIMAL,
    PUBLIC,
    Policy,
    RequestFacts,
    ResponseFacts,
    decide,
)
from asgi_nocache._core.rules import RuleSet
from asgi_nocache.reuse import Exchange, Outcome, predict

READ = [
    *(b"Cache-Control", b"cache-control", b"CDN-Cache-Control", b"Edge-Control"),
    *(b"Surrogate-Control", b"X-Accel-Expires", b"Expires", b"Date", b"Last-Modified"),
    *(b"Age", b"Vary", b"ETag", b"Pragma", b"Content-Location", b"Content-Range"),
    *(b"Range", b"If-Range", b"Host", b"Authorization", b"No-Vary-Search", b"X"),
]
WORDS = [
    *(b"no-store", b"no-cache", b"private", b"public", b"max-age=60", b"s-maxage="),
    *(b"must-understand", b"stale-while-revalidate=60", b"only-if-cached", b'"', b"\\"),
    *(b",", b"=", b";", b" ", b"\t", b"(", b")", b"?0", b":", b"*", b"9" * 30, b"\xff"),
    *(b"Sun, 22 Nov 2026 12:01:00 GMT", b"Sunday, 22-Nov-26 12:01:00 +9999999999999"),
    *(b"Mon, 01 Jan 0001 00:00:00 -0000", b"Fri, 31 Dec 9999 23:59:60 GMT", b"bytes 0"),
    *(b"bytes=0-9", b"bytes 0-9/10", b"http://[", b"//", b"/a", b"X", b"@", b"\x00"),
]
values = st.binary(max_size=30) | st.lists(st.sampled_from(WORDS), max_size=6).map(
    b"".join
)
names = st.sampled_from(READ) | st.binary(max_size=5)
lines = st.lists(st.tuples(names, values), max_size=6)
targets = st.sampled_from(["/a", "/%61", "*", "", "http://h/a", "http://["]) | st.text()
asked = st.builds(
    RequestFacts,
    st.sampled_from(["GET", "GET", "HEAD", "POST", "PUT", ""]),
    targets,
    lines,
    scheme=st.sampled_from(["http", "https", "", "x"]),
)
statuses = st.sampled_from([200, 200, 206, 301, 304, 404, 503]) | st.integers(0, 999)
answered = st.builds(ResponseFacts, statuses, lines)
exchanges = st.builds(Exchange, asked, answered)
caches = st.sampled_from(["private", "shared"])
seconds = st.sampled_from([0.0, 0.5, 10.0, 61.0, 1e9]) | st.floats(0, 1e300)
moments = st.sampled_from([0.0, NOW, 1e12]) | st.floats(0, 1e300)


@given(exchanges, asked, caches, seconds, moments, st.booleans())
@settings(max_examples=500)
def test_it_never_raises(
    stored: Exchange,
    request: RequestFacts,
    cache: Any,
    age: float,
    now: float,
    odd: bool,
) -> None:
    """Whatever bytes there are, and whatever the two evaluations make of them."""
    same = stored.request if odd else request
    given = {"cache": cache, "elapsed": age, "response_time": now}
    meant = predict(stored, same, **given)
    loosest = predict(stored, same, **given, worst_case=True)

    assert meant.lifetime >= 0
    assert loosest.lifetime >= 0
    assert loosest.outcome.rank >= meant.outcome.rank
    assert (meant, loosest) == (
        predict(stored, same, **given),
        predict(stored, same, **given, worst_case=True),
    )


@given(exchanges, caches, seconds)
@settings(max_examples=300)
def test_time_only_takes_away(stored: Exchange, cache: Any, age: float) -> None:
    """What is reused now was reused before."""
    for odd in (False, True):
        first, then = (
            predict(
                *(stored, stored.request),
                cache=cache,
                response_time=NOW,
                worst_case=odd,
                elapsed=elapsed,
            )
            for elapsed in (age / 2, age)
        )
        assert first.outcome.rank >= then.outcome.rank


quiet = lines.map(
    lambda pairs: [
        (name, value)
        for name, value in pairs
        if not name.lower().endswith((b"-control", b"-expires"))
    ]
)


@given(asked, quiet, statuses, caches, st.booleans())
@settings(max_examples=200)
def test_one_clean_line_is_enough(
    request: RequestFacts, rest: Any, status: int, cache: Any, odd: bool
) -> None:
    """``no-store, private`` alone keeps everything out, whatever else is sent."""
    only = [(b"cache-control", b"no-store, private"), *rest]
    stored = Exchange(request, ResponseFacts(status, only))
    found = predict(
        *(stored, request), cache=cache, elapsed=0, response_time=NOW, worst_case=odd
    )

    if odd and any(name.lower() == b"no-vary-search" for name, _ in rest):
        assert found.outcome.rank < REUSED.rank
    else:
        assert found.outcome in (NOT_STORED, Outcome.FORWARDED)
    if not odd:
        assert found.outcome is NOT_STORED


def leaving(policy: Policy, request: RequestFacts, response: ResponseFacts) -> Exchange:
    """Return the exchange as a cache before the app sees it."""
    decision = decide(request, response, RuleSet(default=policy), now=NOW)
    fields = tuple(decision.apply(response.fields))
    return Exchange(request, ResponseFacts(response.status, fields))


final = st.sampled_from([200, 206, 301, 302, 304, 404, 410, 503]) | st.integers(
    200, 599
)
from_apps = st.builds(ResponseFacts, final, field_lists | lines)
times = st.sampled_from([0.0, 10.0, 1e9])


def least(stored: Exchange, then: RequestFacts, **options: Any) -> bool:
    """Tell whether the origin is asked, and without a condition."""
    found = predict(stored, then, response_time=NOW, **options)
    return found.outcome in (NOT_STORED, Outcome.FORWARDED)


@pytest.mark.parametrize("policy", [NO_STORE, LEGACY_2014, NO_STORE_EDGE], ids=repr)
@given(request=requests | asked, response=from_apps, then=requests | asked, age=times)
@settings(max_examples=200)
def test_never_store_holds_everywhere(
    policy: Policy,
    request: RequestFacts,
    response: ResponseFacts,
    then: RequestFacts,
    age: float,
) -> None:
    """In no known cache, in its worst case, for no request and at no time."""
    stored = leaving(policy, request, response)

    for cache in ("private", "shared"):
        for asks in (request, then):
            for odd in (False, True):
                options: dict[str, Any] = {"elapsed": age, "worst_case": odd}
                assert least(stored, asks, cache=cache, **options)


@given(request=requests | asked, response=from_apps, age=times)
@example(RequestFacts(), ResponseFacts(200, [(b"cache-control", b"public")]), 0.0)
@settings(max_examples=200)
def test_the_minimal_set_holds_where_it_is_said_to(
    request: RequestFacts, response: ResponseFacts, age: float
) -> None:
    """In private caches, and in conforming ones."""
    stored = leaving(NO_STORE_MINIMAL, request, response)

    assert least(stored, request, cache="private", elapsed=age, worst_case=True)
    assert least(stored, request, cache="private", elapsed=age)
    assert least(stored, request, cache="shared", elapsed=age)


def test_those_properties_can_fail() -> None:
    """The negative twins: a shared cache beside the minimal set, and ``PUBLIC``."""
    request, response = RequestFacts(), ResponseFacts()
    shared: dict[str, Any] = {"cache": "shared", "elapsed": 0, "worst_case": True}

    assert not least(leaving(NO_STORE_MINIMAL, request, response), request, **shared)
    assert not least(leaving(PUBLIC(60), request, response), request, **shared)
    assert worst(case("no-store, private", "CDN-Cache-Control: x")).outcome is REUSED
