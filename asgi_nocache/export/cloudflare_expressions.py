"""Questions to one exchange in Cloudflare's Rules language.

Paths are asked of the raw field, which no earlier rule and no normalisation has
changed: a path that may be read in two ways is then seen as it was sent. Regular
expressions need a Business plan, so they stand only where a pattern needs one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from .cases import MISMATCHES
from .paths import PathForm
from .plan import Case, Condition, Entry, Fact, Plan

_PATH = "raw.http.request.uri.path"
_FOLDED = f"lower({_PATH})"
_TYPE = "http.response.content_type.media_type"
_EXTENSION = "http.request.uri.path.extension"
#: What the segments of a plain path are made of (``paths.PLAIN``), and slashes.
_PLAIN_BYTES = (
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._~!$&'()*+,=:@-"
)


def quoted(text: str) -> str:
    """Return *text* as a string literal."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def both(*asked: str) -> str:
    """Return a question that holds where all *asked* do."""
    return " and ".join(each for each in asked if each != "true") or "true"


def _any_of(*asked: str) -> str:
    return asked[0] if len(asked) == 1 else f"({' or '.join(asked)})"


def shut(plan: Plan, entry: Entry) -> Plan:
    """Return *plan* with *entry* as never-store, as widely as it may be meant."""
    path = replace(entry.path, shadowed=True)
    closed = replace(
        entry, cases=(Case(plan.default),), path=path, methods=(), hosts=()
    )
    return replace(
        plan, entries=tuple(closed if e is entry else e for e in plan.entries)
    )


#: A plain path: known characters, no segment empty or beginning with two dots.
PLAIN = both(
    f'remove_bytes({_PATH}, {quoted(_PLAIN_BYTES)}) eq ""',
    *(f"not {_PATH} contains {quoted(each)}" for each in ("//", "/..", "/./")),
    f'not ends_with({_PATH}, "/.")',
)


def matching(entry: Entry) -> str:
    """Return whether *entry* is for the request."""
    asked = [_path(entry.path)]
    if entry.methods:
        asked.append(f"http.request.method in {{{_listed(entry.methods)}}}")
    if entry.hosts:
        asked.append(_any_of(*map(_host, entry.hosts)))
    if not entry.strict:
        asked.append(PLAIN)
    return both(*asked)


def _listed(values: tuple[str, ...]) -> str:
    return " ".join(map(quoted, values))


def _host(name: str) -> str:
    if name.startswith("*."):
        return f"ends_with(lower(http.host), {quoted(name[1:])})"
    return f"lower(http.host) eq {quoted(name)}"


def _path(path: PathForm) -> str:
    if path.everything:
        return "true"
    field = _FOLDED if path.shadowed else _PATH
    text = path.prefix or ("/" + "/".join(map(str, path.segments)))
    if not (path.prefix or path.literal):
        regex = f"(?i){path.regex}" if path.shadowed else path.regex
        return f"{_PATH} matches {quoted(regex)}"
    text = text.lower() if path.shadowed else text
    asked = [f"{field} eq {quoted(text)}"]
    ends = []
    if path.prefix or path.shadowed:
        ends.append("/")
    if path.shadowed:
        ends += [".", " "]
    asked += [f"starts_with({field}, {quoted(text + end)})" for end in ends]
    return _any_of(*asked)


def unconditionally(entry: Entry) -> Iterator[str]:
    """Yield what must hold of the request, so that no case of it is closed."""
    for case in entry.cases:
        for each in case.when:
            if each.fact in (Fact.METHOD, Fact.REQUEST_FIELD):
                yield f"not ({condition(each)})"


def case_of(entry: Entry, each: Case) -> str:
    """Return whether *each* case of *entry* is asked for."""
    return both(matching(entry), *map(condition, each.when))


def condition(asked: Condition) -> str:
    """Return *asked* as an expression."""
    text = _condition(asked)
    return f"not ({text})" if asked.negated else text


def _condition(asked: Condition) -> str:
    match asked.fact:
        case Fact.METHOD:
            return f"http.request.method in {{{_listed(asked.values)}}}"
        case Fact.REQUEST_FIELD:
            return _carries("request", asked.values)
        case Fact.RESPONSE_FIELD:
            return _carries("response", asked.values)
        case Fact.STATUS:
            return _any_of(*map(_status, asked.values))
        case Fact.MEDIA_TYPE:
            return _any_of(*map(_media_type, asked.values))
        case _:
            return _mismatch()


def _carries(side: str, names: tuple[str, ...]) -> str:
    return f"any(lower(http.{side}.headers.names[*])[*] in {{{_listed(names)}}})"


def _status(values: str) -> str:
    low, high = values.split("-")
    if low == high:
        return f"http.response.code eq {low}"
    return f"(http.response.code ge {low} and http.response.code le {high})"


def _plain(regex: str) -> str:
    return re.sub(r"\\(.)", r"\1", regex)


def _media_type(regex: str) -> str:
    if regex.endswith("/.*"):
        return f"starts_with({_TYPE}, {quoted(_plain(regex.removesuffix('.*')))})"
    return f"{_TYPE} eq {quoted(_plain(regex))}"


def _mismatch() -> str:
    # What is dynamic is the same for all, and an expression has 4,096 characters.
    dynamic = _any_of(*map(_contains, MISMATCHES[0].dynamic))
    groups = [
        f"({_EXTENSION} in {{{_listed(each.extensions)}}} "
        f"and not {_any_of(*map(_contains, each.expected))})"
        for each in MISMATCHES
    ]
    return f"({dynamic} and {_any_of(*groups)})"


def _contains(regex: str) -> str:
    part = _plain(regex.removeprefix(".*").removesuffix(".*"))
    return f"{_TYPE} contains {quoted(part)}"
