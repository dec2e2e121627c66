"""Concrete paths for templates: values that a regular expression or a type takes.

Best effort: what cannot be filled gets no sample. Whether a sample reaches its route
is asked elsewhere.
"""

from __future__ import annotations

import importlib
import os
import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any
from urllib.parse import quote

#: Values that people put into paths, in the order in which they are tried.
COMMON = (
    "1",
    "x",
    "a",
    "7",
    "ab",
    "en",
    "abc",
    "1.5",
    "3f2b8c1e-5d4a-4c6b-9e7f-0a1b2c3d4e5f",
    "2024-01-31",
    "2024-01-31T12:00:00",
    "12:00:00",
    "true",
    "10",
    "100",
    "-1",
    "P1D",
)
#: What a parameter that takes slashes is given first.
DEEP = ("a/b", "x")
#: How many paths are tried for one template.
MOST = 4
#: How many names of a folder are looked at for a file.
_LOOKED_AT = 200
#: How often a part is repeated at most.
_LONGEST = 999
#: Characters that stay as they are in a path (RFC 3986 section 3.3).
_SAFE = "/~:@!$&'()*+,;="
#: What stands for a class of characters.
_OF_CATEGORY = {"DIGIT": "1", "WORD": "a", "SPACE": " "}


@lru_cache(maxsize=1024)
def values(pattern: str, flags: int = 0) -> tuple[str, ...]:
    """Return texts that *pattern* matches as a whole, the plainest first."""
    try:
        regex = re.compile(pattern, flags)
    except (re.error, OverflowError):
        return ()
    deep = DEEP if regex.fullmatch("a/b") else ()
    likely = (*deep, *COMMON, _generated(pattern, flags))
    fitting = (v for v in likely if v and regex.fullmatch(v))
    return tuple(dict.fromkeys(fitting))


def compose(pieces: Sequence[str | Sequence[str]]) -> Iterator[str]:
    """Yield texts of *pieces*: literal ones, and choices of which one is taken."""
    choices = [piece for piece in pieces if not isinstance(piece, str)]
    if not all(choices):
        return
    most = max(map(len, choices), default=1)
    for turn in range(min(MOST, most)):
        yield "".join(
            p if isinstance(p, str) else p[min(turn, len(p) - 1)] for p in pieces
        )


def file_in(folder: Any) -> str:
    """Return the name of a file in *folder*, ``""`` if there is none."""
    try:
        names = sorted(os.listdir(folder))[:_LOOKED_AT] if folder else []
    except OSError:
        return ""
    files = (n for n in names if os.path.isfile(os.path.join(folder, n)))
    return next((n for n in files if not n.startswith(".")), "")


def encoded(path: str) -> str:
    """Return *path* as it is written in a request."""
    return quote(path, safe=_SAFE)


def generated(pattern: str) -> str:
    """Return a text that *pattern* matches from its start, ``""`` if none is found."""
    text = _generated(pattern, 0)
    return text if text and re.match(pattern, text) else ""


def _generated(pattern: str, flags: int) -> str:
    # The standard library's own tree; it has no public name.
    parser: Any = importlib.import_module("re._parser")
    try:
        return _text(parser.parse(pattern, flags), {})
    except (re.error, RecursionError, KeyError, OverflowError):
        return ""


def _text(tree: Any, groups: dict[int, str]) -> str:
    """Return the shortest text for a parsed pattern; look-arounds are ignored."""
    return "".join(_node(str(name), given, groups) for name, given in tree)


def _node(name: str, given: Any, groups: dict[int, str]) -> str:
    match name:
        case "LITERAL":
            return chr(given)
        case "NOT_LITERAL":
            return "a" if given != ord("a") else "b"
        case "ANY":
            return "."  # one alone is as a rule a dot that nobody escaped
        case "IN":
            return _member(given)
        case "BRANCH":
            return _text(given[1][0], groups)
        case "SUBPATTERN":
            text = _text(given[-1], groups)
            groups[given[0]] = text
            return text
        case "GROUPREF":
            return groups[given]
        case "MAX_REPEAT" | "MIN_REPEAT" | "POSSESSIVE_REPEAT":
            if given[0] > _LONGEST:
                raise OverflowError
            if len(given[2]) == 1 and str(given[2][0][0]) == "ANY":
                return "a" * int(given[0])
            return "".join(_text(given[2], groups) for _ in range(given[0]))
        case "ATOMIC_GROUP":
            return _text(given, groups)
    return ""  # a place, not a character


def _member(members: Any) -> str:
    """Return a character of a set."""
    name, given = str(members[0][0]), members[0][1]
    if name == "NEGATE":
        taken = re.compile(f"[{''.join(map(_source, members[1:]))}]")
        return next((c for c in "a1-_.~A bxyz09" if not taken.match(c)), "")
    if name == "RANGE":
        return chr(given[0])
    if name == "CATEGORY":
        return _OF_CATEGORY.get(str(given).removeprefix("CATEGORY_"), "-")
    return chr(given)


def _source(member: Any) -> str:
    """Return a member of a set as a pattern has it."""
    name, given = str(member[0]), member[1]
    if name == "RANGE":
        return f"{re.escape(chr(given[0]))}-{re.escape(chr(given[1]))}"
    if name == "CATEGORY":
        inside = str(given).removeprefix("CATEGORY_").removeprefix("NOT_")[0]
        negated = "NOT_" in str(given)
        return "\\" + (inside.upper() if negated else inside.lower())
    return re.escape(chr(given))
