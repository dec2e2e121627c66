"""The grid of cases on which other caches are asked beside ``predict``.

A case is one value on each axis. Which values there are and which of them meet is
said here; what anybody makes of a case is not.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from email.utils import formatdate
from itertools import combinations
from typing import Any

from asgi_nocache import RequestFacts, ResponseFacts
from asgi_nocache.reuse import Exchange

#: When each response was received: Friday, 15 January 2027, 08:00:00 GMT.
NOW = 1_800_000_000
HOST = b"example.com"
TARGET = "/items"

Pair = tuple[bytes, bytes]


def at(seconds: int) -> str:
    """Return the HTTP-date so many seconds after the receipt."""
    return formatdate(NOW + seconds, usegmt=True)


@dataclass(frozen=True, slots=True)
class Case:
    """One value on each axis; None is a field that is not there.

    Several lines of a field stand in one text, with ``|`` between them.
    """

    status: int = 200
    control: str | None = "max-age=60"
    expires: str | None = None
    date: str | None = at(0)
    age: str | None = None
    modified: str | None = None
    etag: str | None = '"1"'
    vary: str | None = None
    side: tuple[str, str] | None = None
    first: str = "GET"
    first_asked: str | None = None
    then: str = "GET"
    asked: str | None = None
    pragma: str | None = None
    ranged: str | None = None
    accept: str | None = "text/html"
    authorization: bool = False
    elapsed: int = 30

    def exchange(self) -> Exchange:
        """Return what the cache saw first."""
        response = [
            *_lines("cache-control", self.control),
            *_lines("expires", self.expires),
            *_lines("date", self.date),
            *_lines("age", self.age),
            *_lines("last-modified", self.modified),
            *_lines("etag", self.etag),
            *_lines("vary", self.vary),
            *(_lines(*self.side) if self.side else ()),
        ]
        request = _request(self.first, self.authorization, "text/html")
        fields = (*request, *_lines("cache-control", self.first_asked))
        return Exchange(
            RequestFacts(self.first, TARGET, fields),
            ResponseFacts(self.status, tuple(response)),
        )

    def request(self) -> RequestFacts:
        """Return what the cache is asked then."""
        fields = (
            *_request(self.then, self.authorization, self.accept),
            *_lines("cache-control", self.asked),
            *_lines("pragma", self.pragma),
            *_lines("range", self.ranged),
        )
        return RequestFacts(self.then, TARGET, fields)

    def asked_again(self) -> Case:
        """Return the case in which the first request is repeated in plain words."""
        plain: dict[str, Any] = {
            "asked": None,
            "pragma": None,
            "ranged": None,
            "accept": "text/html",
        }
        return replace(self, then=self.first, elapsed=0, **plain)

    def __str__(self) -> str:
        """Return what differs from the plain case."""
        plain = Case()
        axes = [(name, getattr(self, name)) for name in AXES]
        named = [f"{n}={v!r}" for n, v in axes if v != getattr(plain, n)]
        return ", ".join(named) or "the plain case"


def _request(method: str, authorization: bool, accept: str | None) -> list[Pair]:
    return [
        (b"host", HOST),
        *_lines("accept", accept),
        *([(b"authorization", b"Basic YTpi")] if authorization else []),
    ]


def _lines(name: str, text: str | None) -> list[Pair]:
    if text is None:
        return []
    return [(name.encode(), line.encode()) for line in text.split("|")]


#: The values of each axis that meet each value of every other axis. The first is
#: the plain one.
AXES: dict[str, list[Any]] = {
    "status": [200, 103, 201, 204, 206, 299, 301, 302, 304, 307,
        403, 404, 410, 500, 501, 503, 599],
    "control": ["max-age=60", None, "max-age=0", "max-age=3600", "no-store",
        "no-cache", "no-cache, max-age=60", "private", "private, max-age=60",
        "public", "public, max-age=60", "s-maxage=60", "s-maxage=0, max-age=60",
        "max-age=10, s-maxage=3600", "max-age=60, must-revalidate", "must-revalidate",
        "max-age=60, proxy-revalidate", "max-age=60, stale-while-revalidate=100",
        "max-age=60, stale-if-error=100", "max-age=60, immutable",
        "no-store, must-understand, max-age=60", 'private="x-a", max-age=60',
        'no-cache="x-a", max-age=60', "no-store, max-age=60"],
    "expires": [None, at(60), at(3600), at(0), at(-60), "0", "-1"],
    "date": [at(0), None, at(-50), at(50), at(-5000), "tomorrow"],
    "age": [None, "0", "50", "500", "-5", "abc", "50, 500"],
    "modified": [None, at(-1000), at(-864_000), at(100), "yesterday"],
    "etag": ['"1"', 'W/"1"', None],
    "vary": [None, "accept", "Accept, X-B", "*", "accept, *", "Accept|X-B"],
    "side": [None, ("set-cookie", "a=b"), ("pragma", "no-cache"),
        ("cdn-cache-control", "no-store"), ("cdn-cache-control", "max-age=3600"),
        ("content-location", TARGET)],
    "first": ["GET", "HEAD", "POST", "PUT"],
    "first_asked": [None, "no-store", "no-cache"],
    "then": ["GET", "HEAD", "POST"],
    "asked": [None, "no-cache", "no-store", "max-age=0", "max-age=10",
        "max-age=1000", "min-fresh=10", "min-fresh=1000", "max-stale", "max-stale=100",
        "only-if-cached", "max-stale=100, max-age=1000"],
    "pragma": [None, "no-cache"],
    "ranged": [None, "bytes=0-1"],
    "accept": ["text/html", "text/plain", None],
    "authorization": [False, True],
    "elapsed": [30, 0, 59, 60, 61, 105, 160, 4000],
}  # fmt: skip

#: Odd ways to write Cache-Control: they meet the axes in ODD_MEETS.
ODD_CONTROLS = [
    "", ",", ", max-age=60,", "MAX-AGE=60", "Max-Age=60, No-Store", "NO-STORE",
    "Private, max-age=60", "No-Cache, max-age=60", "PUBLIC, max-age=60",
    'max-age="60"', "max-age = 60", "max-age= 60", "max-age=60.5", "max-age=-60",
    "max-age=a60", "max-age=60a", "max-age", "max-age=", "max-age=+60",
    "max-age=0060", "max-age=99999999999", "max-age='60'", "s-maxage=a, max-age=60",
    "s-maxage, max-age=60", "max-age=60, max-age=3600", "max-age=3600, max-age=60",
    "max-age=60|max-age=3600", "max-age=3600|max-age=60", "s-maxage=60, s-maxage=3600",
    "max-age=60|no-store", "no-store|max-age=60", "public|private", "public, private",
    "public, no-store", "no-cache|max-age=60", "no-store=1, max-age=60",
    'no-store="x", max-age=60', "no-cache=x-a, max-age=60", "private=x-a, max-age=60",
    'no-cache="", max-age=60', 'private="x-a, x-b", max-age=60',
    'no-cache="x-a, x-b", max-age=60', "private=, max-age=60", "public=1, max-age=60",
    'ext="a, no-store", max-age=60', 'ext="a, max-age=3600", max-age=60',
    'ext="no-store, max-age=60', "no-store;max-age=60", "no-stored, max-age=60",
    "x-no-store, max-age=60", "no-store max-age=60", "must-revalidate=1, max-age=60",
    "MUST-REVALIDATE, max-age=60", "max-age=60 must-revalidate",
    "must-understand, max-age=60", "must-understand, no-store",
    "max-age=60, stale-while-revalidate=a", "max-age=60, stale-while-revalidate",
    'max-age=60, stale-while-revalidate="100"', "immutable", "no-transform",
    "max-age=60, stale-while-revalidate=100, must-revalidate",
    "max-age=60, stale-while-revalidate=100, no-cache",
    "s-maxage=60, stale-while-revalidate=100",
    "max-age=60, proxy-revalidate, stale-while-revalidate=100",
    "private, s-maxage=60", "private, public, max-age=60", "no-cache, s-maxage=60",
    "post-check=0, pre-check=0, max-age=60", "max-age=0, must-revalidate",
]  # fmt: skip
ODD_MEETS = ("elapsed", "authorization", "asked", "expires")

#: Odd values on other axes: they meet the values in OTHER_ODD_MEETS.
ODD: dict[str, list[Any]] = {
    "expires": [
        "Friday, 15-Jan-27 08:01:00 GMT", "Fri Jan 15 08:01:00 2027",
        "Fri, 15 Jan 2027 08:01:00 UTC", "Fri, 15 Jan 2027 09:01:00 +0100",
        "Fri, 15 Jan 2027 8:01:00 GMT", "15 Jan 2027 08:01:00 GMT",
        "fri, 15 jan 2027 08:01:00 gmt", "Mon, 15 Jan 2027 08:01:00 GMT",
        "Friday, 15-Jan-78 08:01:00 GMT", f"{at(60)}|{at(3600)}",
        f"{at(3600)}|{at(60)}", "",
        "Thu, 01 Jan 1970 00:00:00 GMT", "Thu, 31 Dec 9999 23:59:59 GMT",
    ],
    "age": ["10|500", "500|10", "3.5", "99999999999", "", "+50", "50a"],
    "vary": ["", ",", "accept,accept", "ACCEPT", "accept , x-b", "*|accept", "host"],
    "side": [
        ("cdn-cache-control", ""), ("cdn-cache-control", "none"),
        ("cdn-cache-control", "No-Store"), ("cdn-cache-control", "private"),
        ("surrogate-control", "no-store"), ("x-accel-expires", "0"),
        ("no-vary-search", "params"), ("pragma", "x"),
    ],
    "asked": [
        "MAX-AGE=0", 'max-age="0"', "max-age=a", "max-stale=a", "min-fresh=a",
        "No-Cache", "no-cache=x", "max-age=0|max-age=1000", "max-stale=10",
        "min-fresh=30", "min-fresh=0", "max-age=30", "max-age=29", "max-stale=60",
        "max-age", "max-stale, min-fresh=100", "only-if-cached, max-stale",
        "s-maxage=0", "must-revalidate", "",
    ],
    "pragma": ["NO-CACHE", "x, no-cache", "no-cache, x", "x"],
    "accept": ["TEXT/HTML", "text/html|text/plain", "text/html,"],
}  # fmt: skip

OTHER_ODD_MEETS: dict[str, list[Any]] = {
    "elapsed": AXES["elapsed"],
    "control": [
        None, "no-cache", "public", "private, max-age=60", "s-maxage=60",
        "max-age=60, must-revalidate", "max-age=60, stale-while-revalidate=100",
    ],
}  # fmt: skip

#: From which the pairs of axes depart beside the plain case: stale, heuristic,
#: Expires, credentials, HEAD and POST that may be answered.
BASES = [
    Case(elapsed=105),
    Case(control=None, modified=at(-1000)),
    Case(control=None, expires=at(60)),
    Case(authorization=True, control="public, max-age=60"),
    Case(first="HEAD", then="HEAD"),
    Case(first="POST", side=("content-location", TARGET)),
]
BASES_MEET: dict[str, list[Any]] = {"elapsed": [30, 105], "status": [302]}


def cases() -> list[Case]:
    """Return each case of the grid once, in a fixed order."""
    return list(dict.fromkeys(_all()))


def _all() -> Iterator[Case]:
    plain = Case()
    for one, other in combinations(AXES, 2):
        yield from _crossed(plain, one, AXES[one], other, AXES[other])
    for base in BASES:
        for name in AXES:
            for other, others in BASES_MEET.items():
                yield from _crossed(base, name, AXES[name], other, others)
    for name in ODD_MEETS:
        yield from _crossed(plain, "control", ODD_CONTROLS, name, AXES[name])
    for name, values in ODD.items():
        for other, others in OTHER_ODD_MEETS.items():
            yield from _crossed(plain, name, values, other, others)


def _crossed(
    base: Case, one: str, values: list[Any], other: str, others: list[Any]
) -> Iterator[Case]:
    for value in values:
        for further in others:
            yield replace(base, **{one: value, other: further})
