"""Side channels: no field beside Cache-Control says more than was decided.

Every field that outranks it somewhere, in any order, number and letter case, in
each mode and at each level; what one field becomes to the byte is test_edits.py's.
"""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asgi_nocache import (
    APP_DECIDES,
    NO_STORE,
    PRIVATE,
    PUBLIC,
    REVALIDATE,
    Policy,
    RequestFacts,
    ResponseFacts,
    decide,
)
from asgi_nocache._core.rules import RuleSet

Lines = list[tuple[bytes, bytes]]

#: The levels, by a policy that is at them.
LEVELS: dict[str, Policy] = {
    "(2,2)": NO_STORE,
    "(1,2)": REVALIDATE,
    "(0,2)": PRIVATE(max_age=60),
    "(0,0)": PUBLIC(max_age=60),
}
#: What says "no" in each, at shared level 2; ``None``: it goes.
NO: dict[bytes, bytes | None] = {
    b"cdn-cache-control": b"no-store",
    b"cloudflare-cdn-cache-control": b"no-store",
    b"vercel-cdn-cache-control": b"no-store",
    b"netlify-cdn-cache-control": b"no-store",
    b"surrogate-control": b"no-store, max-age=0",
    b"x-accel-expires": b"0",
    b"edge-control": b"no-store",
    b"no-vary-search": None,
}
LOOSER = {
    b"x-accel-expires": b"86400",
    b"edge-control": b"cache-maxage=86400, max-age=86400",
    b"no-vary-search": b"params",
}
STRICTER = {
    b"x-accel-expires": b"5",
    b"no-vary-search": b'params=("utm")',
}
#: What is kept whatever is decided: it outranks nothing.
BESIDE: Lines = [
    (b"Age", b"7"),
    (b"Vary", b"Accept"),
    (b"ETag", b'"1"'),
    (b"Surrogate-Key", b"a b"),
    (b"Cache-Tag", b"a"),
    (b"Date", b"Sun, 06 Nov 1994 08:49:37 GMT"),
]
MODES = ["stricter", "override", "if-missing"]
names = pytest.mark.parametrize("name", NO, ids=bytes.decode)
levels = pytest.mark.parametrize("level", LEVELS)
modes = pytest.mark.parametrize("mode", MODES)


def left(policy: Policy, lines: Lines, **options: Any) -> Lines:
    rules = RuleSet(default=policy, **options)
    return decide(RequestFacts(), ResponseFacts(200, tuple(lines)), rules).apply(lines)


def values(lines: Lines, name: bytes) -> list[bytes]:
    return [v for k, v in lines if k.lower() == name]


def expected(name: bytes, value: bytes, level: str) -> list[bytes]:
    """Return what design section 4 lets stand of one line."""
    if level != "(0,0)":
        no = NO[name]
        return [] if no is None else [no]
    if value == LOOSER.get(name, b"max-age=86400") and name != b"no-vary-search":
        return [b"60" if name == b"x-accel-expires" else b"max-age=60"]
    return [value]


def spellings(name: bytes) -> list[bytes]:
    return [name, name.title(), name.upper()]


@names
@levels
@pytest.mark.parametrize("mode", ["stricter", "override"])
@pytest.mark.parametrize("what", [LOOSER, STRICTER], ids=["looser", "stricter"])
def test_one_side_field(name: bytes, level: str, mode: str, what: Any) -> None:
    """Shared level 2: its own no; below: kept if it is no looser, else replaced."""
    usual = b"max-age=86400" if what is LOOSER else b"max-age=5"
    value = what.get(name, usual)
    control = (b"Cache-Control", b"max-age=3600")
    for spelled in spellings(name):
        line = (spelled, value)
        for lines in ([line], [line, control], [control, line]):
            after = left(LEVELS[level], lines, mode=mode)
            assert values(after, name) == expected(name, value, level)


@names
@levels
def test_a_side_field_is_an_answer_under_if_missing(name: bytes, level: str) -> None:
    """The whole group counts; but what only widens a match sets no caching."""
    lines = [(name.title(), LOOSER.get(name, b"max-age=86400"))]
    after = left(LEVELS[level], lines, mode="if-missing")

    if name == b"no-vary-search":
        assert values(after, name) == expected(name, lines[0][1], level)
    else:
        assert after == lines


@names
@levels
def test_a_guard_speaks_last_under_if_missing(name: bytes, level: str) -> None:
    """A cookie that is set shuts shared caches out, whatever the app's fields say."""
    lines = [(name.title(), LOOSER.get(name, b"max-age=86400")), (b"Set-Cookie", b"a")]
    after = left(LEVELS[level], lines, mode="if-missing")

    assert values(after, name) == expected(name, b"", "(0,2)")


@names
@levels
def test_report_leaves_all_as_it_is(name: bytes, level: str) -> None:
    """And proposes what would be done."""
    lines = [(name.upper(), b"max-age=86400"), (name, b"max-age=1"), *BESIDE]

    assert left(LEVELS[level], lines, mode="report") == lines


