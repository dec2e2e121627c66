"""What a page says, from verdict to change, as values for the template.

Nothing here is markup, and nothing is escaped yet. The matrix is ``matrix``'s.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from ..checks import CHECKS, FAMILIES
from ..values import Audit, Confidence, Finding, Severity
from .doubts import count

#: Findings of one kind beyond these are folded.
OPEN_FINDINGS = 8


class Verdict(NamedTuple):
    """The verdict and what makes it: pairs of a name and what is said of it."""

    passes: bool
    said: str
    why: str
    facts: tuple[tuple[str, tuple[str, ...]], ...]


class Shown(NamedTuple):
    """A finding and its number on the page."""

    number: int
    finding: Finding


class Group(NamedTuple):
    """Findings of one code that matter for one reason."""

    code: str
    title: str
    why: str
    reference: str
    severity: Severity
    fix: str  # where one is theirs together
    shown: tuple[Shown, ...]

    @property
    def folded(self) -> bool:
        """Whether they are too many to be open."""
        return len(self.shown) > OPEN_FINDINGS


class Family(NamedTuple):
    """Groups of the same first three characters."""

    name: str
    groups: tuple[Group, ...]


def verdict(audit: Audit, version: str) -> Verdict:
    """Return the verdict at the gate that is the default: errors that are no guess."""
    failing = audit.counting(Severity.ERROR)
    passes = bool(audit.rows) and not failing
    return Verdict(
        passes=passes,
        said="passes" if passes else "fails",
        why=_why(audit, len(failing)),
        facts=tuple(_facts(audit, version)),
    )


def _why(audit: Audit, failing: int) -> str:
    if not audit.rows:
        return "No routes were found, so nothing was audited."
    if failing:
        is_one = "is an error that is" if failing == 1 else "are errors that are"
        return f"{count(failing, 'finding')} {is_one} certain or likely."
    return "No finding is an error that is certain or likely."


def _facts(audit: Audit, version: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    yield "Findings", (", ".join(_counts(audit)),)
    asked = [row for row in audit.rows if row.method]
    decided = sum(row.decision is not None for row in asked)
    yield (
        "Decided",
        (f"{decided} of {len(asked)} routes \N{MULTIPLICATION SIGN} methods",),
    )
    yield "Middleware", tuple(_layers(audit)) or ("none found",)
    seen = sum(row.observed is not None for row in audit.rows)
    yield (
        "Asked",
        (
            f"{seen} of {len(asked)} routes \N{MULTIPLICATION SIGN} methods (--drive)"
            if audit.driven
            else "no: read from the routes and the policy",
        ),
    )
    yield "By", (f"asgi-nocache {version}",)


def _counts(audit: Audit) -> Iterator[str]:
    counts = Counter(finding.severity for finding in audit.counting(Severity.INFO))
    for severity in (Severity.ERROR, Severity.WARNING):
        yield count(counts[severity], severity.value)
    guesses = sum(
        f.confidence is Confidence.GUESS and not f.suppressed for f in audit.findings
    )
    if counts[Severity.INFO]:
        yield f"{counts[Severity.INFO]} info"
    if guesses:
        yield "1 guess" if guesses == 1 else f"{guesses} guesses"
    if hidden := len(suppressed(audit)):
        yield f"{hidden} suppressed"


def _layers(audit: Audit) -> Iterator[str]:
    for layer in audit.layers:
        rules = layer.policy_set
        at = f" at {layer.root_path}" if layer.root_path else ""
        yield (
            f"{layer.form}{at}: default {rules.default!r}, mode {rules.mode}, "
            f"{count(len(rules.rules), 'rule')}"
        )


def shown(audit: Audit) -> tuple[Finding, ...]:
    """Return the findings that count or may, in the order of their numbers."""
    return tuple(finding for finding in audit.findings if not finding.suppressed)


def families(findings: Sequence[Finding]) -> tuple[Family, ...]:
    """Return *findings* by family and code, families with the worst first."""
    found: dict[str, dict[tuple[str, str, str], list[Shown]]] = defaultdict(dict)
    for number, finding in enumerate(findings, 1):
        key = finding.code, finding.why, finding.reference
        groups = found[finding.code[:3]]
        groups.setdefault(key, []).append(Shown(number, finding))
    out = [
        (family, tuple(_group(key, groups[key]) for key in sorted(groups)))
        for family, groups in sorted(found.items())
    ]
    out.sort(key=lambda pair: -max(group.severity.rank for group in pair[1]))
    return tuple(Family(_name(family), groups) for family, groups in out)


def _name(family: str) -> str:
    return f"{family} {FAMILIES.get(family, '')}".strip()


def _group(key: tuple[str, str, str], of_it: Sequence[Shown]) -> Group:
    code, why, reference = key
    fixes = {each.finding.fix for each in of_it}
    return Group(
        code=code,
        title=CHECKS[code].title if code in CHECKS else "",
        why=why,
        reference=reference,
        severity=max((e.finding.severity for e in of_it), key=lambda s: s.rank),
        fix=fixes.pop() if len(fixes) == 1 and len(of_it) > 1 else "",
        shown=tuple(of_it),
    )


def suppressed(audit: Audit) -> tuple[Finding, ...]:
    """Return the findings that are suppressed."""
    return tuple(finding for finding in audit.findings if finding.suppressed)
