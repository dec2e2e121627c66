"""Which rule applies, as nginx maps: exact strings as an index, regexes as the word.

nginx tries the regexes of a map one after another, and its exact strings ignore the
letter case. So a long policy is a tree: a map over a few characters of the path leads
to a short list of regexes, which decides. A short policy is one list.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from os.path import commonprefix
from typing import NamedTuple

from .._core.patterns import REST, TAIL, Wildcard
from .nginx_words import Line, mapped
from .paths import escaped
from .plan import Entry

#: Regexes that are tried one after another before a tree is worth its while.
_LIST = 16
#: Keys of one map, and characters of one key, that fit nginx's default hash sizes.
_KEYS, _KEY = 96, 24
#: A word of nginx's configuration has at most 4096 bytes.
_WORD = 3800
#: Segments that may be passed over before the characters that are looked at.
_SKIPS = range(4)


class Choice(NamedTuple):
    """An entry, and what is said where it applies.

    Attributes:
        entry: The entry.
        value: The name of its cases; ``"0"`` is the default.
    """

    entry: Entry
    value: str


class _Window(NamedTuple):
    """The characters of a path that a map looks at."""

    skip: int
    start: int
    width: int

    @property
    def regex(self) -> str:
        skipped = f"(?:/[^/]*+){{{self.skip}}}" if self.skip else ""
        skipped += f".{{{self.start}}}" if self.start else ""
        return f"~(?s)^{skipped}(?<nocache_at>.{{{self.width}}})"

    def of(self, text: str) -> str:
        """Return the key of *text*; ``""`` where it is too short."""
        part = text[self.start : self.start + self.width]
        return part if len(part) == self.width else ""


def choosing(choices: Sequence[Choice], name: str) -> str:
    """Return the maps that make ``$NAME`` the value of the first choice for ``$uri``.

    Args:
        choices: In the order of the policy.
        name: The variable's, without its dollar.
    """
    return "".join(_Tree(name).grown(list(enumerate(choices)), f"${name}"))


def fits(choice: Choice) -> bool:
    """Tell whether nginx takes the pattern, or as much of it as is needed."""
    return choice.entry.strict or len(choice.entry.path.regex.encode()) <= _WORD


class _Tree:
    """One tree of maps."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._count = 0

    def _variable(self) -> str:
        self._count += 1
        return f"${self._name}_{self._count}"

    def grown(self, choices: list[tuple[int, Choice]], variable: str) -> Iterator[str]:
        """Yield the maps below, then the one of *variable*."""
        window = _best(choices) if len(choices) > _LIST else None
        if window is None:
            yield _list(choices, variable)
            return
        groups, rest = _grouped(choices, window)
        lines = []
        for keys, members in _packed(groups, rest):
            below = self._variable()
            yield from self.grown(members, below)
            lines += [Line(key, below) for key in keys]
        elsewhere = "0"
        if rest:
            elsewhere = self._variable()
            yield from self.grown(rest, elsewhere)
        key = f"{self._variable()}_key"
        yield mapped("$uri", key, '""', [Line(window.regex, "$nocache_at")])
        yield mapped(key, variable, elsewhere, lines)


def _list(choices: Sequence[tuple[int, Choice]], variable: str) -> str:
    methods = any(choice.entry.methods for _, choice in choices)
    hosts = any(choice.entry.hosts for _, choice in choices)
    source = "$request_method " * methods + "$host " * hosts + "$uri"
    lines = [
        Line(_regex(c.entry, methods=methods, hosts=hosts), c.value, _said_of(c))
        for _, c in choices
    ]
    return mapped(source, variable, "0", lines)


def _said_of(choice: Choice) -> str:
    entry = choice.entry
    reason = f": {entry.reason}" if entry.reason else ""
    return f"{entry.number}. {entry.rule}{reason}"


def _regex(entry: Entry, *, methods: bool, hosts: bool) -> str:
    """Return the regex of *entry* over the method, the host and the path."""
    path = entry.path.regex.removeprefix("^")
    if len(path.encode()) > _WORD:
        # Never-store for all that begins like it: nginx reads no longer words.
        path = escaped("/" + "/".join(entry.path.head))[: _WORD // 4].rstrip("\\")
    before = ""
    if methods:
        before += f"(?:{'|'.join(entry.methods)}) " if entry.methods else r"\S+ "
    if hosts:
        names = "|".join(_host(name) for name in entry.hosts)
        before += f"(?i:{names}) " if names else r"\S* "
    return f"~{'*' * entry.path.shadowed}{_dots(path)}^{before}{path}"


def _dots(path: str) -> str:
    # Where a dot stands for anything, a newline is something, too.
    return "(?s)" if "/.*" in path else ""


def _host(name: str) -> str:
    return rf"\S*{escaped(name[1:])}" if name.startswith("*.") else escaped(name)


def _text(entry: Entry, skip: int) -> str:
    """Return the characters that a path has after *skip* segments, lower case."""
    passed, left = entry.path.segments[:skip], entry.path.segments[skip:]
    if len(passed) < skip or REST in passed or TAIL in passed:
        return ""
    text = ""
    for segment in left:
        if segment == REST:
            break
        text += "/"
        if isinstance(segment, Wildcard) or segment == TAIL:
            text += segment.prefix if isinstance(segment, Wildcard) else ""
            break
        text += segment
    plain = re.match(r"[\x20-\x7e]*", text)
    return plain[0].lower() if plain else ""


def _best(choices: Sequence[tuple[int, Choice]]) -> _Window | None:
    """Return the window that leaves the fewest regexes to try."""
    best, least = None, len(choices)
    for skip in _SKIPS:
        texts = [_text(choice.entry, skip) for _, choice in choices]
        known = [text for text in texts if text]
        if not known:
            continue
        start = len(commonprefix(known))
        for width in range(1, _KEY + 1):
            window = _Window(skip, start, width)
            counts = Counter(window.of(text) for text in texts)
            short = counts.pop("", 0)
            worst = short + max(counts.values(), default=0)
            if len(counts) <= _KEYS and worst < least:
                best, least = window, worst
    return best


_Group = list[tuple[int, Choice]]


def _grouped(choices: _Group, window: _Window) -> tuple[dict[str, _Group], _Group]:
    """Return the choices by their key, and those that any path may be for."""
    groups: dict[str, _Group] = {}
    rest: _Group = []
    for place, choice in choices:
        key = window.of(_text(choice.entry, window.skip))
        (groups.setdefault(key, []) if key else rest).append((place, choice))
    return groups, rest


def _packed(
    groups: dict[str, _Group], rest: _Group
) -> Iterator[tuple[list[str], _Group]]:
    """Yield keys that share a list, and the list in the order of the policy."""
    keys: list[str] = []
    members: _Group = []
    for key in sorted(groups):
        if keys and len(members) + len(groups[key]) + len(rest) > _LIST:
            yield keys, sorted([*members, *rest], key=_place)
            keys, members = [], []
        keys.append(key)
        members += groups[key]
    yield keys, sorted([*members, *rest], key=_place)


def _place(each: tuple[int, Choice]) -> int:
    return each[0]
