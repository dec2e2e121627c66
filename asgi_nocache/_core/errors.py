"""The exceptions of the package, and nothing else.

NoCacheError
└── ConfigurationError   (also a ValueError)
"""

from __future__ import annotations

from collections.abc import Iterable


class NoCacheError(Exception):
    """Base of every error this package raises on its own account."""

    __module__ = "asgi_nocache"  # where users import it from


class ConfigurationError(NoCacheError, ValueError):
    """A policy, rule or middleware was configured wrongly.

    All problems of one object are reported together, so that nobody mends
    them one restart at a time.

    Attributes:
        place: What was being built, such as ``Rule('/items')``.
        problems: One sentence each: the value, what is wrong, the remedy.
    """

    __module__ = "asgi_nocache"

    def __init__(self, place: str, problems: Iterable[str]) -> None:
        self.place = place
        self.problems = tuple(problems)
        super().__init__(place, self.problems)

    def __str__(self) -> str:
        if len(self.problems) == 1:
            return f"{self.place}: {self.problems[0]}"
        lines = "".join(f"\n  - {problem}" for problem in self.problems)
        return f"{self.place}: {len(self.problems)} problems{lines}"
