"""Whether a rule's pattern and a route's template have a path in common.

For telling a mistyped rule from one that names a value of a parameter. In doubt they
have one. How a rule matches a path is the core's.
"""

from __future__ import annotations

import re
from functools import lru_cache

from ..._core.patterns import REST, TAIL, Segment, Wildcard, parse
from ..values import Kind, Route

_PARAMETER = re.compile(r"[{<]")
_REST_OF_PATH = re.compile(r"[{<](?:path:|[^{}<>]*:path[}>])")


@lru_cache(maxsize=4096)
def _template(path: str, *, open_ended: bool) -> tuple[str, ...]:
    """Return a template's segments: literals, ``*`` for one, ``**`` for any."""
    segments = [
        "**" if _REST_OF_PATH.search(text) else "*" if _PARAMETER.search(text) else text
        for text in path.split("/")[1:]
    ]
    if open_ended:
        while segments and segments[-1] in ("", "**"):
            segments.pop()
        segments.append("**")
    return tuple(segments)


def overlap(pattern: str, route: Route, root_path: str = "") -> bool:
    """Tell whether *pattern* and *route* may match the same path.

    Args:
        pattern: A rule's path.
        route: The route.
        root_path: What is cut from the route's path before the rule sees it.
    """
    path = route.path or "/"
    root = root_path.rstrip("/")
    if root and (path == root or path.startswith(root + "/")):
        path = path[len(root) :] or "/"
    below = route.catch_all or route.kind in (Kind.STATIC, Kind.OPAQUE, Kind.UNKNOWN)
    return _meet(parse(pattern), _template(path, open_ended=below))


def _meet(pattern: tuple[Segment, ...], template: tuple[str, ...]) -> bool:
    """Tell whether both match one path, by steps through both at once."""
    states = {(0, 0)}
    known: set[tuple[int, int]] = set()
    while states:
        state = states.pop()
        known.add(state)
        if state == (len(pattern), len(template)):
            return True
        states |= _steps(pattern, template, *state) - known
    return False


def _steps(
    pattern: tuple[Segment, ...], template: tuple[str, ...], i: int, j: int
) -> set[tuple[int, int]]:
    mine = pattern[i] if i < len(pattern) else None
    theirs = template[j] if j < len(template) else None
    out: set[tuple[int, int]] = set()
    if mine in (REST, TAIL):
        out.add((i + 1, j))
        if theirs is not None:
            out.add((i, j + 1))
    if theirs == "**":
        out.add((i, j + 1))
        if mine is not None:
            out.add((i + 1, j))
    if mine is not None and theirs is not None and _same(mine, theirs):
        out.add((i + 1, j + 1))
    return out


def _same(mine: Segment, theirs: str) -> bool:
    if mine in (REST, TAIL) or theirs in ("*", "**"):
        return True
    return mine.matches(theirs) if isinstance(mine, Wildcard) else mine == theirs
