"""The way of a request from the event loop to its worker.

One ``receive`` serves two: whoever reads the body, and who waits for the client
to go. A body is pulled as it is read, never spooled.
"""

from __future__ import annotations

import asyncio
import io
from collections import deque
from concurrent.futures import CancelledError, Future
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

#: Bytes of a body that are awaited before a worker is taken, and that are held for
#: one which does not read.
MAX_AHEAD = 64 * 1024


class DisconnectedError(ConnectionResetError):
    """The client went before its request was complete."""


class TooLargeError(OSError):
    """The request body is over the limit."""


def refuse_announced(fields: Any, most: int) -> None:
    """Look at Content-Length before anything is received.

    Raises:
        TooLargeError: The body is over *most* bytes.
    """
    lengths = [v for k, v in fields if k == b"content-length" and v.isdigit()]
    if any(int(length) > most for length in lengths):
        raise _too_large(most)


def _too_large(most: int) -> TooLargeError:
    return TooLargeError(f"the request body is over {most} bytes")


class Inbox:
    """Shares one ``receive``, where a body comes in parts.

    Args:
        first: The first message.
        receive: ASGI's.
        most: The bytes that a body may have, ``None`` for any number.

    Attributes:
        complete: Whether the whole body was received.
    """

    def __init__(self, first: Any, receive: Any, most: int | None) -> None:
        self._receive = receive
        self._most = most
        self._size = 0
        self._lock = asyncio.Lock()
        self._held: deque[Any] = deque([first])
        self._ahead = len(first.get("body", b""))
        self._taken = asyncio.Event()
        self.complete = False

    async def pull(self) -> bytes:
        """Return the next part of the body.

        Raises:
            DisconnectedError: The client went.
            TooLargeError: The body is over the limit.
        """
        message = self._next_held()
        if message is None:
            async with self._lock:  # what came while it was waited for is next
                message = self._next_held() or await self._receive()
        if message["type"] != "http.request":
            raise DisconnectedError("the client went before its request was complete")
        body: bytes = message.get("body", b"")
        self._size += len(body)
        if self._most is not None and self._size > self._most:
            raise _too_large(self._most)
        self.complete = not message.get("more_body", False)
        return body

    async def beginning(self) -> bytes:
        """Return the body, if it is small, or its beginning."""
        parts: list[bytes] = []
        while not self.complete and self._size < MAX_AHEAD:
            parts.append(await self.pull())
        return b"".join(parts)

    async def disconnected(self) -> None:
        """Wait until the client has gone, holding little of the body meanwhile."""
        while True:
            async with self._lock:
                message = await self._receive()
                if message["type"] != "http.request":
                    return
                self._held.append(message)
                self._ahead += len(message.get("body", b""))
            while self._ahead >= MAX_AHEAD:
                self._taken.clear()
                await self._taken.wait()

    def _next_held(self) -> Any:
        if not self._held:
            return None
        message = self._held.popleft()
        self._ahead -= len(message.get("body", b""))
        self._taken.set()
        return message


class BodyStream(io.RawIOBase):
    """The body as a raw stream, read in a worker and pulled from the loop.

    Args:
        beginning: What was received already.
        inbox: Where the rest comes from.
        loop: The loop of *inbox*.
        patience: Seconds that a client may take for each part.

    Attributes:
        too_large: What was raised when the limit was met.
    """

    def __init__(
        self,
        beginning: bytes,
        inbox: Inbox,
        loop: asyncio.AbstractEventLoop,
        patience: float,
    ) -> None:
        self._rest = memoryview(beginning)
        self._inbox = inbox
        self._loop = loop
        self._patience = patience
        self._pending: Future[bytes] | None = None
        self._stopped = False
        self.too_large: TooLargeError | None = None

    def readable(self) -> bool:
        """Say that this can be read."""
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        """Read into *buffer*; 0 at the end.

        Raises:
            DisconnectedError: The client went.
            TooLargeError: The body is over the limit.
            TimeoutError: The client sends nothing.
        """
        while not self._rest and not self._inbox.complete:
            self._rest = memoryview(self._pull())
        view = memoryview(buffer).cast("B")
        size = min(len(view), len(self._rest))
        view[:size] = self._rest[:size]
        self._rest = self._rest[size:]
        return size

    def stop(self) -> None:
        """Let a worker go that waits for a part: nobody will bring it."""
        self._stopped = True
        if self._pending is not None:
            self._pending.cancel()

    def _is_over(self) -> bool:
        return self._stopped

    def _pull(self) -> bytes:
        if self._is_over():
            raise DisconnectedError("the exchange is over")
        pull = self._inbox.pull()
        try:
            self._pending = asyncio.run_coroutine_threadsafe(pull, self._loop)
        except RuntimeError as error:  # the loop is closed
            pull.close()
            raise DisconnectedError("the server has stopped") from error
        if self._is_over():  # in between, when there was nothing to cancel yet
            self._pending.cancel()
        try:
            return self._pending.result(self._patience)
        except TimeoutError:
            self._pending.cancel()
            raise TimeoutError(
                f"the client sent nothing for {self._patience:g} seconds; "
                "see receive_timeout"
            ) from None
        except CancelledError:
            raise DisconnectedError("the exchange is over") from None
        except TooLargeError as error:
            self.too_large = error
            raise
