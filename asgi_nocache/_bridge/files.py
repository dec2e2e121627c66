"""Files: read by workers, a block at a time, at the pace of the event loop.

So a stalled download holds no worker. What a file is sent as is the exchange's.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from concurrent.futures import Executor, Future
from typing import Any, Self

#: Bytes of a block. Werkzeug asks for 8 KB, which costs ten times as much.
BLOCK = 256 * 1024

#: What Werkzeug asks for, so that a range need not be read from the beginning.
_SEEKING = ("seekable", "seek", "tell")


class FileWrapper:
    """What ``wsgi.file_wrapper`` makes of a file (PEP 3333).

    Args:
        file: Anything with ``read``.
        block_size: A hint, which is not taken; see ``BLOCK``.
    """

    def __init__(self, file: Any, block_size: int = BLOCK) -> None:  # noqa: ARG002
        self.read = file.read
        self._close = getattr(file, "close", None)
        for name in _SEEKING:
            if hasattr(file, name):
                setattr(self, name, getattr(file, name))

    # Its own iterator: Werkzeug closes and seeks what ``iter`` gives for a range.
    def __iter__(self) -> Self:
        """Return itself, for who reads it as any other iterable."""
        return self

    def __next__(self) -> bytes:
        """Return the next block."""
        if block := self.read(BLOCK):
            return bytes(block)
        raise StopIteration

    def close(self) -> None:
        """Close the file."""
        if self._close is not None:
            self._close()


async def blocks(file: FileWrapper, pool: Executor) -> AsyncGenerator[bytes]:
    """Yield the blocks of *file*, each read while the one before is sent.

    Closes the file, when no worker reads it any more.
    """
    ahead: Future[bytes] = pool.submit(file.read, BLOCK)
    try:
        while block := await asyncio.wrap_future(ahead):
            ahead = pool.submit(file.read, BLOCK)
            yield block
    finally:
        ahead.add_done_callback(lambda _: close(file, pool))


def close(file: FileWrapper, pool: Executor) -> None:
    """Close *file*, which may take its time, in a worker if there still is one."""
    try:
        pool.submit(file.close)
    except RuntimeError:  # the pool was shut down
        with contextlib.suppress(Exception):
            file.close()
