"""Markdown: what is foreign is no markup, breaks no table and calls nobody."""

import re
from dataclasses import replace
from html import unescape

from format_cases import HOSTILE, audit_of, finding, hostile

from asgi_nocache.audit.report.as_markdown import as_markdown, verdict
from asgi_nocache.audit.values import Severity


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]


def table(text: str, first: str) -> list[list[str]]:
    """Return the rows of the table whose first column is named *first*."""
    _, _, rest = text.partition(f"| {first} |")
    lines = rest.splitlines()[2:]
    end = next((n for n, line in enumerate(lines) if not line.startswith("|")), None)
    return [cells(line) for line in lines[:end]]


def test_the_verdict() -> None:
    warning = finding(severity=Severity.WARNING)
    known = finding(suppressed="known")

    assert verdict(audit_of()) == "no findings; 3 of 4 routes have a decision"
    assert verdict(audit_of(finding(), warning, warning, known)).startswith(
        "1 error, 2 warnings; "
    )


def test_the_tables() -> None:
    text = as_markdown(audit_of(finding(), finding(suppressed="known")))

    assert text.startswith("## asgi-nocache: shop.main:app\n")
    (row,) = table(text, "code")
    assert row[:2] == ["NC201", "error"]
    assert unescape(row[4]) == '<code>Rule("/items", NO_STORE)</code>'
    rows = table(text, "route")
    assert [row[2:] for row in rows[:3]] == [["N"] * 3, ["S"] * 3, ["S"] * 3]
    assert rows[3][2:] == ["-"] * 3
    assert "N = never stored" in text


def test_without_findings_there_is_one_table() -> None:
    assert as_markdown(audit_of()).count("\n|---") == 1


def test_a_long_table_is_cut() -> None:
    audit = audit_of()
    text = as_markdown(replace(audit, rows=audit.rows[:1] * 203))

    assert len(table(text, "route")) == 200
    assert "… and 3 more" in text


def test_hostile() -> None:
    text = as_markdown(hostile())
    (row,) = table(text, "code")

    assert len(row) == 5
    assert not re.search(r"(?<!\\)<(?!/?code>)", text)  # each is escaped
    assert not set(text) & {"\x00", "\x1b", "\r", "\udc80", "\u202e"}
    assert unescape(row[2]) == f"<code>{' '.join(HOSTILE.split())}</code>".replace(
        "\x1b", "\\x1b"
    ).replace("\x00", "\\x00").replace("\udc80", "\\udc80").replace("\u202e", "\\u202e")


def test_a_decorator_calls_no_person() -> None:
    """On GitHub ``@nocache`` in prose tells somebody of that name."""
    text = as_markdown(audit_of(finding(fix="@nocache", where="GET /@me")))

    assert "@" not in text
    assert unescape(table(text, "code")[0][4]) == "<code>@nocache</code>"
