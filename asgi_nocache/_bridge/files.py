"""Files: read by workers, a block at a time, at the pace of the event loop.

So a stalled download holds no worker. What a file is sent as is the exchange's.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Iterator
from concurrent.futures import Executor, Future
from typing import Any

#: Bytes of a block. Werkzeug asks for 8 KB, which costs ten times as much.
BLOCK = 256 * 1024


class FileWrapper:
    """What ``wsgi.file_wrapper`` makes of a file (PEP 3333).

    Args:
        file: Anything with ``read``.
        block_size: A hint, which is not taken; see ``BLOCK``.
    """

    def __init__(self, file: Any, block_size: int = BLOCK) -> None:  # noqa: ARG002
        self.read = file.read
        self._close = getattr(file, "close", None)

    def __iter__(self) -> Iterator[bytes]:
        """Yield the blocks, for who reads it as any other iterable."""
        while block := self.read(BLOCK):
            yield block

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
