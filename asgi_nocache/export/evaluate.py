"""What a faithful edge does with one exchange, by the plan: the exporters' yardstick.

Nothing here knows a target. Tests and the drift check compare real edges with it,
and it with ``decide()``.
"""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import unquote

from .._core import fields as f
from .._core.conditions import host_in
from .._core.facts import RequestFacts, ResponseFacts
from .._core.guards import contradicts, extension
from .paths import PLAIN, PLAIN_DECODED
from .plan import Answer, Condition, Entry, Fact, Plan, Say


class Outcome(NamedTuple):
    """What leaves, and which entry says so (``None``: the default)."""

    answer: Answer
    fields: list[f.Field]
    entry: Entry | None


def evaluate(
    plan: Plan, request: RequestFacts, response: ResponseFacts, *, decodes: bool = True
) -> Outcome:
    """Return what leaves an edge that follows *plan*.

    Args:
        plan: The plan.
        request: The request; of its target, what was sent counts.
        response: What the app, or whatever is behind the edge, answered.
        decodes: Whether the edge matches the decoded path; else the one that was
            sent, so that a path with any escape gets the default.
    """
    entry = entry_for(plan, request, decodes=decodes)
    answer = plan.default
    if entry is not None:
        path = _path(request)
        cases = entry.cases
        answer = next(
            c.answer
            for c in cases
            if all(_holds(each, request, response, path) for each in c.when)
        )
    return Outcome(answer, _applied(answer, response.fields), entry)


def entry_for(
    plan: Plan, request: RequestFacts, *, decodes: bool = True
) -> Entry | None:
    """Return the entry for *request*; ``None`` is the default."""
    sent = request.target.partition("?")[0]
    plain = re.search(PLAIN_DECODED if decodes else PLAIN, sent) is not None
    path = _path(request) if decodes else sent
    for entry in plan.entries:
        if entry.methods and request.method not in entry.methods:
            continue
        if entry.hosts and not host_in(request.host, frozenset(entry.hosts)):
            continue
        if (plain or entry.strict) and entry.path.matches(path):
            return entry
    return None


def _path(request: RequestFacts) -> str:
    return unquote(request.target.partition("?")[0], errors="replace")


def _holds(
    asked: Condition, request: RequestFacts, response: ResponseFacts, path: str
) -> bool:
    return _is_so(asked, request, response, path) is not asked.negated


def _is_so(
    asked: Condition, request: RequestFacts, response: ResponseFacts, path: str
) -> bool:
    values = asked.values
    match asked.fact:
        case Fact.METHOD:
            return request.method in values
        case Fact.REQUEST_FIELD:
            return any(f.has(request.fields, each.encode()) for each in values)
        case Fact.RESPONSE_FIELD:
            return any(f.has(response.fields, each.encode()) for each in values)
        case Fact.STATUS:
            bounds = [each.split("-") for each in values]
            return any(int(a) <= response.status <= int(b) for a, b in bounds)
        case Fact.MISMATCH:
            return contradicts(extension(path), response.media_type)
        case Fact.MEDIA_TYPE:
            return any(re.fullmatch(each, response.media_type) for each in values)
        case _:  # Fact.WORD
            return re.fullmatch(values[0], _word(response)) is not None


def _word(response: ResponseFacts) -> str:
    """Return all that the app says in Cache-Control; several lines are one."""
    lines = f.values(response.fields, b"cache-control")
    return b", ".join(lines).decode("latin-1")


def _applied(answer: Answer, fields: f.Fields) -> list[f.Field]:
    if answer.say is Say.KEEP:
        gone = {name.encode() for name in answer.remove}
        return f.without(fields, gone)
    gone = {name.encode() for name in (*answer.remove, *dict(answer.set))}
    added = [(n.encode(), v.encode("latin-1")) for n, v in answer.set]
    return [*f.without(fields, gone), *added]
