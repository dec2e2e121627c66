"""Hold every framework under every server to one table: ``make servers``.

Runs the tests of this folder for all pairs, or for ``--frameworks starlette,flask``
and ``--servers uvicorn-h11,granian``, and ends with the table.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path

from servers_start import FRAMEWORKS, SERVERS

HERE = Path(__file__).parent


def main() -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(prog="python tests/servers", description=__doc__)
    parser.add_argument("--frameworks", default="", help=", ".join(FRAMEWORKS))
    parser.add_argument("--servers", default="", help=", ".join(SERVERS))
    parser.add_argument("--readme", default="", help="a file to put the table in")
    options = parser.parse_args()
    environment = {**os.environ}
    for option, known in (("frameworks", FRAMEWORKS), ("servers", SERVERS)):
        given = getattr(options, option).split(",")
        names = [name.strip() for name in given if name.strip()] or list(known)
        if unknown := [name for name in names if name not in known]:
            parser.error(f"--{option}: {', '.join(unknown)} is none of {list(known)}")
        environment[f"SERVERS_{option.upper()}"] = ",".join(names)
    if options.readme:
        environment["SERVERS_README"] = str(Path(options.readme).resolve())
    command = [sys.executable, "-m", "pytest", "-q", str(HERE)]
    return subprocess.run(command, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
