"""Fuzz for some minutes: ``python tests/fuzz --minutes 10``, or ``make fuzz``.

Prints the examples run, and "no finding" or the smallest case that breaks a promise.
"""

from __future__ import annotations

import argparse
import random
import sys

from fuzz_checks import CHECKS
from fuzzing import fuzz


def main() -> int:
    """Run from the command line; return 1 on a finding."""
    parser = argparse.ArgumentParser(prog="python tests/fuzz", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--seed", type=int, default=None, help="to repeat a run")
    options = parser.parse_args()
    first = random.randrange(10**6) if options.seed is None else options.seed
    sys.stdout.write(f"{len(CHECKS)} checks, {options.minutes:g} min, seed {first}\n")
    sys.stdout.flush()
    done, finding = fuzz(CHECKS, options.minutes * 60, first)
    sys.stdout.write(f"{done} examples run\n{finding or 'no finding'}\n")
    return 1 if finding else 0


if __name__ == "__main__":
    sys.exit(main())
