"""Every text of ``Cache-Control`` that a route may answer with, and what brings it.

The survey decides for one exchange; this, over what a template and a schema leave
open: cookies, credentials, values of parameters. Schemas are not known here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from .._core.decision import Decision
from .matching import pattern_of
from .survey import decide_for, fields_out
from .values import Route

Lines = tuple[tuple[str, str], ...]

#: What requests and responses may carry that a guard or a rule asks for.
_EXCHANGES: tuple[tuple[Lines, Lines], ...] = (
    ((), ()),
    ((("cookie", "a=b"),), ()),
    ((("authorization", "Bearer x"),), ()),
    ((), (("set-cookie", "a=b"),)),
)
#: An app's own field, to see whether it would stand.
_OWN = ("cache-control", "public, max-age=7")
_PARAMETER = re.compile(r"\{[^{}]*\}")
_WILD = re.compile(r"\{[^{}]*\}|\*+")
#: Values of a parameter that have more readings than one, or a static look.
_ODD = ("x.css", "x.", "X", ";", "%00", "%252e%252e%252fx", f"%{'25' * 40}2f")
#: Climbs to the root within one segment, decoded more often than servers do.
_CLIMB = "%252e%252e%252f"
#: What numbers, dates and UUIDs are made of.
_PLAIN = re.compile(r"[0-9A-Fa-f.:\-]+")


@dataclass(frozen=True, slots=True)
class Possible:
    """What may leave.

    Attributes:
        texts: The texts, the one of a plain exchange first, each with a decision
            that comes to it.
        decision: What a plain exchange comes to.
        closed: Whether no other text leaves; not so where what the app sends stands.
        always: Whether there is a text at all, whatever the app sends.
    """

    texts: dict[str, Decision]
    decision: Decision
    closed: bool
    always: bool


def possible(
    route: Route,
    method: str,
    statuses: Iterable[int],
    media_types: Iterable[str] = (),
    *,
    any_value: bool = True,
) -> Possible | None:
    """Return what may leave, for a route's answers of these statuses.

    A field that the endpoint sends of its own, or ``set_policy`` in it, can make it
    stricter still; that is known only while it runs.

    Args:
        route: The route.
        method: The method.
        statuses: The statuses.
        media_types: What is answered with; without any, what the route says.
        any_value: Whether parameters of the path take any text.

    Returns:
        ``None`` where no middleware stands around it.
    """
    types = tuple((("content-type", each),) for each in media_types) or ((),)
    exchanges = [
        ((*host, *request), (*response, *typed))
        for host in ((), *_hosts(route))
        for request, response in _EXCHANGES
        for typed in types
    ]
    decided = [
        (at, status, request, response)
        for at in _at_paths(route, any_value=any_value)
        for status in statuses
        for request, response in exchanges
    ]
    out: Possible | None = None
    for at, status, request, response in decided:
        made = decide_for(at, method, status, request_fields=request, sent=response)
        if made is None:
            return None
        out = out or Possible({}, made, closed=True, always=True)
        text = _text(made)
        if text:
            out.texts.setdefault(text, made)
        own = made
        if made.selection.app_speaks or made.selection.mode in ("if-missing", "report"):
            sent = (*response, _OWN)
            again = decide_for(at, method, status, request_fields=request, sent=sent)
            own = again or made
        stands = _text(own, _OWN) != text
        out = replace(
            out, closed=out.closed and not stands, always=out.always and bool(text)
        )
    return out


def _text(decision: Decision, *sent: tuple[str, str]) -> str:
    left = fields_out(decision, sent)
    return ", ".join(value for name, value in left if name == "cache-control")


def _hosts(route: Route) -> Iterator[Lines]:
    """Yield a field for each host that a rule asks for."""
    rules = (rule for layer in route.layers for rule in layer.policy_set.rules)
    hosts = {host for rule in rules for host in rule.conditions.hosts or ()}
    for host in sorted(hosts):
        yield (("host", host.replace("*", "x")),)


def _at_paths(route: Route, *, any_value: bool) -> Iterator[Route]:
    """Yield the route at its sample, and where its parameters lead elsewhere."""
    yield route
    if not _PARAMETER.search(route.path):
        return
    paths: dict[str, None] = {}
    for target in _ruled(route):
        within = _within(route, target)
        if any_value or _PLAIN.fullmatch("".join(_values(route, within))):
            paths[within] = None
        if any_value:
            climb = _CLIMB * route.path.count("/") + target.removeprefix("/")
            paths[_filled(route, climb.replace("/", "%252f"))] = None
    if any_value:
        paths |= dict.fromkeys(_filled(route, value) for value in _ODD)
    for path in paths:
        if pattern_of(route).fullmatch(path):
            yield replace(route, sample=path)


def _ruled(route: Route) -> Iterator[str]:
    """Yield a path for each rule around *route*, as it is outside of all mounts."""
    for layer in route.layers:
        for rule in layer.policy_set.rules:
            if isinstance(rule.path, str):
                yield layer.root_path.rstrip("/") + _WILD.sub("1", rule.path)


def _within(route: Route, target: str) -> str:
    """Return a path of *route* with values from *target*, segment by segment."""
    wanted = target.split("/")
    wanted += ["1"] * route.path.count("/")
    segments = zip(route.path.split("/"), wanted, strict=False)
    return "/".join(
        mine if not _PARAMETER.search(mine) else theirs or "1"
        for mine, theirs in segments
    )


def _values(route: Route, path: str) -> Iterator[str]:
    """Yield the segments of *path* that stand for parameters."""
    for mine, theirs in zip(route.path.split("/"), path.split("/"), strict=True):
        if _PARAMETER.search(mine):
            yield theirs


def _filled(route: Route, value: str) -> str:
    """Return a path of *route* with *value* for its last parameter."""
    *before, last = _PARAMETER.split(route.path)
    return "1".join(before) + value + last
