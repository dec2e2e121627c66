"""The directive table, and the reader of what apps send in Cache-Control.

Everything known about a directive stands in one table. The reader never
raises: it reads strictly and keeps what was odd as anomalies. What a whole
value permits and how it is written is cache_control.py's.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import Enum
from typing import Any, NamedTuple

from .fields import is_field_value, is_token

#: RFC 9111 section 1.2.2: a greater delta-seconds counts as this many seconds.
DELTA_MAX = 2**31


class Effect(Enum):
    """What a directive does to permission, which decides how it is joined."""

    LEVEL = "sets the level"
    LOOSENS = "survives a join only if both sides have it"
    TIGHTENS = "survives a join if one side has it"
    LIFETIME = "the smaller one wins"


class Known(NamedTuple):
    """One row of the directive table."""

    attribute: str
    takes_delta: bool
    effect: Effect
    reference: str


#: The response directives, in the order in which they are written.
DIRECTIVES: dict[str, Known] = {
    "no-store": Known("no_store", False, Effect.LEVEL, "RFC 9111 5.2.2.5"),
    "public": Known("public", False, Effect.LOOSENS, "RFC 9111 5.2.2.9"),
    "private": Known("private", False, Effect.LEVEL, "RFC 9111 5.2.2.7"),
    "no-cache": Known("no_cache", False, Effect.LEVEL, "RFC 9111 5.2.2.4"),
    "must-revalidate": Known(
        "must_revalidate", False, Effect.TIGHTENS, "RFC 9111 5.2.2.2"
    ),
    "proxy-revalidate": Known(
        "proxy_revalidate", False, Effect.TIGHTENS, "RFC 9111 5.2.2.8"
    ),
    "max-age": Known("max_age", True, Effect.LIFETIME, "RFC 9111 5.2.2.1"),
    "s-maxage": Known("s_maxage", True, Effect.LIFETIME, "RFC 9111 5.2.2.10"),
    "immutable": Known("immutable", False, Effect.LOOSENS, "RFC 8246"),
    "stale-while-revalidate": Known(
        "stale_while_revalidate", True, Effect.LOOSENS, "RFC 5861 3"
    ),
    "stale-if-error": Known("stale_if_error", True, Effect.LOOSENS, "RFC 5861 4"),
    "must-understand": Known(
        "must_understand", False, Effect.LOOSENS, "RFC 9111 5.2.2.3"
    ),
    "no-transform": Known("no_transform", False, Effect.TIGHTENS, "RFC 9111 5.2.2.6"),
}

_QUALIFIABLE = frozenset({"no-cache", "private"})

# A member is anything up to a comma that is outside quotes. The quoted branch
# always succeeds (a lone backslash and a missing quote end with the text), so
# the expression never backtracks.
_MEMBER = re.compile(r'(?:[^",]|"(?:[^"\\]|\\.?)*(?:"|$))+', re.DOTALL)
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
#: What may stand around a member (RFC 9110 section 5.6.3), and no more: a cache
#: takes a no-break space for part of the name.
_OWS = " \t"
#: What a separator that is none may stand between: ``no-store; private``.
_WORD = re.compile(r"[\w!#$%&'*+.^`|~-]+(?:=\d+(?![\w-]))?", re.ASCII)


class Directive(NamedTuple):
    """One directive as it was received."""

    name: str
    argument: str | None
    quoted: bool
    raw: str


class Reading:
    """One reading of what an app sent.

    Attributes:
        values: What counts, by the attribute names of the table.
        extensions: Unknown directives and their arguments.
        directives: All directives as received, duplicates included.
        anomalies: One sentence for each oddity.
    """

    def __init__(self, lines: str | bytes | Iterable[bytes]) -> None:
        self.directives: list[Directive] = []
        self.anomalies: list[str] = []
        self._seen: set[str] = set()
        self.values: dict[str, Any] = {}
        self.extensions: dict[str, str | None] = {}
        self._hidden = False
        for member in self._members(_one_list(lines)):
            self._add(member)

    def _members(self, text: str) -> Iterable[str]:
        for member in split_members(text):
            if _unterminated(member):
                # Some caches ignore quotes: what this one hides may tighten.
                self._hidden = True
                self.anomalies.append(f"unterminated quote in {member[:60]!r}")
                yield from (part.strip(_OWS) for part in member.split(","))
            else:
                yield member

    def _add(self, raw: str) -> None:
        name, equals, argument = raw.partition("=")
        name = name.strip(_OWS).lower()
        quoted = bool(_QUOTED.fullmatch(argument))
        value = _ESCAPED.sub(r"\1", argument[1:-1]) if quoted else argument
        directive = Directive(name, value if equals else None, quoted, raw)
        if name in self._seen:
            self.anomalies.append(f"duplicate {name[:40]!r}")
        self._seen.add(name)
        self.directives.append(directive)
        known = DIRECTIVES.get(name)
        if known is None:
            self._unknown(directive)
        elif known.takes_delta:
            self._delta(directive, known)
        else:
            self._flag(directive, known)

    def _unknown(self, directive: Directive) -> None:
        name, argument, quoted, raw = directive
        text = raw.partition("=")[2] if quoted else argument
        if self._hidden or not is_extension(name, text):
            self.anomalies.append(f"not a directive: {raw[:60]!r}")
            self._tighten(raw)
        elif name not in self.extensions:
            self.extensions[name] = text

    def _delta(self, directive: Directive, known: Known) -> None:
        _, argument, quoted, raw = directive
        # RFC 9111 section 5.2.2.1: a quoted form is not for sending, and caches
        # differ in what they take it for.
        seconds = None if quoted else delta_seconds(argument)
        if seconds is None:
            self.anomalies.append(f"invalid lifetime: {raw[:60]!r}")
            self._tighten("" if quoted else argument or "")
        if self._hidden and known.effect is not Effect.LIFETIME:
            return  # an invitation that some caches would not see
        if self._hidden:
            known = DIRECTIVES["max-age"]  # for a bound they may see, or not
        self._lower(known, seconds or 0)

    def _flag(self, directive: Directive, known: Known) -> None:
        name, argument, quoted, raw = directive
        if argument is not None:
            kind = "qualified" if name in _QUALIFIABLE else "unexpected argument"
            self.anomalies.append(f"{kind}: {raw[:60]!r}")
            self._tighten("" if quoted else argument)
        # An odd spelling may tighten, but it must not loosen.
        loosens = known.effect is Effect.LOOSENS
        if not loosens or (argument is None and not self._hidden):
            self.values[known.attribute] = True

    def _lower(self, known: Known, seconds: int) -> None:
        before = self.values.get(known.attribute)
        self.values[known.attribute] = (
            seconds if before is None else min(before, seconds)
        )

    def _tighten(self, text: str) -> None:
        """Let the words of *text*, which is no directive, tighten and not loosen.

        Caches that look for words find what stands beside a wrong separator.
        """
        for word in _WORD.findall(_QUOTED.sub(" ", text)):
            name, _, digits = word.partition("=")
            known = DIRECTIVES.get(name.lower())
            if known is None or known.effect is Effect.LOOSENS:
                continue
            if not known.takes_delta:
                self.values[known.attribute] = True
            else:
                self._lower(DIRECTIVES["max-age"], delta_seconds(digits) or 0)


def _one_list(lines: str | bytes | Iterable[bytes]) -> str:
    if isinstance(lines, str):
        return lines
    joined = lines if isinstance(lines, bytes) else b", ".join(lines)
    return joined.decode("latin-1")


def split_members(text: str) -> list[str]:
    """Return the members of a list, split at the commas outside of quotes."""
    return [member for part in _MEMBER.findall(text) if (member := part.strip(_OWS))]


def is_extension(name: str, argument: str | None) -> bool:
    """Tell whether an unknown directive can be sent as it is.

    RFC 9111 section 5.2: ``token [ "=" ( token / quoted-string ) ]``.
    """
    if not is_token(name):
        return False
    if argument is None or is_token(argument):
        return True
    return is_field_value(argument) and bool(_QUOTED.fullmatch(argument))


def _unterminated(member: str) -> bool:
    """Tell whether a quoted string in *member* has no closing quote."""
    return '"' in member and _ESCAPED.sub("", member).count('"') % 2 == 1


def delta_seconds(text: str | None) -> int | None:
    """Return a number of seconds, at most 2**31; ``None`` if *text* is none.

    RFC 9111 section 1.2.2.
    """
    if text is None or not (text.isascii() and text.isdigit()):
        return None
    digits = text.lstrip("0") or "0"  # ``int`` refuses very long texts
    return DELTA_MAX if len(digits) > 10 else min(int(digits), DELTA_MAX)
