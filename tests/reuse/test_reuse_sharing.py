"""RFC 9111 sections 3, 3.5 and 5.2.2.7: what a shared cache may store of whom.

``private``, ``public`` and Authorization, each with its negative twin; what allows
storing where the status does not.
"""

import pytest
from reuse_driver import NOT_STORED, REUSED, REVALIDATED, at, case, check, row

AUTH = ("Authorization: Basic eDp5",)

SHARING = [
    row(
        "9111 5.2.2.7",
        "private, in a shared cache",
        case("private, max-age=60"),
        NOT_STORED,
        case("private, max-age=60", cache="private"),
        REUSED,
    ),
    row(
        "9111 5.2.2.7",
        "letter case does not count",
        case("Private, max-age=60"),
        NOT_STORED,
        case("Privately, max-age=60"),
        REUSED,
    ),
    row(
        "9111 5.2.2.7",
        "private outweighs public",
        case("public, private, max-age=60"),
        NOT_STORED,
        case("public, max-age=60"),
        REUSED,
    ),
    *(
        row(
            *("9111 5.2.2.7", f"qualified: {form}"),
            *(case(f"private={form}, max-age=60"), REUSED),
            *(case(f"private={form}, private, max-age=60"), NOT_STORED),
        )
        for form in ['"set-cookie"', "set-cookie", '"a, b"', '"\\a"']
    ),
    row(
        "9111 5.2.2.7",
        "an empty list of names is no restriction",
        case('private="", max-age=60'),
        NOT_STORED,
        case('private="a", max-age=60'),
        REUSED,
    ),
    row(
        "9111 5.2.2.7",
        "a private cache may store what is marked",
        case("private", f"Last-Modified: {at(-1e6)}", status=302, cache="private"),
        REUSED,
        case(f"Last-Modified: {at(-1e6)}", status=302, cache="private"),
        NOT_STORED,
    ),
    row(
        "9111 5.2.2.7",
        "so it may if the mark is qualified; a shared one needs another",
        case('private="a"', status=302, cache="private"),
        REVALIDATED,
        case('private="a"', status=302),
        NOT_STORED,
    ),
    row(
        "9111 5.2.2.9",
        "public marks a response as cacheable",
        case("public", f"Last-Modified: {at(-1e6)}", status=302),
        REUSED,
        case(f"Last-Modified: {at(-1e6)}", status=302),
        NOT_STORED,
    ),
    row(
        "9111 3",
        "Expires allows storing, even if it is no date",
        case("Expires: 0", status=302),
        REVALIDATED,
        case(status=302),
        NOT_STORED,
    ),
    row(
        "9111 3",
        "s-maxage allows a shared cache only",
        case("s-maxage=60", status=302),
        REUSED,
        case("s-maxage=60", status=302, cache="private"),
        NOT_STORED,
    ),
    row(
        "9111 7.3",
        "Set-Cookie does not inhibit caching",
        case("max-age=60", "Set-Cookie: a=b"),
        REUSED,
        case("private, max-age=60", "Set-Cookie: a=b"),
        NOT_STORED,
    ),
]

AUTHORIZATION = [
    *(
        row(
            *("9111 3.5", text),
            *(case(f"max-age=60, {text}", sent=AUTH), REUSED),
            *(case("max-age=60", sent=AUTH), NOT_STORED),
        )
        for text in ["must-revalidate", "public", "s-maxage=60", "Public"]
    ),
    row(
        "9111 3.5",
        "proxy-revalidate does not allow it",
        case("max-age=60, proxy-revalidate", sent=AUTH),
        NOT_STORED,
        case("max-age=60, must-revalidate", sent=AUTH),
        REUSED,
    ),
    row(
        "9111 3.5",
        "the conditions of what allows it hold",
        case("must-revalidate, max-age=5", sent=AUTH),
        REVALIDATED,
        case("must-revalidate, max-age=15", sent=AUTH),
        REUSED,
    ),
    row(
        "9111 3.5",
        "what allows it does not undo no-store",
        case("public, no-store, max-age=60", sent=AUTH),
        NOT_STORED,
        case("public, max-age=60", sent=AUTH),
        REUSED,
    ),
    row(
        "9111 3.5",
        "a private cache does not care",
        case("max-age=60", sent=AUTH, cache="private"),
        REUSED,
        case("max-age=60", sent=AUTH, cache="shared"),
        NOT_STORED,
    ),
    row(
        "9111 3.5",
        "it is about the stored request",
        case("max-age=60", asks=AUTH),
        REUSED,
        case("max-age=60", sent=("AUTHORIZATION: x",), asks=AUTH),
        NOT_STORED,
    ),
    row(
        "9111 3.5",
        "a Cookie is no Authorization",
        case("max-age=60", sent=("Cookie: a=b",)),
        REUSED,
        case("max-age=60", sent=AUTH),
        NOT_STORED,
    ),
]


@pytest.mark.parametrize(("one", "outcome", "twin", "other"), SHARING + AUTHORIZATION)
def test_sharing(one, outcome, twin, other) -> None:
    check(one, outcome, twin, other)
