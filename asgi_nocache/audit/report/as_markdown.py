"""Markdown for job summaries and pull requests: verdict, findings, routes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from ..effects import CACHES, LETTERS
from ..values import Audit, Effect, Severity
from .lines import legend
from .texts import clean

#: More rows than that help nobody in a comment; the other formats have all.
_MAX_ROWS = 200
#: What Markdown or a table cell would take for its own.
_SPECIAL = str.maketrans({c: "\\" + c for c in "\\`*_{}[]<>|#~&"})


def as_markdown(audit: Audit) -> str:
    """Return the audit as GitHub-flavoured Markdown."""
    return "\n".join(_lines(audit)) + "\n"


def verdict(audit: Audit) -> str:
    """Return one sentence: what counts, and how many routes have a decision."""
    counts = {
        severity: sum(
            f.severity is severity and not f.suppressed for f in audit.findings
        )
        for severity in reversed(Severity)
    }
    decided = sum(row.decision is not None for row in audit.rows if row.method)
    asked = sum(bool(row.method) for row in audit.rows)
    said = ", ".join(f"{n} {s.value}{'s' * (n != 1)}" for s, n in counts.items() if n)
    return f"{said or 'no findings'}; {decided} of {asked} routes have a decision"


def _lines(audit: Audit) -> Iterator[str]:
    yield f"## asgi-nocache: {_plain(audit.app)}"
    yield ""
    yield _plain(verdict(audit))
    yield ""
    found = [f for f in audit.findings if not f.suppressed]
    if found:
        yield from _table(
            ("code", "severity", "where", "finding", "fix"),
            (
                (
                    f.code,
                    f.severity.value,
                    _code(f.where),
                    _plain(f.message),
                    _code(f.fix),
                )
                for f in found[:_MAX_ROWS]
            ),
        )
        yield ""
    yield from _table(
        ("route", "decided by", *(cache.name for cache in CACHES)),
        (
            (
                _code(row.key),
                _plain(row.decided_by),
                *(_letter(row.effects, c.name) for c in CACHES),
            )
            for row in audit.rows[:_MAX_ROWS]
        ),
    )
    if len(audit.rows) > _MAX_ROWS:
        yield f"\n… and {len(audit.rows) - _MAX_ROWS} more"
    yield ""
    yield ", ".join(f"{letter} = {_plain(said)}" for letter, said in legend(LETTERS))


def _letter(effects: Mapping[str, Effect], name: str) -> str:
    effect = effects.get(name)
    return effect.letter if effect else "-"


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> Iterator[str]:
    head = [*head]
    yield f"| {' | '.join(head)} |"
    yield "|" + "---|" * len(head)
    for row in rows:
        yield f"| {' | '.join(row)} |"


def _plain(text: str) -> str:
    """Return *text* so that nothing in it is markup, on one line."""
    return _line(text).translate(_SPECIAL)


def _code(text: str) -> str:
    """Return *text* as code: in prose, GitHub takes ``@nocache`` for a person."""
    line = "".join(
        c if c.isalnum() or c in " /" else f"&#{ord(c)};" for c in _line(text)
    )
    return f"<code>{line}</code>"


def _line(text: str) -> str:
    return clean(" ".join(text.split()))
