"""The fuzzer itself: a short run of it, and that it finds what is there.

Minutes of it are ``make fuzz``.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from fuzz_checks import CHECKS
from fuzzing import fuzz
from hypothesis import strategies as st

from asgi_nocache._core.edits import Edits
from asgi_nocache._shortcut import Place

SMOKE_SECONDS = 5.0


def forgetful(place: Any, scope: Any) -> Any:
    """Take no field of a request into account."""
    return place._new(scope, [])


by_name = {check.__name__: (check, given) for check, given in CHECKS}


def test_a_short_run_finds_nothing() -> None:
    """A part of the budget for each check, so that none is left out."""
    for row in CHECKS:
        done, finding = fuzz([row], SMOKE_SECONDS / len(CHECKS), first=1)
        assert not finding, finding
        assert done > 0


def test_a_finding_is_made_small() -> None:
    """With the seed that leads there again, and the case."""

    def check(number: int) -> None:
        assert number < 1000

    done, finding = fuzz([(check, (st.integers(),))], 30, first=7)

    assert done > 1
    assert finding.startswith("check, seed 7\n")
    assert "case=(1000,)" in finding


def test_any_exception_is_a_finding() -> None:
    """Promise: never one, whatever comes."""

    def check(number: int) -> None:
        raise LookupError(number)

    assert "LookupError: 0" in fuzz([(check, (st.integers(),))], 30, first=1)[1]


def test_no_budget_is_no_finding() -> None:
    """The negative twin: nothing was looked at."""
    assert fuzz(CHECKS, 0, first=1) == (0, "")


@pytest.mark.parametrize(
    ("name", "place", "attribute", "broken"),
    [
        ("check_middleware", Place, "exchange", forgetful),
        ("check_never_looser", Edits, "apply", lambda self, fields: [*fields]),
        ("check_twice", Edits, "apply", lambda self, fields: [*fields, *self.add]),
        ("check_nested", Edits, "apply", lambda self, fields: [*self.add, *fields]),
        ("check_wsgi", Place, "exchange", forgetful),
    ],
)  # fmt: skip
def test_a_broken_package_is_found(
    name: str,
    place: object,
    attribute: str,
    broken: object,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The negative twin of "no finding": each check can fail."""
    monkeypatch.setattr(place, attribute, broken)

    assert fuzz([by_name[name]], 60, first=1)[1].startswith(f"{name}, seed")


def test_the_command() -> None:
    """What ``make fuzz`` runs says how much it did, and that it found nothing."""
    command = [sys.executable, str(Path(__file__).parent), "--minutes", "0.02"]
    told = subprocess.run(
        [*command, "--seed", "1"], capture_output=True, text=True, check=False
    )
    first, examples, finding = told.stdout.splitlines()

    assert (told.returncode, told.stderr, finding) == (0, "", "no finding")
    assert first == f"{len(CHECKS)} checks, 0.02 min, seed 1"
    assert examples.endswith(" examples run")
