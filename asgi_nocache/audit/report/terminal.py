"""The report for people at a terminal: rich's colours, plain text when piped.

Letters and words say what colours say. What an app or a user wrote goes out as text,
never as markup or as control characters.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import groupby
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table
from rich.text import Text

from ..effects import CACHES, told
from ..explain import Story
from ..values import Audit, Audited, Effect, Finding, Severity
from .as_markdown import verdict
from .lines import alike, caching, legend
from .texts import clean

if TYPE_CHECKING:  # it needs httpx, which only the command "check" asks for
    from ..live import Checked

STYLES = {
    "N": "green",
    "R": "blue",
    "P": "cyan",
    "S": "yellow",
    "H": "red",
    "!": "bold white on red",
}
SEVERITIES = {
    Severity.ERROR: "bold red",
    Severity.WARNING: "yellow",
    Severity.INFO: "dim",
}


def show_audit(audit: Audit, console: Console, *, routes: bool = True) -> None:
    """Print the routes (if asked), the findings and the verdict."""
    if routes:
        console.print(_matrix(audit.rows))
        console.print(Text(_legend(audit.rows), style="dim"))
        console.print()
    for finding in sorted(audit.findings, key=lambda f: -f.severity.rank):
        if not finding.suppressed:
            show_finding(finding, console)
    hidden = sum(bool(finding.suppressed) for finding in audit.findings)
    if hidden:
        console.print(Text(f"{hidden} suppressed", style="dim"))
    console.print(Text(clean(f"{audit.app}: {verdict(audit)}"), style="bold"))


def show_finding(finding: Finding, console: Console) -> None:
    """Print one finding: code and place, then what, why and the fix."""
    head = Text()
    head.append(
        f"{finding.code} {finding.severity.value} ", SEVERITIES[finding.severity]
    )
    head.append(clean(finding.where), "bold")
    if finding.place:
        head.append(f"  {clean(str(finding.place))}", "dim")
    # What may be pasted is not broken where a window ends.
    console.print(head, soft_wrap=True)
    console.print(Text(f"  {clean(finding.message)}"), soft_wrap=True)
    why = f"  why: {clean(finding.why)} ({finding.reference})"
    console.print(Text(why, "dim"), soft_wrap=True)
    for line in finding.fix.splitlines():
        console.print(Text(f"  fix: {clean(line)}", "cyan"), soft_wrap=True)
    console.print()


def show_story(story: Story, console: Console) -> None:
    """Print one exchange, step by step."""
    width = max(len(section.title) for section in story.sections)
    for section in story.sections:
        title = section.title
        for line in section.lines:
            text = Text(f"{title:<{width}}  ", "bold")
            text.append(clean(line), "" if section.title != "leaves" else "green")
            console.print(text, soft_wrap=True)
            title = ""


def show_checked(checked: Checked, console: Console) -> None:
    """Print what a live URL answered and what caches may do with it."""
    console.print(Text(clean(checked.url), "bold"))
    shown: set[object] = set()
    for asked in checked.asked:
        if asked.problem:
            said = asked.problem
        else:
            said = f"{asked.version} {asked.status}"
            said += f" to {asked.location}" if asked.location else ""
        key = (asked.user, said, asked.fields)
        again = " (twice)" if key in shown else ""
        shown.add(key)
        if not again:
            console.print(Text(f"  as {clean(asked.user)}: {clean(said)}"))
            for name, value in caching(asked.fields):
                console.print(Text(f"    {clean(name)}: {clean(value)}", "dim"))
    for name, effect in checked.effects.items():
        text = Text(f"  {name:8}")
        text.append(f"{effect.letter} ", STYLES[effect.letter])
        text.append(f"{effect.words}: {told(name, effect).reason}")
        console.print(text)
    for line in checked.evidence:
        console.print(Text(f"  a cache answered: {clean(line)}", "yellow"))
    for note in checked.notes:
        console.print(Text(f"  httplint {clean(note)}", "dim"))
    for finding in checked.findings:
        show_finding(finding, console)


def _matrix(rows: Iterable[Audited]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("method")
    table.add_column("route", overflow="fold")
    table.add_column("decided by", overflow="fold")
    for cache in CACHES:
        table.add_column(cache.name, justify="center")
    for _, group in groupby(rows, alike):
        first, *others = group
        methods = ", ".join([first.method, *(row.method for row in others)])
        table.add_row(
            Text(clean(methods) or "-"),
            Text(clean(f"{first.route.host}{first.route.path}")),
            Text(clean(first.decided_by), "dim"),
            *(_letter(first.effects, cache.name) for cache in CACHES),
        )
    return table


def _letter(effects: Mapping[str, Effect], name: str) -> Text:
    effect = effects.get(name)
    return Text(effect.letter, STYLES[effect.letter]) if effect else Text("-", "dim")


def _legend(rows: Iterable[Audited]) -> str:
    used = (effect.letter for row in rows for effect in row.effects.values())
    return "  ".join(f"{letter} {words}" for letter, words in legend(used))
