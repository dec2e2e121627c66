"""Edits: what happens to a field list, to the byte."""

import pytest

from asgi_nocache import (
    APP_DECIDES,
    NO_STORE,
    NO_STORE_EDGE,
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
from asgi_nocache._core.edits import Edits
from asgi_nocache._core.rules import RuleSet

PUBLIC_60 = PUBLIC(max_age=60)
NO_CACHE = Policy(CacheControl(no_cache=True, max_age=0))
Lines = list[tuple[bytes, bytes]]


def after(policy: object, sent: Lines, **facts: object) -> Lines:
    request = RequestFacts(**facts)  # type: ignore[arg-type]
    response = ResponseFacts(fields=tuple(sent))
    return decide(request, response, policy).apply(sent)  # type: ignore[arg-type]


def values(lines: Lines, name: bytes) -> list[bytes]:
    return [v for k, v in lines if k == name]


def test_no_edits_change_nothing() -> None:
    """The same lines, in a list of their own."""
    lines = [(b"A", b"1")]

    assert Edits().apply(lines) == lines
    assert Edits().apply(lines) is not lines


def test_edits_remove_in_any_letter_case_and_append() -> None:
    """The other lines keep their bytes and order."""
    edits = Edits(frozenset({b"b"}), ((b"c", b"3"),))
    lines = [(b"B", b"1"), (b"A", b"2"), (b"b", b"4")]

    assert edits.apply(lines) == [(b"A", b"2"), (b"c", b"3")]
    assert len(lines) == 3


def test_replace_never_append() -> None:
    """One lower-case line leaves, however many came (RFC 9111 section 4.2.1)."""
    sent = [
        (b"Cache-Control", b"public, max-age=9"),
        (b"X-Other", b"1"),
        (b"CACHE-CONTROL", b"max-age=99"),
        (b"Pragma", b"cache"),
        (b"Expires", b"Thu, 01 Jan 2099 00:00:00 GMT"),
    ]

    assert after(NO_STORE, sent) == [(b"X-Other", b"1"), *NO_STORE.fields]


def test_no_transform_is_kept() -> None:
    """It concerns intermediaries, and only tightens (RFC 9111 5.2.2.6)."""
    sent = [(b"cache-control", b"max-age=60, no-transform")]
    (value, *_) = values(after(NO_STORE, sent), b"cache-control")

    assert value == b"no-store, no-cache, must-revalidate, private, max-age=0, " + (
        b"no-transform"
    )


def test_no_transform_is_never_added() -> None:
    """The negative twin."""
    sent = [(b"cache-control", b"max-age=60")]

    assert after(NO_STORE, sent) == list(NO_STORE.fields)


@pytest.mark.parametrize("app", [b"immutable", b"community=x", b"must-understand"])
def test_a_line_is_never_empty(app: bytes) -> None:
    """Where nothing that both allow is left, something strict is said."""
    lines = after(Policy(CacheControl(public=True)), [(b"cache-control", app)])

    assert all(values(lines, b"cache-control"))


# Fields that outrank Cache-Control


@pytest.mark.parametrize(
    ("name", "no", "revalidate", "shared"),
    [
        (b"cdn-cache-control", b"no-store", b"no-cache, max-age=0", b"max-age=60"),
        (b"x-cdn-cache-control", b"no-store", b"no-cache, max-age=0", b"max-age=60"),
        (b"surrogate-control", b"no-store, max-age=0", b"no-cache, max-age=0",
         b"max-age=60"),
        (b"edge-control", b"no-store", b"no-cache, max-age=0", b"max-age=60"),
        (b"x-accel-expires", b"0", b"0", b"60"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("level", ["no", "revalidate", "shared", "private"])
def test_a_looser_side_field_is_replaced(
    name: bytes, no: bytes, revalidate: bytes, shared: bytes, level: str
) -> None:
    """By the field's own word for the shared level (RFC 9213 section 2.2)."""
    policy, text = {
        "no": (NO_STORE, no),
        "revalidate": (NO_CACHE, revalidate),
        "shared": (PUBLIC_60, shared),
        "private": (PRIVATE(60), no),
    }[level]
    looser = b"600" if name == b"x-accel-expires" else b"public, max-age=600"

    assert values(after(policy, [(name.title(), looser)]), name) == [text]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        (b"cdn-cache-control", b"max-age=60"),
        (b"cdn-cache-control", b"s-maxage=5, max-age=600"),
        (b"cdn-cache-control", b"no-cache"),
        (b"surrogate-control", b"no-store"),
        (b"edge-control", b"private"),
        (b"x-accel-expires", b"60"),
        (b"x-accel-expires", b"0"),
    ],
)
def test_a_side_field_that_is_no_looser_is_kept(name: bytes, value: bytes) -> None:
    """The negative twin: to the byte."""
    lines = after(PUBLIC_60, [(name, value)])

    assert sorted(lines) == sorted([(name, value), *PUBLIC_60.fields])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        (b"cdn-cache-control", b""),
        (b"cdn-cache-control", b"public"),
        (b"cdn-cache-control", b"max-age=60, stale-while-revalidate=86400"),
        (b"cdn-cache-control", b"max-age=60, stale-if-error=86400"),
        (b"surrogate-control", b'content="ESI/1.0"'),
        (b"x-accel-expires", b"off"),
        (b"x-accel-expires", b"@1893456000"),
        (b"x-accel-expires", b""),
    ],
)
def test_a_side_field_that_permits_more(name: bytes, value: bytes) -> None:
    """A longer life, heuristics, or stale responses: all looser than 60 seconds."""
    lines = after(PUBLIC_60, [(name, value)])

    assert values(lines, name) == [b"60" if name[:1] == b"x" else b"max-age=60"]


