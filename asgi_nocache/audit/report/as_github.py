"""Annotations for GitHub's workflow log: one command per finding."""

from __future__ import annotations

from ..values import Audit, Severity
from .texts import clean, relative

_COMMANDS = {
    Severity.INFO: "notice",
    Severity.WARNING: "warning",
    Severity.ERROR: "error",
}
#: What must be escaped in the message, and in a property besides.
_MESSAGE = {"%": "%25", "\r": "%0D", "\n": "%0A"}
_PROPERTY = {**_MESSAGE, ":": "%3A", ",": "%2C"}


def as_github(audit: Audit) -> str:
    """Return one line per finding; those that are suppressed are left out.

    Files are named as seen from this folder, which has to be the repository's root.
    """
    out = []
    for finding in audit.findings:
        if finding.suppressed:
            continue
        given = {"title": f"{finding.code} {finding.where}"}
        if place := finding.place:
            file = relative(place.file).as_posix()
            given = {"file": file, "line": str(place.line or 1)} | given
        properties = ",".join(
            f"{name}={_escaped(value, _PROPERTY)}" for name, value in given.items()
        )
        text = _escaped(f"{finding.message} Fix: {finding.fix}", _MESSAGE)
        out.append(f"::{_COMMANDS[finding.severity]} {properties}::{text}\n")
    return "".join(out)


def _escaped(text: str, table: dict[str, str]) -> str:
    return "".join(table.get(character, clean(character)) for character in text)
