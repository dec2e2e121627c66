"""The report at a terminal: plain where it is piped; nothing foreign takes effect."""

from __future__ import annotations

from io import StringIO

from format_cases import audit_of, finding, hostile
from rich.console import Console

from asgi_nocache.audit.effects import effects_of
from asgi_nocache.audit.live import Asked, Checked
from asgi_nocache.audit.report.terminal import show_audit, show_checked
from asgi_nocache.audit.values import Audit, Route


def shown(audit: Audit, *, terminal: bool = False, routes: bool = True) -> str:
    file = StringIO()
    console = Console(file=file, width=200, force_terminal=terminal, highlight=False)
    show_audit(audit, console, routes=routes)
    return file.getvalue()


def test_plain_where_it_is_piped() -> None:
    text = shown(audit_of(finding()))

    assert "\x1b" not in text
    assert "/items" in text
    assert "fix: " in text
    assert text.splitlines()[-1].endswith("routes have a decision")


def test_colours_at_a_terminal() -> None:
    assert "\x1b[" in shown(audit_of(finding()), terminal=True)


def test_without_the_routes() -> None:
    assert "decided by" in shown(audit_of())
    assert "decided by" not in shown(audit_of(), routes=False)


def test_nothing_foreign_takes_effect() -> None:
    text = shown(hostile())

    assert not [c for c in text if not c.isprintable() and c != "\n"]
    assert "1 suppressed" in text


def test_a_cache_that_answered_is_told() -> None:
    lines = (("cache-control", "max-age=60"), ("age", "5"))
    asked = Asked("anyone", 200, "HTTP/1.1", lines)
    effects = effects_of(Route(path="/"), "GET", lines)
    checked = Checked(
        "https://example.org/",
        (asked, asked),
        effects,
        ("answer 1: Age: 5",),
        ("info: a note",),
        (finding(),),
    )
    file = StringIO()
    show_checked(checked, Console(file=file, width=200))

    text = file.getvalue()
    assert text.count("as anyone: HTTP/1.1 200") == 1
    assert "a cache answered: answer 1: Age: 5" in text
    assert "httplint info: a note" in text
    assert "fix: " in text
