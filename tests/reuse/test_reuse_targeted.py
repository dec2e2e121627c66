"""RFC 9213: ``CDN-Cache-Control``, which a shared cache reads first.

A dictionary of RFC 8941: what does not parse counts for nothing, and Cache-Control
and Expires decide. ``KEPT`` makes them say yes, ``REFUSED`` makes them say no.
"""

import pytest
from reuse_driver import (
    NOT_STORED,
    REUSED,
    REVALIDATED,
    Case,
    at,
    case,
    check,
    row,
    spec,
)

AUTH = ("Authorization: x",)
NAME = "CDN-Cache-Control"


def kept(*texts: str, **options) -> Case:
    return case("max-age=60", *(f"{NAME}: {text}" for text in texts), **options)


def refused(*texts: str, **options) -> Case:
    return case("no-store", *(f"{NAME}: {text}" for text in texts), **options)


def one(section: str, what: str, yes: Case, no: Case):
    return row(f"9213 {section}", what, yes, REUSED, no, NOT_STORED)


VALID = [
    one("2.2", "it decides alone", refused("max-age=60"), kept("no-store")),
    one(
        "2.2",
        "its letter case",
        case("no-store", "cdn-CACHE-control: max-age=60"),
        case("max-age=60", "CDN-CACHE-control: no-store"),
    ),
    one(
        "2.2",
        "other names do not count",
        refused("max-age=60"),
        case("no-store", "Example-CDN-Cache-Control: max-age=60"),
    ),
    one(
        "2.2",
        "not in a private cache",
        kept("no-store", cache="private"),
        refused("max-age=60", cache="private"),
    ),
    one(
        "2.2",
        "Authorization",
        refused("public, max-age=60", sent=AUTH),
        case("public", f"{NAME}: max-age=60", sent=AUTH),
    ),
    one(
        "2.2",
        "s-maxage before max-age",
        refused("s-maxage=60, max-age=1"),
        refused("max-age=1, s-maxage=60, private"),
    ),
    one("2.2", "private", refused("max-age=60"), kept("private, max-age=60")),
    one(
        "2.2",
        "private with names",
        refused('private="x", max-age=60'),
        kept('private="", max-age=60'),
    ),
    one(
        "2.2",
        "must-understand",
        refused("must-understand, max-age=60"),
        refused("must-understand, max-age=60", status=599),
    ),
    one(
        "2.2",
        "must-understand beside no-store",
        kept("no-store, must-understand, max-age=60"),
        case("must-understand", f"{NAME}: no-store, max-age=60"),
    ),
    one(
        "2.1",
        "unknown directives",
        refused('max-age=60, a=1.5, b="x", c=:YQ==:, d=?1'),
        refused('max-age=60, a=1.5, b="x", c=:YQ==, d=?1'),
    ),
    one(
        "2.1",
        "tokens, inner lists",
        refused('a=b/c:d, *z=(a "b";x  c );y=1, max-age=60'),
        refused('a=b/c:d, *z=(a "b";x  c ;y=1, max-age=60'),
    ),
    one(
        "2.1",
        "parameters are ignored",
        refused('max-age=60;no-store; a=1;b="c"'),
        kept("no-store;x=?0; y"),
    ),
    one("2.1", "several lines", refused("max-age=60", "a"), kept("a", "no-store")),
    one(
        "2.1", "white space", refused("  max-age=60\t, \t a  "), refused("max-age =60")
    ),
    one(
        "2.1",
        "a later duplicate counts",
        refused("no-store=?1, no-store=?0, max-age=60"),
        kept("no-store=?0, no-store"),
    ),
    one(
        "2.1",
        "not so",
        refused("no-store=?0, max-age=60"),
        kept("no-store=?1, max-age=60"),
    ),
]

