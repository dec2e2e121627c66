"""RFC 9111 section 4.2.1: how long a response is fresh, and ``no-cache``.

Heuristics and ages are test_reuse_ages.py's, the forms of dates test_reuse_dates.py's,
what may be served stale test_reuse_stale.py's.
"""

import pytest
from reuse_driver import (
    FORWARDED,
    NOW,
    REUSED,
    REVALIDATED,
    at,
    case,
    check,
    row,
    spec,
)

OLD = f"Last-Modified: {at(-1000)}"
FUTURE = f"Expires: {at(100)}"


def fresh(what: str, one, twin):
    return row("9111 4.2.1", what, one, REUSED, twin, REVALIDATED)


LIFETIMES = [
    fresh("max-age", case("max-age=11"), case("max-age=9")),
    fresh("lifetime == age is stale", case("max-age=11"), case("max-age=10")),
    fresh("s-maxage first", case("max-age=1, s-maxage=60"), case("max-age=1")),
    fresh("s-maxage last", case("max-age=60"), case("max-age=60, s-maxage=1")),
    fresh(
        "s-maxage is not for private caches",
        case("s-maxage=1, max-age=60", cache="private"),
        case("s-maxage=60, max-age=1", cache="private"),
    ),
    fresh(
        "max-age before Expires",
        case("max-age=60", f"Expires: {at(-9)}"),
        case("max-age=1", FUTURE),
    ),
    fresh(
        "s-maxage before Expires",
        case("s-maxage=60", "Expires: 0"),
        case("s-maxage=1", FUTURE),
    ),
    fresh(
        "Expires if s-maxage is not meant",
        case("s-maxage=1", FUTURE, cache="private"),
        case("s-maxage=1", FUTURE),
    ),
    fresh("Expires", case(FUTURE), case(f"Expires: {at(10)}")),
    fresh(
        "Expires less Date",
        case(FUTURE, f"Date: {at(0)}"),
        case(FUTURE, f"Date: {at(95)}"),
    ),
    fresh("letter case", case("MAX-AGE=60"), case("MAX-AGE=6")),
    fresh(
        "the first on a line",
        case("max-age=60, max-age=1"),
        case("max-age=1, max-age=60"),
    ),
    fresh(
        "the first of lines",
        case("max-age=60", "max-age=1"),
        case("max-age=1", "max-age=60"),
    ),
    fresh(
        "the first s-maxage",
        case("s-maxage=60, s-maxage=1"),
        case("s-maxage=1", "s-maxage=60"),
    ),
    fresh(
        "the first, even if it is invalid",
        case("max-age=60, max-age=x"),
        case("max-age=x, max-age=60"),
    ),
    fresh("the first Expires", case(FUTURE, "Expires: 0"), case("Expires: 0", FUTURE)),
    fresh("quoted", case('max-age="60"'), case('max-age="6"')),
    fresh("quoted with a backslash", case('max-age="6\\0"'), case('max-age="60')),
    fresh("leading zeros", case("max-age=060"), case("max-age=006")),
    fresh("zero", case("max-age=60"), case("max-age=0", FUTURE, OLD)),
    *(
        fresh(f"invalid: {text!r}", case("max-age=60", OLD), case(text, FUTURE, OLD))
        for text in [
            "max-age",
            "max-age=",
            "max-age=-1",
            "max-age=x",
            "max-age=60.5",
            "max-age= 60",
            "max-age='60'",
            "max-age=60s",
            "max-age=+60",
            'max-age=""',
            "max-age=6 0",
            "s-maxage=x, max-age=60",
            "s-maxage",
            "max-age=\u00b2",
        ]
    ),
    *(
        fresh(
            f"huge: {text[:30]}",
            case(text, elapsed=2**31 - 1),
            case(text, elapsed=2**31),
        )
        for text in [
            "max-age=2147483648",
            "max-age=99999999999",
            "max-age=" + "9" * 5000,
        ]
    ),
    fresh(
        "huge in a shared cache",
        case("s-maxage=" + "8" * 400, elapsed=1e9),
        case("s-maxage=" + "0" * 400, elapsed=1e9),
    ),
    fresh(
        "an unknown directive is none",
        case("max-age =1, max-age=60"),
        case("max-age=1 , max-age=60"),
    ),
    fresh(
        "Pragma of a response has no meaning",
        case("max-age=60", "Pragma: no-cache"),
        case("max-age=60, no-cache"),
    ),
]

NO_CACHE = [
    row(
        "9111 5.2.2.4",
        "no-cache",
        case("max-age=60, no-cache"),
        REVALIDATED,
        case("max-age=60"),
        REUSED,
    ),
    row(
        "9111 5.2.2.4",
        "letter case",
        case("max-age=60, No-Cache"),
        REVALIDATED,
        case("max-age=60, No-Cached"),
        REUSED,
    ),
    row(
        "9111 5.2.2.4",
        "over lines",
        case("max-age=60", "no-cache"),
        REVALIDATED,
        case("max-age=60", "x-no-cache"),
        REUSED,
    ),
    *(
        row(
            "9111 5.2.2.4",
            f"qualified: {form}",
            case(f"max-age=60, no-cache={form}"),
            REUSED,
            case(f"max-age=60, no-cache={form}, no-cache"),
            REVALIDATED,
        )
        for form in ['"set-cookie"', "set-cookie", '"a, b"']
    ),
    *(
        row(
            "9111 5.2.2.4",
            f"names nothing: {form}",
            case(f"max-age=60, no-cache={form}"),
            REVALIDATED,
            case('max-age=60, no-cache="a"'),
            REUSED,
        )
        for form in ['""', "", '" , "']
    ),
]


@pytest.mark.parametrize(("one", "outcome", "twin", "other"), LIFETIMES + NO_CACHE)
def test_freshness(one, outcome, twin, other) -> None:
    check(one, outcome, twin, other)


@pytest.mark.parametrize(
    ("lines", "lifetime"),
    [
        (["max-age=60"], 60),
        (["max-age=60, s-maxage=70"], 70),
        (["max-age=0", FUTURE], 0),
        ([FUTURE], 100),
        ([FUTURE, f"Date: {at(-20)}"], 120),
        ([f"Expires: {at(-20)}"], 0),
        (["Expires: 0", OLD], 0),
        ([OLD], 100),
        ([OLD, f"Date: {at(-500)}"], 50),
        ([], 0),
        (["no-cache, max-age=60"], 60),
        (["max-age=99999999999999999999"], 2**31),
    ],
)
def test_the_lifetime_is_told(lines: list[str], lifetime: float) -> None:
    """Whatever the age: it is the response's own."""
    assert spec(case(*lines)).lifetime == lifetime
    assert spec(case(*lines, elapsed=10_000)).lifetime == lifetime


def test_time_passes() -> None:
    """One stored response through its life; without a validator it ends elsewhere."""
    found = [
        spec(case("max-age=60", elapsed=seconds, etag=tag)).outcome
        for tag in (True, False)
        for seconds in (0, 59.9, 60, 1e12)
    ]

    assert found == [
        *(REUSED, REUSED, REVALIDATED, REVALIDATED),
        *(REUSED, REUSED, FORWARDED, FORWARDED),
    ]


def test_the_clock_counts_only_for_dates() -> None:
    """A response without any is as fresh in any year; the twin has one."""
    assert spec(case("max-age=60", now=0)) == spec(case("max-age=60", now=1e300))
    assert spec(case(FUTURE, now=NOW)) != spec(case(FUTURE, now=0))
