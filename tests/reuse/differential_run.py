"""Runs the grid past each other cache and keeps the accounts; prints the figures.

``python tests/reuse/differential_run.py`` shows how many cases agree, and which row
explains how many of the others. What the figures must be, the tests say.
"""

from __future__ import annotations

import sys
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import NamedTuple

import oracle_node
from differential_cases import cases
from differential_judge import (
    Account,
    compare_lifetimes,
    compare_outcomes,
    worth_keeping,
)
from differential_known import KNOWN

from asgi_nocache.reuse import Outcome

AUDIENCES = {"private": False, "shared": True}


class Subject(NamedTuple):
    """What is compared: an oracle's word on outcomes, or on lifetimes."""

    oracle: str
    what: str


SUBJECTS = [
    Subject("hishel", "outcomes"),
    Subject("http-cache-semantics", "outcomes"),
    Subject("http-cache-semantics", "lifetimes"),
]


def require(oracle: str) -> None:
    """Raise OracleMissingError with the reason where *oracle* cannot be asked."""
    if oracle != "hishel":
        oracle_node.install()
        return
    try:
        found = version("hishel")
        version("httpx")
    except PackageNotFoundError as error:
        raise oracle_node.OracleMissingError(
            "hishel is not installed: pip install 'hishel[httpx]==2.0.0'"
        ) from error
    if found.partition(".")[0] != "2":
        raise oracle_node.OracleMissingError(f"hishel {found} is no 2.x")


@cache
def account(subject: Subject, audience: str) -> Account:
    """Return the account of *subject* as one kind of cache, computed once."""
    shared, rows = AUDIENCES[audience], KNOWN[subject.oracle]
    grid = cases()
    if subject.oracle == "hishel":
        import oracle_hishel

        return compare_outcomes(
            grid, oracle_hishel.outcomes(grid, shared), shared, rows
        )
    if subject.what == "outcomes":
        said = [verdict.outcome for verdict in oracle_node.verdicts(grid, shared)]
        return compare_outcomes(grid, said, shared, rows)
    kept = worth_keeping(grid, shared)
    pairs = zip(kept, oracle_node.verdicts(kept, shared), strict=True)
    # Whether it stores a response at all is a matter of the outcomes.
    both = [(c, v.ttl) for c, v in pairs if v.outcome is not Outcome.NOT_STORED]
    return compare_lifetimes([c for c, _ in both], [t for _, t in both], shared, rows)


def figures() -> str:
    """Return the figures of every subject as a text."""
    lines = []
    for subject in SUBJECTS:
        require(subject.oracle)
        rows = {row.name: row for row in KNOWN[subject.oracle]}
        for audience in AUDIENCES:
            found = account(subject, audience)
            lines.append(
                f"{subject.oracle}, {subject.what}, {audience}: "
                f"{found.compared} cases, {found.agreed} agree, "
                f"{found.by_row.total()} explained, {len(found.unexplained)} not"
            )
            lines += [
                f"  {count:5}  {name} ({rows[name].where}; right: {rows[name].right})"
                for name, count in found.by_row.most_common()
            ]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.stdout.write(figures() + "\n")
