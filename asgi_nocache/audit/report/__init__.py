"""The forms of a report: a table from a format's name to its writer.

Each writer takes an audit and returns the whole text; what is in an audit is
``values``'. The form for terminals is apart, since it needs a console.
"""

from __future__ import annotations

from collections.abc import Callable

from ..values import Audit
from .as_github import as_github
from .as_json import as_json
from .as_junit import as_junit
from .as_markdown import as_markdown
from .as_sarif import as_sarif

WRITERS: dict[str, Callable[[Audit], str]] = {
    "json": as_json,
    "sarif": as_sarif,
    "github": as_github,
    "junit": as_junit,
    "markdown": as_markdown,
}
