"""RFC 9111 sections 4.2.4, 4.3 and 5.2.1: staleness, validators, what clients ask.

Each row with its negative twin. How stale it is, is test_reuse_freshness.py's.
"""

import pytest
from reuse_driver import FORWARDED, REUSED, REVALIDATED, at, case, check, row

SWR = "max-age=5, stale-while-revalidate=5"


def stale(section: str, what: str, one, twin):
    return row(section, what, one, REUSED, twin, REVALIDATED)


def asks(*texts: str, cc: str = "max-age=60", **options):
    return case(cc, asks=texts, **options)


STALE = [
    stale("5861 3", "within the window", case(SWR), case("max-age=5")),
    stale("5861 3", "its end", case(SWR), case(SWR, elapsed=10.5)),
    stale("5861 3", "its window is a number", case(SWR), case(SWR + "x")),
    stale(
        "5861 3",
        "the first of two",
        case(SWR + ", stale-while-revalidate=0"),
        case("stale-while-revalidate=0, " + SWR),
    ),
    stale(
        "9111 4.2.4",
        "not with must-revalidate",
        case(SWR),
        case(SWR + ", must-revalidate"),
    ),
    stale(
        "9111 4.2.4",
        "not with proxy-revalidate",
        case(SWR + ", proxy-revalidate", cache="private"),
        case(SWR + ", proxy-revalidate"),
    ),
    stale(
        "9111 5.2.2.10",
        "not with s-maxage",
        case(SWR + ", s-maxage=5", cache="private"),
        case(SWR + ", s-maxage=5"),
    ),
    stale("9111 4.2.4", "not with no-cache", case(SWR), case(SWR + ", no-cache")),
    stale(
        "5861 4",
        "stale-if-error is for errors",
        case("max-age=11, stale-if-error=60"),
        case("max-age=5, stale-if-error=60"),
    ),
    stale(
        "9111 5.2.1.1",
        "not for who wants an age without max-stale",
        asks("max-age=60, max-stale=5", cc=SWR),
        asks("max-age=60", cc=SWR),
    ),
    stale(
        "9111 5.2.1.3",
        "not for who wants a margin",
        asks("min-fresh=0", cc=SWR),
        asks("min-fresh=1", cc=SWR),
    ),
]

MAX_STALE = [
    stale(
        "9111 5.2.1.2",
        "any age",
        asks("max-stale", cc="max-age=1", elapsed=1e9),
        asks("min-stale", cc="max-age=1", elapsed=1e9),
    ),
    stale(
        "9111 5.2.1.2",
        "so many seconds",
        asks("max-stale=5", cc="max-age=5"),
        asks("max-stale=4", cc="max-age=5"),
    ),
    stale(
        "9111 5.2.1.2",
        "quoted",
        asks('max-stale="5"', cc="max-age=5"),
        asks('max-stale="x"', cc="max-age=5"),
    ),
    stale(
        "9111 5.2.1.2",
        "invalid is not unlimited",
        asks("max-stale", cc="max-age=5"),
        asks("max-stale=", cc="max-age=5"),
    ),
    stale(
        "9111 4.2.4",
        "a heuristic lifetime",
        case(f"Last-Modified: {at(-50)}", asks=("max-stale=5",)),
        case(f"Last-Modified: {at(-50)}"),
    ),
    stale(
        "9111 5.2.2.2",
        "not with must-revalidate",
        asks("max-stale", cc="max-age=5"),
        asks("max-stale", cc="max-age=5, Must-Revalidate"),
    ),
    stale(
        "9111 5.2.2.8",
        "not with proxy-revalidate, if shared",
        asks("max-stale", cc="max-age=5, proxy-revalidate", cache="private"),
        asks("max-stale", cc="max-age=5, proxy-revalidate"),
    ),
    stale(
        "9111 5.2.2.10",
        "not with s-maxage, if shared",
        asks("max-stale", cc="s-maxage=5, max-age=5", cache="private"),
        asks("max-stale", cc="s-maxage=5"),
    ),
    stale(
        "9111 5.2.2.4",
        "not with no-cache",
        asks("max-stale", cc="max-age=5"),
        asks("max-stale", cc="max-age=5, no-cache"),
    ),
    stale(
        "9111 5.2.1.1",
        "max-age still bounds the age",
        asks("max-stale, max-age=10", cc="max-age=5"),
        asks("max-stale, max-age=9", cc="max-age=5"),
    ),
]

