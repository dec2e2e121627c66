"""``predict`` beside other caches: each difference is explained, or is a mistake.

The other caches are hishel and the npm package http-cache-semantics. Where one is
not installed its tests are skipped with the reason; ``PROOF_REQUIRE=all`` makes that
a failure. What is known to differ stands in ``differential_known``.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable

import pytest
from differential_cases import AXES, Case, cases
from differential_judge import Account, compare_outcomes, outcome
from differential_known import KNOWN
from differential_run import AUDIENCES, SUBJECTS, Subject, account, require
from oracle_node import OracleMissingError

from asgi_nocache.reuse import Outcome

Asking = Callable[[Subject, str], Account]


@pytest.fixture(scope="session")
def ask() -> Asking:
    """Return the account of a subject; skip where its oracle is missing."""

    def asked(subject: Subject, audience: str) -> Account:
        try:
            require(subject.oracle)
        except OracleMissingError as error:
            missing = str(error)
        else:
            return account(subject, audience)
        if os.environ.get("PROOF_REQUIRE") == "all":
            pytest.fail(f"PROOF_REQUIRE=all, and {missing}")
        pytest.skip(missing)

    return asked


@pytest.mark.parametrize("audience", AUDIENCES)
@pytest.mark.parametrize("subject", SUBJECTS, ids=" ".join)
def test_each_difference_is_explained(
    ask: Asking, subject: Subject, audience: str
) -> None:
    """The rows, read by ``predict``, give what the other cache said."""
    found = ask(subject, audience)

    assert found.unexplained == []
    assert found.agreed > found.by_row.total() > 0


@pytest.mark.parametrize("oracle", KNOWN)
def test_no_row_is_stale(ask: Asking, oracle: str) -> None:
    """A row that explains nothing any more goes."""
    subjects = [s for s in SUBJECTS if s.oracle == oracle]
    used = {name for s in subjects for a in AUDIENCES for name in ask(s, a).by_row}

    assert [row.name for row in KNOWN[oracle] if row.name not in used] == []


@pytest.mark.parametrize("oracle", KNOWN)
def test_rows_say_who_is_right(oracle: str) -> None:
    """By a section of an RFC, in one sentence, under a name of their own."""
    rows = KNOWN[oracle]

    assert len({row.name for row in rows}) == len(rows)
    for row in rows:
        assert re.fullmatch(r"RFC \d{4} \d+(\.\d+)*", row.where)
        assert row.why.endswith(".")
        # Were theirs right, ours would be a mistake, and no row.
        assert row.right in ("ours", "both")


def test_the_grid() -> None:
    """A few thousand cases, each once; every value and every outcome is there."""
    grid = cases()

    assert 5_000 < len(grid) == len(set(grid))
    for name, values in AXES.items():
        assert set(values) <= {getattr(case, name) for case in grid}
    for shared in AUDIENCES.values():
        assert {outcome(case, shared) for case in grid} == set(Outcome)


@pytest.mark.parametrize("oracle", KNOWN)
def test_a_mistake_is_seen(oracle: str) -> None:
    """The negative twin: a cache that reuses under no-store is not explained."""
    case = Case(control="no-store, max-age=60")
    found = compare_outcomes([case], [Outcome.REUSED], False, KNOWN[oracle])

    assert found.unexplained == [
        "control='no-store, max-age=60': we NOT_STORED, they REUSED"
    ]


@pytest.mark.parametrize("oracle", KNOWN)
def test_a_reading_is_checked(oracle: str) -> None:
    """The negative twin: that rows apply does not yet explain anything."""
    case = Case(age="5x", status=206, asked="only-if-cached")
    found = compare_outcomes([case], [Outcome.REUSED], True, KNOWN[oracle])

    assert sum(row.applies(case, True) for row in KNOWN[oracle]) > 2
    assert len(found.unexplained) == 1
