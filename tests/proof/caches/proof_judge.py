"""What a policy says may happen, held against what did. Independent of the package.

The points of the policies, what an app meant, and the guards stand here once more,
as design.md has them; nothing here asks the library what it decided.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from email.utils import mktime_tz, parsedate_tz

from proof_cases import Case, State
from proof_known import excuse
from proof_outcome import caches_own
from proof_policies import BARE, DECIDES
from proof_record import Cell, Column, Lines, Outcome, Step
from worst_case import FOREVER, Reading, meant

NEVER, ASK = -1.0, 0.0

#: Seconds that a private and a shared cache may reuse; 0: ask first; -1: not store.
POINTS = {
    "no-store": Reading(NEVER, NEVER),
    "no-store-minimal": Reading(NEVER, NEVER),
    "no-store-edge": Reading(NEVER, NEVER),
    "legacy-2014": Reading(NEVER, NEVER),
    "revalidate": Reading(ASK, NEVER),
    "private": Reading(60, NEVER),
    "public": Reading(60, 60),
}
NEVER_STORE = frozenset(name for name, point in POINTS.items() if max(point) == NEVER)
#: What a policy must lead to, lest it could be had by never storing anything.
SIMPLE = ("bare", "lm-10y", "etag", "max-age-3600", "max-age-3600-etag")
AT_LEAST: dict[tuple[str, str], tuple[Outcome, tuple[str, ...]]] = {
    ("public", "private"): (Outcome.REUSED, SIMPLE),
    ("public", "shared"): (Outcome.REUSED, SIMPLE),
    ("private", "private"): (Outcome.REUSED, SIMPLE),
    ("revalidate", "private"): (Outcome.REVALIDATED, ("etag", "max-age-3600-etag")),
}
CONTROL = "max-age-3600"


@dataclass(frozen=True)
class Limit:
    """What one cache may do with one case: at most, and in words.

    Attributes:
        seconds: It may reuse for so long; 0: ask first; -1: not store.
        on_error: It may serve a stale copy while the origin fails.
    """

    seconds: float
    on_error: bool = True

    def __str__(self) -> str:
        if self.seconds == NEVER:
            return "fresh only"
        if self.seconds == ASK:
            return "asked before each reuse" + (", or the origin fails" * self.on_error)
        return f"reused for {self.seconds:.0f} s"


def values(fields: Lines, name: str) -> list[str]:
    """Return the values of the lines called *name*."""
    return [v for n, v in fields if n.lower() == name]


def said(policy: str, case: Case) -> Reading:
    """Return what the app meant, all its fields taken together.

    A bare ``no-cache`` is what Flask says of every file, so it counts for nothing
    where the policy declares a lifetime (design.md section 4, modes).
    """
    lines = [v.encode("latin-1") for v in values(case.fields, "cache-control")]
    if lines == [b"no-cache"] and policy in ("private", "public"):
        lines = []
    private, shared = meant(lines)
    expires = values(case.fields, "expires")
    if expires and NEVER not in (private, shared):
        ends = min(map(_seconds_left, expires))
        private = ends if private == FOREVER else private
        shared = ends if shared == FOREVER else shared
    if any("no-cache" in value for value in values(case.fields, "pragma")):
        private, shared = min(private, ASK), min(shared, ASK)
    return Reading(private, shared)


def _seconds_left(expires: str) -> float:
    # The only date in the table that is not long ago.
    if expires == "{future}":
        return FOREVER
    date = parsedate_tz(expires)
    return ASK if date is None or mktime_tz(date) < 2**30 else FOREVER


def guards(policy: str, case: Case) -> Iterable[Reading]:
    """Yield what the guards of design.md section 4 raise the first answer to."""
    ask = case.asks[0]
    carried = {name.lower() for name, _ in ask.fields}
    if values(case.fields, "set-cookie"):
        yield Reading(FOREVER, NEVER)
    if "authorization" in carried:
        yield Reading(FOREVER, NEVER)
    if "cookie" in carried and policy != "public":
        yield Reading(FOREVER, NEVER)
    if case.status >= 400 or ask.method not in ("GET", "HEAD"):
        yield Reading(NEVER, NEVER)


def limit(policy: str, case: Case, audience: str) -> Limit:
    """Return what a cache of *audience* may do under *policy*."""
    readings = (POINTS[policy], said(policy, case), *guards(policy, case))
    least = Reading(*map(min, zip(*readings, strict=True)))
    seconds = least.private if audience == "private" else least.shared
    if seconds > ASK and _other_request(case):
        seconds = ASK
    words = " ".join(values(case.fields, "cache-control")).lower()
    asks = policy == "revalidate" or any(
        word in words for word in ("no-cache", "must-revalidate", "proxy-revalidate")
    )
    asks = asks or bool(values(case.fields, "pragma"))
    # What is fresh may be served whatever the origin does.
    return Limit(seconds, on_error=seconds > ASK or (seconds == ASK and not asks))


def _other_request(case: Case) -> bool:
    """Tell whether Vary says that the second request is for something else."""
    named = " ".join(values(case.fields, "vary")).lower().replace(",", " ").split()
    differ = len({ask.fields for ask in case.asks[:2]}) > 1
    return "*" in named or (differ and "accept" in named)


def judge(cell: Cell, case: Case, column: Column) -> Cell:
    """Return *cell* with what was allowed, and what is wrong with it."""
    if cell.policy == BARE and cell.case == CONTROL:
        wrong = "" if cell.outcome is Outcome.REUSED else "the control is not reused"
        return replace(cell, allowed="reused: it is the control", wrong=wrong)
    if not column.honours:
        return replace(cell, allowed="not judged: it does not heed Cache-Control")
    if cell.policy in (BARE, DECIDES):
        return replace(cell, allowed="not judged: as the app says")
    if case.asks[0].state is State.BEFORE:
        allowed, problems = _judge_stored(cell)
    else:
        most = limit(cell.policy, case, column.audience)
        allowed = str(most)
        problems = [*_too_much(cell, most), *_too_little(cell, column)]
    problems = list(dict.fromkeys(problems))
    known = excuse(cell, problems) if problems else ""
    return replace(cell, allowed=allowed, wrong="; ".join(problems), known=known)


def _judge_stored(cell: Cell) -> tuple[str, list[str]]:
    """A copy from before: it may be asked about, and never be served again."""
    if cell.policy not in NEVER_STORE:
        return "not judged: the copy from before may be confirmed", []
    bodies = [step.body for step in cell.steps if step.body is not None]
    problems = []
    if cell.outcome not in (Outcome.FRESH, Outcome.CONDITIONAL):
        problems.append(f"{cell.outcome}: the copy from before lives on")
    if len(set(bodies)) < len(bodies):
        problems.append("a body came twice")
    return "a new body each time", problems


def _too_much(cell: Cell, most: Limit) -> Iterable[str]:
    if cell.outcome is Outcome.FAILED:
        yield "the cache failed"
    if any(s.method == "POST" and not _asked(s) for s in cell.steps):
        yield "a POST did not reach the origin"
    if cell.outcome is Outcome.REUSED and most.seconds <= ASK:
        yield "reused"
    if cell.on_error and not most.on_error:
        yield "a copy was served while the origin failed"
    if most.seconds == NEVER:
        yield from _stored(cell)
        if cell.leaked:
            yield "user B was given what user A had asked for"


def _asked(step: Step) -> bool:
    return bool(step.origin)


def _stored(cell: Cell) -> Iterable[str]:
    """Yield the signs of a copy, where there must be none.

    A client may have one where the policy is not never-store: that is confirmed.
    """
    steps = cell.steps[1:]
    own = any(caches_own(step, seen) for step in steps for seen in step.origin)
    if cell.outcome is Outcome.REVALIDATED and (own or cell.policy in NEVER_STORE):
        yield "an old copy was confirmed"
    elif own:
        yield "the cache asked whether its copy is good"
    if cell.policy in NEVER_STORE and any(
        seen.status == 304 for step in cell.steps for seen in step.origin
    ):
        yield "the origin confirmed an old copy"


def _too_little(cell: Cell, column: Column) -> Iterable[str]:
    wanted, cases = AT_LEAST.get((cell.policy, column.audience), (None, ()))
    if cell.case in cases and cell.outcome is not wanted:
        yield f"{cell.outcome}, though it may be {wanted}"


def judge_all(
    cells: Iterable[Cell], cases: Sequence[Case], column: Column
) -> tuple[Cell, ...]:
    """Judge all *cells* of one column."""
    by_name = {case.name: case for case in cases}
    return tuple(judge(cell, by_name[cell.case], column) for cell in cells)
