"""Foreign text and files in reports: what every form needs of them.

Nothing here knows a form; each escapes for itself what is special in it.
"""

from __future__ import annotations

from pathlib import Path


def clean(text: str) -> str:
    """Return *text* with control characters shown, so that none takes effect."""
    return "".join(
        c if c.isprintable() else c.encode("unicode_escape").decode() for c in text
    )


def relative(file: str) -> Path:
    """Return *file* as seen from this folder; as it is where it is not below."""
    path = Path(file)
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path
