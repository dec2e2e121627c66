"""What a cache must offer to be measured, and how one is found and started.

The caches themselves are in the files beside this one: servers, clients, browsers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from proof_record import Lines


@dataclass(frozen=True)
class Send:
    """A request to make: ``path`` starts with ``/`` and may have a query."""

    path: str
    method: str = "GET"
    fields: Lines = ()
    body: bytes = b""


@dataclass(frozen=True)
class Answer:
    """What the client got. Status 0 and body None: not for it to see."""

    status: int
    fields: Lines
    body: str | None


class Cache(Protocol):
    """One cache between a client and the origin, as it is configured for the proof.

    A cache is used once: ``start``, any number of ``send``, ``close``.
    """

    name: str
    setup: str
    audience: str  # "shared" or "private"
    honours: bool
    #: What to install where ``missing()`` is true: Debian packages.
    packages: tuple[str, ...]

    def missing(self) -> str:
        """Return why it cannot run here, ``""`` if it can."""

    def version(self) -> str:
        """Return the version that was found, such as ``"1.22.1"``."""

    def start(self, origin: int, folder: Path) -> None:
        """Start in front of ``http://127.0.0.1:<origin>``, with files in *folder*.

        Returns when it answers. Raises RuntimeError with its output when it does not.
        """

    def send(self, sends: Sequence[Send]) -> list[Answer]:
        """Make all requests, in order or at once: they do not depend on each other.

        Never follows a redirect and never retries.
        """

    def close(self) -> None:
        """Stop it and everything it started."""
