"""NC4: whether the rules do what whoever wrote them meant.

That a later rule is shadowed is found by the rule set itself; here it is only heard.
"""

from __future__ import annotations

import difflib
import importlib
import re
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from ..._core.guards import ALL_GUARDS
from ..._core.rules import Rule, RuleSet
from ..survey import request_of, response_of
from ..values import Audited, Confidence, Finding, Kind, Layer, Severity, Survey
from .overlap import overlap
from .views import answers, found, ones, rule_path, rules_at

_SHADOWED = re.compile(r"rule (?P<number>\d+), (?s:.*), never applies: ")


def shadowed(survey: Survey) -> Iterator[Finding]:
    """NC401: what the rule set warns of when it is made."""
    for layer in survey.layers:
        rules = layer.policy_set
        for message in _warnings_of(rules):
            heard = _SHADOWED.match(message)
            if heard:
                rule = rules.rules[int(heard["number"]) - 1]
                sentence = message.rpartition("; ")[0]
                yield found(survey, "NC401", repr(rule), sentence)


def _warnings_of(rules: RuleSet) -> list[str]:
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        RuleSet(rules.rules, default=rules.default, guards=rules.guards)
    return [str(each.message) for each in heard]


def without_route(survey: Survey) -> Iterator[Finding]:
    """NC402."""
    for layer in survey.layers:
        rows = [r for r in survey.rows if _below(r, layer)]
        unseen = any(r.route.kind in (Kind.OPAQUE, Kind.UNKNOWN) for r in rows)
        matched = _matched(rows, layer)
        for number, rule in enumerate(layer.policy_set.rules, 1):
            if number in matched or _reaches(rule, rows, layer, unseen=unseen):
                continue
            yield _unmatched(survey, number, rule, rows)


def _matched(rows: Iterable[Audited], layer: Layer) -> set[int]:
    """Return the numbers of the rules that match the sample path of a row."""
    matched: set[int] = set()
    by_path: dict[str, set[int]] = {}
    for row in rows:
        path = request_of(row.route, "GET", layer).path
        if path not in by_path:
            by_path[path] = rules_at(layer, path)
        for number in by_path[path] - matched:
            if _meets(layer.policy_set.rules[number - 1], row, layer):
                matched.add(number)
    return matched


def _below(row: Audited, layer: Layer) -> bool:
    return any(each.policy_set is layer.policy_set for each in row.route.layers)


def _meets(rule: Rule, row: Audited, layer: Layer) -> bool:
    """Tell whether what is known of *row* is as *rule* asks, but for its path."""
    asked = replace(
        rule.conditions, status=None, media_types=None, credentials=None, when=None,
        hosts=rule.conditions.hosts if _host_is_known(row) else None,
        methods=rule.conditions.methods if row.route.methods else None,
    )  # fmt: skip
    request = request_of(row.route, row.method or "GET", layer)
    response = response_of(row.route, row.method or "GET", 200)
    return asked.meets_request(request) and asked.meets_response(request, response)


def _host_is_known(row: Audited) -> bool:
    return bool(row.route.host) and not set("{<*") & set(row.route.host)


def _reaches(
    rule: Rule, rows: Iterable[Audited], layer: Layer, *, unseen: bool
) -> bool:
    """Tell whether some path of a route, not the sample, might match *rule*."""
    asks_route = (rule.conditions.tags, rule.conditions.endpoints)
    if unseen and any(each is not None for each in asks_route):
        return True
    if not isinstance(rule.path, str):
        return False
    return any(
        overlap(rule.path, row.route, layer.root_path) and _meets(rule, row, layer)
        for row in rows
    )


def _unmatched(
    survey: Survey, number: int, rule: Rule, rows: Iterable[Audited]
) -> Finding:
    written = [rule_path(row.route) for row in ones(rows)]
    names = [*written]
    wanted = [rule.path] if isinstance(rule.path, str) else []
    for asked in (rule.conditions.tags, rule.conditions.endpoints):
        wanted += sorted(asked or ())
    for row in rows:
        names += [*row.route.tags, row.route.qualified]
    near = [n for w in wanted for n in difflib.get_close_matches(w, names, 1)]
    hint = f"; did you mean {near[0]!r}?" if near and near[0] not in wanted else ""
    path_varies = any(set(path) & set("*{") for path in written)
    return found(
        survey,
        "NC402",
        repr(rule),
        f"rule {number}, {rule!r}, matches no route{hint}",
        severity=Severity.INFO if rule.floor else None,
        # Of a regular expression only samples of paths are asked.
        confidence=Confidence.GUESS
        if isinstance(rule.path, re.Pattern) and path_varies
        else None,
    )


def slow(survey: Survey) -> Iterator[Finding]:
    """NC404."""
    for layer in survey.layers:
        for number, rule in enumerate(layer.policy_set.rules, 1):
            if isinstance(rule.path, re.Pattern) and _nests(rule.path):
                message = (
                    f"rule {number}, {rule.path.pattern!r}, repeats a repeat with "
                    "nothing between that tells them apart"
                )
                yield found(survey, "NC404", repr(rule), message)


def _nests(pattern: re.Pattern[str]) -> bool:
    # The standard library's own tree; it has no public name.
    parser: Any = importlib.import_module("re._parser")
    return _repeats_a_repeat(parser.parse(pattern.pattern, pattern.flags))


def _repeats_a_repeat(tree: Any, *, repeated: bool = False) -> bool:
    """Tell whether an unbounded repeat holds another, and no literal beside it."""
    separated = any(str(name) == "LITERAL" for name, _ in tree)
    for name, given in tree:
        unbounded = str(name) in ("MAX_REPEAT", "MIN_REPEAT") and _is_many(given[1])
        if unbounded and repeated and not separated:
            return True
        inside = unbounded or (repeated and not separated)
        if any(_repeats_a_repeat(each, repeated=inside) for each in _parts(given)):
            return True
    return False


def _is_many(most: Any) -> bool:
    return int(most) > 16


def _parts(given: Any) -> Iterator[Any]:
    """Yield the trees within what a node was given."""
    if hasattr(given, "data"):
        yield given
    elif isinstance(given, tuple | list):
        for each in given:
            yield from _parts(each)


def safeguards(survey: Survey) -> Iterator[Finding]:
    """NC408: what is switched off, wherever it is."""
    for layer in survey.layers:
        rules = layer.policy_set
        if said := _off(rules.guards, shares=rules.default.shared_with_credentials):
            message = f"the middleware {said}"
            yield found(survey, "NC408", f"guards of {survey.app}", message)
        for number, rule in enumerate(rules.rules, 1):
            guards = ALL_GUARDS if rule.guards is None else frozenset(rule.guards)
            if said := _off(guards, shares=rule.policy.shared_with_credentials):
                message = f"rule {number}, {rule!r}, {said}"
                yield found(survey, "NC408", repr(rule), message)
    for row in ones(answers(survey)):
        for choice in row.decision.selection.choices if row.decision else ():
            if choice.source == "mark" and choice.policy.shared_with_credentials:
                message = f"{row.key} {_SHARES} by its decorator"
                yield found(survey, "NC408", row.key, message, row=row)


_SHARES = "lets shared caches keep what requests with Authorization get"


def _off(guards: frozenset[str], *, shares: bool) -> str:
    missing = ", ".join(sorted(ALL_GUARDS - guards))
    parts = [f"switches {missing} off" if missing else "", _SHARES if shares else ""]
    return " and ".join(filter(None, parts))


RUN = {
    shadowed: ("NC401",),
    without_route: ("NC402",),
    slow: ("NC404",),
    safeguards: ("NC408",),
}
