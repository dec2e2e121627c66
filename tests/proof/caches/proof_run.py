"""Runs caches, one column each: starts, probes, judges, stops.

Which caches there are is the drivers'; what is asked of them is proof_probe.py's.
"""

from __future__ import annotations

import contextlib
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from proof_cache import Cache
from proof_cases import CASES, Case
from proof_judge import judge_all
from proof_origin import Origin
from proof_policies import POLICIES
from proof_probe import probe
from proof_record import Cell, Column, Proof

Factories = Mapping[str, Callable[[], Cache]]
#: Told of a cache's name and what happens to it.
Told = Callable[[str, str], None]
Result = tuple[Column, tuple[Cell, ...]]


def run(caches: Factories, told: Told, cases: Sequence[Case] = CASES) -> Proof:
    """Run *caches* one after the other, so that none disturbs another's clock."""
    began = time.monotonic()
    results = [run_one(make(), told, cases) for make in caches.values()]
    return proof(results, time.monotonic() - began, cases)


def proof(results: Sequence[Result], seconds: float, cases: Sequence[Case]) -> Proof:
    """Return what is recorded of *results*."""
    return Proof(
        datetime.now(UTC).date().isoformat(),
        round(seconds, 1),
        tuple(column for column, _ in results),
        POLICIES,
        tuple(case.row for case in cases),
        tuple(cell for _, cells in results for cell in cells),
    )


def run_one(cache: Cache, told: Told, cases: Sequence[Case] = CASES) -> Result:
    """Run one cache; a column that says why, where it cannot be run."""
    column = Column(cache.name, "", cache.setup, cache.audience, cache.honours)
    if why := cache.missing():
        return replace(column, skipped=why), ()
    began = time.monotonic()
    try:
        column = replace(column, version=cache.version())
        cells = _measured(cache, told, cases)
    except (RuntimeError, OSError, ValueError, AssertionError) as error:
        return replace(column, skipped=f"{type(error).__name__}: {error}"), ()
    seconds = round(time.monotonic() - began, 1)
    column = replace(column, seconds=seconds)
    return column, judge_all(cells, cases, column)


def _measured(cache: Cache, told: Told, cases: Sequence[Case]) -> list[Cell]:
    with _folder() as folder, Origin(cases) as origin:
        told(cache.name, "starting")
        cache.start(origin.port, folder)
        with contextlib.closing(cache):
            return probe(cache, origin, cases, lambda what: told(cache.name, what))


@contextlib.contextmanager
def _folder() -> Iterator[Path]:
    # Some servers run as nobody, and write here.
    path = Path(tempfile.mkdtemp(prefix="proof-"))
    path.chmod(0o777)
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)
