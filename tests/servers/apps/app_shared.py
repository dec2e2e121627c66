"""What the apps share: the policy, the texts, and the gate of a stream.

One app a framework stands beside this file; each writes the same routes in its own
words. What they have in common for another reason belongs in none of them.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator

from asgi_nocache import PRIVATE, PUBLIC, Rule

RULES = [
    Rule("/static/**", PUBLIC(max_age=3600)),
    Rule("/marked", PUBLIC(max_age=3600), reason="the mark must win over it"),
]
#: What ``/policy`` is decorated with.
BRIEF = PRIVATE(max_age=60)

#: What ``/own`` says by itself.
OWN = "public, max-age=600"
#: The tag of ``/tagged`` and ``/static/tagged``, which confirm it with a 304.
TAG = '"v1"'


class Gate:
    """Holds the last chunk of a stream back until somebody asks for ``/release``."""

    async def chunks(self) -> AsyncIterator[bytes]:
        """Yield the stream in an event loop."""
        self._event = asyncio.Event()
        yield b"first"
        await self._event.wait()
        yield b"last"

    def blocking_chunks(self) -> Iterator[bytes]:
        """Yield the stream in a thread."""
        self._event = threading.Event()
        yield b"first"
        self._event.wait()
        yield b"last"

    def release(self) -> None:
        """Let the last chunk go; from the loop of the stream, or from a thread."""
        self._event.set()
