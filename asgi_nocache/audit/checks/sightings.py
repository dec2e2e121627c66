"""NC7 and the in-process twin of NC901: what was seen to leave, against the policy.

Silent where nothing was asked (``--drive``).
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

from ..survey import decide_for, left_too_loose
from ..values import Audited, Confidence, Finding, Survey
from .views import answers, found, ones, seen, several, values_of

_VALIDATORS = ("etag", "last-modified")


def confirmed(survey: Survey) -> Iterator[Finding]:
    """NC701: of routes without a middleware, which would take preconditions away."""
    rows = []
    for row in ones(answers(survey)):
        fields = seen(row)
        if fields is None or row.decision is not None:
            continue
        text = ", ".join(values_of(fields, "cache-control")).lower()
        if "no-store" in text and any(values_of(fields, v) for v in _VALIDATORS):
            rows.append(row)
    if rows:
        verb = "sends" if len(rows) == 1 else "send"
        message = f"{several(rows)} {verb} no-store and a validator"
        yield found(survey, "NC701", survey.app, message)


def wordless_304(survey: Survey) -> Iterator[Finding]:
    """NC702."""
    for row in ones(answers(survey)):
        fields = seen(row)
        if fields is None or row.observed is None or row.observed.status != 304:
            continue
        if not values_of(fields, "cache-control"):
            message = f"{row.key} answered 304 without Cache-Control"
            yield found(survey, "NC702", row.key, message, row=row)


def differs(survey: Survey) -> Iterator[Finding]:
    """NC901: more was permitted than the same policy permits for that very answer."""
    for row in answers(survey):
        fields = seen(row)
        if fields is None or row.observed is None:
            continue
        decision = decide_for(row.route, row.method, row.observed.status, sent=fields)
        if decision is not None and left_too_loose(decision, fields):
            text = ", ".join(values_of(fields, "cache-control"))
            yield found(
                survey,
                "NC901",
                row.key,
                f"{row.key} was seen to send {text or 'no Cache-Control'}, where the "
                f"policy says {decision.cache_control} ({row.decided_by})",
                row=row,
                confidence=confidence_in(row),
            )


def confidence_in(row: Audited) -> Confidence:
    """Return less than certain where the endpoint may have declared it itself."""
    code: Any = getattr(inspect.unwrap(row.route.endpoint), "__code__", None)
    names = getattr(code, "co_names", ())
    return Confidence.GUESS if "set_policy" in names else Confidence.LIKELY


RUN = {
    confirmed: ("NC701",),
    wordless_304: ("NC702",),
    differs: ("NC901",),
}
