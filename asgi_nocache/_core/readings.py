"""Readings of a path: what one request target names to the rules.

A *spelling* names the same resource. How rules match a spelling is
patterns.py's, and how several spellings are joined is selection.py's.
"""

from __future__ import annotations

from .facts import RequestFacts


def spellings(request: RequestFacts) -> tuple[str, ...]:
    """Return the paths that *request* names, relative to where the app is mounted.

    The path as decoded once, with ``root_path`` removed once, on a segment
    boundary: servers differ in whether they leave it in (ASGI says they should).
    """
    return (relative_path(request.path, request.root_path),)


def relative_path(path: str, root_path: str) -> str:
    """Return *path* without *root_path*, if it begins with it as whole segments."""
    root = root_path.rstrip("/")
    if root and path.startswith(root) and path[len(root) : len(root) + 1] in ("", "/"):
        return path[len(root) :] or "/"
    return path
