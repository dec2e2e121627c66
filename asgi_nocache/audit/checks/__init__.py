"""The checks: what is wrong with the routes, the rules and what leaves.

Names, and running them all. The catalogue is ``table``; each family is a module.
"""

from __future__ import annotations

from ..values import Confidence, Finding, Survey
from . import coverage, fields, itself, paths, private, rule_set, sightings, wiring
from .catalogue import FAMILIES, Check, Detection, UnknownCodeError
from .stack import Standing, standing
from .table import CHECKS, explain

__all__ = [
    "CHECKS",
    "FAMILIES",
    "RUN",
    "Check",
    "Detection",
    "Standing",
    "UnknownCodeError",
    "explain",
    "looked_for",
    "run_checks",
    "standing",
]

_FAMILIES = (
    itself, coverage, private, wiring, rule_set, fields, paths, sightings
)  # fmt: skip
#: The functions that look, each with the codes that it finds.
RUN = {run: codes for family in _FAMILIES for run, codes in family.RUN.items()}
#: What is looked for with the never-store default only if it is asked for.
_REQUIRED = frozenset({"NC101", "NC103", "NC104"})


def run_checks(survey: Survey) -> tuple[Finding, ...]:
    """Return all that is wrong: the worst first, then by code, then by route."""
    findings = [
        finding
        for run, codes in RUN.items()
        if survey.pedantic or not all(CHECKS[code].pedantic for code in codes)
        for finding in run(survey)
    ]
    return tuple(sorted(findings, key=_order))


def looked_for(survey: Survey) -> frozenset[str]:
    """Return the codes that could not have been missed.

    A suppression of another is not unused: nobody looked.
    """
    # Where the default is open, a route without a policy of its own is found anyway.
    open_ = any(not y.policy_set.default.never_store for y in survey.layers)
    required = survey.require or open_
    return frozenset(
        code
        for codes in RUN.values()
        for code in codes
        if (survey.pedantic or not CHECKS[code].pedantic)
        and (survey.driven or not CHECKS[code].is_found_by(Detection.PROBE))
        and (required or code not in _REQUIRED)
    )


def _order(finding: Finding) -> tuple[int, int, str]:
    sure = list(Confidence).index(finding.confidence)
    return (-finding.severity.rank, -sure, finding.code)
