"""The way of a request from the event loop to its worker.

One ``receive`` serves two: whoever reads the body, and who waits for the client
to go. A body is pulled as it is read, never spooled.
"""

from __future__ import annotations

import asyncio
import io
from concurrent.futures import CancelledError, Future
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

#: Bytes of a body that are awaited before a worker is taken.
MAX_AHEAD = 64 * 1024


class DisconnectedError(ConnectionResetError):
    """The client went before its request was complete."""


class TooLargeError(OSError):
    """The request body is over the limit."""


class Inbox:
    """Shares one ``receive``.

    Args:
        receive: ASGI's.
        most: The bytes that a body may have, ``None`` for any number.

    Attributes:
        complete: Whether the whole body was received.
    """

    def __init__(self, receive: Any, most: int | None) -> None:
        self._receive = receive
        self._most = most
        self._size = 0
        self._lock = asyncio.Lock()
        self._held: Any = None
        self._taken = asyncio.Event()
        self.complete = False

    def refuse_announced(self, fields: Any) -> None:
        """Look at Content-Length before anything is received.

        Raises:
            TooLargeError: The body is over the limit.
        """
        if self._most is not None:
            lengths = [v for k, v in fields if k == b"content-length" and v.isdigit()]
            if any(int(length) > self._most for length in lengths):
                raise self._too_large()

    def _too_large(self) -> TooLargeError:
        return TooLargeError(f"the request body is over {self._most} bytes")

    async def pull(self) -> bytes:
        """Return the next part of the body.

        Raises:
            DisconnectedError: The client went.
            TooLargeError: The body is over the limit.
        """
        async with self._lock:
            message, self._held = self._held or await self._receive(), None
            self._taken.set()
        if message["type"] != "http.request":
            raise DisconnectedError("the client went before its request was complete")
        body: bytes = message.get("body", b"")
        self._size += len(body)
        if self._most is not None and self._size > self._most:
            raise self._too_large()
        self.complete = not message.get("more_body", False)
        return body

    async def beginning(self) -> bytes:
        """Return the body, if it is small, or its beginning."""
        parts = [await self.pull()]
        size = len(parts[0])
        while not self.complete and size < MAX_AHEAD:
            parts.append(await self.pull())
            size += len(parts[-1])
        return parts[0] if len(parts) == 1 else b"".join(parts)

    async def disconnected(self) -> None:
        """Wait until the client has gone, holding one part of the body at most."""
        while True:
            async with self._lock:
                message = await self._receive()
                if message["type"] != "http.request":
                    return
                self._held = message
                self._taken.clear()
            await self._taken.wait()


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

    def _pull(self) -> bytes:
        if self._stopped:
            raise DisconnectedError("the exchange is over")
        pull = self._inbox.pull()
        try:
            self._pending = asyncio.run_coroutine_threadsafe(pull, self._loop)
        except RuntimeError as error:  # the loop is closed
            pull.close()
            raise DisconnectedError("the server has stopped") from error
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
