"""Why a pass may mean less than it says: what an audit did not see.

Each doubt is computed from the audit; none of them is a finding.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from itertools import filterfalse
from typing import NamedTuple

from ..checks import CHECKS, Detection
from ..drive import may_ask
from ..survey import WITHOUT_RESPONSE
from ..values import Audit, Audited, Confidence, Kind


class Doubt(NamedTuple):
    """One reason: a sentence, and what it is about."""

    text: str
    items: tuple[str, ...] = ()


def doubts(audit: Audit) -> tuple[Doubt, ...]:
    """Return why a pass of *audit* may mean less than it says."""
    return tuple(doubt for look in _LOOKS for doubt in look(audit))


def count(number: int, word: str) -> str:
    """Return ``"1 route"``, ``"2 routes"``."""
    return f"{number} {word}{'' if number == 1 else 's'}"


def _unseen(audit: Audit) -> Iterator[Doubt]:
    found = [row for row in audit.rows if row.route.kind in (Kind.OPAQUE, Kind.UNKNOWN)]
    if found:
        yield Doubt(
            f"{count(len(found), 'mount')} cannot be seen into, so what answers there "
            "is not in the matrix, only the policy there is",
            tuple(f"{row.route.host}{row.route.path}" for row in found),
        )


def _uncovered(audit: Audit) -> Iterator[Doubt]:
    bare = [
        row.key
        for row in audit.rows
        if row.decision is None and row.route.kind not in WITHOUT_RESPONSE
    ]
    if bare:
        yield Doubt(
            f"{count(len(bare), 'row')} (route and method) without middleware around: "
            "the policy says nothing there",
            tuple(bare),
        )


def _report_only(audit: Audit) -> Iterator[Doubt]:
    modes = [layer for layer in audit.layers if layer.policy_set.mode == "report"]
    if modes:
        yield Doubt(
            "The mode is report: what is decided is logged, and nothing is changed",
            tuple(f"{y.form}, default {y.policy_set.default!r}" for y in modes),
        )


def _not_driven(audit: Audit) -> Iterator[Doubt]:
    if not audit.driven:
        yield Doubt(
            "The app was not asked: the fields are those known without it; --drive "
            "asks it with GET, HEAD and OPTIONS"
        )
        return
    asked = [row for row in audit.rows if row.observed]
    rest = [row for row in filterfalse(may_ask, audit.rows) if row.method]
    silent = tuple(row.key for row in rest if not row.observed)
    if silent:
        yield Doubt(
            f"{count(len(silent), 'row')} (route and method) not asked: the method is "
            "not safe, or no path to ask for is known",
            silent,
        )
    yield from _refused(asked)


def _refused(asked: Iterable[Audited]) -> Iterator[Doubt]:
    poor: list[str] = []
    for row in asked:
        seen = row.observed
        if seen and (seen.problem or seen.status in (401, 403) or seen.status >= 500):
            said = ": ".join(filter(None, [str(seen.status or ""), seen.problem]))
            poor.append(f"{row.key}: {said}")
    if poor:
        yield Doubt(
            f"{count(len(poor), 'answer')} refused, failed or broken off, so what a "
            "good one carries was not seen; -H 'NAME: VALUE' sends credentials",
            tuple(poor),
        )


def _suppressed(audit: Audit) -> Iterator[Doubt]:
    reasons = Counter(f.suppressed for f in audit.findings if f.suppressed)
    if reasons:
        yield Doubt(
            f"{count(reasons.total(), 'finding')} suppressed, with these reasons",
            tuple(f"{reason} ({number})" for reason, number in reasons.items()),
        )


def _guesses(audit: Audit) -> Iterator[Doubt]:
    open_ones = [f for f in audit.findings if not f.suppressed]
    guesses = [f for f in open_ones if f.confidence is Confidence.GUESS]
    if guesses:
        yield Doubt(
            f"{count(len(guesses), 'finding')} a guess, which fails nothing",
            tuple(f"{f.code} {f.where}" for f in guesses),
        )


#: What an audit of an app can find at all; the rest is for other commands.
_OURS = (Detection.STATIC, Detection.PROBE)


def _not_looked_for(audit: Audit) -> Iterator[Doubt]:
    missed = [
        check
        for code, check in CHECKS.items()
        if code not in audit.looked_for
        and not check.elsewhere
        and any(map(check.is_found_by, _OURS))
    ]
    if missed:
        yield Doubt(
            f"{count(len(missed), 'check')} not looked for, or not in full, for want "
            "of --drive, --require or --pedantic",
            tuple(f"{check.code} {check.title}" for check in missed),
        )


_LOOKS: tuple[Callable[[Audit], Iterator[Doubt]], ...] = (
    _unseen,
    _uncovered,
    _report_only,
    _not_driven,
    _suppressed,
    _guesses,
    _not_looked_for,
)
