"""The cells that every edge is asked: methods, spellings, statuses, the app's words.

What an edge should do with a cell is ``evaluate``'s and ``decide``'s to say.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from asgi_nocache import (
    APP_DECIDES,
    NO_STORE,
    PRIVATE,
    PUBLIC,
    REVALIDATE,
    RequestFacts,
    ResponseFacts,
    Rule,
)
from asgi_nocache._core.rules import RuleSet

#: The policy of the matrix: something of all that an edge may be told.
MATRIX = RuleSet(
    [
        Rule("/static/drafts/**", NO_STORE, reason="not published yet"),
        Rule("/static/**", PUBLIC(max_age=3600), reason="hashed file names"),
        Rule("/favicon.ico", PUBLIC(max_age=60)),
        Rule("/me", PRIVATE(max_age=30), methods=["GET"]),
        Rule("/pages/*", REVALIDATE),
        Rule("/raw/**", APP_DECIDES, reason="decides well itself"),
        Rule("/old/*.png", PUBLIC(max_age=5), mode="override"),
        Rule("/gone", PUBLIC(max_age=10), status=404),
    ]
)
#: For edges that see little of the response: what they can still hold.
SIMPLE = RuleSet(
    [
        Rule("/static/**", PUBLIC(max_age=3600), mode="override", guards=()),
        Rule("/favicon.ico", PUBLIC(max_age=60), mode="override", guards=()),
    ]
)

Lines = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Cell:
    """One question: what is asked, and what the origin answers."""

    target: str
    method: str = "GET"
    fields: Lines = ()
    status: int = 200
    answer: Lines = ()

    @property
    def request(self) -> RequestFacts:
        """The request as the middleware would see it."""
        fields = (("host", "shop.example"), *self.fields)
        return RequestFacts(self.method, self.target, fields)  # type: ignore[arg-type]

    @property
    def response(self) -> ResponseFacts:
        """The response as the origin sends it."""
        return ResponseFacts(self.status, self.answer)  # type: ignore[arg-type]

    def __str__(self) -> str:
        said = ", ".join(f"{n}: {v}" for n, v in (*self.fields, *self.answer))
        return f"{self.method} {self.target} {self.status} [{said}]"


#: One path that each rule of MATRIX is for, and what no rule is for.
PATHS = (
    "/static/app.css", "/static/drafts/a", "/favicon.ico", "/me", "/pages/1", "/raw/x",
    "/old/a.png", "/gone", "/api/items",
)  # fmt: skip
#: The same resources in other spellings, and neighbours that are none of them.
SPELLINGS = (
    "//static/app.css", "/static//app.css", "/%73tatic/app.css", "/static%2fapp.css",
    "/static/%61pp.css", "/x/../static/app.css", "/static/./app.css",
    "/static/..%2fapi/items", "/static/../api/items", "/static;x/app.css",
    "/static/app.css;x", "/STATIC/app.css", "/static", "/static/", "/static/a%20b.css",
    "/static/a%40b", "/static/a.b.css", "/static/.well-known/x", "/static/drafts",
    "/static/Drafts/a", "/static/drafts.css", "/static/drafts/", "/static/drafts./a",
    "/static/%64rafts/a", "/static/drafts%2fa", "/static/x/../drafts/a",
    "/static/drafts;x/a", "//static/drafts/a", "/static/%2564rafts/a", "/me/",
    "/me.css", "/ME", "/pages/", "/pages/1/2", "/pages/%31", "/api%2fitems", "/",
    "/API/items", "/favicon.ico/", "/Favicon.ico", "/static/%C3%BC.css", "/static/a\\b",
    "/static/a%5cb", "/static/app.css?x=/static/drafts/a", "/api/items?/static/",
    "/static/a%00b", "/static/a%0ab", "/static/app.css%20", "/static/a%23b",
)  # fmt: skip
#: What the origin says in Cache-Control; ``None``: no such line.
WORDS = (
    None, "public, max-age=600", "public, max-age=9999", "max-age=30",
    "private, max-age=20", "private", "no-store", "No-Store", "no-cache",
    str(NO_STORE.cache_control), str(REVALIDATE.cache_control),
    "public, max-age=60, must-revalidate", "junk",
)  # fmt: skip
#: What else a request or an answer may carry.
EXTRAS: tuple[tuple[Lines, Lines], ...] = (
    ((("authorization", "Bearer x"),), ()),
    ((("cookie", "a=b"),), ()),
    ((), (("set-cookie", "a=b"),)),
    ((), (("expires", "Fri, 01 Jan 2100 00:00:00 GMT"),)),
    ((), (("pragma", "no-cache"),)),
    ((), (("cdn-cache-control", "max-age=900"), ("surrogate-control", "max-age=9"))),
    ((), (("content-type", "text/html"),)),
    ((), (("content-type", "text/css; charset=utf-8"),)),
    ((("if-none-match", '"app"'),), ()),
    ((("if-modified-since", "Thu, 01 Jan 2015 00:00:00 GMT"),), ()),
)
STATUSES = (200, 204, 301, 404, 500, 503)


def cells() -> Iterator[Cell]:
    """Yield every cell: pairs of what matters, not the whole product."""
    for method in ("GET", "HEAD", "POST"):
        for target in (*PATHS, *SPELLINGS):
            yield Cell(target, method)
            yield Cell(target, method, answer=said("public, max-age=600"))
    for path in PATHS:
        for word in WORDS:
            for fields, answer in (((), ()), *EXTRAS):
                yield Cell(path, "GET", fields, 200, (*said(word), *answer))
        for status in STATUSES:
            for word in WORDS[:3]:
                yield Cell(path, "GET", (), status, said(word))


def said(word: str | None) -> Lines:
    """Return the line that says *word*."""
    return () if word is None else (("cache-control", word),)
