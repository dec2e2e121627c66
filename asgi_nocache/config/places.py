"""Where in a TOML text a key stands, so that an error can name its line.

Reads lines, not TOML: tomllib has parsed the text already, and says nothing of
lines. Where a text is written in a way that this does not follow (dotted keys, a
header within a text of several lines), the nearest line above it is named.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Sequence

#: What leads to a value: ``("rules", 2, "path")``; numbers are from 1.
Path = tuple[str | int, ...]

_HEADER = re.compile(r"\s*(\[\[?)([^\[\]]+)\]\]?\s*(?:#.*)?")
_KEY = re.compile(r"""\s*((?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*')(?:\s*\.\s*\S+?)*)\s*=""")


def line_of(text: str, path: Sequence[str | int], *, below: Path = ()) -> int:
    """Return the line, from 1, where *path* stands in *text*.

    Args:
        text: What tomllib has read.
        path: What leads to the value; the longest part that is found counts.
        below: The table that the file's own keys are in: ``("tool", "asgi-nocache")``.
    """
    wanted = (*below, *path)
    best, line = 0, 1
    for number, found in _places(text):
        common = _common(found, wanted)
        if common == len(found) and common > best:
            best, line = common, number
    return line


def _places(text: str) -> Iterator[tuple[int, Path]]:
    """Yield each line that begins something, and what."""
    table: Path = ()
    seen: dict[Path, int] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if header := _HEADER.fullmatch(line):
            table = _names(header[2])
            if header[1] == "[[":
                seen[table] = seen.get(table, 0) + 1
                table = (*table, seen[table])
            yield number, table
        elif key := _KEY.match(line):
            yield number, (*table, *_names(key[1]))


def _names(dotted: str) -> Path:
    """Return the names of a key; what cannot be read leads nowhere."""
    try:
        value = tomllib.loads(f"{dotted} = 0")
    except tomllib.TOMLDecodeError:
        return ()
    names: list[str] = []
    node: object = value
    while isinstance(node, dict):
        ((name, node),) = node.items()
        names.append(name)
    return tuple(names)


def _common(one: Sequence[object], other: Sequence[object]) -> int:
    count = 0
    for mine, theirs in zip(one, other, strict=False):
        if mine != theirs:
            break
        count += 1
    return count
