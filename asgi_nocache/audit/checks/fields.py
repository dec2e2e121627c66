"""NC5: whether the fields that leave mean what they seem to.

One finding for each text, not for each route that sends it. What our own policies
send beside no-store is never called wrong.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from email.utils import parsedate_to_datetime

from ..._core.cache_control import CacheControl, contradictions
from ..._core.policy import (
    LEGACY_2014,
    NO_STORE,
    NO_STORE_EDGE,
    is_side_field,
)
from ..._core.strictness import Level
from ...reuse._controls import dictionary
from ..values import Audited, Finding, Kind, Survey
from .views import Field, answers, found, seen, several, values_of

#: What is sent on purpose, and was measured.
_OURS: frozenset[Field] = frozenset(
    line for policy in (NO_STORE, NO_STORE_EDGE, LEGACY_2014) for line in policy.beside
)
_OBSOLETE = frozenset({"pre-check", "post-check"})
#: Only requests may carry these.
_OF_REQUESTS = frozenset({"max-stale", "min-fresh", "only-if-cached"})

#: What is sent, and who sends it.
Sent = tuple[tuple[Field, ...], list[Audited]]


def _sent(survey: Survey) -> list[Sent]:
    """Return the different sets of caching fields that leave."""
    sets: dict[tuple[Field, ...], list[Audited]] = {}
    for row in answers(survey):
        fields = seen(row)
        lines = row.fields if fields is None else fields
        caching = tuple((n.lower(), v) for n, v in lines if _is_caching(n.lower()))
        if caching:
            sets.setdefault(caching, []).append(row)
    return list(sets.items())


def _is_caching(name: str) -> bool:
    known = ("cache-control", "pragma", "expires")
    return name in known or is_side_field(name.encode("latin-1", "replace"))


def _control(lines: tuple[Field, ...]) -> CacheControl:
    values = [v.encode("latin-1", "replace") for v in values_of(lines, "cache-control")]
    return CacheControl.parse(values)


def contradicting(survey: Survey) -> Iterator[Finding]:
    """NC501."""
    told: set[str] = set()
    for lines, rows in _sent(survey):
        control = _control(lines)
        text = ", ".join(values_of(lines, "cache-control"))
        problems = [_plain(each) for each in contradictions(control)]
        lifetime = control.s_maxage or control.max_age or 0
        if values_of(lines, "pragma") and lifetime and not control.no_cache:
            problems.append("pragma says no-cache, and a lifetime is given")
        if problems and text not in told:
            told.add(text)
            where = f"cache-control: {text}"
            message = f"{several(rows)}: {where}: {problems[0]}"
            yield found(survey, "NC501", where, message)


def _plain(problem: str) -> str:
    """Return what contradicts what, without the attributes of Python."""
    return problem.partition(": ")[2].partition("; ")[0]


def obsolete(survey: Survey) -> Iterator[Finding]:
    """NC502."""
    told: dict[tuple[Field, str], list[Audited]] = {}
    for lines, rows in _sent(survey):
        for line in lines:
            if line not in _OURS:
                for problem in _problems_of(*line):
                    told.setdefault((line, problem), []).extend(rows)
    for ((name, value), problem), rows in told.items():
        where = f"{name}: {value}"
        message = f"{several(rows)}: {where}: {problem}"
        yield found(survey, "NC502", where, message)


def _problems_of(name: str, value: str) -> Iterator[str]:
    if name == "pragma":
        yield "responses have no Pragma"
    elif name == "expires" and not _is_date(value):
        yield "that is no date, and caches differ in what they make of it"
    elif name == "cache-control":
        control = CacheControl.parse(value.encode("latin-1", "replace"))
        yield from control.anomalies[:1]
        for directive, _ in control.extensions:
            if directive in _OBSOLETE:
                yield f"{directive} is obsolete, and disarms no-store in one cache"
            elif directive in _OF_REQUESTS:
                yield f"{directive} is a request's directive"


def _is_date(value: str) -> bool:
    try:
        parsedate_to_datetime(value)
    except (ValueError, TypeError, IndexError, OverflowError):
        return False
    return bool(re.search("[A-Za-z]", value))


def pages(survey: Survey) -> Iterator[Finding]:
    """NC503."""
    for row in answers(survey):
        html = "html" in row.route.media_type and row.route.kind is Kind.ENDPOINT
        if html and row.method == "GET" and row.decision and row.decision.never_store:
            message = f"{row.key} is an HTML page that browsers may not keep"
            yield found(survey, "NC503", row.key, message, row=row)


def targeted(survey: Survey) -> Iterator[Finding]:
    """NC504."""
    told: dict[str, tuple[str, list[Audited]]] = {}
    for lines, rows in _sent(survey):
        for where, problem in _invalid(lines):
            told.setdefault(where, (problem, []))[1].extend(rows)
    for where, (problem, rows) in told.items():
        yield found(survey, "NC504", where, f"{several(rows)}: {where}: {problem}")


def _invalid(lines: tuple[Field, ...]) -> Iterator[tuple[str, str]]:
    controls = values_of(lines, "cache-control")
    if len(controls) > 1:
        where = " and ".join(f"cache-control: {each}" for each in controls)
        yield where, "the field is there more than once"
    for name, value in lines:
        if not name.endswith("cdn-cache-control"):
            continue
        if not dictionary([value.encode("latin-1", "replace")]):
            yield (
                f"{name}: {value}",
                "it is not a structured field, so it counts for nothing",
            )


def looser(survey: Survey) -> Iterator[Finding]:
    """NC505."""
    told: dict[str, list[Audited]] = {}
    for lines, rows in _sent(survey):
        if _control(lines).strictness.shared is not Level.NO_STORE:
            continue
        text = ", ".join(values_of(lines, "cache-control"))
        for name, value in lines:
            if _opens(name, value):
                told.setdefault(f"{name}: {value} with {text}", []).extend(rows)
    for where, rows in told.items():
        yield found(survey, "NC505", where, f"{several(rows)}: {where}")


def _opens(name: str, value: str) -> bool:
    """Tell whether a side field lets a shared cache store."""
    if not is_side_field(name.encode("latin-1", "replace")):
        return False
    if name == "x-accel-expires":
        return value.strip().isdigit() and int(value) > 0
    said = CacheControl.parse(value.encode("latin-1", "replace"))
    lifetime = said.max_age or said.s_maxage or 0
    return said.strictness.shared is not Level.NO_STORE and lifetime > 0


RUN = {
    contradicting: ("NC501",),
    obsolete: ("NC502",),
    pages: ("NC503",),
    targeted: ("NC504",),
    looser: ("NC505",),
}
