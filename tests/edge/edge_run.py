"""What a real edge is to the tests: where it comes from, how it is started and asked.

Each edge has a module ``edge_<name>`` with one value ``EDGE`` of this form.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

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
