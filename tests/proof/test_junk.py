"""Junk: whatever an app sends, one plain line leaves, and no cache misreads it.

Both sides are read here by readers of their own, apart from the package: what the
app meant, as RFC 9111 has it, and the most that any known cache could take the
line that leaves for. Which junk is told apart how is test_directives.py's.
"""

from __future__ import annotations

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from worst_case import FOREVER, Reading, is_plain, meant, no_looser, worst

from asgi_nocache import (
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
    decide,
)

POLICIES = [
    NO_STORE,
    NO_STORE_EDGE,
    REVALIDATE,
    PRIVATE(max_age=600),
    PUBLIC(max_age=600, s_maxage=900, immutable=True, stale_while_revalidate=60),
    Policy(CacheControl(no_cache=True, max_age=0), "NO_CACHE"),
    Policy(CacheControl(max_age=600, must_revalidate=True), "BRIEF"),
]
TABLE: list[list[bytes]] = [
    [b"max-age=1, max-age=3600"],
    [b"max-age=3600", b"max-age=1"],
    [b"max-age=3600", b"MAX-AGE=1", b"max-age=7200"],
    [b"no-store, max-age=3600"],
    [b"max-age=3600, no-store"],
    [b"no-store, public"],
    [b"no-store", b"public, max-age=3600"],
    [b"no-cache", b"public"],
    [b"public, private, max-age=3600"],
    [b"private, s-maxage=3600"],
    [b"NO-STORE, max-age=60"],
    [b"No-Store"],
    [b"Private, max-age=60"],
    [b"no-store=1"],
    [b'no-store="x", max-age=60'],
    [b"no-store=, max-age=60"],
    [b'ext="a, no-store", max-age=60'],
    [b'ext="a, max-age=9999", max-age=60'],
    [b'ext="public", private'],
    [b"no-store;max-age=3600"],
    [b"no-cache; no-store; must-revalidate"],
    [b"private; max-age=3600"],
    [b"no-cache no-store private"],
    [b"Cache-Control: no-store"],
    [b'private="x", max-age=60'],
    [b'no-cache="set-cookie", max-age=60'],
    [b'no-cache="set-cookie'],
    [b'max-age=60, ext="a, no-store'],
    [b'max-age=60, ext="', b"no-store"],
    [b'"', b"public, max-age=3600"],
    [b'max-age="3600"'],
    [b"max-age= 3600"],
    [b"max-age =3600"],
    [b"max-age=3600.5"],
    [b"max-age=abc"],
    [b"max-age=100a"],
    [b"max-age=-1"],
    [b"max-age=+5"],
    [b"max-age=99999999999999999999"],
    [b"max-age"],
    [b"max-age=\xb2"],
    [b"s-maxage=x, max-age=60"],
    [b"", b""],
    [b",, ,\t,"],
    [b"max-age=60,, ,no-cache,"],
    [b"\xff\xfe, no-store"],
    [b"no-store\xa0"],
    [b"\xa0public, max-age=3600"],
    [b"no-store\0, max-age=60"],
    [b"public\x1c, max-age=3600"],
    [b"max-age=60\r\nx-injected: 1"],
    [b"ext=a\r\nset-cookie: b=c, max-age=60"],
    [b"x" * 10_000 + b", no-store"],
    [b"max-age=60, " + b"ext=1, " * 1500],
    [b"max-age=" + b"9" * 10_000],
    [b'"' * 9_999 + b", no-store"],
    [b"must-understand, no-store, max-age=60"],
    [b"post-check=0, pre-check=0"],
]


def emitted(
    policy: Policy, lines: list[bytes], name: bytes = b"cache-control"
) -> bytes:
    """Return the line that leaves, having checked that it is one and plain."""
    fields = ((b"x-a", b"1"), *((name, line) for line in lines))
    after = decide(RequestFacts(), ResponseFacts(200, fields), policy).apply(fields)
    (value,) = [v for k, v in after if k.lower() == b"cache-control"]
    assert (b"cache-control", value) in after
    return value


