"""Each check fires, and is silent for its twin; the table holds them all."""

from dataclasses import replace

import pytest
from check_builders import codes, told
from check_cases import DYNAMIC, STATIC, Pair

from asgi_nocache.audit.checks import CHECKS, RUN, Detection

PAIRS = [*STATIC, *DYNAMIC]
RUNNING = [code for found in RUN.values() for code in found]


def by_code(pair: Pair) -> str:
    return f"{pair.code}-{pair.says[:20]}"


@pytest.mark.parametrize("pair", PAIRS, ids=by_code)
def test_fires(pair: Pair) -> None:
    """In one sentence about this very place, and once."""
    findings = told(pair.fires, pair.code)

    assert [pair.says for f in findings if pair.says in f.message] == [pair.says]


@pytest.mark.parametrize("pair", PAIRS, ids=by_code)
def test_silent(pair: Pair) -> None:
    assert pair.code not in codes(pair.silent)


@pytest.mark.parametrize("pair", PAIRS, ids=by_code)
def test_what_a_finding_says(pair: Pair) -> None:
    """No worse and no surer than the table, and nothing left to fill in."""
    check = CHECKS[pair.code]
    for finding in told(pair.fires, pair.code):
        assert finding.severity.rank <= check.severity.rank
        assert finding.reference == check.reference
        assert finding.why
        assert finding.fix
        assert not set("{}") & set(finding.fix.replace("{x:", "").replace("{id}", ""))
        assert "\n" not in finding.message
        assert not finding.message.endswith(".")


@pytest.mark.parametrize(
    ("kind", "pairs"), [(Detection.STATIC, STATIC), (Detection.PROBE, DYNAMIC)]
)
def test_every_check_that_can_run_has_a_pair(
    kind: Detection, pairs: list[Pair]
) -> None:
    """And each runs, or says who finds it instead."""
    wanted = {c for c in RUNNING if CHECKS[c].is_found_by(kind)}
    missing = wanted - {pair.code for pair in pairs}

    assert missing == set()


def test_every_code_runs_or_says_who_finds_it() -> None:
    silent = {code for code, check in CHECKS.items() if check.elsewhere}

    assert len(RUNNING) == len(set(RUNNING))
    assert silent | set(RUNNING) == set(CHECKS)
    assert not silent & set(RUNNING)


@pytest.mark.parametrize("pair", DYNAMIC, ids=by_code)
def test_dynamic_checks_are_silent_unless_asked(pair: Pair) -> None:
    rows = tuple(replace(row, observed=None) for row in pair.fires.rows)
    findings = told(replace(pair.fires, rows=rows), pair.code)

    assert [f for f in findings if pair.says in f.message] == []
