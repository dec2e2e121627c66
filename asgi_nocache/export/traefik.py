"""Traefik 3.7: routers and middlewares for its file provider.

One router for each case of each entry, an explicit priority instead of an order, and
a last one for everything else. What to answer is the plan's; here it is said in
Traefik's words, and what Traefik does by itself is told in the gaps.

Measured on 3.7.15: paths are matched cleaned and with what is harmless decoded, and
the app is sent the same path, so both read it alike. A response is seen by nothing
but its status, and only to be thrown away: ``errors`` does so for the statuses that
Traefik itself makes, since fields set by ``headers`` would stand on those, too.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from .cases import CACHING
from .paths import PLAIN, PathForm, escaped
from .plan import Answer, Case, Condition, Entry, Fact, Plan, Say
from .target import Can, Export, File, Heading, Target
from .words import field_name
from .yaml_text import Flow, Noted, block, comment

#: The service that requests are sent to: a name of the user's.
SERVICE = "app"
_FILE = "nocache.yaml"
_DEFAULT = "nocache-default"
_FRESH, _WHOLE = "nocache-fresh", "nocache-whole"
_SILENT, _CLOSED = "nocache-silent", "nocache-closed"
#: What Traefik answers by itself while it has a route.
_OWN_ERRORS = ("500", "502-504")
_READS = ("GET", "HEAD")
_EVERYTHING = "PathRegexp(`^`)"

_INCLUDE = f"""\
Put {_FILE} into the folder of Traefik's file provider
(providers.file.directory), and beside it a file with the service that requests go to:
    {{ http: {{ services: {{ {SERVICE}: {{ loadBalancer: {{
        servers: [ {{ url: "http://127.0.0.1:8000" }} ] }} }} }} }} }}
or, if it is another provider's, with {SERVICE} as the name for it:
    {{ http: {{ services: {{ {SERVICE}: {{ weighted: {{
        services: [ {{ name: shop@docker }} ] }} }} }} }} }}
