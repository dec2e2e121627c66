"""Words that every configuration language has: comments and names of fields.

What ends a comment or a text in one language alone is its own module's.
"""

from __future__ import annotations

import textwrap

WIDTH = 88

#: Parts of names that are not written in title case (RFC 9110 8.8.3, RFC 9213 3.1).
_SPELLED = {"etag": "ETag", "cdn": "CDN"}


def plain(text: str) -> str:
    """Return *text* on one line, with a space for whatever does not print."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def commented(text: str, indent: str = "", then: str = "") -> list[str]:
    """Return *text* as lines after ``#``, which nothing in it can end.

    Args:
        text: Anybody's.
        indent: What each line begins with.
        then: What all lines but the first have more, after the mark.
    """
    return textwrap.wrap(
        plain(text),
        WIDTH,
        initial_indent=f"{indent}# ",
        subsequent_indent=f"{indent}# {then}",
        break_on_hyphens=False,
        expand_tabs=False,
    )


def field_name(name: str) -> str:
    """Return a field's lower-case *name* as people write it."""
    return "-".join(_SPELLED.get(part, part.title()) for part in name.split("-"))
