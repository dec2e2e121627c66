"""What real edges share: their form, where programs are, how one runs for a while.

Each edge has a module ``edge_<name>`` with one value ``EDGE`` of the form here. What is
asked of it is in ``edge_cells``, and what it should answer in ``edge_judge``.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from functools import cache
from pathlib import Path
from typing import Protocol

import pytest
from proof_process import Process, find

from asgi_nocache._core.rules import RuleSet
from asgi_nocache.export import heading
from asgi_nocache.export.compile import compile_plan
from asgi_nocache.export.fit import fit
from asgi_nocache.export.plan import Plan
from asgi_nocache.export.target import Export, Target


class Edge(Protocol):
    """A real edge program.

    Attributes:
        target: The exporter's target.
        decodes: Whether it matches decoded paths (``evaluate(decodes=)``).
        policy_set: The policy of its matrix: ``MATRIX``, or what it can hold.
        packages: What installs it: Debian packages, or ``pip:NAME==VERSION``,
            ``npm:NAME@VERSION``.
    """

    target: Target
    decodes: bool
    policy_set: RuleSet
    packages: tuple[str, ...]

    def missing(self) -> str:
        """Return what is not installed, ``""`` if nothing is missing."""

    def version(self) -> str:
        """Return the version of the program."""

    def validate(self, export: Export, folder: Path) -> str:
        """Return what the edge's own validator objects to, ``""`` if nothing."""

    def start(
        self, export: Export, origin: int, folder: Path
    ) -> AbstractContextManager[int]:
        """Run it with *export* in front of *origin*; the port where it listens.

        Its own cache is on, where it has one.
        """


def exported(target: Target, policy_set: RuleSet) -> tuple[Plan, Export]:
    """Return what *target* is told, and the files."""
    plan = fit(compile_plan(policy_set), target)
    return plan, target.write(plan, heading(target, plan, "tests:policy"))


def program(name: str) -> str:
    """Return where the program *name* is, ``""`` if it is not installed.

    What a package index brings stands beside the interpreter, and goes first.
    """
    beside = Path(sys.executable).with_name(name)
    return reachable(str(beside)) if beside.exists() else find(name) or ""


@cache
def reachable(path: str) -> str:
    """Return where anybody may run the program *path*, which is one file.

    Servers run unprivileged, and root's clone may stand where nobody else may look.
    """
    if os.geteuid() != 0:
        return path
    folder = tempfile.mkdtemp(prefix="nocache-edge-bin-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    Path(folder).chmod(0o755)
    return shutil.copy(path, folder)


def skip_unless_installed(edge: Edge) -> None:
    """Skip the tests of a whole module, unless all edges are required."""
    missing = edge.missing()
    if missing and os.environ.get("EDGE_REQUIRE") != "all":
        pytest.skip(f"not installed: {missing}", allow_module_level=True)


@contextlib.contextmanager
def running(
    command: Sequence[str], folder: Path, port: int, ready: str = ""
) -> Iterator[int]:
    """Run *command* in *folder* until the block ends; yield *port*."""
    process = Process(command, folder, port, ready)
    try:
        yield port
    finally:
        process.stop()


@contextlib.contextmanager
def a_folder() -> Iterator[Path]:
    """Make a folder that the unprivileged user reaches, unlike pytest's."""
    with tempfile.TemporaryDirectory(prefix="nocache-edge-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder
