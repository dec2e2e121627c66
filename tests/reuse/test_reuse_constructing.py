"""RFC 9111 sections 3.3, 4 and 4.1: which stored response belongs to a request.

Target, method, Vary and range, each with its negative twin. Freshness is not here.
"""

import pytest
from reuse_driver import FORWARDED, REUSED, Case, case, check, row

FRESH = "max-age=60"


def targets(there: str, target: str = "/a", **options) -> Case:
    return case(FRESH, target=target, there=there, **options)


def vary(value: str, before: tuple[str, ...], after: tuple[str, ...]) -> Case:
    return case(FRESH, f"Vary: {value}", sent=before, asks=after)


def part(content: str, *asks: str, **options) -> Case:
    kept = (FRESH, f"Content-Range: {content}") if content else (FRESH,)
    return case(*kept, status=206, asks=asks, **options)


def same(section: str, what: str, one: Case, twin: Case):
    return row(section, what, one, REUSED, twin, FORWARDED)


TARGETS = [
    same("9111 4", "the path", targets("/a"), targets("/b")),
    same("9111 4", "its letter case", targets("/a"), targets("/A")),
    same("9111 4", "the query", targets("/a?x=1", "/a?x=1"), targets("/a?x=2")),
    same("9111 4", "an empty query", targets("/a?", "/a?"), targets("/a?", "/a")),
    same("9111 4", "the fragment is none", targets("/a#x"), targets("/a%23x")),
    same(
        "9110 7.1",
        "absolute form",
        targets("http://h/a", sent=("Host: h",)),
        targets("http://i/a", sent=("Host: h",)),
    ),
    same(
        "9110 4.2.3",
        "letter case of scheme and host",
        targets("HTTP://H/a", sent=("Host: h",)),
        targets("HTTPS://H/a", sent=("Host: h",)),
    ),
    same(
        "9110 4.2.3",
        "the default port",
        targets("/a", sent=("Host: h",), asks=("Host: h:80",)),
        targets("/a", sent=("Host: h",), asks=("Host: h:443",)),
    ),
    same(
        "9110 4.2.3",
        "an empty port",
        targets("/a", sent=("Host: h",), asks=("Host: h:",)),
        targets("/a", sent=("Host: h",), asks=("Host: h:8",)),
    ),
    same(
        "9110 4.2.3",
        "an empty path",
        targets("http://h", "http://h/"),
        targets("http://h", "http://h/x"),
    ),
    same(
        "9110 4.2.3",
        "an empty path before a query",
        targets("http://h?q", "http://h/?q"),
        targets("http://h?q", "http://h/q"),
    ),
    same(
        "9111 4",
        "Host",
        targets("/a", sent=("host: h",), asks=("HOST: H",)),
        targets("/a", sent=("Host: h",), asks=("Host: i",)),
    ),
    same("9111 4", "the scheme", targets("/a"), targets("/a", scheme="https")),
]

METHODS = [
    same("9110 9.3.2", "GET for HEAD", case(FRESH, then="HEAD"), case(FRESH, then="X")),
    same(
        "9110 9.3.2",
        "not HEAD for GET",
        case(FRESH, method="HEAD", then="HEAD"),
        case(FRESH, method="HEAD", then="GET"),
    ),
    *(
        same("9111 4", f"{m} is written through", case(FRESH), case(FRESH, then=m))
        for m in ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "FOO", "get"]
    ),
]

VARY = [
    same(
        "9111 4.1",
        "equal",
        vary("Accept", ("Accept: a",), ("Accept: a",)),
        vary("Accept", ("Accept: a",), ("Accept: b",)),
    ),
    same(
        "9111 4.1",
        "letter case of names",
        vary("ACCEPT", ("accept: a",), ("Accept: a",)),
        vary("accept", ("ACCEPT: a",), ("Accept: A",)),
    ),
    same(
        "9111 4.1",
        "white space around commas",
        vary("X", ("X: a, b",), ("X: a\t,b ",)),
        vary("X", ("X: a, b",), ("X: ab",)),
    ),
    same(
        "9111 4.1",
        "white space between words",
        vary("X", ("X: a  b",), ("X: a b",)),
        vary("X", ("X: a  b",), ("X: ab",)),
    ),
    same(
        "9111 4.1",
        "white space in quotes stays",
        vary("X", ('X: "a  b" ,c',), ('X: "a  b", c',)),
        vary("X", ('X: "a  b"',), ('X: "a b"',)),
    ),
    same(
        "9111 4.1",
        "and so do commas there",
        vary("X", (r'X: "\", b"',), (r'X: "\", b"',)),
        vary("X", (r'X: "\", b"',), (r'X: "\",b"',)),
    ),
    same(
        "9110 5.6.3",
        "a no-break space is no white space",
        vary("X", ("X: a\xa0b",), ("X: a\xa0b",)),
        vary("X", ("X: a\xa0b",), ("X: a b",)),
    ),
    same(
        "9111 4.1",
        "combined lines",
        vary("X", ("X: a", "Y: c", "X: b"), ("X: a, b",)),
        vary("X", ("X: a", "Y: c", "X: b"), ("X: b, a",)),
    ),
    same(
        "9111 4.1",
        "absent matches absent",
        vary("X", (), ()),
        vary("X", (), ("X: a",)),
    ),
    same(
        "9111 4.1",
        "absent is not empty",
        vary("X", ("X:",), ("X:",)),
        vary("X", ("X:",), ()),
    ),
    same(
        "9111 4.1",
        "each of several names",
        vary("X, Y", ("X: a", "Y: b"), ("X: a", "Y: b")),
        vary("X, Y", ("X: a", "Y: b"), ("X: a", "Y: c")),
    ),
    same(
        "9111 4.1",
        "names on several lines",
        case(FRESH, "Vary: X", "vary: Y", sent=("Y: 1",), asks=("Y: 1",)),
        case(FRESH, "Vary: X", "vary: Y", sent=("Y: 1",), asks=("Y: 2",)),
    ),
    same(
        "9111 4.1",
        "what is not named does not count",
        vary("X", ("Z: a",), ("Z: b",)),
        vary("X, Z", ("Z: a",), ("Z: b",)),
    ),
    same("9111 4.1", "empty", vary("", ("X: a",), ()), vary(",X", ("X: a",), ())),
    *(
        same(
            "9111 4.1", f"a star: {text!r}", vary("Accept", (), ()), vary(text, (), ())
        )
        for text in ["*", " * ", "Accept, *", "*, Accept", "Accept,*,X"]
    ),
    same(
        "9111 4.1",
        "a star on a second line",
        case(FRESH, "Vary: X", "Vary: Y"),
        case(FRESH, "Vary: X", "Vary: *"),
    ),
]

BYTES = "bytes 10-19/100"
PARTS = [
    *(
        same("9111 3.3", inner, part(BYTES, f"Range: {inner}"), part(BYTES, outer))
        for inner, outer in [
            ("bytes=10-19", "Range: bytes=9-19"),
            ("bytes=12-13", "Range: bytes=10-20"),
            ("Bytes=19-19", "Range: bytes=20-29"),
            ("bytes=10-10", "Range: bytes=13-12"),
            ("bytes=11-12", "Range: bytes=11-12,13-14"),
            ("bytes=11-13", "Range: bytes=11-"),
            ("bytes=11-14", "Range: bytes=-89"),
            ("bytes=11-15", "Range: bytes=-"),
            ("bytes=11-16", "Range: lines=11-16"),
            ("bytes=11-17", "X: no range"),
        ]
    ),
    *(
        same(
            *("9110 14.1.2", inner),
            part("bytes 90-99/100", f"Range: {inner}"),
            part("bytes 90-99/*", f"Range: {inner}"),
        )
        for inner in ["bytes=90-", "bytes=-10", "bytes=99-", "bytes=-1", "bytes=95-200"]
    ),
    same(
        "9110 14.1.2",
        "an unknown length",
        part("bytes 10-19/*", "Range: bytes=10-19"),
        part("bytes 10-19/*", "Range: bytes=10-20"),
    ),
    same(
        "9110 14.1.2",
        "a suffix of nothing",
        part("bytes 90-99/100", "Range: bytes=-5"),
        part("bytes 90-99/100", "Range: bytes=-0"),
    ),
    *(
        same(
            *("9110 14.4", f"no use: {content!r}"),
            part(BYTES, "Range: bytes=10-19"),
            part(content, "Range: bytes=10-19"),
        )
        for content in ["", "bytes */100", "bytes 10-19", "19-10/100", "lines 1-99/100"]
    ),
    same(
        "9110 14.2",
        "two Range lines",
        part(BYTES, "Range: bytes=10-19"),
        part(BYTES, "Range: bytes=10-19", "Range: bytes=10-19"),
    ),
    same(
        "9111 3.3",
        "a whole answers a range",
        case(FRESH, asks=("Range: bytes=1-2",)),
        case(FRESH, asks=("Range: bytes=1-2",), status=206),
    ),
    same(
        "9110 13.1.5",
        "If-Range with the same tag",
        part(BYTES, "Range: bytes=10-19", 'If-Range: "1"'),
        part(BYTES, "Range: bytes=10-19", 'If-Range: "2"'),
    ),
    same(
        "9110 13.1.5",
        "a weak tag is not the same",
        case(
            FRESH,
            "Content-Range: " + BYTES,
            "Last-Modified: x",
            status=206,
            asks=("Range: bytes=10-19", "If-Range: x"),
        ),
        case(
            FRESH,
            "Content-Range: " + BYTES,
            'ETag: W/"1"',
            status=206,
            etag=False,
            asks=("Range: bytes=10-19", 'If-Range: W/"1"'),
        ),
    ),
]


@pytest.mark.parametrize(
    ("one", "outcome", "twin", "other"), TARGETS + METHODS + VARY + PARTS
)
def test_constructing(one, outcome, twin, other) -> None:
    check(one, outcome, twin, other)
