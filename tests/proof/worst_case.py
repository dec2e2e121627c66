"""Two readers of Cache-Control, apart from the package.

What an app meant, as RFC 9111 has it, and the most that any known cache could take
the line that leaves for. No tests: those are in the files that read with these.
"""

from __future__ import annotations

import re
from typing import NamedTuple

FOREVER = float("inf")


class Reading(NamedTuple):
    """How long a private and a shared cache may reuse; -1: not even store."""

    private: float
    shared: float


QUOTED = re.compile(r'"(?:\\.|[^"\\])*"', re.DOTALL)
MEMBER = re.compile(r'(?:"(?:\\.|[^"\\])*(?:"|\\?\Z)|[^,"])*', re.DOTALL)
WORD = r"[\w!#$%&'*+.^`|~-]+"
DIRECTIVE = re.compile(
    rf"{WORD}(?:=(?:{WORD}|{QUOTED.pattern}))?", re.ASCII | re.DOTALL
)


def members(text: str, *, quotes: bool) -> list[str]:
    """Split *text* at commas, of which quotes may hide some."""
    found = MEMBER.findall(text) if quotes else text.split(",")
    return [part for member in found if (part := member.strip(" \t"))]


def meant(lines: list[bytes]) -> Reading:
    """Read what an app sent: names in any case, the strictest of duplicates.

    An unterminated quote has no meaning, so what it hides counts, too; and so do
    the words of what is no directive, since nginx and Varnish look for words.
    """
    text = b", ".join(lines).decode("latin-1")
    parts = members(text, quotes=True)
    parts += [m for p in parts if '"' in QUOTED.sub("", p) for m in p.split(",")]
    said = [p.strip(" \t").lower().partition("=") for p in parts]
    names = {name.strip(" \t") for name, _, _ in said}
    for part in parts:
        if not DIRECTIVE.fullmatch(part):
            bare = QUOTED.sub(" ", part).lower()
            names.update(re.findall(rf"({WORD})(?:=\w+)?", bare, re.ASCII))
    ages: dict[str, list[float]] = {"max-age": [], "s-maxage": []}
    for name, _, argument in said:
        if (key := name.strip(" \t")) in ages:
            digits = re.fullmatch("[0-9]+", argument)
            ages[key].append(min(float(argument[:30]), 2**31) if digits else 0)
    private = min(ages["max-age"], default=FOREVER)
    shared = min(ages["s-maxage"], default=private)
    if "no-cache" in names:
        private = shared = 0
    if "private" in names:
        shared = -1
    return Reading(-1, -1) if "no-store" in names else Reading(private, shared)


def worst(value: bytes) -> Reading:
    """Return the most that any cache in the facts could take one line for.

    Names are compared as they are, quotes hide nothing, the greatest of several
    lifetimes counts, an argument undoes a flag, a later ``public`` undoes no-store
    and no-cache (HAProxy), and for shared caches only ``private`` or a lifetime of
    0 keeps anything out (Fastly).
    """
    text = value.decode("latin-1")
    parts = [p for quotes in (True, False) for p in members(text, quotes=quotes)]
    plain = members(text, quotes=True)
    found = re.findall(r'(?i)\b(max-age|s-maxage)\s*=\s*"?([0-9]+)', text)
    of = {
        n: [float(v) for k, v in found if k.lower() == n]
        for n in ("max-age", "s-maxage")
    }
    private = max(of["max-age"], default=FOREVER)
    shared = max(*of["s-maxage"], -1.0) if of["s-maxage"] else private
    undone = any(p.lower().startswith("public") for p in parts)
    if "no-cache" in plain and not undone:
        private = 0  # Fastly ignores it
    if "no-store" in plain and not undone:
        private = -1
    if "private" in plain:
        shared = -1
    return Reading(private, shared)


def is_plain(value: bytes) -> bool:
    """Tell whether *value* is canonical: lower case, joined by ``", "``, no doubles."""
    form = rb"[a-z-]+(?:=[0-9]+)?(?:, [a-z-]+(?:=[0-9]+)?)*"
    names = [part.partition(b"=")[0] for part in value.split(b", ")]
    return bool(re.fullmatch(form, value)) and len(set(names)) == len(names)


def no_looser(a: Reading, b: Reading) -> bool:
    return a.private <= b.private and a.shared <= b.shared
