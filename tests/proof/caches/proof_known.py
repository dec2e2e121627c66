"""Deviations that are understood: which cache does more than it is told, and why.

One row per cause, each with a sentence and a source. What is not understood does
not belong here: it is a finding.
"""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase

from proof_record import Cell


@dataclass(frozen=True)
class Known:
    """A row; the names may have ``*`` in them, and several stand apart by spaces.

    Attributes:
        problem: It excuses what the judge said in these words, and nothing else.
    """

    name: str
    caches: str
    policies: str
    cases: str
    problem: str
    why: str


KNOWN: tuple[Known, ...] = (
    Known(
        "304-of-its-own",
        "varnish* ats*",
        "no-store no-store-minimal legacy-2014",
        "holds-etag holds-lm holds-etag-age",
        "an old copy was confirmed",
        "Nothing is stored; but where a client holds a copy and the validator stayed "
        "the same under a changed body, the proxy makes a 304 of the app's 200. "
        "NO_STORE_EDGE drops the validators, and with it there is none of this.",
    ),
    Known(
        "301-for-ever",
        "cachecontrol*",
        "revalidate",
        "301-* 308-*",
        "reused",
        "CacheControl keeps permanent redirects whatever the fields say, unless they "
        "say no-store (PERMANENT_REDIRECT_STATUSES in its controller).",
    ),
    Known(
        "stale-on-error",
        "apache*",
        "public",
        "pragma* no-cache-public title-no-cache-lm qualified-no-cache",
        "a copy was served while the origin failed",
        "The app's no-cache is kept, and Apache (CacheStaleOnError, on by default) "
        "serves such a copy while the origin fails, unless must-revalidate forbids "
        "it; that would let shared caches reuse what answers credentials.",
    ),
    Known(
        "vary-list",
        "nginx* varnish* requests-cache",
        "private public",
        "accept-star vary-accept-star",
        "reused",
        "Some take `*` in Vary for what it is only where it stands alone.",
    ),
)


def _matches(patterns: str, name: str) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns.split())


def _excuse(cell: Cell, problem: str) -> str:
    for row in KNOWN:
        if (
            row.problem == problem
            and _matches(row.caches, cell.cache)
            and _matches(row.policies, cell.policy)
            and _matches(row.cases, cell.case)
        ):
            return row.name
    return ""


def excuse(cell: Cell, problems: list[str]) -> str:
    """Return which rows excuse *cell*, ``""`` if a problem of it is left."""
    names = [_excuse(cell, problem) for problem in problems]
    return ", ".join(dict.fromkeys(names)) if all(names) else ""
