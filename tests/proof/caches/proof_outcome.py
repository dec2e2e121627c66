"""What became of one request: read from what the origin saw of it.

Whether it was allowed to is proof_judge.py's.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from proof_record import Exchange, Lines, Outcome, Step

PRECONDITIONS = ("if-none-match", "if-modified-since")
REDIRECTS = (301, 302, 303, 307, 308)
_FOR = re.compile(r" for (\w+)$", re.MULTILINE)

#: From good to bad, for whoever must never be stored.
ORDER = tuple(Outcome)


def preconditions(lines: Lines) -> set[tuple[str, str]]:
    """Return the preconditions among *lines*."""
    named = {(n.lower(), v.strip()) for n, v in lines}
    return {line for line in named if line[0] in PRECONDITIONS}


def caches_own(step: Step, exchange: Exchange) -> bool:
    """Tell whether the cache asked with a precondition that is not the client's."""
    return bool(preconditions(exchange.request) - preconditions(step.request))


def outcome(step: Step, first: Step) -> Outcome:
    """Return what became of *step*, where *first* was the case's first.

    A client that holds a copy may ask about it: then the origin's 304 is for the
    client, and the cache did nothing. A 304 of the cache's own making counts as
    REVALIDATED: the copy stays in use, though the origin did not say so.
    """
    if not step.origin:
        return _unasked(step, first)
    last = step.origin[-1]
    if step.status >= 500 > last.status:
        return Outcome.FAILED
    own = caches_own(step, last)
    if last.status == 304:
        return Outcome.REVALIDATED if own else Outcome.FRESH
    if step.status == 304:
        return Outcome.REVALIDATED
    if step.body and last.body and step.body != last.body:
        return Outcome.REUSED  # a stale copy, while the origin was asked behind it
    return Outcome.CONDITIONAL if own else Outcome.FRESH


def _unasked(step: Step, first: Step) -> Outcome:
    if step.status >= 400 and step.status != _answered(first):
        return Outcome.FAILED
    if step.body and not _FOR.search(step.body):
        return Outcome.FAILED  # a page of the cache's own
    if step.status == 0 and _answered(first) not in REDIRECTS:
        return Outcome.FAILED  # a browser shows nothing of a redirect
    return Outcome.REUSED


def _answered(step: Step) -> int:
    return step.origin[-1].status if step.origin else step.status


def worst(outcomes: Iterable[Outcome]) -> Outcome:
    """Return the one that a policy is most likely to forbid."""
    return max(outcomes, key=ORDER.index)


def served_a_copy(step: Step, well: Sequence[Step]) -> bool:
    """Tell whether *step*, while the origin failed, was given one of *well*'s."""
    if step.body:
        return step.body in {e.body for old in well for e in old.origin}
    return 0 < step.status < 500 and step.status == _answered(well[0])


def body_of_another(step: Step, user: str) -> bool:
    """Tell whether *user* was given what another one had asked for."""
    found = _FOR.search(step.body or "")
    return bool(user and found and found[1] not in (user, "nobody"))
