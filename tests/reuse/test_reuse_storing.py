"""RFC 9111 section 3: which responses a cache may store at all.

Methods, statuses, ``must-understand`` and ``no-store``; whom a response is for is
test_reuse_sharing.py's. Each row is a requirement with its negative twin.
"""

import pytest
from reuse_driver import (
    FORWARDED,
    NOT_STORED,
    NOW,
    REUSED,
    REVALIDATED,
    at,
    case,
    check,
    row,
    spec,
)

FRESH = case("max-age=60")
PRIVATE = case("max-age=60", cache="private")
HERE = "Content-Location: /a"

METHODS = [
    *(
        row("9110 9.2.3", m, case("max-age=60", method=m), NOT_STORED, FRESH, REUSED)
        for m in ["PUT", "DELETE", "OPTIONS", "TRACE", "CONNECT", "FOO", "get"]
    ),
    row(
        "9111 3",
        "HEAD is understood",
        case("max-age=60", method="HEAD", then="HEAD"),
        REUSED,
        case("max-age=60", method="HEAD"),
        FORWARDED,
    ),
    row(
        "9110 9.3.3",
        "POST with its own location and explicit freshness",
        case("max-age=60", HERE, method="POST"),
        REUSED,
        case("max-age=60", method="POST"),
        NOT_STORED,
    ),
    row(
        "9110 9.3.3",
        "POST without explicit freshness",
        case(HERE, f"Last-Modified: {at(-1e6)}", method="POST"),
        NOT_STORED,
        case(HERE, f"Expires: {at(60)}", method="POST"),
        REUSED,
    ),
    row(
        "9110 9.3.3",
        "POST with s-maxage, which a private cache does not read",
        case("s-maxage=60", HERE, method="POST", cache="private"),
        NOT_STORED,
        case("s-maxage=60", HERE, method="POST"),
        REUSED,
    ),
    row(
        "9110 9.3.3",
        "POST that locates something else",
        case("max-age=60", "Content-Location: /b", method="POST"),
        NOT_STORED,
        case("max-age=60", "Content-Location: a", method="POST"),
        REUSED,
    ),
    row(
        "9110 9.3.3",
        "POST that locates another host",
        case("max-age=60", "Content-Location: http://o/a", method="POST"),
        NOT_STORED,
        case(
            "max-age=60",
            "Content-Location: HTTP://H:80/a",
            method="POST",
            sent=("Host: h",),
            asks=("Host: h",),
        ),
        REUSED,
    ),
    row(
        "9110 9.3.3",
        "POST with a location that is no URI",
        case("max-age=60", "Content-Location: http://[", method="POST"),
        NOT_STORED,
        case("max-age=60", HERE, method="POST", then="HEAD"),
        REUSED,
    ),
    row(
        "9110 9.3.3",
        "POST with two locations",
        case("max-age=60", HERE, HERE, method="POST"),
        NOT_STORED,
        case("max-age=60", HERE, method="POST"),
        REUSED,
    ),
    row(
        "9110 9.3.3",
        "a stored POST answers no POST",
        case("max-age=60", HERE, method="POST", then="POST"),
        FORWARDED,
        case("max-age=60", HERE, method="POST"),
        REUSED,
    ),
]

STATUSES = [
    *(
        row("9111 3", f"{s}", case("max-age=60", status=s), NOT_STORED, FRESH, REUSED)
        for s in [100, 101, 103, 199, 304]
    ),
    *(
        row(
            *("9111 3", f"{s} with explicit freshness"),
            *(case("max-age=60", status=s), REUSED),
            *(case(status=s), NOT_STORED),
        )
        for s in [201, 202, 299, 302, 303, 307, 400, 403, 418, 499, 500, 503, 599]
    ),
    *(
        row(
            *("9110 15.1", f"{s} is heuristically cacheable"),
            *(case(status=s), REVALIDATED),
            *(case(status=302), NOT_STORED),
        )
        for s in [200, 203, 204, 300, 301, 308, 404, 405, 410, 414, 501]
    ),
    row(
        "9110 15.1",
        "206 is heuristically cacheable",
        case(status=206),
        FORWARDED,
        case(status=207),
        NOT_STORED,
    ),
]

