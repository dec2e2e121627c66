"""What a pair cannot show, and why: known explanations, each held to what is seen.

An entry that no longer sees what it says is a failure, so that none outlives its
cause. Nothing here may excuse a wrong field of a response that the middleware saw.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from servers_expect import EXPECTATIONS
from servers_start import COLUMNS, FRAMEWORKS

_EVERY_FRAMEWORK = tuple(FRAMEWORKS)
_EVERY_COLUMN = tuple(COLUMNS)


class Known(NamedTuple):
    """A deviation that is understood.

    Attributes:
        letter: Its name in the table.
        seen: A regular expression for what is seen instead.
        reason: Why, for the reader of the table.
    """

    letter: str
    frameworks: tuple[str, ...]
    columns: tuple[str, ...]
    expectations: tuple[str, ...]
    seen: str
    reason: str

    def explains(self, framework: str, column: str, expectation: str) -> bool:
        """Tell whether it is about this expectation of this pair."""
        return (
            framework in self.frameworks
            and column in self.columns
            and expectation in self.expectations
        )


#: The first that is about an expectation explains it.
KNOWN = (
    Known(
        "a",
        ("litestar_list",),
        _EVERY_COLUMN,
        ("404", "404 under a rule", "405", "HEAD"),
        r"^cache-control \[\]",
        "Litestar runs the middleware of its list inside its router, so the 404 and "
        "405 that the router makes do not pass it; wrap the app, as the row above",
    ),
    Known(
        "b",
        ("blacksheep",),
        _EVERY_COLUMN,
        ("405", "HEAD"),
        r"^status 404, not",
        "BlackSheep answers a method that has no route with 404; its fields are right",
    ),
    Known(
        "c",
        ("starlette", "fastapi", "litestar", "quart", "django", "sanic"),
        ("granian HTTP/2",),
        ("HEAD",),
        r"^not HTTP/2: .*Expected 0 bytes",
        "granian sends the content of a HEAD over HTTP/2 where the framework leaves it "
        "to the server, without the middleware too; the fields are right",
    ),
    Known(
        "d",
        _EVERY_FRAMEWORK,
        ("granian HTTP/2",),
        ("WebSocket",),
        r"^the server offers no WebSocket over HTTP/2$",
        "granian has WebSockets over HTTP/1.1 only",
    ),
    Known(
        "e",
        ("django",),
        _EVERY_COLUMN,
        ("WebSocket",),
        r"^status (403|500)$",
        "Django's own ASGI handler has no WebSocket",
    ),
    Known(
        "f",
        ("flask",),
        _EVERY_COLUMN,
        ("WebSocket",),
        r"^status 403$",
        "WSGI has no WebSocket, so the bridge refuses it",
    ),
    Known(
        "g",
        ("quart",),
        ("daphne",),
        ("WebSocket",),
        r"^status 500$",
        "daphne leaves `scheme` out of a WebSocket's scope and Quart reads it, without "
        "the middleware too",
    ),
    Known(
        "h",
        ("sanic",),
        ("daphne",),
        tuple(name for name in EXPECTATIONS if name != "500"),
        r"^status 500|^cache-control \['no-store, ",
        "Sanic starts at the lifespan event, which daphne does not send: all it "
        "answers is a 500, and that has the fields",
    ),
)


def explanation(framework: str, column: str, expectation: str) -> Known | None:
    """Return what is known about this expectation of this pair."""
    about = (k for k in KNOWN if k.explains(framework, column, expectation))
    return next(about, None)


def judged(known: Known | None, seen: str) -> str:
    """Return what is wrong with *seen*, given what is known; ``""`` for nothing."""
    if known is None or (seen and re.search(known.seen, seen)):
        return seen if known is None else ""
    if not seen:
        return f"explanation {known.letter} is stale: this works now"
    return f"{seen}; explanation {known.letter} expects {known.seen!r}"
