"""Measure every cache: ``make proof``, or ``python tests/proof/caches --caches nginx``.

Prints the matrix, writes ``proof.json`` and ``proof.html``; 1 if a cache did more, or
less, than a policy says, or more than ``asgi_nocache.reuse`` foresees. How anything is
measured or shown is in the other files.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1]))

import proof_html
from proof_browsers import BROWSERS
from proof_cases import CASES
from proof_clients import CLIENTS
from proof_install import install, may_install, wanted
from proof_predicted import compare
from proof_progress import Progress
from proof_record import Proof
from proof_run import Factories, Result, proof, run_one
from proof_servers import SERVERS
from proof_terminal import print_matrix

ALL: Factories = {**SERVERS, **CLIENTS, **BROWSERS}

REQUIRE = ("all", "none")


def selected(names: str) -> Factories:
    """Return the caches called *names*, all of them for ``""``.

    Raises:
        SystemExit: On a name that there is not.
    """
    wanted_names = [name.strip() for name in names.split(",") if name.strip()]
    if unknown := [name for name in wanted_names if name not in ALL]:
        there = ", ".join(ALL)
        raise SystemExit(f"proof: no cache called {', '.join(unknown)}; have: {there}")
    return {name: ALL[name] for name in wanted_names or ALL}


def provide(caches: Factories, *, installing: bool) -> None:
    """Install what is missing, or say what would have to be."""
    packages = wanted(make() for make in caches.values())
    if not packages:
        return
    command = f"apt-get install {' '.join(packages)}"
    if not (installing and may_install()):
        sys.stderr.write(f"proof: some caches are missing; as root: {command}\n")
        return
    sys.stderr.write(f"proof: {command}\n")
    if problem := install(packages):
        sys.stderr.write(f"proof: {problem}\n")


def measure(caches: Factories) -> Proof:
    """Run the browsers beside all others, which mostly wait; both in order."""
    began = time.monotonic()
    lanes = [
        [name for name in caches if name not in BROWSERS],
        [name for name in caches if name in BROWSERS],
    ]
    with Progress(len(caches)) as progress, ThreadPoolExecutor(len(lanes)) as pool:

        def lane(names: list[str]) -> list[Result]:
            out = []
            for name in names:
                out.append(run_one(caches[name](), progress.told))
                progress.done(*out[-1])
            return out

        results = [result for done in pool.map(lane, lanes) for result in done]
    return proof(results, time.monotonic() - began, CASES)


def main() -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(prog="python tests/proof/caches")
    parser.description = "Measure what real caches do under each policy."
    parser.add_argument("--caches", default="", help=f"some of: {', '.join(ALL)}")
    parser.add_argument("--output", type=Path, default=Path(), help="a folder")
    parser.add_argument(
        "--require",
        choices=REQUIRE,
        default=os.environ.get("PROOF_REQUIRE") or "none",
        help="all: a cache that cannot be run is an error (PROOF_REQUIRE=all)",
    )
    parser.add_argument("--install", action="store_true", help="what is missing")
    options = parser.parse_args()
    if options.require not in REQUIRE:  # a default is not looked at
        parser.error(f"PROOF_REQUIRE={options.require!r}; set 'all' or 'none'")
    caches = selected(options.caches)
    provide(caches, installing=options.install)
    made = measure(caches)
    options.output.mkdir(parents=True, exist_ok=True)
    made.save(options.output / "proof.json")
    proof_html.write(made, options.output / "proof.html")
    skipped = [column.name for column in made.columns if column.skipped]
    if len(skipped) < len(made.columns):  # else there is nothing to show
        print_matrix(made)
    foreseen = compare(made)
    sys.stdout.write(f"{foreseen}\n")
    if skipped and options.require == "all":
        sys.stderr.write(f"proof: required, but not run: {', '.join(skipped)}\n")
        return 1
    return 1 if made.wrong or foreseen.outside else 0


if __name__ == "__main__":
    logging.disable()  # caches tell of each refused connection at length
    sys.exit(main())
