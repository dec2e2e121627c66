"""Measurements as values, and the one table they are printed in.

A row is one measured case; a group shares a unit and the base of its ratios.
Nothing here measures.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """A budget: the bound of one column."""

    most: float | None = None
    least: float | None = None
    column: Literal["ratio", "low"] = "ratio"

    def __str__(self) -> str:
        """Return the bound as the table shows it."""
        return f"<= {self.most:g}" if self.most is not None else f">= {self.least:g}"

    def holds(self, value: float) -> bool:
        """Say whether *value* keeps within the bound."""
        if self.most is not None and value > self.most:
            return False
        return self.least is None or value >= self.least


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One case: its lowest and its middle value, and what follows from them."""

    case: str
    low: float | None = None
    median: float | None = None
    added: float | None = None
    ratio: float | None = None
    limit: Limit | None = None
    skipped: str = ""
    """Why there are no numbers, where there are none."""

    @property
    def verdict(self) -> str:
        """`ok`, `over`, or nothing where no budget is set."""
        value = self.low if self.limit and self.limit.column == "low" else self.ratio
        if self.limit is None or value is None:
            return ""
        return "ok" if self.limit.holds(value) else "over"


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Rows that share a unit and the base of their ratios."""

    title: str
    rows: tuple[Row, ...]
    unit: str = "ns"
    base: str = "x hand-written"

    def as_mapping(self) -> dict[str, Any]:
        """Return the group with plain values, verdicts included."""
        rows = [{**asdict(row), "verdict": row.verdict} for row in self.rows]
        return {"title": self.title, "unit": self.unit, "base": self.base, "rows": rows}

    @classmethod
    def from_mapping(cls, value: dict[str, Any]) -> Group:
        """Return the group that `as_mapping` wrote, in another process perhaps."""
        rows = []
        for row in value["rows"]:
            fields = {name: row[name] for name in row if name != "verdict"}
            limit = fields.pop("limit")
            rows.append(Row(**fields, limit=Limit(**limit) if limit else None))
        return cls(**{**value, "rows": tuple(rows)})


def over_budget(groups: Sequence[Group]) -> list[str]:
    """Name each row that exceeds its budget."""
    return [
        f"{group.title}: {row.case}"
        for group in groups
        for row in group.rows
        if row.verdict == "over"
    ]


def table(groups: Sequence[Group]) -> str:
    """Return *groups* as one aligned text table."""
    lines = [line for group in groups for line in _lines(group)]
    # A line with a first cell alone, such as a reason, may be as long as it likes.
    full = [cells for cells in lines if any(cells[1:])]
    widths = [max(len(cells[i]) for cells in full) for i in range(7)]
    return "\n".join(_aligned(cells, widths) for cells in lines)


_Cells = tuple[str, str, str, str, str, str, str]


def _lines(group: Group) -> Iterator[_Cells]:
    unit = group.unit
    yield (
        group.title,
        f"{unit} min",
        f"{unit} median",
        "added",
        group.base,
        "budget",
        "",
    )
    for row in group.rows:
        if row.skipped:
            yield (f"  {row.case}: skipped, {row.skipped}", "", "", "", "", "", "")
            continue
        yield (
            f"  {row.case}",
            _number(row.low),
            _number(row.median),
            _number(row.added),
            "" if row.ratio is None else f"{row.ratio:.2f}",
            "" if row.limit is None else str(row.limit),
            row.verdict,
        )
    yield ("", "", "", "", "", "", "")


def _number(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:,.0f}" if abs(value) >= 100 or value == 0 else f"{value:.3g}"


def _aligned(cells: _Cells, widths: Sequence[int]) -> str:
    case, *rest = cells
    right = [cell.rjust(width) for cell, width in zip(rest, widths[1:], strict=True)]
    return "  ".join([case.ljust(widths[0]), *right]).rstrip()
