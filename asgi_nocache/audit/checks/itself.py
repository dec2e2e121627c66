"""NC0: whether the audit itself can be trusted.

Suppressions (NC006, NC007) are judged where they are applied.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..values import Finding, Kind, Severity, Survey
from .views import answers, found, ones, seen

#: From this share of refusals on, a pass says little.
NEARLY_ALL = 0.8


def no_routes(survey: Survey) -> Iterator[Finding]:
    """NC001."""
    if not survey.rows:
        yield found(survey, "NC001", survey.app, f"{survey.app} has no routes at all")


def unseen(survey: Survey) -> Iterator[Finding]:
    """NC002: covered by a policy, what is below cannot do harm, whatever it is."""
    rows = (r for r in survey.rows if r.route.kind in (Kind.OPAQUE, Kind.UNKNOWN))
    for row in ones(rows):
        decision = row.decision
        safe = decision is not None and (row.declared or decision.never_store)
        what = (
            "is an app whose routes cannot be seen"
            if row.route.kind is Kind.OPAQUE
            else "is of a class that the audit does not know"
        )
        how = f"; the policy covers it ({row.decided_by})" if safe else ""
        yield found(
            survey,
            "NC002",
            row.key,
            f"{row.route.path or '/'} {what}{how}",
            row=row,
            severity=Severity.INFO if safe else None,
        )


def refused(survey: Survey) -> Iterator[Finding]:
    """NC004."""
    asked = [r.observed for r in answers(survey) if r.observed and seen(r) is not None]
    bad = [o.status for o in asked if o.status in (401, 403) or o.status >= 500]
    if asked and len(bad) >= NEARLY_ALL * len(asked):
        statuses = ", ".join(map(str, sorted(set(bad))))
        yield found(
            survey,
            "NC004",
            survey.app,
            f"{len(bad)} of {len(asked)} requests of the audit were refused "
            f"({statuses})",
        )


RUN = {no_routes: ("NC001",), unseen: ("NC002",), refused: ("NC004",)}
