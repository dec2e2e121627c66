"""What the policy comes to for each route and method, without asking the app.

The same ``decide`` as at run time, with the facts that the route tells. Which routes
there are is found elsewhere, and what is wrong with them is judged elsewhere.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

from .._core.decision import Decision, decide
from .._core.facts import RequestFacts, ResponseFacts
from .._core.selection import Selection, nested, select
from .._core.sent import read_sent
from .._endpoint_marks import find_marks
from .._report import without_shadow
from .credentials import requests_for
from .effects import LETTERS, effects_of
from .values import Audited, Effect, Kind, Layer, Route

#: Where no policy can apply: no HTTP response comes from here.
WITHOUT_RESPONSE = frozenset({Kind.STREAM})


def survey(routes: Iterable[Route]) -> tuple[Audited, ...]:
    """Return a row for each route and method.

    A route that takes any method is asked for GET. Opaque and unknown routes get a
    row, too: of what answers there nothing is known but the policy.
    """
    return tuple(
        _row(route, method)
        for route in routes
        for method in (route.methods or _methods_of(route))
    )


def rule_hits(rows: Iterable[Audited]) -> dict[str, int]:
    """Return how many rows each rule, floor, mark and default had a say in.

    Rules that had none are there with 0, in the order of the layers.
    """
    rows = tuple(rows)
    hits: Counter[str] = Counter()
    for layer in layers_of(rows):
        for number, rule in enumerate(layer.policy_set.rules, 1):
            kind = "floor" if rule.floor else "rule"
            hits[f"{kind} {number}, {rule!r}"] += 0
    for row in rows:
        if row.decision:
            choices = row.decision.selection.choices
            hits.update({without_shadow(choice.source) for choice in choices})
    return dict(hits)


def layers_of(rows: Iterable[Audited]) -> tuple[Layer, ...]:
    """Return every middleware around any of *rows*, each once."""
    found = {id(layer.policy_set): layer for r in rows for layer in r.route.layers}
    return tuple(found.values())


def request_of(
    route: Route, method: str, layer: Layer, fields: Iterable[tuple[str, str]] = ()
) -> RequestFacts:
    """Return the request that the audit imagines, as *layer* would see it."""
    lines = [(name.encode(), value.encode("latin-1")) for name, value in fields]
    if route.host and "{" not in route.host:
        lines.append((b"host", route.host.encode("latin-1", "replace")))
    return RequestFacts(
        method, route.sample or _plain(route.path), tuple(lines),
        root_path=layer.root_path,
    )  # fmt: skip


def decide_for(
    route: Route,
    method: str,
    status: int = 200,
    *,
    request_fields: Iterable[tuple[str, str]] = (),
    sent: Iterable[tuple[str, str]] = (),
    now: float | None = None,
) -> Decision | None:
    """Return what the layers around *route* come to, innermost first.

    Args:
        route: The route.
        method: The method.
        status: The status that is imagined.
        request_fields: Fields of the request.
        sent: What the app is imagined to send.
        now: Seconds since the epoch, to read an ``Expires`` without ``Date``.

    Returns:
        ``None`` where no middleware stands around it, or no response comes.
    """
    if not route.layers or route.kind in WITHOUT_RESPONSE:
        return None
    request_fields = tuple(request_fields)
    response = response_of(route, method, status, sent)
    inner: Selection | None = None
    for layer in reversed(route.layers[1:]):
        request = request_of(route, method, layer, request_fields)
        facts = replace(response, inner=inner)
        inner = nested(inner, select(request, facts, layer.policy_set))
    outermost = route.layers[0]
    request = request_of(route, method, outermost, request_fields)
    return decide(
        request, replace(response, inner=inner), outermost.policy_set, now=now
    )


def response_of(
    route: Route, method: str, status: int, sent: Iterable[tuple[str, str]] = ()
) -> ResponseFacts:
    """Return the response that is imagined: what the route tells, and *sent*."""
    lines = [(n.encode("latin-1"), v.encode("latin-1")) for n, v in sent]
    known = {name.lower() for name, _ in lines}
    if route.media_type and b"content-type" not in known:
        lines.append((b"content-type", route.media_type.encode("latin-1")))
    return ResponseFacts(
        status,
        tuple(lines),
        endpoint=route.qualified if route.heard else "",
        names=route.names,
        tags=route.tags,
        marks=find_marks(route.endpoint, method) if route.endpoint else (),
    )


def fields_out(
    decision: Decision | None, sent: Iterable[tuple[str, str]] = ()
) -> tuple[tuple[str, str], ...]:
    """Return what leaves, given what the app sent."""
    lines = [(n.encode("latin-1"), v.encode("latin-1")) for n, v in sent]
    if decision is not None:
        lines = decision.apply(lines)
    return tuple((n.decode("latin-1"), v.decode("latin-1")) for n, v in lines)


def left_too_loose(
    decision: Decision, left: Iterable[tuple[str, str]], now: float | None = None
) -> bool:
    """Tell whether the fields that left permit more than was decided for them.

    Args:
        decision: Made with *left* as what was sent: what leaves goes through the
            policy once more, and applied twice it equals once.
        left: The field lines that left.
        now: Seconds since the epoch, to read an ``Expires`` without ``Date``.
    """
    wanted = decision.cache_control
    if decision.mode == "report" or not wanted:
        return False
    lines = ((n.encode("latin-1"), v.encode("latin-1", "replace")) for n, v in left)
    said = read_sent(ResponseFacts(fields=tuple(lines)), None, now).cache_control
    return not (said and said.covers(wanted))


def _row(route: Route, method: str) -> Audited:
    decision = decide_for(route, method) if method else None
    fields = fields_out(decision)
    choices = decision.selection.choices if decision else ()
    return Audited(
        route=route,
        method=method,
        decision=decision,
        decided_by=decided_by(route, decision),
        declared=any(c.source != "default" and not c.floor for c in choices),
        fields=fields,
        effects=_effects(route, method, fields) if method else {},
    )


def _effects(
    route: Route, method: str, fields: tuple[tuple[str, str], ...]
) -> dict[str, Effect]:
    """Return what caches do with what those get who may ask, at worst.

    A guard may raise what is decided for them.
    """
    asked = requests_for(route.auth) if route.layers else [()]
    found = [
        effects_of(
            route,
            method,
            fields_out(decide_for(route, method, request_fields=lines))
            if lines
            else fields,
        )
        for lines in asked
    ]
    return max(found, key=lambda effects: LETTERS.index(effects["shared"].letter))


def _methods_of(route: Route) -> tuple[str, ...]:
    return ("",) if route.kind in WITHOUT_RESPONSE else ("GET",)


def decided_by(route: Route, decision: Decision | None) -> str:
    """Return in words what selected the policy: rules, a mark, the default, nobody."""
    if decision is None:
        streams = route.kind in WITHOUT_RESPONSE
        return "not HTTP" if streams else "nobody: no middleware stands around it"
    return "; ".join(dict.fromkeys(c.source for c in decision.selection.choices))


def _plain(path: str) -> str:
    """Return a template as a path, where no sample could be made."""
    return "".join(c if c not in "{}<>*" else "x" for c in path) or "/"
