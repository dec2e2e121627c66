"""Run the policy's matrix on every edge: ``make edge``, or ``--edges nginx,varnish``.

Prints which targets were real servers and which are golden files only, and how many
cells agree with the app; 1 if anything is wrong. How an edge is run is in its module.
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1] / "proof" / "caches"))

from edge_cells import Cell, cells
from edge_judge import Tally, run
from edge_origin import origin
from edge_run import Edge, exported
from proof_install import install, may_install
from proof_process import give_away
from rich.console import Console
from rich.table import Table

from asgi_nocache.export import TARGETS


@dataclass(frozen=True)
class Row:
    """What came of one target."""

    name: str
    how: str
    tally: Tally | None = None
    problem: str = ""


def real_edges() -> dict[str, Edge]:
    """Return the edges that have a real program, by target."""
    names = sorted(path.stem for path in Path(__file__).parent.glob("edge_*.py"))
    modules = [importlib.import_module(name) for name in names]
    found = [module.EDGE for module in modules if hasattr(module, "EDGE")]
    return {edge.target.name: edge for edge in found}


def provide(edges: Iterable[Edge]) -> None:
    """Install the Debian packages of what is missing, or say what would have to be."""
    missing = [p for edge in edges if edge.missing() for p in edge.packages]
    packages = [p for p in dict.fromkeys(missing) if ":" not in p]
    if packages and not may_install():
        sys.stderr.write(f"edge: missing; as root: apt-get install {packages}\n")
    elif packages and (problem := install(packages)):
        sys.stderr.write(f"edge: {problem}\n")


def measure(edge: Edge, asked: list[Cell]) -> Row:
    """Run the matrix on one edge."""
    name = edge.target.name
    if problem := edge.missing():
        return Row(name, "not run", problem=problem)
    plan, export = exported(edge.target, edge.policy_set)
    with tempfile.TemporaryDirectory() as folder, origin() as port:
        give_away(Path(folder))
        Path(folder).chmod(0o755)
        valid = Path(folder) / "valid"
        valid.mkdir()
        give_away(valid)
        if problem := edge.validate(export, valid):
            return Row(name, "real", problem=f"its validator objects: {problem}")
        served = Path(folder) / "served"
        served.mkdir()
        give_away(served)
        with edge.start(export, port, served) as at:
            tally = run(at, plan, edge.policy_set, asked, decodes=edge.decodes)
    return Row(name, f"real, {edge.version()}", tally)


def show(rows: Iterable[Row]) -> None:
    """Print the table."""
    table = Table(box=None, pad_edge=False)
    for title in ("target", "verified", "cells", "as the app", "stricter", "wrong"):
        table.add_column(title)
    for row in rows:
        tally = row.tally
        numbers = ["-"] * 4
        if tally is not None:
            stricter = sum(tally.stricter.values())
            counts = (tally.cells, tally.equal, stricter, len(tally.wrong))
            numbers = [f"{count:,}" for count in counts]
        table.add_row(row.name, row.problem or row.how, *numbers)
    Console(width=110).print(table)


def main() -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(prog="python tests/edge", description=__doc__)
    parser.add_argument("--edges", default="", help=f"some of: {', '.join(TARGETS)}")
    parser.add_argument("--install", action="store_true", help="what is missing")
    options = parser.parse_args()
    known = real_edges()
    names = [each for each in options.edges.split(",") if each] or [*TARGETS]
    if unknown := [name for name in names if name not in TARGETS]:
        parser.error(
            f"no target called {', '.join(unknown)}; have {', '.join(TARGETS)}"
        )
    if options.install:
        provide(known[name] for name in names if name in known)
    asked = list(cells())
    rows = []
    for name in names:
        if name in known:
            rows.append(measure(known[name], asked))
        else:
            rows.append(Row(name, "golden files; not on a real edge"))
        for wrong in (rows[-1].tally or Tally()).wrong[:20]:
            sys.stderr.write(f"{name}: {wrong}\n")
    show(rows)
    wrong = sum(len(row.tally.wrong) for row in rows if row.tally)
    failed = [row for row in rows if row.problem]
    total = sum(row.tally.cells for row in rows if row.tally)
    sys.stdout.write(f"{total:,} cells on real edges, {wrong} wrong\n")
    required = os.environ.get("EDGE_REQUIRE") == "all"
    invalid = any(row.how == "real" for row in failed)
    return 1 if wrong or invalid or (failed and required) else 0


if __name__ == "__main__":
    sys.exit(main())
