"""Serves what the tests ask for, and ends the run with the table."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from servers_start import FRAMEWORKS, SERVERS, installed, served
from servers_table import RESULTS, notes, table, write


@pytest.fixture(scope="module")
def port(request: pytest.FixtureRequest) -> Iterator[int]:
    """Run a framework under a server; where it listens."""
    framework, server = request.param
    missing = [name for name in FRAMEWORKS[framework] if not installed(name)]
    if missing := missing + SERVERS[server].missing():
        needed = f"needs {', '.join(missing)}: pip install '.[servers]'"
        if os.environ.get("SERVERS_REQUIRE") == "all":
            pytest.fail(needed)
        pytest.skip(needed)
    with served(framework, server) as found:
        yield found


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Show the table, with the reasons of what it explains."""
    if not RESULTS:
        return
    terminalreporter.section("frameworks by servers")
    rows = table()
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = zip(row, widths, strict=True)
        terminalreporter.write_line("  ".join(c.ljust(w) for c, w in cells).rstrip())
    for note in notes():
        terminalreporter.write_line(note)
    if readme := os.environ.get("SERVERS_README"):
        write(Path(readme))
