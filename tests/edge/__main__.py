"""Hold every edge to the policy: ``make edge``, or ``--edges nginx,varnish`` for some.

Installs what is missing, where it may, and runs the tests of this folder, which end
with a table: which edges were real, and how many cells agree with the app.
"""

from __future__ import annotations

import argparse
import importlib
import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path.append(str(HERE.parent / "proof" / "caches"))

from proof_install import install, may_install  # noqa: E402

#: Parts of the kernel that are called like edges.
_NO_EDGES = {"kernel", "drift"}


def packages(names: list[str]) -> list[str]:
    """Return the Debian packages of the edges called *names* that cannot run."""
    edges = [importlib.import_module(f"edge_{name}").EDGE for name in names]
    needed = [p for edge in edges if edge.missing() for p in edge.packages]
    return [p for p in dict.fromkeys(needed) if ":" not in p]


def main() -> int:
    """Run from the command line."""
    tests = sorted(path.stem for path in HERE.glob("test_edge_*.py"))
    known = [name.removeprefix("test_edge_") for name in tests]
    parser = argparse.ArgumentParser(prog="python tests/edge", description=__doc__)
    parser.add_argument("--edges", default="", help=f"some of: {', '.join(known)}")
    parser.add_argument("--install", action="store_true", help="what is missing")
    options = parser.parse_args()
    names = [each.strip() for each in options.edges.split(",") if each.strip()] or known
    if unknown := [name for name in names if name not in known]:
        parser.error(f"no edge called {', '.join(unknown)}; try {', '.join(known)}")
    real = [name for name in names if (HERE / f"edge_{name}.py").exists()]
    missing = packages([name for name in real if name not in _NO_EDGES])
    if missing and options.install and may_install():
        sys.stderr.write(f"edge: apt-get install {' '.join(missing)}\n")
        sys.stderr.write(install(missing))
    elif missing:
        sys.stderr.write(f"edge: missing; as root: apt-get install {missing}\n")
    # Programs that a package index brings stand beside the interpreter.
    paths = [str(Path(sys.executable).parent), os.environ.get("PATH", "")]
    environment = {**os.environ, "PATH": os.pathsep.join(paths)}
    files = [str(HERE / f"test_edge_{name}.py") for name in names]
    command = [sys.executable, "-m", "pytest", "-q", *files]
    return subprocess.run(command, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
