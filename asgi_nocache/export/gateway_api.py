"""Kubernetes Gateway API: HTTPRoutes that say the default, and what single paths say.

No more can be said safely. Routes match the exact path or a folder, the longest one
first and not the first one; they see no response and no spelling of a path, and
whether a gateway cleans a path before it matches is each implementation's own
affair. So folders, shadows and guards are refused by fit.py, and single paths are
told apart by path and method, which leaves no two matches to be ordered.

Not verified on a real gateway: golden files, and the bounds of the API's schema.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import NamedTuple

from .paths import PLAIN
from .plan import Answer, Case, Entry, Plan, Say
from .target import Can, Export, File, Heading, Target
from .words import field_name
from .yaml_text import Flow, Noted, block, comment

#: Names of the user's: the Gateway to attach to, and the Service behind it.
GATEWAY, SERVICE, PORT = "gateway", "app", 8000
_FILE = "nocache-httproute.yaml"
_METHODS = (
    "CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE",
)  # fmt: skip
_READS = ("GET", "HEAD")
#: Stands for every method that has no match of its own.
_OTHER = ""
_CONDITIONS = ("If-None-Match", "If-Modified-Since", "If-Range", "Range")
#: Bounds of the schema: rules of a route, matches of a rule, characters of a path.
#: One rule less, since all matches of a route must be fewer than 16 times 8.
_RULES, _MATCHES, _LONGEST = 15, 8, 1024

_INCLUDE = f"""\
kubectl apply -f {_FILE}, after a kustomization that names your own:
    patches:
      - target: {{ kind: HTTPRoute, name: nocache.* }}
        patch: |
          - {{ op: replace, path: /spec/parentRefs/0/name, value: my-gateway }}