UNDERSTANDING = [
    row(
        "9111 5.2.2.3",
        "an unknown status",
        case("must-understand, max-age=60", status=599),
        NOT_STORED,
        case("max-age=60", status=599),
        REUSED,
    ),
    row(
        "9111 5.2.2.3",
        "a known one",
        case("must-understand, max-age=60", status=404),
        REUSED,
        case("must-understand, max-age=60", status=299),
        NOT_STORED,
    ),
    row(
        "9111 5.2.2.3",
        "no-store beside it is for the others",
        case("no-store, must-understand, max-age=60"),
        REUSED,
        case("no-store, max-age=60"),
        NOT_STORED,
    ),
    row(
        "9111 5.2.2.3",
        "no-store beside it, and an unknown status",
        case("must-understand, no-store, max-age=60", status=299),
        NOT_STORED,
        case("must-understand, no-store, max-age=60", status=200),
        REUSED,
    ),
    row(
        "9111 5.2.2.3",
        "the request's no-store is not meant",
        case("must-understand, max-age=60", sent=("no-store",)),
        NOT_STORED,
        case("must-understand, max-age=60"),
        REUSED,
    ),
]

NO_STORE = [
    *(
        row(
            *("9111 5.2.2.5", f"{text} in a {cache} cache"),
            *(case(*text.split("|"), cache=cache), NOT_STORED, PRIVATE, REUSED),
        )
        for cache in ("private", "shared")
        for text in [
            "no-store",
            "max-age=60, no-store",
            "NO-STORE, max-age=60",
            "max-age=60|No-Store",
            "public, s-maxage=60 ,\tno-store",
            'ext="a", no-store, max-age=60',
            "no-store=1, max-age=60",
            ",, no-store",
        ]
    ),
    row(
        "9111 5.2",
        "no-store inside quotes is no directive",
        case('ext="a, no-store, b", max-age=60'),
        REUSED,
        case('ext="a", no-store, b, max-age=60'),
        NOT_STORED,
    ),
    row(
        "9111 5.2",
        "a backslash keeps a quoted text open",
        case(r'ext="a\", no-store, b", max-age=60'),
        REUSED,
        case(r'ext="a\\", no-store, b, max-age=60'),
        NOT_STORED,
    ),
    row(
        "9111 5.2.3",
        "unknown directives are ignored",
        case("no-stored, x-no-store, max-age=60"),
        REUSED,
        case("no-stored, no-store, max-age=60"),
        NOT_STORED,
    ),
    row(
        "9111 5.2.1.5",
        "no-store in the request",
        case("max-age=60", sent=("no-store",)),
        NOT_STORED,
        case("max-age=60", sent=("no-transform",)),
        REUSED,
    ),
    row(
        "9111 5.2.1.5",
        "no-store in the request presented now does not matter",
        case("max-age=60", asks=("no-store",)),
        REUSED,
        case("max-age=60", sent=("No-Store",), asks=("no-store",)),
        NOT_STORED,
    ),
]


@pytest.mark.parametrize(
    ("one", "outcome", "twin", "other"),
    METHODS + STATUSES + UNDERSTANDING + NO_STORE,
)
def test_storing(one, outcome, twin, other) -> None:
    check(one, outcome, twin, other)


@pytest.mark.parametrize("cache", ["private", "shared"])
@pytest.mark.parametrize("status", range(100, 600))
def test_every_status_with_explicit_freshness(status, cache) -> None:
    """Section 3: any final one, but for 304; a part waits for a range."""
    found = spec(case("max-age=60", status=status, cache=cache)).outcome

    if status < 200 or status == 304:
        assert found is NOT_STORED
    else:
        assert found is (FORWARDED if status == 206 else REUSED)


def test_what_is_not_stored_has_no_lifetime() -> None:
    """And keeps none for later: the twin has one."""
    assert spec(case("no-store, max-age=60", now=NOW)).lifetime == 0
    assert spec(FRESH).lifetime == 60
