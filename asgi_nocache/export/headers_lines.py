"""Reading ``_headers``: lines to blocks, and their patterns as the rules have them.

What the blocks come to together is import_headers.py's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import unquote

from .._core.errors import ConfigurationError
from .._core.patterns import parse
from .._core.policy import is_side_field

_PLACEHOLDER = re.compile(r":([A-Za-z]\w*)")
_LOGIN = "basic-auth"
#: What rules write otherwise, or no rule can hold.
_SPECIAL = re.compile(r"[*{}/\\?#\x00-\x1f\x7f]")


@dataclass
class Said:
    """A block of the file, as far as it is about caching.

    Attributes:
        line: Where it begins, from 1.
        path: As the file has it.
        patterns: What rules call it.
        given: Values by lower-case name.
        unset: Lower-case names.
    """

    line: int
    path: str
    patterns: tuple[str, ...] = ()
    given: dict[str, list[str]] = field(default_factory=dict)
    unset: set[str] = field(default_factory=set)

    @property
    def about_caching(self) -> bool:
        """Whether it sets or takes away a field of caching."""
        return bool(self.given or self.unset)


def blocks_of(text: str, place: str) -> tuple[list[Said], list[str]]:
    """Return the blocks of *text* that are about caching, and notes on the rest.

    Raises:
        ConfigurationError: With every line that cannot be read.
    """
    problems: list[tuple[int, str]] = []
    notes: list[str] = []
    blocks: list[Said] = []
    for number, raw in enumerate(text.splitlines(), 1):
        line = raw.strip()
        if line.startswith(("/", "https://")):
            blocks.append(Said(number, line))
        elif not line or line.startswith("#"):
            continue
        elif problem := _take(line, blocks, notes, f"{place} line {number}"):
            problems.append((number, problem))
    kept: dict[str, Said] = {}
    for block in filter(lambda each: each.about_caching, blocks):
        try:
            block.patterns = tuple(_patterns(block.path))
        except ValueError as error:
            problems.append((block.line, f"{block.path!r} {error}"))
        _keep(block, kept, notes, place)
    if problems:
        raise ConfigurationError(place, [f"line {n}: {p}" for n, p in sorted(problems)])
    return list(kept.values()), notes


def _take(line: str, blocks: list[Said], notes: list[str], where: str) -> str:
    """Put *line* into the last of *blocks*; return what is wrong with it."""
    if not blocks:
        return f"{line[:60]!r} stands before any path; write the path above it"
    if line.startswith("!"):
        name = line[1:].strip().lower()
        if _is_of_caching(name):
            blocks[-1].unset.add(name)
        return "" if name else "'!' takes nothing away; name a field"
    name, colon, value = (part.strip() for part in line.partition(":"))
    if not (name and colon and value) or " " in name:
        shown = name[:60] + colon
        return f"{shown!r} is no field; write 'Name: value', or '! Name'"
    if _is_of_caching(name.lower()):
        blocks[-1].given.setdefault(name.lower(), []).append(value)
    elif name.lower() == _LOGIN:
        notes.append(f"{where}: a password is the host's to ask for; it stays there")
    else:
        notes.append(f"{where}: {name} is not about caching and stays there")
    return ""


def _is_of_caching(name: str) -> bool:
    return name in ("cache-control", "pragma", "expires") or is_side_field(
        name.encode()
    )


def _keep(block: Said, kept: dict[str, Said], notes: list[str], place: str) -> None:
    """Add *block* to *kept*; a path that stands twice says both."""
    if "*" in block.path[:-1]:
        notes.append(
            f"{place} line {block.line}: hosts read '*' inside of {block.path} each in "
            "their own way; here it is any text, slashes included"
        )
    first = kept.setdefault(block.path, block)
    if first is not block:
        notes.append(
            f"{place} line {block.line}: {block.path} stands in line {first.line}, "
            "too; here both count"
        )
        for name in block.unset:
            first.given.pop(name, None)
        first.unset |= block.unset
        for name, values in block.given.items():
            first.given.setdefault(name, []).extend(values)


def _patterns(path: str) -> Iterator[str]:
    """Yield the patterns that match what *path* does.

    Raises:
        ValueError: There are none; in words that follow the path.
    """
    if not path.startswith("/"):
        raise ValueError("names a host; write the path alone, in a file for that host")
    before, star, after = path.partition("*")
    if "*" in after:
        raise ValueError("has two '*', which Cloudflare drops silently; write one")
    folder, _, start = before.rpartition("/")
    end, slash, rest = after.partition("/")
    folder, rest = _literal(folder), _literal(slash + rest)
    start, end = _literal(start), _literal(end)
    if not star:
        texts = [f"{folder}/{start}"]
    elif not after:
        tail = "**" if not folder else "{rest:path}"
        texts = [f"{folder}/{start}*/**" if start else f"{folder}/{tail}"]
    elif not end:
        texts = [f"{folder}/{start}*/**{rest}"]
    elif not start:
        texts = [f"{folder}/**/*{end}{rest}"]
    else:
        texts = [f"{folder}/{start}*{end}{rest}", f"{folder}/{start}*/**/*{end}{rest}"]
    for text in texts:
        parse(text)
        yield text


def _literal(text: str) -> str:
    """Return a part of a path, its placeholders as the rules write them."""
    return "/".join(_segment(each) for each in text.split("/"))


def _segment(text: str) -> str:
    if found := _PLACEHOLDER.fullmatch(text):
        return f"{{{found[1]}}}"
    parts = [unquote(each) for each in _PLACEHOLDER.split(text)[::2]]
    if len(parts) > 2:
        raise ValueError("has two placeholders in one segment; write one")
    if any(_SPECIAL.search(part) for part in parts):
        raise ValueError("has a character that no rule can hold; rename the file")
    return "*".join(parts)
