"""What the edges share: running programs is the proof's; a table ends the run."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

sys.path.append(str(Path(__file__).parents[1] / "proof" / "caches"))

from edge_judge import RESULTS
from edge_origin import origin
from edge_run import a_folder

from asgi_nocache.export import TARGETS

_ROW = "{:<20} {:<28} {:>6} {:>11} {:>9} {:>6}"


@pytest.fixture(scope="module")
def app() -> Iterator[int]:
    """Run the origin; its port."""
    with origin() as port:
        yield port


@pytest.fixture
def folder() -> Iterator[Path]:
    """Return a folder that a server may read and write."""
    with a_folder() as made:
        yield made


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Show which targets were real edges, and how many cells agree."""
    if not RESULTS:
        return
    write = terminalreporter.write_line
    terminalreporter.section("the policy at the edge")
    write(_ROW.format("target", "on", "cells", "as the app", "stricter", "wrong"))
    for name in TARGETS:
        found = [(how, tally) for target, how, tally in RESULTS if target == name]
        if not found:
            write(_ROW.format(name, "no real edge in this run", *"----"))
        for how, tally in found:
            stricter = sum(tally.stricter.values())
            counts = (tally.cells, tally.equal, stricter, len(tally.wrong))
            write(_ROW.format(name, how, *counts))
