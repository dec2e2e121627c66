"""Writes the pages of the reference that are lists: the command, the finding codes.

``python tests/docs/reference_pages.py`` writes them, ``make docs`` does so first, and a
test holds the files to what is written here. Nothing is said here that click or the
catalogue does not say. The Python names are mkdocstrings' to write, from docstrings.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import click

from asgi_nocache.audit.checks.catalogue import FAMILIES, KINDS, SAMPLE, Check
from asgi_nocache.audit.checks.table import CHECKS
from asgi_nocache.cli import main

FOLDER = Path(__file__).parents[2] / "docs" / "reference"
_MADE = (
    "<!-- written by tests/docs/reference_pages.py; `make docs` writes it anew -->\n"
)
_EMPHASIS = re.compile(r"([\\`*_{}\[\]<>|])")


def pages() -> dict[str, str]:
    """Return each page by the name of its file."""
    return {"command.md": _command_page(), "checks.md": _checks_page()}


def _command_page() -> str:
    lines = [
        "# The command",
        "",
        _MADE,
        "What `asgi-nocache --help` says, on one page. `MODULE:APP` is the import",
        "string of your app, as uvicorn takes it.",
        "",
    ]
    for name, command in sorted(main.commands.items()):
        lines += [f"## {name}", "", *_command(name, command)]
    return "\n".join(lines).rstrip() + "\n"


def _command(name: str, command: click.Command) -> Iterator[str]:
    context = click.Context(command, info_name=f"asgi-nocache {name}")
    yield f"`{_one_line(command.get_usage(context).removeprefix('Usage: '))}`"
    yield ""
    for paragraph in (command.help or "").strip().split("\n\n"):
        yield _plain(_one_line(paragraph))
        yield ""
    rows = [_row(p, context) for p in command.get_params(context) if _tells(p)]
    if rows:
        yield "| option | |"
        yield "|---|---|"
        yield from rows
        yield ""


def _tells(parameter: click.Parameter) -> bool:
    """Tell whether it is more than a word that the usage line has."""
    return isinstance(parameter, click.Option) and not parameter.hidden


def _row(option: click.Parameter, context: click.Context) -> str:
    record = option.get_help_record(context)
    assert record is not None  # it is not hidden
    words, help_text = (_one_line(part) for part in record)
    if isinstance(option.type, click.Choice):
        # A bar in a table means something else to each reader of Markdown.
        words = words.partition(" [")[0]
        help_text += f" One of {', '.join(option.type.choices)}."
    return f"| `{words}` | {_plain(help_text.strip())} |"


def _checks_page() -> str:
    lines = [
        "# Finding codes",
        "",
        _MADE,
        f"{len(CHECKS)} codes. A code means the same for ever and is never given away",
        "again. `asgi-nocache rules NC201` prints the same, offline.",
        "",
    ]
    for prefix, about in FAMILIES.items():
        rows = [c for c in _checks() if c.code.startswith(prefix)]
        lines += [f"## {prefix}: {about}", ""]
        for check in rows:
            lines += _check(check)
    return "\n".join(lines).rstrip() + "\n"


def _checks() -> list[Check]:
    return sorted(CHECKS.values(), key=lambda check: check.code)


def _check(check: Check) -> Iterator[str]:
    yield f"### {check.code}: {_plain(check.title)} {{ #{check.code} }}"
    yield ""
    taste = ", only with `--pedantic`" if check.pedantic else ""
    yield f"*{check.severity.value}, {check.confidence.value}{taste}*"
    yield ""
    yield _plain(_one_line(check.why))
    yield ""
    ways = "; ".join(words for kind, words in KINDS.items() if check.is_found_by(kind))
    parts = (
        ("Fix", check.fix.format(**SAMPLE)),
        ("Fires", check.fires),
        ("Silent", check.silent),
        ("Found", ways),
        ("Found by", check.elsewhere),
        ("See", check.reference),
    )
    yield from (f"* **{n}**: {_plain(_one_line(text))}" for n, text in parts if text)
    yield ""


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _plain(text: str) -> str:
    """Return *text* as Markdown that says just that."""
    return _EMPHASIS.sub(r"\\\1", text)


if __name__ == "__main__":
    for file_name, written in pages().items():
        (FOLDER / file_name).write_text(written, encoding="utf-8")