@pytest.mark.parametrize(
    ("said", "left"),
    [([b"5", b"6"], b"5"), ([b"6", b"5"], b"5"), ([b"90", b"600"], b"60"),
     ([b"0", b"0"], b"0"), ([b"off", b"0"], b"0"), ([b"off", b"5"], b"5")],
)  # fmt: skip
def test_two_lines_of_a_side_field_become_one(said: list[bytes], left: bytes) -> None:
    """Caches differ in which of two they take, so it is the strictest that stays."""
    sent = [(b"X-Accel-Expires", value) for value in said]

    assert values(after(PUBLIC_60, sent), b"x-accel-expires") == [left]


@pytest.mark.parametrize(
    ("value", "left"),
    [
        (b"max-age=5, max-age=600", b"max-age=5"),
        (b'max-age="600"', b"max-age=0"),
        (b"max-age=5, no-store=1", b"no-store"),
        (b"no-store, max-age=600", b"no-store"),
        (b"NO-STORE, max-age=600", b"no-store"),
        (b'no-cache="x", max-age=600', b"no-cache, max-age=0"),
        (b"no-store;max-age=600", b"no-store"),
        (b'max-age=5, x="a, max-age=600"', b"max-age=5"),
    ],
)
def test_a_side_field_that_caches_read_differently(value: bytes, left: bytes) -> None:
    """What some of them would take for more does not stay, nor does it loosen."""
    lines = after(PUBLIC_60, [(b"CDN-Cache-Control", value)])

    assert values(lines, b"cdn-cache-control") == [left]


@pytest.mark.parametrize(
    ("policy", "value", "text"),
    [
        (Policy(CacheControl(public=True)), b"max-age=600", b"max-age=600"),
        (Policy(CacheControl(public=True)), b"public", b"public"),
        (PUBLIC(60, s_maxage=600), b"max-age=500", b"max-age=500"),
        (PUBLIC(60, s_maxage=600), b"max-age=700", b"max-age=600"),
    ],
)
def test_the_lifetime_that_a_side_field_is_held_to(
    policy: Policy, value: bytes, text: bytes
) -> None:
    """``s-maxage`` before ``max-age`` (RFC 9111 5.2.2.10); none sets no limit."""
    lines = after(policy, [(b"cdn-cache-control", value)])

    assert values(lines, b"cdn-cache-control") == [text]


@pytest.mark.parametrize(("policy", "kept"), [(NO_STORE, False), (PUBLIC_60, True)])
def test_no_vary_search(policy: Policy, kept: bool) -> None:
    """A stored response must not match other queries; removed where none may be."""
    name = b"no-vary-search"

    assert bool(values(after(policy, [(name, b"params")]), name)) is kept


def test_a_policy_s_own_side_field() -> None:
    """It replaces the app's, whether or not that was stricter."""
    own = Policy(CacheControl(max_age=60), beside=[("cdn-cache-control", "max-age=9")])  # type: ignore[arg-type]

    for sent in ([], [(b"cdn-cache-control", b"max-age=5")]):
        assert values(after(own, sent), b"cdn-cache-control") == [b"max-age=9"]


@pytest.mark.parametrize(
    ("floor", "text"),
    [(PRIVATE(60), b"no-store"), (NO_CACHE, b"no-cache, max-age=0"),
     (PUBLIC(5), b"max-age=5"), (PUBLIC(60), b"max-age=9")],
)  # fmt: skip
def test_a_policy_s_own_side_field_under_a_floor(floor: Policy, text: bytes) -> None:
    """It says no more than what was decided."""
    own = Policy(CacheControl(max_age=60), beside=[("cdn-cache-control", "max-age=9")])  # type: ignore[arg-type]
    rules = RuleSet([Rule(None, floor, floor=True)], default=own)

    assert values(after(rules, []), b"cdn-cache-control") == [text]


@pytest.mark.parametrize("name", [b"cdn-cache-control", b"surrogate-control"])
def test_app_decides_keeps_side_fields(name: bytes) -> None:
    """Unraised, the bytes go out as sent."""
    sent = [(name.title(), b"max-age=600"), (b"Cache-Control", b"Public")]

    assert after(APP_DECIDES, sent) == sent


# Validators, Vary, Clear-Site-Data


