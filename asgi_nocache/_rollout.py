"""Enforcing a policy route by route, while the rest of an app only reports.

Which routes are enforced is a matter of the route's name alone: the same in every
process and for every request, since a cache must see one policy.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from ._core.rules import RuleSet
from ._report import logger

#: Routes are few; paths, which stand for them where a host names none, are not.
MAX_KNOWN = 4096


@lru_cache(MAX_KNOWN)
def is_enforced(route: str, percent: int) -> bool:
    """Tell whether *route* is among the *percent* of routes that are enforced.

    A higher percentage only adds routes.
    """
    digest = hashlib.sha256(route.encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:8], "big") % 100 < percent


def problems(policy_set: RuleSet, until: Any, percent: Any) -> Iterator[str]:
    """Yield what is wrong with the end of mode report, or with the share enforced."""
    reports = policy_set.mode == "report"
    rules = any(rule.mode == "report" for rule in policy_set.rules)
    if until is not None and (
        not isinstance(until, date) or isinstance(until, datetime)
    ):
        yield f"report_until={until!r} is not a day; write datetime.date(2027, 1, 31)"
    elif until is not None and not (reports or rules):
        yield f"report_until={until!r} ends mode 'report', which is not on; drop it"
    if percent is None:
        return
    if type(percent) is not int or not 0 <= percent <= 100:
        yield f"enforce_percent={percent!r} is not a whole number from 0 to 100"
    elif not reports:
        yield (
            f"enforce_percent={percent!r} is a share of what mode 'report' lets be; "
            "write mode='report', or drop it: everything is enforced"
        )
    elif rules:
        yield (
            f"enforce_percent={percent!r} would enforce rules that say mode='report' "
            "themselves; drop their modes"
        )


def warn_if_over(until: date | None, today: date) -> None:
    """Say in the log that mode report has outlived its last day."""
    if until is not None and today > until:
        logger.warning(
            "mode report was to end on %s: delete it, and the policy is enforced", until
        )
