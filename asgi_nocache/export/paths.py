"""Paths as edges see them: regular expressions, plain targets, overlaps.

What a pattern means is ``_core.patterns``'; here it is said once more, in what PCRE
and RE2 both understand. Tests hold the two against each other.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from .._core.patterns import REST, TAIL, PathIndex, Segment, Wildcard, parse

_HEX = "[0-9A-Fa-f]"
_KINDS = {
    "*": "[^/]*",
    "str": "[^/]+",
    "int": "[0-9]+",
    "float": r"[0-9]+(?:\.[0-9]+)?",
    "uuid": f"{_HEX}{{8}}-?(?:{_HEX}{{4}}-?){{3}}{_HEX}{{12}}",
}
#: What some server drops at the end of a path, the final extension included.
_DROPPED = r"[/. ]*(?:\.[^./]*)?[/. ]*"

_CHARACTER = "[A-Za-z0-9_~!$&'()*+,=:@-]"
#: Escapes of ASCII characters that mean nothing in a path: no control character,
#: and none of ``# % . / ; ? \``.
_ESCAPE = (
    "%(?:2[0-246-9A-Da-d]|3[0-9AaC-Ec-e]|[46][0-9A-Fa-f]|5[0-9ABD-Fabd-f]|7[0-9A-Ea-e])"
)


def _plain(character: str) -> str:
    """Return what matches paths that nobody reads in two ways."""
    return rf"^(?:/|(?:/\.?{character}(?:\.|{character})*)+/?)$"


#: What an entry that allows caching asks of the path as it was sent: no segment is
#: empty or begins with two dots, and nothing can be read in two ways. For engines
#: that match what was sent.
PLAIN = _plain(_CHARACTER)
#: The same for engines that match the decoded path: harmless escapes may stand in it.
PLAIN_DECODED = _plain(f"(?:{_CHARACTER}|{_ESCAPE})")


@dataclass(frozen=True, slots=True)
class PathForm:
    """A path pattern, ready for an edge.

    Attributes:
        pattern: As the rule has it; ``"/**"`` where the rule is for every path.
        shadowed: Whether what servers may take for it counts, too: any letter case,
            and ends that some server drops. So for entries that are never-store.
    """

    pattern: str
    shadowed: bool = False

    @property
    def segments(self) -> tuple[Segment, ...]:
        """The pattern's segments, as ``_core.patterns`` reads them."""
        return _parsed(self.pattern)

    @property
    def beginning(self) -> str | None:
        """What paths that may meet share; ``None``: it may meet any."""
        first = self.segments[0]
        return _stem(first) if _is_one(first) else None

    @property
    def everything(self) -> bool:
        """Whether it is for every path."""
        return self.segments == (REST,)

    @property
    def literal(self) -> bool:
        """Whether exactly one path is meant (in any letter case, if shadowed)."""
        return all(isinstance(s, str) and s not in (REST, TAIL) for s in self.segments)

    @property
    def prefix(self) -> str:
        """The literal folder of ``/a/b/**``, without a slash at its end; else ``""``.

        ``/a/b`` itself is meant, too, and all below.
        """
        *folders, last = self.segments
        if last != REST or not all(isinstance(s, str) for s in folders):
            return ""
        return "".join(f"/{s}" for s in folders if s != REST) if folders else ""

    @property
    def head(self) -> tuple[str, ...]:
        """The literal segments it begins with: what a search tree branches on."""
        out: list[str] = []
        for segment in self.segments:
            if not isinstance(segment, str) or segment in (REST, TAIL):
                break
            out.append(segment)
        return tuple(out)

    @property
    def regex(self) -> str:
        """A regular expression for the whole decoded path, ``^`` to ``$``.

        In what PCRE and RE2 share, without groups that capture. Where
        :attr:`shadowed`, it is to be matched in any letter case.
        """
        out = ""
        for number, segment in enumerate(self.segments):
            last = number == len(self.segments) - 1
            if segment == REST:
                out += "(?:/.*)?"
            elif segment == TAIL:
                out += "/.*"
            elif isinstance(segment, Wildcard):
                out += f"/{escaped(segment.prefix)}{_KINDS[segment.kind]}"
                out += escaped(segment.suffix)
            else:
                out += "/" + escaped(segment)
            if last and self.shadowed and segment not in (REST, TAIL):
                out += _DROPPED
        if self.shadowed and self.segments[-1] == REST:
            # "/account.css" is below "/account", once its extension is dropped.
            out = out.removesuffix("(?:/.*)?") + f"(?:/.*|{_DROPPED})"
        if self.everything:
            out = "/.*"
        return f"^{out}$"

    def matches(self, path: str) -> bool:
        """Tell whether the decoded *path* is one of these."""
        flags = re.DOTALL | (re.IGNORECASE if self.shadowed else 0)
        return re.search(self.regex, path, flags) is not None

    def covers(self, other: PathForm) -> bool:
        """Tell whether it matches all that *other* does, as far as is cheap."""
        index = PathIndex()
        index.add(self.pattern, 0)
        return bool(index.covering(other.pattern))

    def may_meet(self, other: PathForm) -> bool:
        """Tell whether some path may be both, shadows of either included."""
        for mine, theirs in zip(self.segments, other.segments, strict=False):
            if mine in (REST, TAIL) or theirs in (REST, TAIL):
                return True
            if _is_one(mine) and _is_one(theirs) and _stem(mine) != _stem(theirs):
                return False
        return True

    def is_apart_from(self, other: PathForm) -> bool:
        """Tell whether no path is both, as spelled; ``False`` where not known."""
        mine, theirs = self.segments, other.segments
        for one, another in zip(mine, theirs, strict=False):
            if one in (REST, TAIL) or another in (REST, TAIL):
                return False
            if not _may_be_alike(one, another):
                return True
        open_ended = {REST, TAIL} & {mine[-1], theirs[-1]}
        return len(mine) != len(theirs) and not open_ended


_parsed = lru_cache(maxsize=4096)(parse)


def escaped(text: str) -> str:
    """Return *text* as a regular expression; only what is special is escaped."""
    return re.sub(r"([.^$*+?{}()|\[\]\\])", r"\\\1", text)


def _is_one(segment: Segment) -> bool:
    return isinstance(segment, str) and segment not in (REST, TAIL)


@lru_cache(maxsize=4096)
def _stem(segment: Segment) -> str:
    """Return a literal segment as loosely as any server may take it."""
    bare = str(segment).casefold().rstrip(". ")
    return bare.rpartition(".")[0].rstrip(". ") if "." in bare else bare


def _may_be_alike(one: Segment, another: Segment) -> bool:
    if isinstance(one, str) and isinstance(another, str):
        return one == another
    if isinstance(one, Wildcard) and isinstance(another, str):
        return one.matches(another)
    if isinstance(one, str) and isinstance(another, Wildcard):
        return another.matches(one)
    return True


def at_most(limit: int) -> str:
    """Return a regular expression for the decimal numbers from 0 to *limit*."""
    digits = str(limit)
    parts = [f"[0-9]{{1,{len(digits) - 1}}}"] if len(digits) > 1 else []
    for place, digit in enumerate(digits):
        rest = len(digits) - place - 1
        low = 1 if place == 0 and len(digits) > 1 else 0
        if int(digit) > low:
            below = f"[{low}-{int(digit) - 1}]"
            parts.append(digits[:place] + below + (f"[0-9]{{{rest}}}" if rest else ""))
    parts.append(digits)
    return f"(?:{'|'.join(parts)})"