@pytest.mark.parametrize(("policy", "kept"), [(NO_STORE, True), (NO_STORE_EDGE, False)])
def test_validators(policy: Policy, kept: bool) -> None:
    """They stay, for PUT with If-Match, unless the policy strips them."""
    sent = [(b"ETag", b'"1"'), (b"Last-Modified", b"x")]

    assert (after(policy, sent)[:2] == sent) is kept


@pytest.mark.parametrize(
    ("vary", "sent", "left"),
    [
        (["Accept"], [], [b"Accept"]),
        (["Accept"], [b"Origin"], [b"Origin, Accept"]),
        (["Accept", "TE"], [b"Origin", b"Cookie"], [b"Origin, Cookie, Accept, TE"]),
        (["Accept"], [b"ACCEPT"], [b"ACCEPT"]),
        (["Accept"], [b"*"], [b"*"]),
        ([], [b"Origin"], [b"Origin"]),
    ],
)  # fmt: skip
def test_vary_is_merged(vary: list[str], sent: list[bytes], left: list[bytes]) -> None:
    """Never wiped; untouched where nothing is missing (RFC 9110 12.5.5)."""
    lines = [(b"vary", value) for value in sent]

    assert values(after(PUBLIC(60, vary=vary), lines), b"vary") == left


def test_vary_of_what_is_not_stored() -> None:
    """It would say nothing: the app's own stays as it is."""
    policy = Policy(CacheControl(no_store=True), vary=("Accept",))

    assert values(after(policy, [(b"vary", b"Origin")]), b"vary") == [b"Origin"]


@pytest.mark.parametrize(
    ("policy", "left"),
    [(PUBLIC_60, [b"Cookie, Authorization"]), (PRIVATE(60), []), (REVALIDATE, [])],
    ids=str,
)
def test_vary_by_credentials(policy: Policy, left: list[bytes]) -> None:
    """Where they let the selection differ and a shared cache may store."""
    rules = [Rule("/", NO_STORE, credentials=True), Rule("/", policy)]

    assert values(after(rules, []), b"vary") == left


LOGOUT = Policy(CacheControl(no_store=True), clear_site_data=True)


def test_clear_site_data() -> None:
    """A line of its own, over https."""
    sent = [(b"clear-site-data", b'"cookies"')]
    lines = after(LOGOUT, sent, scheme="https")

    assert values(lines, b"clear-site-data") == [b'"cookies"', b'"cache"']


@pytest.mark.parametrize(
    ("scheme", "status", "sent"),
    [("http", 200, b""), ("https", 304, b""), ("https", 200, b'"cache"'),
     ("https", 200, b'"*"')],
)  # fmt: skip
def test_no_clear_site_data(scheme: str, status: int, sent: bytes) -> None:
    """The negative twin: browsers ignore it there, or it is said already."""
    request = RequestFacts(scheme=scheme)
    response = ResponseFacts(status, ((b"clear-site-data", sent),) if sent else ())
    decision = decide(request, response, LOGOUT)

    assert b"clear-site-data" not in dict(decision.edits.add)


def test_side_fields_keep_their_order_the_second_time() -> None:
    """What is declared is written anew each time; the others stay where they are."""
    declared = Policy(
        CacheControl(public=True, max_age=60),
        "EDGE",
        beside=[("cdn-cache-control", "max-age=9"), ("x-accel-expires", "5")],
    )
    lines = [
        (b"cdn-cache-control", b""), (b"surrogate-control", b""), (b"expires", b"0")
    ]  # fmt: skip
    once = decide(RequestFacts(), ResponseFacts(200, lines), declared).apply(lines)
    again = decide(RequestFacts(), ResponseFacts(200, once), declared).apply(once)

    assert [name for name, _ in once[:2]] == [
        b"surrogate-control",
        b"cdn-cache-control",
    ]
    assert again == once


def test_nothing_said_is_stale_at_once_in_all_fields() -> None:
    """Else a side field that says nothing stays the first time, and goes the second."""
    rules = RuleSet(
        [Rule(None, NO_STORE, credentials=False)], mode="if-missing", guards=[]
    )
    lines = [(b"cache-control", b""), (b"surrogate-control", b"")]
    once = decide(RequestFacts(), ResponseFacts(200, lines), rules).apply(lines)
    again = decide(RequestFacts(), ResponseFacts(200, once), rules).apply(once)

    assert once[1:] == [
        (b"surrogate-control", b"max-age=0"), (b"cache-control", b"max-age=0")
    ]  # fmt: skip
    assert again == once


def test_our_own_line_is_not_taken_for_a_default_of_flask() -> None:
    """Exactly ``no-cache`` counts as nothing sent, so what was said must say more."""
    rules = RuleSet(default=PRIVATE(max_age=60), mode="if-missing")
    lines = [(b"cache-control", b"no-cache"), (b"cache-control", b"no-cache")]
    once = decide(RequestFacts(), ResponseFacts(200, lines), rules).apply(lines)
    again = decide(RequestFacts(), ResponseFacts(200, once), rules).apply(once)

    assert once == again == [(b"cache-control", b"no-cache, max-age=0")]
