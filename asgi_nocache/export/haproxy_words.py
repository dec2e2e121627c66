"""The words of HAProxy's configuration: quoting, comments, names, conditions.

What is written where, and in which order, is haproxy.py's.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence

from .cases import MISMATCHES
from .paths import PathForm, escaped
from .plan import Condition, Entry, Fact

INDENT = "    "
#: A line of HAProxy's has at most 64 words.
PER_LINE = 50
_BARE = re.compile(r"[A-Za-z0-9_.,:/=*+@~-]+")


def word(text: str) -> str:
    """Return *text* as one word; strong quotes, since nothing has a meaning there."""
    if _BARE.fullmatch(text):
        return text
    safe = (c if " " <= c <= "~" and c != "'" else _outside(c) for c in text)
    return f"'{''.join(safe)}'"


def _outside(character: str) -> str:
    """Return what leaves the quotes, says *character*, and opens them again."""
    said = "\\'" if character == "'" else f"\\x{ord(character):02x}"
    return f"'{said}'"


def form(value: str) -> str:
    """Return a field's *value* (Latin-1) as a log-format word that means just it."""
    return word(value.replace("%", "%%"))


def regex(text: str) -> str:
    """Return the regular expression *text* as a word; PCRE sees bytes of UTF-8."""
    plain = "".join(
        c if " " <= c <= "~" else "".join(f"\\x{b:02x}" for b in c.encode())
        for c in text
    )
    return word(plain)


def acl(name: str, asks: str, patterns: Iterable[str] = ()) -> Iterator[str]:
    """Yield the lines of an ACL; *patterns* are words, any of which is enough."""
    given = list(patterns)
    for start in range(0, max(len(given), 1), PER_LINE):
        yield " ".join([f"acl {name} {asks}", *given[start : start + PER_LINE]])


def at_path(name: str, path: PathForm) -> Iterator[str]:
    """Yield the ACL of the paths that *path* means."""
    if path.shadowed:
        yield from acl(name, "path -m reg -i", [regex(path.regex)])
    elif path.prefix and path.prefix.isascii():
        yield from acl(name, "path", [word(path.prefix)])
        yield from acl(name, "path_beg", [word(path.prefix + "/")])
    elif path.literal and path.pattern.isascii():
        yield from acl(name, "path", [word(path.pattern)])
    else:
        yield from acl(name, "path -m reg", [regex(path.regex)])


def at_host(name: str, hosts: Sequence[str]) -> Iterator[str]:
    """Yield the ACL of *hosts*: without a port and a dot at the end."""
    stars = (escaped(h).replace(r"\*", ".*") for h in hosts)
    patterns = [regex(rf"^{each}\.?(?::[0-9]*)?$") for each in stars]
    yield from acl(name, "req.fhdr(host) -m reg -i", patterns)


class Labels:
    """Short names for values, the same value by the same name."""

    def __init__(self) -> None:
        self._names: dict[object, str] = {}
        self._given: Counter[str] = Counter()

    def of(self, value: object, wanted: str = "") -> str:
        """Return the name of *value*; a new one is made from *wanted*."""
        if value not in self._names:
            short = ",".join(wanted.split(",")[:2]).replace("max-age=", "")
            base = re.sub("[^a-z0-9]+", "-", short.lower()).strip("-")[:40]
            self._given[base] += 1
            # With a dot, which no text leaves in a name, so no two are alike.
            again = f".{self._given[base]}" if self._given[base] > 1 else ""
            name = base + again
            self._names[value] = name
        return self._names[value]


class Conditions:
    """What is asked of an exchange: ACLs, and what is kept of the request for them.

    The request is gone when the response is there, so each fact of it that counts is
    a variable.
    """

    def __init__(self) -> None:
        self._labels = Labels()
        self._asked: dict[tuple[Fact, tuple[str, ...]], str] = {}

    def add(self, asked: Condition) -> None:
        """Take note of a condition."""
        key = (asked.fact, asked.values)
        if key not in self._asked:
            self._asked[key] = self._labels.of(key, _NAMES[asked.fact](asked.values))

    def name(self, asked: Condition) -> str:
        """Return *asked* as part of a condition of a rule."""
        said = f"nocache_{self._asked[asked.fact, asked.values]}"
        return f"!{said}" if asked.negated else said

    def field(self, values: tuple[str, ...]) -> str:
        """Return the ACL of the request's fields *values*, for the request."""
        return f"nocache_has-{self._asked[Fact.REQUEST_FIELD, values]}"

    def on_request(self) -> Iterator[str]:
        """Yield what is kept of the request."""
        facts = {fact for fact, _ in self._asked}
        if Fact.METHOD in facts:
            yield "http-request set-var(txn.nocache_method) method"
        for (fact, values), label in self._asked.items():
            if fact is Fact.REQUEST_FIELD:
                has = self.field(values)
                for each in values:
                    yield from acl(has, f"req.fhdr({each}) -m found")
                kept = _variable(f"nocache_{label}")
                yield f"http-request set-var({kept}) bool(true) if {has}"
        if Fact.MISMATCH in facts:
            yield "http-request set-var(txn.nocache_path) path"

    def on_response(self) -> Iterator[str]:
        """Yield the ACLs of the rules for responses."""
        facts = {fact for fact, _ in self._asked}
        if facts & {Fact.MEDIA_TYPE, Fact.MISMATCH}:
            kept = "res.fhdr(content-type),field(1,;),lower"
            yield f"http-response set-var(txn.nocache_type) {kept}"
        if Fact.WORD in facts:
            kept = "res.fhdr(cache-control) if { res.fhdr_cnt(cache-control) eq 1 }"
            yield f"http-response set-var(txn.nocache_word) {kept}"
        for (fact, values), label in self._asked.items():
            yield from _ASKS[fact](f"nocache_{label}", values)


