"""Counts what was done with the blocks of the pages, and says it at the end."""

from collections import Counter
from typing import Any

import pytest

_KEY = pytest.StashKey[Counter[str]]()


@pytest.fixture
def block_counts(request: pytest.FixtureRequest) -> Counter[str]:
    """Of the whole run."""
    return request.config.stash.setdefault(_KEY, Counter())


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Say how many blocks there were, and what became of them."""
    counts = config.stash.get(_KEY, Counter())
    if counts:
        terminalreporter.section("blocks of README.md and docs/")
        for what, number in sorted(counts.items(), key=lambda item: -item[1]):
            terminalreporter.write_line(f"{number:4} {what}")
        terminalreporter.write_line(f"{sum(counts.values()):4} in all")
