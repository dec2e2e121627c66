"""YAML by hand: nested mappings and lists, every text quoted, comments that stay put.

Only what the exporters write; nothing is read. Texts are quoted so that no reader of
YAML 1.1 or 1.2 takes them for anything else, and a comment never ends early.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

#: Keys that need no quotes: no reader takes them for a number or a truth value.
_BARE = re.compile(
    r"(?!(?:[yn]|yes|no|on|off|true|false|null)\Z)[A-Za-z][\w-]*", re.IGNORECASE
)


class Noted(NamedTuple):
    """A value with comments above it.

    Attributes:
        notes: One comment each, in any number of lines.
        value: What they are about.
    """

    notes: tuple[str, ...]
    value: object


class Flow(NamedTuple):
    """A short list of texts, on one line."""

    values: tuple[str, ...]


def text(value: str) -> str:
    """Return *value* in double quotes.

    What does not print is escaped. So is every brace after another, since some
    programs take ``{{`` for a template of theirs before they read the YAML.
    """
    out = value.replace("\\", "\\\\").replace('"', '\\"')
    out = re.sub(r"(?<=\{)\{", r"\\x7b", out)
    return '"' + "".join(c if c.isprintable() else _escape(c) for c in out) + '"'


def comment(value: str, indent: int = 0) -> str:
    """Return *value* as a comment of one line: what does not print is escaped."""
    shown = "".join(c if c.isprintable() else _escape(c) for c in value)
    shown = re.sub(r"(?<=\{)\{", r" {", shown)
    return f"{' ' * indent}# {shown}".rstrip() + "\n"


def block(value: object, indent: int = 0) -> str:
    """Return *value*, which is a mapping or a list, as lines.

    Args:
        value: Mappings, lists, :class:`Flow`, texts, numbers and truth values, any of
            them :class:`Noted`.
        indent: How many spaces each line begins with.
    """
    return "".join(_lines(value, indent))


def _escape(character: str) -> str:
    code = ord(character)
    return f"\\U{code:08x}" if code > 0xFFFF else f"\\u{code:04x}"


def _lines(value: object, indent: int) -> Iterator[str]:
    if isinstance(value, Mapping):
        for key, each in value.items():
            notes, inner = _told(each)
            yield from (comment(note, indent) for note in notes)
            yield from _pair(str(key), inner, indent)
    elif isinstance(value, list):
        yield from _items(value, indent)


def _told(value: object) -> tuple[tuple[str, ...], object]:
    return value if isinstance(value, Noted) else ((), value)


def _pair(key: str, value: object, indent: int) -> Iterator[str]:
    name = key if _BARE.fullmatch(key) else text(key)
    if isinstance(value, Mapping | list) and value:
        yield f"{' ' * indent}{name}:\n"
        yield from _lines(value, indent + 2)
    else:
        yield f"{' ' * indent}{name}: {_short(value)}\n"


def _items(values: Iterable[object], indent: int) -> Iterator[str]:
    for each in values:
        notes, value = _told(each)
        yield from (comment(note, indent) for note in notes)
        inner = "".join(_lines(value, indent + 2)) or f"{_short(value)}\n"
        yield f"{' ' * indent}- {inner.lstrip(' ')}"


def _short(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Flow):
        return f"[{', '.join(map(text, value.values))}]"
    if isinstance(value, str):
        return text(value)
    return "{}" if isinstance(value, Mapping) else str(value)
