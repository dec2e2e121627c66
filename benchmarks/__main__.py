"""The command: `python -m benchmarks` measures everything and prints one table.

Options and output only. Progress goes to standard error, the table to standard
output. The exit status is 0 unless `--enforce` finds a row over its budget.
"""

from __future__ import annotations

import argparse
import json
import platform
import subprocess
import sys
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks import auditing, build, flask_bridge, inprocess, overwire
from benchmarks.rows import Group, over_budget, table

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

PARTS = ("inprocess", "decorators", "build", "audit", "uvicorn", "flask")
PACKAGES = (
    *("asgi-nocache", "secure", "Secweb", "starlette", "uvicorn", "uvloop"),
    *("asgiref", "flask", "gunicorn", "a2wsgi"),
)

LEGEND = """\
added = min - min of the bare app; "x hand-written" = added by the added of the
simplest correct hand-written middleware on the same requests. "requests/s" counts
seconds of the server's CPU, with Flask also those in which its core was idle. Ratios
are the result; the rest is this machine today."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the chosen parts, print the table, return the exit status."""
    options = _options(argv)
    groups = [
        group for part in options.parts or PARTS for group in _measure(part, options)
    ]
    print(f"{_machine()}\n{LEGEND}\n\n{table(groups)}")
    over = over_budget(groups)
    print(f"over budget: {'; '.join(over)}" if over else "every budget is kept")
    if options.json:
        text = json.dumps(_document(groups), indent=2)
        options.json.write_text(text + "\n", encoding="utf-8")
    return 1 if over and options.enforce else 0


def _options(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}; all of them"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the rows, too")
    parser.add_argument("--quick", action="store_true", help="a smoke run, no result")
    parser.add_argument(
        "--enforce", action="store_true", help="exit 1 if a row is over its budget"
    )
    options = parser.parse_args(argv)
    if unknown := sorted(set(options.parts) - set(PARTS)):
        parser.error(f"{', '.join(unknown)}: choose from {', '.join(PARTS)}")
    return options


def _measure(part: str, options: argparse.Namespace) -> list[Group]:
    quick: bool = options.quick
    effort = inprocess.QUICK if quick else inprocess.Effort()
    parts: dict[str, Callable[[], list[Group]]] = {
        "inprocess": lambda: inprocess.run(effort, report=_report),
        "decorators": lambda: _decorators(quick=quick),
        "build": lambda: _build(1 if quick else 5),
        "audit": lambda: auditing.run(1 if quick else 5),
        "uvicorn": lambda: [
            overwire.run(load, _report)
            for load in (overwire.QUICK if quick else overwire.LOADS)
        ],
        "flask": lambda: flask_bridge.run(
            flask_bridge.QUICK if quick else flask_bridge.Effort(), _report
        ),
    }
    return parts[part]()


def _decorators(*, quick: bool) -> list[Group]:
    _report("with a decorator in use, in a process of its own")
    command = [sys.executable, "-m", "benchmarks.inprocess", "--decorators"]
    done = subprocess.run(
        command + ["--quick"] * quick, stdout=subprocess.PIPE, text=True, check=True
    )
    return [Group.from_mapping(value) for value in json.loads(done.stdout)]


def _build(repeats: int) -> list[Group]:
    _report("building rules, importing, a flood of paths")
    flood = build.flooding(build.PATHS if repeats > 1 else 1000)
    return [*build.building(repeats), *build.importing(repeats), flood]


def _report(text: str) -> None:
    print(f"... {text}", file=sys.stderr, flush=True)


def _machine() -> str:
    versions = ", ".join(f"{name} {_version(name)}" for name in PACKAGES)
    return f"Python {platform.python_version()}, {platform.machine()}; {versions}"


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "missing"


def _document(groups: Sequence[Group]) -> dict[str, Any]:
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "platform": platform.platform(),
        "versions": {name: _version(name) for name in PACKAGES},
        "groups": [group.as_mapping() for group in groups],
    }


if __name__ == "__main__":
    sys.exit(main())
