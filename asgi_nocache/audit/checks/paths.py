"""NC6: whether another name for the same resource gets another policy.

What patterns do with spellings is the core's, and proven there; here is what slips
past it: switched-off guards, callables, redirects. Where no middleware stands, that
is what is said (NC301), and no more.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from ..._core.decision import Decision
from ..._core.guards import STATIC_EXTENSIONS, extension
from ..survey import decide_for
from ..values import Audited, Finding, Kind, Layer, Survey
from .views import answers, found, ones, relaxes

#: The frameworks that redirect to a path with, or without, its last slash.
_REDIRECTING = {"starlette": 307, "fastapi": 307, "flask": 308, "quart": 308}


def deceived(survey: Survey) -> Iterator[Finding]:
    """NC601."""
    for row in ones(answers(survey)):
        route = row.route
        private = route.auth or not row.declared
        below = route.catch_all and route.kind is Kind.ENDPOINT
        if not (below and private) or row.decision is None:
            continue
        path = (route.sample or "/").rstrip("/") + "/x.css"
        media_type = route.media_type or "text/html"
        as_file = replace(route, sample=path, media_type=media_type)
        decision = decide_for(as_file, row.method)
        if decision is not None and not decision.never_store:
            message = f"{row.key} answers {path}, and nothing forbids to store it"
            yield found(survey, "NC601", row.key, message, row=row)


def named_as_file(survey: Survey) -> Iterator[Finding]:
    """NC602."""
    for row in ones(r for r in answers(survey) if r.route.auth):
        name = extension(row.route.path)
        if row.decision is None or row.decision.never_store:
            continue
        if name in STATIC_EXTENSIONS:
            message = (
                f"{row.key} asks for {', '.join(row.route.auth)}, and its name ends in "
                f".{name}, which CDNs store"
            )
            yield found(survey, "NC602", row.key, message, row=row)


def respelled(survey: Survey) -> Iterator[Finding]:
    """NC603: of what is not a pattern, which the core reads in all spellings."""
    for row in ones(answers(survey)):
        if row.decision is None or not any(map(_looks_itself, row.route.layers)):
            continue
        for spelling in _spellings(row):
            other = decide_for(replace(row.route, sample=spelling), row.method)
            if other is not None and _is_looser(other, row.decision):
                message = (
                    f"{row.key} asked for as {spelling} gets "
                    f"{str(other.cache_control) or 'what the app sends'}, not "
                    f"{row.decision.cache_control}"
                )
                yield found(survey, "NC603", row.key, message, row=row)
                break


def _looks_itself(layer: Layer) -> bool:
    """Tell whether a rule judges paths without the core's help."""
    rules = layer.policy_set.rules
    return any(r.conditions.when or isinstance(r.path, re.Pattern) for r in rules)


def _spellings(row: Audited) -> Iterator[str]:
    """Yield targets that reach the same endpoint."""
    sample = row.route.sample or "/"
    at = next((i for i, c in enumerate(sample) if c.isascii() and c.isalnum()), None)
    if at is not None:
        yield f"{sample[:at]}%{ord(sample[at]):02x}{sample[at + 1 :]}"
    if row.route.catch_all:
        yield f"{sample};x"
        yield f"{sample.rstrip('/')}//"


def _is_looser(other: Decision, one: Decision) -> bool:
    return not other.cache_control.covers(one.cache_control)


def redirected(survey: Survey) -> Iterator[Finding]:
    """NC604: the redirect has no endpoint, so no mark, and another path."""
    for row in ones(answers(survey)):
        route, status = row.route, _REDIRECTING.get(row.route.framework)
        plain = route.kind is Kind.ENDPOINT and not route.catch_all
        if row.decision is None or not row.decision.never_store:
            continue
        if status is None or not plain or route.path == "/" or not relaxes(route):
            continue
        sample = route.sample or route.path
        other = sample.rstrip("/") if sample.endswith("/") else sample + "/"
        redirect = replace(
            route, sample=other, endpoint=None, media_type="", name="",
            names=frozenset(), tags=frozenset(),
        )  # fmt: skip
        decision = decide_for(redirect, row.method, status)
        if decision is not None and _may_store(decision):
            message = (
                f"{row.key} is never-store, but its redirect from {other} gets "
                f"{decision.cache_control}"
            )
            yield found(survey, "NC604", row.key, message, row=row)


def _may_store(decision: Decision) -> bool:
    """Tell whether the policy lets caches keep a redirect that says nothing itself."""
    return bool(decision.cache_control) and not decision.never_store


RUN = {
    deceived: ("NC601",),
    named_as_file: ("NC602",),
    respelled: ("NC603",),
    redirected: ("NC604",),
}
