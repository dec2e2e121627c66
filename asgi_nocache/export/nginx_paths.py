"""Which rule applies, as nginx maps: exact strings as an index, regexes as the word.

nginx tries the regexes of a map one after another, and its exact strings ignore the
letter case. So a long policy is a tree: a map over a few characters of the path leads
to a short list of regexes, which decides. A short policy is one list.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
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
#: The segments that a map may look at.
_SEGMENTS = range(6)


class Choice(NamedTuple):
    """An entry, and what is said where it applies.

    Attributes:
        entry: The entry.
        value: The name of its cases; ``"0"`` is the default.
    """

    entry: Entry
    value: str


_Group = list[tuple[int, Choice]]


class _Window(NamedTuple):
    """The characters of one segment of a path that a map looks at."""

    segment: int
    start: int
    width: int

    @property
    def regex(self) -> str:
        before = f"(?:/[^/]*+){{{self.segment}}}/" if self.segment else "/"
        before += f"[^/]{{{self.start}}}" if self.start else ""
        return f"~^{before}(?<nocache_at>[^/]{{1,{self.width}}})"

    def of(self, part: _Part) -> str:
        """Return the key of *part*; ``""`` where it may be any."""
        key = part.text[self.start : self.start + self.width]
        return key if part.whole or len(key) == self.width else ""


class _Part(NamedTuple):
    """What is known of a segment: how it begins, and whether that is all of it."""

    text: str
    whole: bool = False


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

    def grown(self, choices: _Group, variable: str, shared: int = 0) -> Iterator[str]:
        """Yield the maps below, then the one of *variable*."""
        # What any path may be for is in each list, however short they are.
        window = _best(choices, shared) if len(choices) > _LIST + shared else None
        if window is None:
            yield _list(choices, variable)
            return
        groups, rest = _grouped(choices, window)
        lines = []
        for keys, members in _packed(groups, rest):
            below = self._variable()
            yield from self.grown(members, below, len(rest))
            lines += [Line(key, below) for key in keys]
        elsewhere = "0"
        if rest:
            elsewhere = self._variable()
            yield from self.grown(rest, elsewhere)
        key = f"{self._variable()}_key"
        yield mapped("$uri", key, '""', [Line(window.regex, "$nocache_at")])
        yield mapped(key, variable, elsewhere, lines)


def _list(choices: _Group, variable: str) -> str:
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


def _part(entry: Entry, place: int) -> _Part:
    """Return what is known of the segment at *place*, in lower case."""
    segments = entry.path.segments
    if place >= len(segments) or {REST, TAIL} & {*segments[: place + 1]}:
        return _Part("")
    segment = segments[place]
    text = segment.prefix if isinstance(segment, Wildcard) else segment
    known = re.match(r"[\x20-\x7e]*", text)
    plain = known[0] if known else ""
    # Where servers may drop an end, more may follow.
    loose = entry.path.shadowed and place >= len(segments) - 2
    whole = segment == plain and not loose
    return _Part(plain.lower(), whole)


def _best(choices: _Group, shared: int) -> _Window | None:
    """Return the window that leaves the fewest regexes to try."""
    best, least = None, (len(choices), shared)
    for place in _SEGMENTS:
        parts = [_part(choice.entry, place) for _, choice in choices]
        start = _alike([part.text for part in parts if part.text])
        for width in range(1, _KEY + 1):
            window = _Window(place, start, width)
            counts = Counter(map(window.of, parts))
            rest = counts.pop("", 0)
            worst = rest + max(max(counts.values(), default=0), _LIST)
            if len(counts) <= _KEYS and (worst, rest) < least:
                best, least = window, (worst, rest)
    return best


def _alike(texts: Sequence[str]) -> int:
    """Return how many characters all *texts* begin with."""
    low, high = min(texts, default=""), max(texts, default="")
    pairs = enumerate(zip(low, high, strict=False))
    return next((n for n, (a, b) in pairs if a != b), min(len(low), len(high)))


def _grouped(choices: _Group, window: _Window) -> tuple[dict[str, _Group], _Group]:
    """Return the choices by their key, and those that any path may be for."""
    groups: dict[str, _Group] = {}
    rest: _Group = []
    for place, choice in choices:
        key = window.of(_part(choice.entry, window.segment))
        (groups.setdefault(key, []) if key else rest).append((place, choice))
    return groups, rest


def _packed(
    groups: dict[str, _Group], rest: _Group
) -> Iterator[tuple[list[str], _Group]]:
    """Yield keys that share a list, and the list in the order of the policy."""
    keys: list[str] = []
    members: _Group = []
    for key in sorted(groups):
        if keys and len(members) + len(groups[key]) > _LIST:
            yield keys, sorted([*members, *rest], key=_place)
            keys, members = [], []
        keys.append(key)
        members += groups[key]
    yield keys, sorted([*members, *rest], key=_place)


def _place(each: tuple[int, Choice]) -> int:
    return each[0]
