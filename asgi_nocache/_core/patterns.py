"""Path patterns: their grammar, and an index that finds all that match a path.

A literal pattern is a dict entry, any other a branch of a trie of segments;
nothing is compiled to ``.*``, so matching is linear in the path whatever the
patterns are. What a match means belongs to rules.py.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Final, NamedTuple

_UUID = re.compile(r"[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}", re.IGNORECASE)
_FLOAT = re.compile(r"[0-9]+(?:\.[0-9]+)?")

#: What a wildcard accepts, by its name.
KINDS: dict[str, Callable[[str], bool]] = {
    "*": lambda _: True,
    "str": bool,
    "int": lambda text: text.isascii() and text.isdigit(),
    "float": lambda text: _FLOAT.fullmatch(text) is not None,
    "uuid": lambda text: _UUID.fullmatch(text) is not None,
}

_WILDCARD = re.compile(r"\*|\{([^{}]*)\}")
_PARAMETER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(?::([A-Za-z_]+))?")
_FLASK = re.compile(r"<(?:([a-z]+)(?:\([^<>]*\))?:)?([A-Za-z_][A-Za-z0-9_]*)>")


class Wildcard(NamedTuple):
    """A segment with one part that varies, such as ``*.css`` or ``{id:int}``."""

    prefix: str
    kind: str
    suffix: str

    def matches(self, segment: str) -> bool:
        """Tell whether *segment* is one of those this stands for."""
        fixed = len(self.prefix) + len(self.suffix)
        return (
            len(segment) >= fixed
            and segment.startswith(self.prefix)
            and segment.endswith(self.suffix)
            and KINDS[self.kind](
                segment[len(self.prefix) : len(segment) - len(self.suffix)]
            )
        )

    def covers(self, other: Segment) -> bool:
        """Tell whether this matches all that *other* matches, as far as is cheap."""
        if isinstance(other, str):
            return other not in (REST, TAIL) and self.matches(other)
        whole = not (self.prefix or self.suffix) and self.kind == "str"
        return whole or self == other


Segment = str | Wildcard

#: ``**``: any number of segments, none included.
REST: Final = "**"
#: ``{name:path}``: what is left, after a slash.
TAIL: Final = "{:path}"


def parse(pattern: str) -> tuple[Segment, ...]:
    """Return the segments of *pattern*.

    Raises:
        ValueError: With one sentence that says what is wrong and what to write.
    """
    if not pattern.startswith("/"):
        raise ValueError(f"has no leading slash; write {'/' + pattern!r}")
    if match := _FLASK.search(pattern):
        shown = _FLASK.sub(_in_starlette, pattern)
        raise ValueError(f"uses Flask's {match[0]!r}; write {shown!r}, as in Starlette")
    if any(c in pattern for c in "?#\\") or any(
        c < " " or c == "\x7f" for c in pattern
    ):
        raise ValueError(
            "holds a character that no path has; rules match paths without the query"
        )
    if re.search("%[0-9A-Fa-f]{2}", pattern):
        raise ValueError("is percent-encoded; write the path decoded")
    texts = pattern.split("/")[1:]
    segments = [_segment(text) for text in texts]
    # Two in a row are one.
    segments = [
        s
        for s, before in zip(segments, [None, *segments], strict=False)
        if s != REST or before != REST
    ]
    if TAIL in segments[:-1]:
        raise ValueError("has {name:path} before its end; use '**' there")
    return tuple(segments)


def _in_starlette(match: re.Match[str]) -> str:
    """Return Flask's parameter in Starlette's form."""
    kind, name = match.groups()
    return f"{{{name}:{kind}}}" if kind in (*KINDS, "path") else f"{{{name}}}"


def _segment(text: str) -> Segment:
    if text == REST:
        return REST
    if text in (".", ".."):
        raise ValueError(
            f"has the segment {text!r}, which no resolved path has; drop it"
        )
    found = list(_WILDCARD.finditer(text))
    rest = _WILDCARD.sub("", text)
    if "{" in rest or "}" in rest:
        raise ValueError(f"has an unbalanced brace in {text!r}; write '{{name}}'")
    if "***" in text:
        raise ValueError(f"has {text!r}; write '**' for any number of segments")
    if len(found) > 1:
        raise ValueError(
            f"has more than one wildcard in the segment {text!r}; "
            "use one, or '**' as a whole segment"
        )
    if not found:
        return text
    kind = "*" if found[0][0] == "*" else _kind(found[0][1])
    prefix, suffix = text[: found[0].start()], text[found[0].end() :]
    if kind == "path":
        if prefix or suffix:
            raise ValueError(
                f"has {{name:path}} inside {text!r}; give it a segment of its own"
            )
        return TAIL
    if kind == "*" and not (prefix or suffix):
        kind = "str"  # "/a/*" asks for something: "/a/" is another resource
    return Wildcard(prefix, kind, suffix)


def _kind(inside: str) -> str:
    match = _PARAMETER.fullmatch(inside)
    if match is None:
        raise ValueError(
            f"has the parameter {'{' + inside + '}'!r}; "
            "write '{name}' or '{name:int}'"
        )
    kind = match[1] or "str"
    if kind not in KINDS and kind != "path":
        raise ValueError(
            f"has the unknown convertor {kind!r}; use int, float, uuid, str or path, "
            "or no convertor"
        )
    return kind


class _Node:
    """What may follow a run of segments."""

    __slots__ = ("ends", "literals", "loops", "rest", "rests", "tails", "wildcards")

    def __init__(self, *, loops: bool = False) -> None:
        self.loops = loops  # stays active on every segment: the state of a "**"
        self.literals: dict[str, _Node] = {}
        self.wildcards: dict[Wildcard, _Node] = {}
        self.rest: _Node | None = None
        self.ends: list[int] = []
        self.rests: list[int] = []  # patterns that end in "**" here
        self.tails: list[int] = []  # patterns that end in "{name:path}" here


class PathIndex:
    """Patterns by number; finds the numbers of all that match a path.

    Args:
        fold: Whether the patterns are casefolded, for paths that are.
    """

    def __init__(self, *, fold: bool = False) -> None:
        self._fold = fold
        self._literals: dict[str, list[int]] = {}
        self._root = _Node()
        #: Segments after which nothing can match any more; ``None``: never.
        self._depth: int | None = 1

    def add(self, pattern: str, number: int) -> None:
        """Add *pattern*. Raises ``ValueError`` as :func:`parse` does."""
        segments = parse(pattern)
        if self._fold:
            segments = tuple(map(_folded, segments))
            pattern = pattern.casefold()
        if all(isinstance(s, str) and s not in (REST, TAIL) for s in segments):
            self._literals.setdefault(pattern, []).append(number)
            return
        if REST in segments[:-1]:
            self._depth = None
        elif self._depth is not None:
            self._depth = max(self._depth, len(segments))
        node = self._root
        for segment in segments[:-1]:
            node = _child(node, segment)
        last = segments[-1]
        if last == REST:
            node.rests.append(number)
        elif last == TAIL:
            node.tails.append(number)
        else:
            _child(node, last).ends.append(number)

    def match(self, path: str) -> list[int]:
        """Return the numbers of the patterns that match *path*, ascending."""
        found = list(self._literals.get(path, ()))
        active = _entered(self._root, found)
        # What does not begin with a slash is below nothing that has a name.
        most = -1 if self._depth is None else self._depth + 1
        for segment in path.split("/", most)[1:] if path.startswith("/") else ():
            if not active:
                break
            step: dict[_Node, None] = {}
            for node in active:
                found += node.tails
                for child in _after(node, segment):
                    step |= _entered(child, found)
            active = step
        for node in active:
            found += node.ends
        return sorted(set(found))

    def covering(self, pattern: str) -> list[int]:
        """Return the numbers of patterns that match whatever *pattern* matches.

        Conservative: a number that is left out may still cover.
        """
        segments = parse(pattern)
        found = list(self._literals.get(pattern, ()))
        active = _entered(self._root, found)
        for segment in segments:
            step: dict[_Node, None] = {}
            for node in active:
                if segment != REST:
                    found += node.tails
                for child in _symbolically_after(node, segment):
                    step |= _entered(child, found)
            active = step
        for node in active:
            found += node.ends
        return sorted(set(found))


def _folded(segment: Segment) -> Segment:
    if isinstance(segment, str):
        return segment.casefold()
    prefix, kind, suffix = segment
    return Wildcard(prefix.casefold(), kind, suffix.casefold())


def _child(node: _Node, segment: Segment) -> _Node:
    if segment == REST:
        node.rest = node.rest or _Node(loops=True)
        return node.rest
    if isinstance(segment, str):
        return node.literals.setdefault(segment, _Node())
    return node.wildcards.setdefault(segment, _Node())


def _entered(node: _Node, found: list[int]) -> dict[_Node, None]:
    """Return the nodes active on entering *node*; note what matches already."""
    found += node.rests
    if node.rest is None:
        return {node: None}
    found += node.rest.rests
    return {node: None, node.rest: None}


def _after(node: _Node, segment: str) -> Iterator[_Node]:
    if node.loops:
        yield node
    if (child := node.literals.get(segment)) is not None:
        yield child
    for wildcard, child in node.wildcards.items():
        if wildcard.matches(segment):
            yield child


def _symbolically_after(node: _Node, segment: Segment) -> Iterable[_Node]:
    if node.loops:
        yield node
    if segment in (REST, TAIL):
        return
    if isinstance(segment, str) and segment in node.literals:
        yield node.literals[segment]
    for wildcard, child in node.wildcards.items():
        if wildcard.covers(segment):
            yield child