TLS belongs to the entry point (entryPoints.NAME.http.tls). Needs Traefik 3.7."""

_GAPS = (
    "Traefik cleans a path before it is matched and sends the app the clean one, so "
    "'//static//a' and '/x/../static/%61' get what '/static/a' gets; with "
    "sanitizePath off, only harmless escapes are decoded so",
    "a 500, 502, 503 or 504 of the app on a path whose own text is set is answered "
    "by Traefik's own page, never-store: nothing tells it from an error of Traefik's",
    "Traefik's 400, 431 and its answer to 'OPTIONS *' leave before any router, "
    "without caching fields; none of them is stored without any",
    "where the app's own words stay, an error of Traefik's leaves without fields",
    "to an answer of the app with Pragma: no-cache and no Cache-Control, Traefik adds "
    "Cache-Control: no-cache",
    "a router of yours with a higher priority takes its requests out of the policy",
)


@dataclass
class _Dynamic:
    """The dynamic configuration, as it grows."""

    routers: dict[str, Noted] = field(default_factory=dict)
    answers: dict[Answer, str] = field(default_factory=dict)

    def named(self, answer: Answer, name: str) -> Sequence[str]:
        """Return what gives *answer*; a new middleware for it is called *name*.

        The first one has the last word.
        """
        if not (answer.set or answer.remove):
            return ()
        found = self.answers.setdefault(answer, name)
        return (found, _SILENT) if _silences(answer) else (found,)

    def add(self, name: str, notes: Sequence[str], rule: str, uses: list[str]) -> None:
        """Add a router; priorities come last."""
        router = {"rule": rule, "middlewares": Flow(tuple(uses)), "service": SERVICE}
        if not uses:
            del router["middlewares"]
        self.routers[self._free(name)] = Noted(tuple(notes), router)

    def _free(self, name: str) -> str:
        found, number = name, 1
        while found in self.routers:
            number += 1
            found = f"{name}-{number}"
        return found

    def prioritised(self) -> dict[str, Noted]:
        """Return the routers, the first with the highest priority, the last with 1."""
        left = len(self.routers)
        return {
            name: Noted(notes, {"priority": left - place, **value})  # type: ignore[dict-item]
            for place, (name, (notes, value)) in enumerate(self.routers.items())
        }


def _write(plan: Plan, heading: Heading) -> Export:
    dynamic = _Dynamic({}, {plan.default: _DEFAULT})
    for entry in plan.entries:
        _add_entry(dynamic, entry)
    notes = ["Everything else, and every path that can be read in two ways."]
    everything = Entry(0, "", PathForm("/**"), (Case(plan.default),))
    for part in _parts(dynamic, everything, everything.cases[0], _DEFAULT):
        dynamic.add(part.name, notes, part.rule, part.uses)
        notes = []
    text = "".join(comment(line) for line in heading.lines)
    text += comment(f"The service {SERVICE!r} is yours: define it in a file beside.")
    return Export((File(_FILE, text + block(_document(dynamic))),), _INCLUDE, _GAPS)


def _document(dynamic: _Dynamic) -> object:
    middlewares: dict[str, object] = {
        _FRESH: Noted(
            ("So that no stale copy is confirmed where nothing may be stored.",),
            _headers("customRequestHeaders", ("if-none-match", "if-modified-since")),
        ),
        _WHOLE: _headers("customRequestHeaders", ("range", "if-range")),
        _SILENT: Noted(
            ("Whatever the app says of caching is not passed on.",),
            _headers("customResponseHeaders", CACHING),
        ),
        _CLOSED: Noted(
            ("Traefik's own errors must not leave with a text that allows caching.",),
            {"errors": {"status": Flow(_OWN_ERRORS), "service": _CLOSED, "query": "/"}},
        ),
    }
    for answer, name in dynamic.answers.items():
        fields = {n: "" for n in answer.remove if not _silenced(n, answer)}
        fields |= dict(answer.set)
        middlewares[name] = _headers("customResponseHeaders", fields)
    closed = {
        "middlewares": Flow((_DEFAULT, _SILENT)),
        "loadBalancer": {"servers": Flow(())},
    }
    services = {_CLOSED: Noted(("No server: all it says is an error.",), closed)}
    return {
        "http": {
            "routers": dynamic.prioritised(),
            "middlewares": middlewares,
            "services": services,
        }
    }


def _silences(answer: Answer) -> bool:
    """Tell whether *answer* leaves nothing of what the app says."""
    return {*CACHING} <= {*answer.remove, *dict(answer.set)}


def _silenced(name: str, answer: Answer) -> bool:
    return name in CACHING and _silences(answer)


def _headers(kind: str, fields: dict[str, str] | tuple[str, ...]) -> object:
    """Return a middleware that sets *fields*; an empty text takes a field away."""
    given = fields if isinstance(fields, dict) else dict.fromkeys(fields, "")
    return {"headers": {kind: {field_name(n): v for n, v in sorted(given.items())}}}


def _add_entry(dynamic: _Dynamic, entry: Entry) -> None:
    name = f"nocache-rule-{entry.number}"
    notes = [f"Rule {entry.number}: {entry.rule}"]
    notes += [f"Reason: {entry.reason}"] if entry.reason else []
    for place, case in enumerate(entry.cases):
        called = name if len(entry.cases) == 1 else f"{name}-case-{place + 1}"
        for part in _parts(dynamic, entry, case, called):
            dynamic.add(part.name, notes, part.rule, part.uses)
            notes = []


@dataclass(frozen=True)
class _Part:
    """One router of a case."""

    name: str
    rule: str
    uses: list[str]


def _parts(dynamic: _Dynamic, entry: Entry, case: Case, name: str) -> Iterator[_Part]:
    """Yield the routers of *case*.

    Where it is never-store, what could confirm a stale copy is taken out of GET and
    HEAD, and of nothing else: a conditional PUT is none of the cache's business.
    """
    asked = [*_of_entry(entry), *map(_condition, case.when)]
    uses = [*dynamic.named(case.answer, name)]
    if case.answer.say is Say.OWN:
        uses = [_CLOSED, *uses]
    methods = [c for c in case.when if c.fact is Fact.METHOD]
    if entry.methods:
        methods.append(Condition(Fact.METHOD, entry.methods))
    reads = [
        m for m in _READS if all((m in c.values) is not c.negated for c in methods)
    ]
    if case.answer.say is Say.NEVER and reads:
        read = [*asked, _any(f"Method(`{m}`)" for m in reads)]
        partial = [*read, "HeaderRegexp(`If-Range`, `^`)"]
        yield _Part(f"{name}-range", _all(partial), [_FRESH, _WHOLE, *uses])
        yield _Part(f"{name}-read", _all(read), [_FRESH, *uses])
    only_reads = any(not c.negated and {*c.values} <= {*reads} for c in methods)
    if case.answer.say is not Say.NEVER or not only_reads:
        yield _Part(name, _all(asked), uses)


def _of_entry(entry: Entry) -> Iterator[str]:
    """Yield what *entry* asks of a request."""
    if entry.hosts:
        yield _any(map(_host, entry.hosts))
    if entry.methods:
        yield _any(f"Method({_quoted(m)})" for m in entry.methods)
    if not (entry.strict or _is_plain(entry.path)):
        yield f"PathRegexp({_quoted(PLAIN)})"
    yield _path(entry.path)


def _is_plain(path: PathForm) -> bool:
    """Tell whether it is one path, which can be sent in one way only."""
    return path.literal and re.search(PLAIN, path.pattern) is not None


def _path(path: PathForm) -> str:
    if path.everything:
        return _EVERYTHING
    if path.shadowed:
        return f"PathRegexp({_quoted('(?is)' + path.regex)})"
    if _is_plain(path):
        return f"Path({_quoted(path.pattern)})"
    if path.prefix:
        folder, below = _quoted(path.prefix), _quoted(path.prefix + "/")
        return f"(Path({folder}) || PathPrefix({below}))"
    return f"PathRegexp({_quoted('(?s)' + path.regex)})"


def _host(name: str) -> str:
    if name.startswith("*."):
        return f"HostRegexp({_quoted('(?i)^.*' + escaped(name[1:]) + '$')})"
    return f"Host({_quoted(name)})"


def _condition(asked: Condition) -> str:
    if asked.fact is Fact.METHOD:
        said = _any(f"Method({_quoted(m)})" for m in asked.values)
    else:
        names = map(field_name, asked.values)
        said = _any(f"HeaderRegexp({_quoted(n)}, `^`)" for n in names)
    return f"!{said}" if asked.negated else said


def _any(texts: Iterable[str]) -> str:
    said = list(texts)
    return said[0] if len(said) == 1 else f"({' || '.join(said)})"


def _all(texts: Sequence[str]) -> str:
    """Return what holds if all of *texts* do."""
    said = dict.fromkeys(t for t in texts if t != _EVERYTHING)
    return " && ".join(said) or _EVERYTHING


def _quoted(value: str) -> str:
    """Return *value* as Traefik's rules quote it: as Go does."""
    if "`" not in value and value.isprintable():
        return f"`{value}`"
    return json.dumps(value, ensure_ascii=False)


TARGET = Target(
    name="traefik",
    title="Traefik",
    write=_write,
    can=frozenset(
        {Can.METHODS, Can.HOSTS, Can.PATTERNS, Can.SHADOWS, Can.REQUEST_FIELDS}
    ),
    real=True,
)