@pytest.mark.parametrize("policy", POLICIES, ids=repr)
@pytest.mark.parametrize("lines", TABLE, ids=lambda lines: repr(lines)[:50])
@pytest.mark.parametrize("turned", [False, True], ids=["", "reversed"])
def test_one_plain_line_no_looser_than_either_side(
    policy: Policy, lines: list[bytes], turned: bool
) -> None:
    """As the worst cache reads it, against what app and policy meant."""
    lines = lines[::-1] if turned else lines
    value = emitted(policy, lines)

    assert is_plain(value)
    assert no_looser(worst(value), meant([str(policy.cache_control).encode()]))
    assert no_looser(worst(value), meant(lines))


@pytest.mark.parametrize("lines", TABLE, ids=lambda lines: repr(lines)[:50])
def test_junk_under_the_default_is_the_default(lines: list[bytes]) -> None:
    """To the byte."""
    assert emitted(NO_STORE, lines) == NO_STORE.fields[0][1]


_noise = st.binary(max_size=30)
_tokens = st.sampled_from(
    b'no-store|NO-STORE|private|no-cache|public|max-age=60|max-age=9999|s-maxage=9|"|'
    b'ext="a, no-store"|max-age="9"|immutable|no-store=1|;|, |,|=| |\0|\xff'.split(b"|")
)
_lines = st.lists(
    st.lists(_tokens | _noise, max_size=8).map(b",".join)
    | st.lists(_tokens | _noise, max_size=8).map(b"".join),
    max_size=3,
)


@given(_lines, st.sampled_from(POLICIES))
@settings(max_examples=700, deadline=None)
def test_any_bytes(lines: list[bytes], policy: Policy) -> None:
    """Never an exception, and never more than either side."""
    assume(lines != [b"no-cache"])  # Flask's send_file says so of every file
    value = emitted(policy, lines)

    assert is_plain(value)
    assert no_looser(worst(value), meant([str(policy.cache_control).encode()]))
    assert no_looser(worst(value), meant(lines))


@given(_lines, st.sampled_from([b"pragma", b"expires", b"surrogate-control"]))
@settings(max_examples=300, deadline=None)
def test_any_bytes_in_the_fields_beside(lines: list[bytes], name: bytes) -> None:
    """They are read, too, and tighten only."""
    fields = tuple((name, line) for line in lines)
    for policy in POLICIES:
        after = decide(RequestFacts(), ResponseFacts(200, fields), policy).apply(fields)
        (value,) = [v for k, v in after if k == b"cache-control"]
        assert is_plain(value)
        assert no_looser(worst(value), meant([str(policy.cache_control).encode()]))


# The readers can fail


@pytest.mark.parametrize(
    ("value", "reading"),
    [
        (b"no-store, public", Reading(FOREVER, FOREVER)),
        (b"NO-STORE, max-age=60", Reading(60, 60)),
        (b'max-age=60, ext="a, max-age=9"', Reading(60, 60)),
        (b'max-age=9, ext="a, max-age=60"', Reading(60, 60)),
        (b"no-store=1, max-age=60", Reading(60, 60)),
        (b"no-cache, max-age=60", Reading(0, 60)),
        (b"private, s-maxage=9, max-age=60", Reading(60, -1)),
    ],
)
def test_the_worst_reader_finds_what_is_wrong(value: bytes, reading: Reading) -> None:
    """The negative twin: sent as it is, such a line would be misread."""
    assert worst(value) == reading


@pytest.mark.parametrize("policy", [NO_STORE_MINIMAL, LEGACY_2014], ids=repr)
def test_without_private_a_shared_cache_may_misread(policy: Policy) -> None:
    """Fastly heeds no no-store: the reason why the default says more than that."""
    shared = worst(policy.fields[0][1]).shared

    assert shared == (FOREVER if policy is NO_STORE_MINIMAL else 0)
    assert worst(NO_STORE.fields[0][1]) == Reading(-1, -1)
