"""NC1: whether each route has a policy that somebody declared.

With the never-store default nothing is uncovered: undeclared is then only a matter
of taste, unless a declaration is required.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import Any

from ..._core.selection import Mark
from ..._endpoint_marks import find_marks
from ..survey import request_of
from ..values import Audited, Finding, Kind, Layer, Severity, Survey
from .views import answers, by_path, found, ones, rules_at


def undeclared(survey: Survey) -> Iterator[Finding]:
    """NC101, and NC104 for what the framework made."""
    for group in by_path(answers(survey)):
        if any(row.declared for row in group):
            continue
        row = next((r for r in group if _lacks(r, survey)), None)
        if row is None:
            continue
        code = "NC104" if row.route.kind is Kind.FRAMEWORK else "NC101"
        made = ", made by the framework," if code == "NC104" else ""
        yield found(
            survey,
            code,
            row.key,
            f"{row.key}{made} has no policy of its own and falls to the default, "
            f"{_default(row)}",
            row=row,
        )


def by_default(survey: Survey) -> Iterator[Finding]:
    """NC102."""
    for row in ones(answers(survey)):
        if row.decision and not row.declared and not _lacks(row, survey):
            yield found(
                survey,
                "NC102",
                row.key,
                f"{row.key} is never-store by the default alone",
                row=row,
            )


def left_out(survey: Survey) -> Iterator[Finding]:
    """NC103."""
    for group in by_path(answers(survey)):
        declared = [row.method for row in group if row.declared]
        for row in group if declared else ():
            if _lacks(row, survey):
                yield found(
                    survey,
                    "NC103",
                    row.key,
                    f"{row.key} falls to the default, {_default(row)}, though "
                    f"{' and '.join(declared)} of the same path is declared",
                    row=row,
                    method=row.method,
                )


def _lacks(row: Audited, survey: Survey) -> bool:
    """Tell whether *row* has a middleware, and nobody said what it should do."""
    if row.decision is None or row.declared:
        return False
    return survey.require or not row.decision.never_store


def _default(row: Audited) -> str:
    return repr(row.route.layers[0].policy_set.default) if row.route.layers else "none"


def unserved(survey: Survey) -> Iterator[Finding]:
    """NC105: of the code that the routes come from, not of libraries beside it."""
    served: dict[str, str] = {}
    for row in survey.rows:
        for name in _names(row.route.endpoint):
            served.setdefault(name, row.key)
    hidden: dict[str, str] = {}
    for row in survey.rows:
        for name in _hidden_names(row.route.endpoint):
            hidden.setdefault(name, row.key)
    own = {name.partition(".")[0] for name in (*served, survey.app.partition(":")[0])}
    for name in dict.fromkeys(_own_name(each) for each in survey.decorated):
        known = name in served or name.rpartition(".")[0] in served
        if known:
            continue
        if name in hidden:
            message = (
                f"{name} is decorated, but another decorator without functools.wraps "
                f"hides it behind {hidden[name]}: its mark is heard when it runs, and "
                "the audit cannot see it"
            )
            yield found(survey, "NC105", name, message, severity=Severity.WARNING)
        elif name.partition(".")[0] in own:
            message = f"{name} is decorated, but no route of {survey.app} serves it"
            yield found(survey, "NC105", name, message)


def _own_name(endpoint: Any) -> str:
    """Return the dotted name of a function, a class, or an object's class."""
    while isinstance(endpoint, functools.partial):
        endpoint = endpoint.func
    named = endpoint if hasattr(endpoint, "__qualname__") else type(endpoint)
    return f"{named.__module__}.{named.__qualname__}"


def _names(endpoint: Any) -> Iterator[str]:
    """Yield the names under which *endpoint* and all it wraps were written."""
    for _ in range(64):
        if endpoint is None:
            return
        yield _own_name(endpoint)
        for cls in _classes(endpoint):
            yield f"{cls.__module__}.{cls.__qualname__}"
        endpoint = (
            getattr(endpoint, "func", None)
            or getattr(endpoint, "__func__", None)
            or getattr(endpoint, "__wrapped__", None)
        )


def _classes(endpoint: Any) -> tuple[type, ...]:
    cls = getattr(endpoint, "view_class", None)
    if isinstance(endpoint, type):
        cls = endpoint
    elif not hasattr(endpoint, "__qualname__"):
        cls = type(endpoint)
    return tuple(c for c in cls.__mro__ if c is not object) if cls else ()


def _hidden_names(endpoint: Any, depth: int = 4) -> Iterator[str]:
    """Yield the names of what *endpoint* holds in its closure."""
    for cell in getattr(endpoint, "__closure__", None) or ():
        try:
            held = cell.cell_contents
        except ValueError:  # not yet filled
            continue
        if hasattr(held, "__qualname__"):
            yield _own_name(held)
            if depth:
                yield from _hidden_names(held, depth - 1)


def for_streams_only(survey: Survey) -> Iterator[Finding]:
    """NC107."""
    streams = [row for row in survey.rows if row.route.kind is Kind.STREAM]
    others = answers(survey) if streams else ()
    elsewhere = {number for row in others for number in _matching(row)}
    told: set[tuple[int, int]] = set()
    for row in streams:
        marks: tuple[Mark, ...] = find_marks(row.route.endpoint, "")
        if marks:
            yield found(
                survey,
                "NC107",
                row.key,
                f"{row.key} is a websocket, and its decorator does nothing",
                row=row,
            )
        for key in _matching(row) - elsewhere - told:
            told.add(key)
            rule = _layer(row, key[0]).policy_set.rules[key[1] - 1]
            yield found(
                survey,
                "NC107",
                repr(rule),
                f"rule {key[1]}, {rule!r}, matches websockets only ({row.key})",
            )


def _matching(row: Audited) -> set[tuple[int, int]]:
    """Return the rules that name the path of *row*: which layer's, and which."""
    return {
        (id(layer.policy_set), number)
        for layer in row.route.layers
        for number in rules_at(layer, request_of(row.route, "GET", layer).path)
        if layer.policy_set.rules[number - 1].path is not None
    }


def _layer(row: Audited, key: int) -> Layer:
    return next(y for y in row.route.layers if id(y.policy_set) == key)


RUN = {
    undeclared: ("NC101", "NC104"),
    by_default: ("NC102",),
    left_out: ("NC103",),
    unserved: ("NC105",),
    for_streams_only: ("NC107",),
}
