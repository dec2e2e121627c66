"""What a conforming cache reads in Cache-Control and in targeted fields.

As RFC 9111 and RFC 9213 have it: the first of duplicates counts and the rest of
the message is not looked at. The package's own reader, which looks for the strictest
meaning of what an app sent, is ``CacheControl.parse``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from .._core import fields as f
from .._core.directives import delta_seconds, split_members

#: The lifetimes of responses and what clients ask for in requests, in seconds.
DELTAS = frozenset(
    {
        "max-age",
        "s-maxage",
        "stale-while-revalidate",
        "stale-if-error",
        "min-fresh",
        "max-stale",
    }
)
_QUALIFIABLE = frozenset({"no-cache", "private"})
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)


class Controls(NamedTuple):
    """The directives that count.

    Attributes:
        flags: Names of those that stand without a restriction.
        qualified: Of ``no-cache`` and ``private``, those that name fields only.
        deltas: Lifetimes in seconds; None where the argument is missing or invalid.
        source: The field they stand in.
    """

    flags: frozenset[str] = frozenset()
    qualified: frozenset[str] = frozenset()
    deltas: dict[str, int | None] = {}  # noqa: RUF012  (never changed)
    source: str = "Cache-Control"

    def __contains__(self, name: object) -> bool:
        """Tell whether *name* is there, unqualified."""
        return name in self.flags or name in self.deltas


def of_response(fields: f.Fields, shared: bool) -> Controls:
    """Return what decides for a private or a shared cache.

    A valid ``CDN-Cache-Control`` that is not empty takes the place of Cache-Control
    and Expires in a shared cache (RFC 9213 section 2.2).
    """
    if shared:
        members = dictionary(f.values(fields, b"cdn-cache-control"))
        if members:
            return _collect(members.items(), "CDN-Cache-Control")
    return of_lines(f.values(fields, b"cache-control"))


def of_lines(lines: Iterable[bytes]) -> Controls:
    """Read the lines of a Cache-Control field of a request or a response."""
    text = b",".join(lines).decode("latin-1")
    return _collect((_split(member) for member in split_members(text)), "Cache-Control")


def _split(member: str) -> tuple[str, str | None]:
    name, equals, argument = member.partition("=")
    quoted = _QUOTED.fullmatch(argument)
    if quoted:  # recipients ought to accept both forms (RFC 9111 section 5.2)
        argument = re.sub(r"\\(.)", r"\1", quoted[1])
    return name.lower(), argument if equals else None


def _collect(members: Iterable[tuple[str, str | None]], source: str) -> Controls:
    flags: set[str] = set()
    qualified: set[str] = set()
    deltas: dict[str, int | None] = {}
    for name, argument in members:
        if name in DELTAS:
            if name == "max-stale" and argument is None:
                flags.add(name)
            # The first of several counts (RFC 9111 section 4.2.1).
            deltas.setdefault(name, delta_seconds(argument))
        elif name in _QUALIFIABLE and argument and argument.strip(' \t,"'):
            qualified.add(name)
        else:
            flags.add(name)
    return Controls(frozenset(flags), frozenset(qualified - flags), deltas, source)


# Structured Fields (RFC 8941 section 3.2, to which RFC 9213 refers; so no types of
# RFC 9651), as far as a dictionary of directives needs them: whatever does not parse
# makes the whole field count for nothing.
_KEY = r"[a-z*][a-z0-9_.*-]*"
_ITEM = (
    r"(?:-?[0-9]{1,15}(?![0-9.])|-?[0-9]{1,12}\.[0-9]{1,3}"
    r'|"(?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\])*"'
    r"|[A-Za-z*][\w!#$%&'*+.^`|~:/-]*|:[A-Za-z0-9+/]*=*:|\?[01])"
)
_PARAMETERS = rf"(?:; *{_KEY}(?:={_ITEM})?)*"
_INNER = rf"\( *(?:{_ITEM}{_PARAMETERS}(?: +{_ITEM}{_PARAMETERS})*)? *\)"
_SEPARATOR = re.compile(r"[ \t]*(?:,[ \t]*(?=.)|\Z)", re.DOTALL)
_MEMBER = re.compile(rf"({_KEY})(?:=({_ITEM}|{_INNER}))?{_PARAMETERS}", re.ASCII)


def dictionary(lines: Iterable[bytes]) -> dict[str, str | None]:
    """Return the members of a targeted field; empty if it is not valid.

    The value of a member is its argument as Cache-Control would have it: None for
    a flag, digits for an Integer. What has another type than the directive's is
    kept as a text that is no lifetime. A later member replaces an earlier one.
    """
    text = b",".join(lines).decode("latin-1").strip(" ")
    out: dict[str, str | None] = {}
    members = _members(text)
    for key, value in members:
        if value == "?0":  # "not so"
            out.pop(key, None)
        elif value is None or value == "?1":
            out[key] = None
        elif key in _QUALIFIABLE:  # only a String lists field names
            names = value[1:-1] if value.startswith('"') else None
            out[key] = names
        else:
            out[key] = value
    # Nothing but "not so" is a field that is there, and says nothing.
    return out or ({"": None} if members else {})


def _members(text: str) -> list[tuple[str, str | None]]:
    """Return the members of a dictionary, none at all if it breaks somewhere."""
    out = []
    at = 0
    while at < len(text):
        found = _MEMBER.match(text, at)
        separator = found and _SEPARATOR.match(text, found.end())
        if not found or not separator:
            return []
        out.append((found[1], found[2]))
        at = separator.end()
    return out