The Gateway is called {GATEWAY!r} here, the Service {SERVICE!r}, its port {PORT}.
ResponseHeaderModifier and matches on methods are extended features of the API: look
whether your gateway conforms to them."""
_GAPS = (
    "this export has not run on a real gateway",
    "errors that a gateway makes itself (no backend, no route, a time-out) leave with "
    "what the gateway says, which may be nothing, or the fields of the route",
    "a gateway that cleans a path before it matches, but sends the app the path as it "
    "came, says what is said of '/favicon.ico' of '/x/../favicon.ico', too",
    "Range and If-Range are both taken out of GET and HEAD where nothing may be "
    "stored, so a part that is asked for is answered with the whole",
    "other HTTPRoutes of the same Gateway with longer paths, or with hostnames, take "
    "their requests out of the policy",
    "a gateway that stores responses is to be told so itself: the API has no words "
    "for it",
)


class _Said(NamedTuple):
    """What is done to an exchange."""

    answer: Answer
    strips: bool


@dataclass
class _Group:
    """The matches that are answered alike."""

    matches: list[object] = field(default_factory=list)


def _write(plan: Plan, heading: Heading) -> Export:
    groups: dict[_Said, _Group] = {}
    lost = []
    for entry in _first_of_each(plan.entries):
        if not _is_sayable(entry.path.pattern):
            lost.append(f"{entry.rule} keeps the default: no route has such a path")
            continue
        notes = _notes(entry)
        for method, said in _matches(plan, entry.path.pattern):
            match: dict[str, object] = {
                "path": {"type": "Exact", "value": entry.path.pattern}
            }
            match |= {"method": method} if method else {}
            groups.setdefault(said, _Group()).matches.append(Noted(notes, match))
            notes = ()
    rules = [*_rules(groups), *_rest(plan)]
    routes = [
        block(_route(number, part)) for number, part in enumerate(_parts(rules, _RULES))
    ]
    top = "".join(comment(line) for line in heading.lines)
    return Export((File(_FILE, top + "---\n".join(routes)),), _INCLUDE, (*_GAPS, *lost))


def _first_of_each(entries: Sequence[Entry]) -> Iterator[Entry]:
    """Yield the entries for one path, the first of each path only."""
    seen = set()
    for entry in entries:
        if not entry.path.everything and entry.path.pattern not in seen:
            seen.add(entry.path.pattern)
            yield entry


def _is_sayable(path: str) -> bool:
    return len(path) <= _LONGEST and re.search(PLAIN, path) is not None


def _notes(entry: Entry) -> tuple[str, ...]:
    rule = f"Rule {entry.number}: {entry.rule}"
    return (rule, f"Reason: {entry.reason}") if entry.reason else (rule,)


def _matches(plan: Plan, path: str) -> Iterator[tuple[str, _Said]]:
    """Yield the methods at *path* that need a match, and what is said there."""
    here = [e for e in plan.entries if e.path.everything or e.path.pattern == path]
    own = _said(plan, _OTHER, here)
    opened = own != _said(plan, _OTHER)
    if opened:
        yield _OTHER, own
    for method in _METHODS:
        said = _said(plan, method, here)
        if said != (own if opened else _said(plan, method)):
            yield method, said


def _said(plan: Plan, method: str, entries: Sequence[Entry] | None = None) -> _Said:
    """Return what is said to *method* by *entries*; none are given: elsewhere."""
    if entries is None:
        entries = [e for e in plan.entries if e.path.everything]
    answer = plan.default
    for entry in entries:
        if not entry.methods or method in entry.methods:
            answer = next(c.answer for c in entry.cases if _holds(c, method))
            break
    return _Said(answer, answer.say is Say.NEVER and method in _READS)


def _holds(case: Case, method: str) -> bool:
    # What is fitted to this target asks for methods only.
    return all((method in c.values) is not c.negated for c in case.when)


def _rest(plan: Plan) -> Iterator[object]:
    """Yield the rules for every other path."""
    by_said: dict[_Said, _Group] = {}
    own = _said(plan, _OTHER)
    note: tuple[str, ...] = ("Everything else.",)
    for method in (*_METHODS, _OTHER):
        said = _said(plan, method)
        if method == _OTHER or said != own:
            match: dict[str, object] = {"path": {"type": "PathPrefix", "value": "/"}}
            match |= {"method": method} if method else {}
            group = by_said.setdefault(said, _Group())
            group.matches.append(Noted(note, match))
            note = ()
    yield from _rules(by_said)


def _rules(groups: dict[_Said, _Group]) -> Iterator[object]:
    for said, group in groups.items():
        for matches in _parts(group.matches, _MATCHES):
            rule: dict[str, object] = {"matches": matches, "filters": _filters(said)}
            if not rule["filters"]:
                del rule["filters"]
            yield {**rule, "backendRefs": [{"name": SERVICE, "port": PORT}]}


def _filters(said: _Said) -> list[object]:
    filters: list[object] = []
    if said.strips:
        filters.append(
            {
                "type": "RequestHeaderModifier",
                "requestHeaderModifier": {"remove": Flow(_CONDITIONS)},
            }
        )
    lines = [{"name": field_name(n), "value": v} for n, v in said.answer.set]
    changes: dict[str, object] = {"set": lines} if lines else {}
    if said.answer.remove:
        changes["remove"] = Flow(tuple(map(str.title, said.answer.remove)))
    if changes:
        filters.append(
            {"type": "ResponseHeaderModifier", "responseHeaderModifier": changes}
        )
    return filters


def _parts(values: Sequence[object], size: int) -> Iterator[list[object]]:
    rest = iter(values)
    while part := list(islice(rest, size)):
        yield part


def _route(number: int, rules: list[object]) -> object:
    return {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "HTTPRoute",
        "metadata": {"name": f"nocache-{number + 1}" if number else "nocache"},
        "spec": {"parentRefs": [{"name": GATEWAY}], "rules": rules},
    }


TARGET = Target(
    name="gateway-api",
    title="the Kubernetes Gateway API",
    write=_write,
    can=frozenset({Can.METHODS}),
    spellings=False,
)
