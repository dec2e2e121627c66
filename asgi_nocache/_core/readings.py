"""Readings of a path: what else one request target may name.

*Spellings* name the same resource; *shadows* are what some server might map it to.
Every string here is a path; how rules match one is patterns.py's, and how several
are joined is selection.py's.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from urllib.parse import unquote

#: Bounds: of a path that is not plain, and of its spellings. What is beyond them is
#: not read, and so never stored.
MAX_LENGTH = 1024
MAX_SPELLINGS = 16

#: What makes a path have another spelling.
_ODD = re.compile(r"[%\\;?#\x00\t\n\r]|//|/\.\.?(?:/|\Z)|\A(?!/)")
#: What some server drops at the end of a path.
_END = "/. "
_CUT = re.compile(r"[\x00\t\n\r?#]")
_SLASHES = re.compile("//+")
_PARAMETERS = re.compile(";[^/]*")
#: What a server puts for bytes that are not UTF-8, an overlong slash among them.
_UNREADABLE = re.compile("�+")


@dataclass(frozen=True, slots=True)
class Readings:
    """All readings of one path.

    Attributes:
        spellings: Paths that name the same resource, as decoded once first.
        shadows: Paths that some server might map it to, casefolded, for patterns
            that are casefolded, too.
        complete: Whether these are all; else a bound was met.
    """

    spellings: tuple[str, ...]
    shadows: tuple[str, ...] = ()
    complete: bool = True


def read(path: str, root_path: str = "") -> Readings:
    """Return the readings of *path*, relative to where the app is mounted.

    Args:
        path: The path, decoded once.
        root_path: Where the app is mounted; it may be in *path*, as ASGI says it
            should, or not.
    """
    own = relative_path(path, root_path)
    if not _ODD.search(own):
        return _with_shadows((own,), path)
    if len(own) > MAX_LENGTH:
        return Readings((own,), complete=False)
    spellings = _spellings([own])
    if root_path and own == path:  # it may come to light: "http://host/root/items"
        inside = [relative_path(each, root_path) for each in spellings]
        spellings = _spellings([*spellings, *inside])
    if len(spellings) > MAX_SPELLINGS:
        return Readings((own,), complete=False)
    return _with_shadows(spellings, path)


def relative_path(path: str, root_path: str) -> str:
    """Return *path* without *root_path*, if it begins with it as whole segments."""
    root = root_path.rstrip("/")
    if root and path.startswith(root) and path[len(root) : len(root) + 1] in ("", "/"):
        return path[len(root) :] or "/"
    return path


def _spellings(paths: Iterable[str]) -> tuple[str, ...]:
    """Return *paths* and all that the steps make of them, in any order."""
    found = dict.fromkeys(paths)
    queue = list(found)
    for path in queue:  # it grows
        for sign, step in _STEPS:
            if sign not in path:
                continue
            new = step(path)
            if new not in found:
                found[new] = None
                queue.append(new)
        if len(found) > MAX_SPELLINGS:
            break
    return tuple(found)


def _rooted(path: str) -> str:
    """Reduce an absolute-form target to its path (RFC 9112 section 3.2.2)."""
    if path.startswith("/"):
        return path
    _, absolute, rest = path.partition("://")
    return "/" + (rest.partition("/")[2] if absolute else path)


def _resolve(path: str) -> str:
    """Remove dot segments (RFC 3986 section 5.2.4)."""
    kept: list[str] = []
    segments = path.split("/")[1:]
    for segment in segments:
        if segment == "..":
            del kept[-1:]
        elif segment != ".":
            kept.append(segment)
    if segments[-1] in (".", ".."):
        kept.append("")
    return "/" + "/".join(kept)


#: What a spelling may be another spelling by, and what a path must hold for it.
_STEPS: tuple[tuple[str, Callable[[str], str]], ...] = (
    ("", _rooted),
    ("%", unquote),
    ("\\", lambda path: path.replace("\\", "/")),
    ("//", lambda path: _SLASHES.sub("/", path)),
    ("/.", _resolve),
    (";", lambda path: _PARAMETERS.sub("", path)),
    ("", lambda path: _CUT.split(path, 1)[0]),
)


def _with_shadows(spellings: tuple[str, ...], whole: str) -> Readings:
    """Return the readings, given the spellings and the path with its root path."""
    mapped = spellings if whole in spellings else (*spellings, whole)
    complete = True
    if not all(map(str.isascii, mapped)):
        if len(whole) > MAX_LENGTH:
            return Readings(spellings, complete=False)
        others = _mapped_characters(mapped)
        complete = len(others) <= MAX_SPELLINGS
        mapped = (*mapped, *others)
    shadows = dict.fromkeys(_ends([path.casefold() for path in mapped]))
    return Readings(spellings, tuple(shadows), complete)


def _mapped_characters(paths: Iterable[str]) -> tuple[str, ...]:
    """Return what compatible and unreadable characters may be taken for."""
    mapped = [
        unicodedata.normalize("NFKC", path)
        for each in paths
        for path in (each, _UNREADABLE.sub("/", each))
    ]
    return _spellings(mapped)


def _ends(paths: Iterable[str]) -> Iterable[str]:
    """Yield *paths*, with their ends dropped that some server drops."""
    for path in paths:
        yield path
        bare = _without_end(path)
        folder, slash, last = bare.rpartition("/")
        stem = last.rpartition(".")[0] if "." in last else last
        yield bare
        yield _without_end(folder + slash + stem)


def _without_end(path: str) -> str:
    return path.rstrip(_END) or "/"
