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
from functools import partial
from urllib.parse import unquote

#: Bounds: of a path that is not plain, and of its spellings. What is beyond them is
#: not read, and so never stored.
MAX_LENGTH = 1024
MAX_SPELLINGS = 16

#: What a path with another spelling holds, unless it has no leading slash. One by
#: one, since a pattern of them takes a hundred times as long.
_ODD = ("%", ";", "//", "/.", "\\", "?", "#", "\n", "\r", "\t", "\0")
#: What some server drops at the end of a path.
_END = "/. "
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
        mapped: Those shadows that other characters alone make of it. They may lead
            out of a folder, ``/static/..\uff0faccount``, so the default counts there.
    """

    spellings: tuple[str, ...]
    shadows: tuple[str, ...] = ()
    complete: bool = True
    mapped: tuple[str, ...] = ()


def read(path: str, root_path: str = "") -> Readings:
    """Return the readings of *path*, relative to where the app is mounted.

    Args:
        path: The path, decoded once.
        root_path: Where the app is mounted; it may be in *path*, as ASGI says it
            should, or not.
    """
    own = relative_path(path, root_path)
    if own[:1] == "/" and not any(sign in own for sign in _ODD):
        plain = "." not in own and own[-1] not in _END and own.isascii()
        if plain and not root_path:  # most paths
            return Readings((own,), (own.lower(),))
        return _with_shadows((own,), (path,), root_path)
    if len(path) > MAX_LENGTH:
        return Readings((own,), complete=False)
    whole = spellings = _spellings([path])
    if root_path:  # it may come to light: "http://host/root/items", "/root/../items"
        spellings = _spellings([own, *(relative_path(w, root_path) for w in whole)])
    if max(len(whole), len(spellings)) > MAX_SPELLINGS:
        return Readings((own,), complete=False)
    return _with_shadows(spellings, whole, root_path)


def relative_path(path: str, root_path: str) -> str:
    """Return *path* without *root_path*, if it begins with it as whole segments."""
    root = root_path.rstrip("/")
    if root and path.startswith(root) and path[len(root) : len(root) + 1] in ("", "/"):
        return path[len(root) :] or "/"
    return path


#: A step to another spelling, and what a path must hold for it.
_Step = tuple[str, Callable[[str], str]]


def _spellings(
    paths: Iterable[str], more_steps: tuple[_Step, ...] = ()
) -> tuple[str, ...]:
    """Return *paths* and all that the steps make of them, in any order."""
    found = dict.fromkeys(paths)
    queue = list(found)
    for path in queue:  # it grows
        for sign, step in (*_STEPS, *more_steps):
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
    head, *segments = path.split("/")  # a scheme, in absolute form
    for segment in segments:
        if segment == "..":
            del kept[-1:]
        elif segment != ".":
            kept.append(segment)
    if segments[-1] in (".", ".."):
        kept.append("")
    return head + "/" + "/".join(kept)


def _cut(character: str, path: str) -> str:
    return path.partition(character)[0]


_STEPS: tuple[_Step, ...] = (
    ("", _rooted),
    ("%", unquote),
    ("\\", lambda path: path.replace("\\", "/")),
    ("//", lambda path: _SLASHES.sub("/", path)),
    ("/.", _resolve),
    (";", lambda path: _PARAMETERS.sub("", path)),
    # One by one: who cuts at one may keep the others.
    *((sign, partial(_cut, sign)) for sign in "?#\0\t\n\r"),
)
#: What compatible and unreadable characters may be taken for.
_MAPPINGS: tuple[_Step, ...] = (
    ("", partial(unicodedata.normalize, "NFKC")),
    ("\ufffd", lambda path: _UNREADABLE.sub("/", path)),
)


def _with_shadows(
    spellings: tuple[str, ...], whole: tuple[str, ...], root_path: str
) -> Readings:
    """Return the readings, given the spellings, without and with the root path."""
    mapped: tuple[str, ...] = ()
    complete = True
    if not all(map(_is_plain_text, (*spellings, *whole))):
        if len(whole[0]) > MAX_LENGTH:
            return Readings(spellings, complete=False)
        whole = _spellings(whole, _MAPPINGS)
        inside = [relative_path(each, root_path) for each in whole]
        mapped = _spellings([*spellings, *inside], _MAPPINGS)
        complete = max(len(whole), len(mapped)) <= MAX_SPELLINGS
    folded = [path.casefold() for path in whole]
    root = root_path.casefold()
    inside = [relative_path(path, root) for path in folded] if root else []
    own = [path.casefold() for path in spellings]
    mapped = tuple(path.casefold() for path in mapped if path not in spellings)
    shadows = dict.fromkeys(_ends([*own, *mapped, *folded, *inside]))
    return Readings(spellings, tuple(shadows), complete, mapped)


def _is_plain_text(path: str) -> bool:
    """Tell whether no character of *path* is taken for another."""
    return path.isascii() or (
        "\ufffd" not in path and unicodedata.is_normalized("NFKC", path)
    )


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
