"""Audits made by hand, for tests of the reports."""

import re
from dataclasses import replace
from typing import Any

from check_builders import APP, layer, route

from asgi_nocache import PUBLIC, Rule
from asgi_nocache.audit.survey import layers_of, rule_hits, survey
from asgi_nocache.audit.values import (
    Audit,
    Confidence,
    Finding,
    Kind,
    Observed,
    Place,
    Route,
    Severity,
)

STATIC = Rule("/static/**", PUBLIC(max_age=3600))
#: Markup, quotes, a terminal's escape, a NUL, a line end, a lone surrogate.
HOSTILE = "/<script>alert('1')</script>\"&|`*@x\x1b[31m\x00\r\n\udc80\u202e"


def finding(code: str = "NC201", **given: Any) -> Finding:
    values: dict[str, Any] = {
        "severity": Severity.ERROR,
        "confidence": Confidence.CERTAIN,
        "where": "GET /items",
        "message": "GET /items may be stored.",
        "why": "A copy outlives the login.",
        "fix": 'Rule("/items", NO_STORE)',
        "reference": "RFC 9111 section 3",
        **given,
    }
    return Finding(code=code, **values)


def routes(**first: Any) -> tuple[Route, ...]:
    ours = layer(STATIC)
    return (
        route("/items", ours, place=Place("shop/items.py", 7), **first),
        route("/static/{path:path}", ours, kind=Kind.STATIC, methods=("GET", "HEAD")),
        route("/ws", ours, kind=Kind.STREAM, methods=()),
        route("/bare", host="api.example.org", methods=("POST",)),
    )


def audit_of(*findings: Finding, seen: Observed | None = None, **first: Any) -> Audit:
    rows = survey(routes(**first))
    if seen:
        rows = (replace(rows[0], observed=seen), *rows[1:])
    return Audit(
        app=APP,
        rows=rows,
        findings=findings,
        layers=layers_of(rows),
        hits=rule_hits(rows),
        driven=seen is not None,
    )


def hostile() -> Audit:
    """Return an audit in which everything foreign is hostile."""
    ours = layer(Rule(re.compile(re.escape(HOSTILE)), PUBLIC(max_age=5)))
    bad = route(HOSTILE, ours, name=HOSTILE, place=Place(HOSTILE, 3), via=(HOSTILE,))
    seen = Observed(200, (("x-evil", HOSTILE), ("cache-control", HOSTILE)), HOSTILE)
    rows = tuple(replace(row, observed=seen) for row in survey((bad,)))
    told = finding(where=HOSTILE, message=HOSTILE, fix=HOSTILE, why=HOSTILE, route=bad)
    return Audit(
        app=HOSTILE,
        rows=rows,
        findings=(told, replace(told, suppressed=HOSTILE)),
        layers=layers_of(rows),
        hits=rule_hits(rows),
        driven=True,
    )