@names
@modes
def test_app_decides_leaves_all_as_it_is(name: bytes, mode: str) -> None:
    """Unless something raises it."""
    lines = [(name.title(), b"86400"), (b"CACHE-CONTROL", b"Public")]

    assert left(APP_DECIDES, lines, mode=mode) == lines
    raised = left(APP_DECIDES, [*lines, (b"set-cookie", b"a")], mode=mode)
    assert values(raised, name) == expected(name, b"", "(0,2)")


@levels
@modes
def test_what_outranks_nothing_is_left_alone(level: str, mode: str) -> None:
    """Age, Vary, validators and tags keep their bytes and their order."""
    lines = [(b"CDN-Cache-Control", b"max-age=9"), *BESIDE, (b"Pragma", b"x")]

    assert [
        line for line in left(LEVELS[level], lines, mode=mode) if line in BESIDE
    ] == BESIDE


@levels
@pytest.mark.parametrize("mode", ["stricter", "override"])
@pytest.mark.parametrize("name", [b"expires", b"pragma"])
@pytest.mark.parametrize("count", [1, 3])
def test_expires_and_pragma_are_the_policy_s(
    level: str, mode: str, name: bytes, count: int
) -> None:
    """None of the app's stays, in any letter case; never-store brings its own."""
    future = b"Thu, 01 Jan 2099 00:00:00 GMT"
    lines = [(spelled, future) for spelled in spellings(name)[:count]]
    policy = LEVELS[level]

    assert values(left(policy, lines, mode=mode), name) == values(
        [*policy.fields], name
    )


_side = st.tuples(
    st.sampled_from([s for name in NO for s in spellings(name)]),
    st.sampled_from(
        b"max-age=86400|max-age=5|no-store|no-cache|private|86400|5|0|off|@1|none|"
        b'max-age="86400"|max-age=5, max-age=86400|no-store=1, max-age=86400|'
        b"NO-STORE, max-age=86400|public|params|max-age=86400;no-store||\xff".split(
            b"|"
        )
    ),
)
_other = st.tuples(
    st.sampled_from([b"Cache-Control", b"EXPIRES", b"pragma", b"x-a"]),
    st.sampled_from([b"public, max-age=86400", b"0", b"no-cache"]),
)


def lifetime(name: bytes, value: bytes) -> float:
    """Return the longest that any shared cache could take a side field for.

    Written apart from the package: what is not a plain no is a lifetime, and of
    several numbers the greatest counts.
    """
    text = value.decode("latin-1")
    if name == b"x-accel-expires":
        return int(text) if text.isdigit() else float("inf")
    if text in ("no-store", "no-store, max-age=0", "private", "no-cache"):
        return 0
    if text == "no-cache, max-age=0":
        return 0
    numbers = [part.partition("=") for part in text.split(", ")]
    if all(key == "max-age" and n.isdigit() for key, _, n in numbers):
        return max(int(n) for _, _, n in numbers)
    return float("inf")


@given(
    st.lists(_side | _other, max_size=7),
    st.sampled_from([*LEVELS]),
    st.sampled_from(["stricter", "override"]),
)
@settings(max_examples=500, deadline=None)
def test_no_shared_cache_gets_more_than_was_decided(
    lines: Lines, level: str, mode: Any
) -> None:
    """Any order, number and letter case; and one pass is enough."""
    after = left(LEVELS[level], lines, mode=mode)
    limit = 60 if level == "(0,0)" else 0

    for name, value in after:
        key = name.lower()
        if key in NO and key != b"no-vary-search":
            assert lifetime(key, value) <= limit
    assert level == "(0,0)" or not values(after, b"no-vary-search")
    assert left(LEVELS[level], after, mode=mode) == after


@given(st.lists(_side, max_size=5, unique_by=lambda line: line[0]))
@settings(max_examples=200, deadline=None)
def test_stricter_never_loosens_a_side_field(lines: Lines) -> None:
    """What the app said no to stays no, however oddly it said so."""
    after = left(PUBLIC(max_age=60), lines)
    for name in {k.lower() for k, _ in lines}:
        said = values(lines, name)
        if name == b"x-accel-expires":
            assert b"0" not in said or values(after, name) == [b"0"]
        elif name != b"no-vary-search" and b"no-store" in said:
            assert values(after, name)[0].startswith(b"no-store")


@pytest.mark.parametrize(
    "value",
    [
        b"max-age=5, cache-maxage=1d",
        b"max-age=5, !no-store",
        b"downstream-ttl=1d, max-age=5",
    ],
)
def test_what_only_akamai_reads_does_not_stay(value: bytes) -> None:
    """Its own directives outrank the standard ones beside them."""
    after = left(PUBLIC(max_age=60), [(b"Edge-Control", value)])

    assert values(after, b"edge-control") == [b"max-age=5"]