def _variable(name: str) -> str:
    return f"txn.{name.replace('-', '_')}"


def _status(name: str, values: Sequence[str]) -> Iterator[str]:
    yield from acl(name, "status", [each.replace("-", ":") for each in values])


def _method(name: str, values: Sequence[str]) -> Iterator[str]:
    yield from acl(name, "var(txn.nocache_method) -m str", map(word, values))


def _of_request(name: str, _values: Sequence[str]) -> Iterator[str]:
    yield from acl(name, f"var({_variable(name)}) -m bool")


def _of_response(name: str, values: Sequence[str]) -> Iterator[str]:
    for each in values:
        yield from acl(name, f"res.fhdr({each}) -m found")


def _media_type(name: str, values: Sequence[str]) -> Iterator[str]:
    patterns = [regex(rf"^(?:{each})[ \t]*$") for each in values]
    yield from acl(name, "var(txn.nocache_type) -m reg -i", patterns)


def _word(name: str, values: Sequence[str]) -> Iterator[str]:
    if not values[0]:
        yield from acl(name, "res.fhdr_cnt(cache-control) eq 0")
    else:
        said = regex(f"^(?:{values[0]})$")
        yield from acl(name, "var(txn.nocache_word) -m reg", [said])


def _mismatch(name: str, _values: Sequence[str]) -> Iterator[str]:
    """Yield what finds an ending that the media type contradicts."""
    yield from acl("nocache_dynamic", *_holds_any(MISMATCHES[0].dynamic))
    for group in MISMATCHES:
        first = group.extensions[0]
        ends, fits = f"nocache_ends-{first}", f"nocache_fits-{first}"
        dotted = [f".{each}" for each in group.extensions]
        yield from acl(ends, "var(txn.nocache_path) -m end -i", dotted)
        yield from acl(fits, *_holds_any(group.expected))
        found = f"if nocache_dynamic {ends} !{fits}"
        yield f"http-response set-var(txn.nocache_contradicted) bool(true) {found}"
    yield from acl(name, "var(txn.nocache_contradicted) -m bool")


def _holds_any(regexes: Iterable[str]) -> tuple[str, list[str]]:
    """Return how ``.*part.*`` is asked without a regular expression."""
    parts = (re.sub(r"\\(.)", r"\1", each[2:-2]) for each in regexes)
    return "var(txn.nocache_type) -m sub", [word(each) for each in parts]


def _listed(values: tuple[str, ...]) -> str:
    return values[0] + (f"-and-{len(values) - 1}-more" if len(values) > 1 else "")


_NAMES: dict[Fact, Callable[[tuple[str, ...]], str]] = {
    Fact.METHOD: lambda values: f"method-{'-'.join(values)}",
    Fact.REQUEST_FIELD: lambda values: f"request-{_listed(values)}",
    Fact.STATUS: lambda values: f"status-{_listed(values)}",
    Fact.RESPONSE_FIELD: lambda values: f"response-{_listed(values)}",
    Fact.MEDIA_TYPE: lambda _: "media-type",
    Fact.MISMATCH: lambda _: "mismatch",
    Fact.WORD: lambda values: "says" if values[0] else "silent",
}
_ASKS: dict[Fact, Callable[[str, tuple[str, ...]], Iterator[str]]] = {
    Fact.METHOD: _method,
    Fact.REQUEST_FIELD: _of_request,
    Fact.STATUS: _status,
    Fact.RESPONSE_FIELD: _of_response,
    Fact.MEDIA_TYPE: _media_type,
    Fact.MISMATCH: _mismatch,
    Fact.WORD: _word,
}


def is_spelled(entry: Entry) -> bool:
    """Tell whether *entry* is one path or one folder, whoever asks."""
    path = entry.path
    one = bool(path.literal or path.prefix) and path.pattern.isascii()
    return one and not (entry.strict or path.shadowed or entry.methods or entry.hosts)
