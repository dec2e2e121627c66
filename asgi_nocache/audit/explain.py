"""Why a response leaves with its fields: one exchange, told step by step.

The story is made of what ``decide`` and ``predict`` say; how it is printed is the
command's.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from .._core.conditions import Conditions
from .._core.decision import Decision
from .._core.facts import RequestFacts, ResponseFacts
from .._core.guards import GUARDS
from .._core.rules import Rule
from .effects import CACHES, SOME_DAY, effects_of, told
from .matching import routes_at, takes
from .survey import decide_for, fields_out, request_of, response_of
from .values import Kind, Layer, Route

#: More rules than that are counted, not listed: those that matter are.
_MAX_RULES = 20
_NO_ROUTE = Route(path="", kind=Kind.UNKNOWN)


@dataclass(frozen=True, slots=True)
class Section:
    """A step of the story: a word or two, and its lines."""

    title: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Story:
    """One exchange explained.

    Attributes:
        route: What answers it; ``None`` if no route does.
        decision: The outermost middleware's; ``None`` if there is none.
        fields: What leaves.
        sections: The steps, in order.
    """

    route: Route | None
    decision: Decision | None
    fields: tuple[tuple[str, str], ...]
    sections: tuple[Section, ...]


def explain(
    routes: Sequence[Route],
    method: str,
    target: str,
    *,
    fields: Iterable[tuple[str, str]] = (),
    status: int | None = None,
    sent: Iterable[tuple[str, str]] = (),
    now: float | None = None,
) -> Story:
    """Tell what becomes of a request for *target*, and why.

    Args:
        routes: All of the app's.
        method: The method.
        target: The request target: path and query.
        fields: What the request carries.
        status: What the app answers; ``None``: 200, 404 where no route is, 405
            where there is one for other methods.
        sent: What the app is imagined to send.
        now: Seconds since the epoch, to read an ``Expires`` without ``Date``.
    """
    fields, sent = tuple(fields), tuple(sent)
    host = dict(reversed(fields)).get("host", "")  # the first line counts
    here = routes_at(routes, target, host)
    found = next((r for r in here if takes(r, method)), None)
    near = found or next(iter(here), None)
    route = near or replace(_NO_ROUTE, layers=_common(routes))
    route = replace(route, sample=target)
    status = status or (200 if found else 405 if near else 404)
    decision = decide_for(
        route, method, status, request_fields=fields, sent=sent, now=now
    )
    out = fields_out(decision, sent)
    sections = (
        Section("request", (f"{method} {target}", *_lines(fields))),
        Section("route", tuple(_route(found, near))),
        *_layers(route, method, status, fields, sent, decision),
        Section("the app sent", (f"status {status}", *(_lines(sent) or ("nothing",)))),
        *_guards(decision),
        Section("leaves", _lines(out) or ("no caching fields",)),
        Section("then", tuple(_effects(route, method, out, status, now))),
    )
    return Story(found, decision, out, sections)


def _common(routes: Sequence[Route]) -> tuple[Layer, ...]:
    """Return the middleware that stands around all routes: a 404 passes it, too."""
    if not routes:
        return ()
    first = routes[0].layers
    return tuple(x for x in first if all(x in route.layers for route in routes))


def _route(route: Route | None, near: Route | None) -> Iterator[str]:
    if route is None:
        if near is None:
            yield "none matches; the framework answers, with 404 as a rule"
        else:
            takes = ", ".join(near.methods)
            yield f"{near.path} takes {takes} only; 405 as a rule"
        return
    yield " ".join(filter(None, (route.framework, route.kind.value, route.path)))
    if route.qualified:
        yield f"{route.qualified}{f' ({route.place})' if route.place else ''}"
    yield from route.via


def _layers(
    route: Route,
    method: str,
    status: int,
    fields: tuple[tuple[str, str], ...],
    sent: tuple[tuple[str, str], ...],
    decision: Decision | None,
) -> Iterator[Section]:
    if decision is None:
        yield Section("middleware", ("none stands around it: nothing is decided",))
        return
    response = response_of(route, method, status, sent)
    for layer in route.layers:
        request = request_of(route, method, layer, fields)
        yield Section("readings", tuple(_readings(layer, request)))
        yield Section(
            f"middleware, {layer.form}", tuple(_tried(layer, request, response))
        )
    chosen = (f"{c.source} selects {c.policy!r}" for c in decision.selection.choices)
    yield Section("selected", (*chosen, f"mode {decision.mode}"))


def _readings(layer: Layer, request: RequestFacts) -> Iterator[str]:
    readings = layer.policy_set.for_readings(request.path, request.root_path).readings
    yield f"spellings: {'  '.join(readings.spellings)}"
    shadows = [s for s in readings.shadows if s not in readings.spellings]
    if shadows:
        yield f"shadows: {'  '.join(shadows)}"
    if not readings.complete:
        yield "too many readings: never-store"


def _tried(
    layer: Layer, request: RequestFacts, response: ResponseFacts
) -> Iterator[str]:
    rules = layer.policy_set.rules
    found = layer.policy_set.for_readings(request.path, request.root_path)
    here = {number for each in found.spelled for number, _ in each}
    shadowed = {number for _, each in found.shadowed for number, _ in each} - here
    matching = here | shadowed
    told = [n for n in range(1, len(rules) + 1) if len(rules) <= _MAX_RULES]
    for number in told or sorted(matching):
        rule = rules[number - 1]
        if number not in matching:
            verdict = "another path"
        else:
            verdict = _verdict(rule, request, response)
            if number in shadowed:
                verdict += ", by a shadow, so it can only tighten"
        name = "floor" if rule.floor else "rule"
        why = f" ({rule.reason})" if rule.reason else ""
        yield f"{name} {number}, {rule!r}{why}: {verdict}"
    if not told and rules:
        yield f"{len(rules) - len(matching)} more rules have another path"
    yield f"default: {layer.policy_set.default!r}"


def _verdict(rule: Rule, request: RequestFacts, response: ResponseFacts) -> str:
    """Return which condition does not hold, or that all do."""
    for name in Conditions.__dataclass_fields__:
        wanted: Any = getattr(rule.conditions, name)
        if wanted is None:
            continue
        alone = Conditions(**{name: wanted})
        try:
            holds = alone.meets_request(request) and alone.meets_response(
                request, response
            )
        except Exception as error:  # noqa: BLE001 - a rule's own code
            return f"its {name} raised {error!r}, so the default is joined in"
        if not holds:
            words = wanted if isinstance(wanted, frozenset) else [wanted]
            shown = f" ({', '.join(sorted(map(str, words)))})" if name != "when" else ""
            return f"the path matches; {name} does not{shown}"
    return "matches"


def _guards(decision: Decision | None) -> Iterator[Section]:
    if decision is None:
        return
    fired = decision.guards
    lines = [f"{g.name}: {g.reason} ({g.reference})" for g in GUARDS if g.name in fired]
    off = sorted({g.name for g in GUARDS} - decision.selection.guards)
    if off:
        lines.append(f"switched off: {', '.join(off)}")
    yield Section("guards", tuple(lines) or ("none fired",))


def _effects(
    route: Route,
    method: str,
    fields: tuple[tuple[str, str], ...],
    status: int,
    now: float | None,
) -> Iterator[str]:
    effects = effects_of(route, method, fields, status, now=now or SOME_DAY)
    for cache in CACHES:
        effect = effects[cache.name]
        from_ = told(cache.name, effect)
        yield f"{cache.name}: {effect.words}: {from_.reason} ({from_.reference})"


def _lines(fields: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    return tuple(f"{name}: {value}" for name, value in fields)
