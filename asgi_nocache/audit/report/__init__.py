"""The forms of a report: a table from a format's name to its writer.

Each writer takes an audit and returns the whole text; what is in an audit is
``values``'. The form for terminals is apart, since it needs a console; the page's
writer also takes what an earlier report kept, and only it loads jinja2.
"""

from __future__ import annotations

from collections.abc import Callable

from ..values import Audit
from .as_github import as_github
from .as_json import as_json
from .as_junit import as_junit
from .as_markdown import as_markdown
from .as_sarif import as_sarif
from .since import Kept


def as_page(audit: Audit, before: Kept | None = None) -> str:
    """Return the audit as an HTML page, see ``as_html``."""
    from .as_html import as_html  # the other forms do without jinja2

    return as_html(audit, before)


WRITERS: dict[str, Callable[[Audit], str]] = {
    "json": as_json,
    "sarif": as_sarif,
    "github": as_github,
    "junit": as_junit,
    "markdown": as_markdown,
    "html": as_page,
}