REQUEST = [
    stale("9111 5.2.1.1", "age == max-age", asks("max-age=10"), asks("max-age=9")),
    stale(
        "9111 5.2.1.1",
        "Age counts",
        case("max-age=60", "Age: 5", asks=("max-age=15",)),
        case("max-age=60", "Age: 6", asks=("max-age=15",)),
    ),
    stale("9111 5.2.1.1", "zero", asks("max-age=0", elapsed=0), asks("max-age=0")),
    stale("9111 5.2.1.1", "invalid is ignored", asks("max-age=x"), asks("max-age=1")),
    stale(
        "9111 5.2.1.1",
        "the first of two",
        asks("max-age=10, max-age=1"),
        asks("max-age=1, max-age=10"),
    ),
    stale(
        "9111 5.2.1.1",
        "it does not make stale fresh",
        asks("max-age=60"),
        asks("max-age=60", cc="max-age=5"),
    ),
    stale("9111 5.2.1.3", "the boundary", asks("min-fresh=50"), asks("min-fresh=51")),
    stale("9111 5.2.1.3", "huge", asks("min-fresh=x"), asks("min-fresh=" + "9" * 99)),
    stale(
        "9111 5.2.1.3",
        "it is no lifetime",
        asks("min-fresh=0"),
        asks("min-fresh=0", cc="max-age=10"),
    ),
    stale(
        "9111 5.2.1.3",
        "nothing stale has a margin",
        asks("max-stale", cc="max-age=5"),
        asks("max-stale, min-fresh=1", cc="max-age=5"),
    ),
    stale("9111 5.2.1.4", "no-cache", asks("x-no-cache"), asks("no-cache")),
    stale(
        "9111 5.2.1.4", "letter case, lines", asks("x=1", "y"), asks("x=1", "No-Cache")
    ),
    stale(
        "9111 5.2.1.4",
        "beside max-stale",
        asks("max-stale"),
        asks("max-stale, no-cache"),
    ),
    stale(
        "9111 5.2.1.5", "no-store is about storing", asks("no-store"), asks("no-cache")
    ),
    stale("9111 5.2.1.6", "no-transform", asks("no-transform"), asks("no-cache")),
    stale(
        "9111 5.2.1",
        "those of the stored request are over",
        case("max-age=60", sent=("no-cache, max-age=0",)),
        asks("no-cache, max-age=0"),
    ),
    stale("9111 5.4", "Pragma", asks("Pragma: x"), asks("Pragma: No-Cache")),
    stale(
        "9111 5.4",
        "not beside Cache-Control",
        asks("Pragma: no-cache", "max-age=60"),
        asks("Pragma: no-cache"),
    ),
    stale(
        "9111 5.4",
        "no other directive",
        asks("Pragma: max-age=0, no-store"),
        asks("Pragma: max-age=0, no-cache"),
    ),
]

VALIDATORS = [
    row(
        "9111 4.3.1",
        "ETag",
        case("max-age=1"),
        REVALIDATED,
        case("max-age=1", etag=False),
        FORWARDED,
    ),
    row(
        "9111 4.3.1",
        "Last-Modified",
        case("max-age=1", f"Last-Modified: {at(-9)}", etag=False),
        REVALIDATED,
        case("max-age=1", f"Date: {at(-9)}", etag=False),
        FORWARDED,
    ),
    row(
        "9111 4.3.1",
        "no-cache without a validator",
        case("no-cache", etag=False),
        FORWARDED,
        case("no-cache"),
        REVALIDATED,
    ),
    row(
        "9111 4.3.1",
        "a request's no-cache without one",
        asks("no-cache", etag=False),
        FORWARDED,
        asks("no-cache"),
        REVALIDATED,
    ),
    row(
        "9111 4.3.1",
        "a fresh one needs none",
        case("max-age=60", etag=False),
        REUSED,
        case(etag=False),
        FORWARDED,
    ),
    row(
        "9111 5.2.1.7",
        "only-if-cached and fresh",
        asks("only-if-cached"),
        REUSED,
        asks("only-if-cached", cc="max-age=1"),
        FORWARDED,
    ),
    row(
        "9111 5.2.1.7",
        "only-if-cached and stale",
        asks("Only-If-Cached", cc="max-age=1"),
        FORWARDED,
        asks("only-if-cachet", cc="max-age=1"),
        REVALIDATED,
    ),
    row(
        "9111 5.2.1.7",
        "with other constraints",
        asks("only-if-cached, max-age=1"),
        FORWARDED,
        asks("only-if-cached, max-age=10"),
        REUSED,
    ),
    row(
        "9111 5.2.1.7",
        "with max-stale",
        asks("only-if-cached, max-stale", cc="max-age=1"),
        REUSED,
        asks("only-if-cached, max-stale=1", cc="max-age=1"),
        FORWARDED,
    ),
    row(
        "9111 4.3.2",
        "preconditions are the cache's own affair",
        asks('If-None-Match: "1"', 'If-Match: "2"'),
        REUSED,
        asks('If-None-Match: "1"', "no-cache"),
        REVALIDATED,
    ),
]


@pytest.mark.parametrize(
    ("one", "outcome", "twin", "other"), STALE + MAX_STALE + REQUEST + VALIDATORS
)
def test_stale(one, outcome, twin, other) -> None:
    check(one, outcome, twin, other)
