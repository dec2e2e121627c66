"""What an edge is to the exporters: its name, what it can, and what it is given.

Values only; each edge's own words are in its module.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from .losses import Losses
from .plan import Plan


class Can(Enum):
    """What some edges can and others cannot."""

    METHODS = "match methods"
    HOSTS = "match hosts"
    PATTERNS = "match more than one path or one folder"
    SHADOWS = "match what servers may take for a path, in any letter case"
    REQUEST_FIELDS = "look at the request's fields"
    STATUS = "look at the status of a response"
    RESPONSE_FIELDS = "look at the fields of a response"
    MEDIA_TYPES = "look at the media type of a response"


ALL = frozenset(Can)


class File(NamedTuple):
    """One file of an export."""

    name: str
    text: str


class Export(NamedTuple):
    """What an exporter writes.

    Attributes:
        files: The files; the first is the one that others are included from.
        include: How to use them, in a line or a few.
        gaps: What this edge answers without the policy, one sentence each.
    """

    files: tuple[File, ...]
    include: str
    gaps: tuple[str, ...] = ()


class Heading(NamedTuple):
    """What a file says of itself, without comment marks.

    Attributes:
        lines: What made it, from what, and how to see whether it is up to date.
    """

    lines: tuple[str, ...]

    def commented(self, mark: str = "#") -> str:
        """Return the lines, each after *mark*, with a newline at the end."""
        return "".join(f"{mark} {line}".rstrip() + "\n" for line in self.lines)


@dataclass(frozen=True, slots=True)
class Target:
    """An edge that the policy can be exported to.

    Attributes:
        name: What is typed: ``"nginx"``.
        title: What it is called in sentences.
        write: Makes the files from a plan that fits it.
        can: What it can match; a plan that asks for more does not fit.
        most: How many entries fit; ``None``: no bound that is known.
        limit: What that bound is called.
        real: Whether the project's tests run it on a real edge.
        narrow: Takes from a plan what never happens at this edge, and refuses what
            only this edge cannot say; before the plan is held against ``can``.
        spellings: Whether it can ask how a path was spelled; without, no folder is
            opened, since what lies in it may be spelled as something else.
    """

    name: str
    title: str
    write: Callable[[Plan, Heading], Export]
    can: frozenset[Can]
    most: int | None = None
    limit: str = ""
    real: bool = False
    narrow: Callable[[Plan, Losses], Plan] | None = None
    spellings: bool = True
