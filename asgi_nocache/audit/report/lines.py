"""What of an audit shares one line, and what is left out of it, in any form.

Nothing here knows how a line is shown.
"""

from __future__ import annotations

from collections.abc import Iterable

from ..effects import LETTERS, WORDS
from ..values import Audited


def alike(row: Audited) -> tuple[object, ...]:
    """Return what methods of a route must share to stand on one line."""
    letters = [(name, effect.letter) for name, effect in row.effects.items()]
    return id(row.route), row.decided_by, *letters


def caching(fields: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return those of *fields*, whose names are in lower case, that caches heed."""
    wanted = ("cache", "age", "expires", "pragma", "vary", "etag", "last-modified")
    return [
        (n, v)
        for n, v in fields
        if n in wanted or "cache" in n or n in ("surrogate-control", "set-cookie")
    ]


def legend(letters: Iterable[str]) -> list[tuple[str, str]]:
    """Return each of *letters* and what it means, from the strictest on."""
    used = set(letters)
    said = {**WORDS, "S": "stored for a time"}
    return [(letter, said[letter]) for letter in LETTERS if letter in used]