INVALID = [
    one("2.1", f"ignored: {text!r}", kept(text), refused(text))
    for text in [
        "",
        " ",
        "no-store, max-age=60,",
        "no-store,, max-age=60",
        "No-Store",
        "Max-Age=60",
        "max-age=60, MAX-AGE=1",
        ", max-age=60",
        "max-age=",
        "max-age=60.",
        "max-age=1234567890123456",
        "max-age=60.1234",
        'a="b',
        'a="\xff"',
        'a="\\x"',
        "a=?2",
        "a=(b",
        "a=(b,c)",
        "a=@1",
        'a=%"x"',
        "a b",
        "a;B",
        "a ;b",
        "no-store;",
        "a=:ü:",
        "1=2",
        "\x00",
        "max-age=60 60",
        "private='x'",
    ]
]

TYPES = [
    row(
        "9213 2.1",
        f"no lifetime: {text!r}",
        refused("max-age=60"),
        REUSED,
        refused(text, f'x="{at(9)}"'),
        REVALIDATED,
    )
    for text in [
        'max-age="60"',
        "max-age=60.0",
        "max-age",
        "max-age=?1",
        "max-age=-60",
        "max-age=a60",
        "max-age=(60)",
        "max-age=:NjA=:",
        "max-age=60, max-age=x",
    ]
] + [
    row(
        "9213 2.1",
        f"names no fields: {text!r}",
        refused('no-cache="a", max-age=60'),
        REUSED,
        refused(f"{text}, max-age=60"),
        REVALIDATED,
    )
    for text in [
        "no-cache",
        "no-cache=a",
        'no-cache=("a")',
        "no-cache=1",
        "no-cache=?1",
    ]
]

FRESHNESS = [
    row(
        "9213 2.2",
        "Expires is ignored, too",
        case(f"Expires: {at(60)}"),
        REUSED,
        case(f"Expires: {at(60)}", f"{NAME}: public"),
        REVALIDATED,
    ),
    row(
        "9213 2.2",
        "Expires does not even allow storing",
        case(f"Expires: {at(60)}", status=302),
        REUSED,
        case(f"Expires: {at(60)}", f"{NAME}: none", status=302),
        NOT_STORED,
    ),
    row(
        "9213 3.1",
        "none leaves it to heuristics",
        refused("none", status=301),
        REVALIDATED,
        refused(status=301),
        NOT_STORED,
    ),
    row(
        "9213 3.1",
        "heuristics",
        case("no-store", f"{NAME}: none", f"Last-Modified: {at(-1000)}"),
        REUSED,
        case(f"{NAME}: none"),
        REVALIDATED,
    ),
    row(
        "9213 2.2",
        "no-cache",
        kept("no-cache, max-age=60"),
        REVALIDATED,
        kept("max-age=60"),
        REUSED,
    ),
    row(
        "9213 2.2",
        "the first of duplicates is Cache-Control's rule",
        kept("max-age=1, max-age=60"),
        REUSED,
        case("max-age=1, max-age=60"),
        REVALIDATED,
    ),
    row(
        "9213 2.2",
        "stale-while-revalidate",
        kept("max-age=5, stale-while-revalidate=5"),
        REUSED,
        kept("max-age=5, stale-while-revalidate=5, must-revalidate"),
        REVALIDATED,
    ),
    row(
        "9213 2.2",
        "the request's Cache-Control is as ever",
        refused("max-age=60", asks=("max-age=10",)),
        REUSED,
        refused("max-age=60", asks=("max-age=9",)),
        REVALIDATED,
    ),
]


@pytest.mark.parametrize(
    ("one", "outcome", "twin", "other"), VALID + INVALID + TYPES + FRESHNESS
)
def test_targeted(one, outcome, twin, other) -> None:
    check(one, outcome, twin, other)


def test_the_reason_names_the_field() -> None:
    """And Cache-Control where that decided."""
    assert "CDN-Cache-Control" in spec(kept("no-store")).reason
    assert "CDN-Cache-Control" not in spec(refused()).reason
