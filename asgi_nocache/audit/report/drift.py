"""The table of an edge's drift, for people at a terminal.

What was compared is the drift's; here are only words and colours.
"""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from ..drift import Compared
from .texts import clean


def show_drift(compared: Sequence[Compared], console: Console) -> None:
    """Print route by route what the policy says and what the edge sends."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("route", "status", "the policy says", "the edge sends", "verdict"):
        table.add_column(name, overflow="fold")
    for each in compared:
        said, style = _verdict(each)
        table.add_row(
            Text(clean(each.key)),
            Text(str(each.status or "-")),
            Text(clean(each.wanted or "nothing"), "dim"),
            Text(clean(each.seen or "nothing"), "dim"),
            Text(clean(said), style),
        )
    console.print(table)
    wrong = sum(bool(each.problem) for each in compared)
    console.print(
        Text(f"{len(compared)} routes compared, {wrong} with drift", style="bold")
    )


def _verdict(each: Compared) -> tuple[str, str]:
    """Return what is said of a route, and how it looks."""
    if each.problem:
        return f"NC801 {each.problem}", "bold red"
    if each.stricter:
        return "stricter than the policy", "cyan"
    return "as the policy says", "green"
