"""The way of a response from its worker to the event loop.

Chunks that wait are merged, and a worker that is too far ahead is held. What a
response consists of is the exchange's; who sends it, too.
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from typing import Any, NamedTuple

#: Bytes that may wait for the client before the worker is held.
MAX_WAITING = 256 * 1024


class ClientGoneError(ConnectionError):
    """Nobody takes the response any more, so the worker stops iterating."""


def refusal(status: int, reason: object) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the messages that refuse a request, and end its connection."""
    body = str(reason).encode()
    fields = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", str(len(body)).encode()),
        (b"connection", b"close"),  # the rest of the request is not read
    ]
    start = {"type": "http.response.start", "status": status, "headers": fields}
    return start, {"type": "http.response.body", "body": body}


class Batch(NamedTuple):
    """What came since the last one.

    Attributes:
        body: All chunks, joined.
        last: Whether nothing follows.
        error: What the app raised, after *body*.
        file: Whether a file follows, for the loop to send block by block.
    """

    body: bytes
    last: bool
    error: Exception | None
    file: bool


class Waker:
    """Wakes the loop once for all outboxes that have news.

    Each wake-up is a system call and a switch of threads.

    Args:
        loop: The loop that sends.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self._ready: deque[Outbox] = deque()
        self._called = False

    def wake(self, outbox: Outbox) -> None:
        """Wake who waits for *outbox*; from any thread.

        Raises:
            ClientGoneError: The loop is closed.
        """
        self._ready.append(outbox)  # first, or it could be overlooked
        if self._called:
            return
        self._called = True
        try:
            self.loop.call_soon_threadsafe(self._wake_all)
        except RuntimeError as error:
            self._called = False
            raise ClientGoneError("the server has stopped") from error

    def _wake_all(self) -> None:
        self._called = False
        while self._ready:
            self._ready.popleft().wake()


class Outbox:
    """Carries one response; ``put`` and ``finish`` are the worker's.

    Args:
        waker: Wakes the loop that sends.
        patience: Seconds that the worker is held at most, should the loop die.
    """

    def __init__(self, waker: Waker, patience: float) -> None:
        self._waker = waker
        self._patience = patience
        self._lock = threading.Lock()
        self._room: threading.Condition | None = None
        self._chunks: list[bytes] = []
        self._waiting = 0
        self._news = False
        self._last = False
        self._error: Exception | None = None
        self._file: Any = None
        self._stopped = False
        self._waiter: asyncio.Future[None] | None = None
        #: The start message; set before the first chunk is put.
        self.start: dict[str, Any] | None = None
        #: Bytes that Content-Length still allows, ``None`` if there is none.
        self.length: int | None = None

    def put(self, chunk: bytes, *, last: bool = False) -> None:
        """Hand over *chunk*, waiting while too much waits already.

        Raises:
            ClientGoneError: Nobody takes it.
        """
        with self._lock:
            if self._stopped:
                raise ClientGoneError("the client is gone")
            self._chunks.append(chunk)
            self._waiting += len(chunk)
            self._last = last
            known, self._news = self._news, True
        if not known:
            self._waker.wake(self)
        if self._waiting >= MAX_WAITING and not last:
            self._wait_for_room()

    def _wait_for_room(self) -> None:
        room = self._room = self._room or threading.Condition(self._lock)
        with room:
            if not room.wait_for(self._has_room, self._patience):
                raise ClientGoneError("the event loop takes nothing any more")
            if self._stopped:
                raise ClientGoneError("the client is gone")

    def finish(self, error: Exception | None = None, file: Any = None) -> None:
        """Say that nothing follows but what is given.

        Raises:
            ClientGoneError: Nobody takes it.
        """
        with self._lock:
            if self._stopped:
                raise ClientGoneError("the client is gone")
            self._error, self._file = error, file
            self._last = error is None and file is None
            known, self._news = self._news, True
        if not known:
            self._waker.wake(self)

    async def take(self) -> Batch:
        """Wait for what the worker has, and take it."""
        while True:
            with self._lock:
                if self._news:
                    self._news = False
                    chunks, self._chunks = self._chunks, []
                    body = chunks[0] if len(chunks) == 1 else b"".join(chunks)
                    return Batch(body, self._last, self._error, self._file is not None)
            self._waiter = self._waker.loop.create_future()
            await self._waiter

    def take_file(self) -> Any:
        """Take the file, to close it whatever happens; until then it is ours."""
        with self._lock:
            file, self._file = self._file, None
            return file

    def check(self) -> None:
        """Let a worker that has nothing to hand over notice that it may stop.

        Raises:
            ClientGoneError: Nobody takes anything.
        """
        if self._stopped:
            raise ClientGoneError("the client is gone")

    def sent(self, size: int) -> None:
        """Say that the client took *size* bytes."""
        with self._lock:
            self._waiting -= size
            if self._room is not None:
                self._room.notify()

    def stop(self) -> Any:
        """Let the worker go: nobody listens any more.

        Returns:
            A file that nobody took.
        """
        with self._lock:
            self._stopped = True
            if self._room is not None:
                self._room.notify()
            file, self._file = self._file, None
            return file

    def _has_room(self) -> bool:
        return self._stopped or self._waiting < MAX_WAITING

    def wake(self) -> None:
        """Wake who waits for news, on the loop."""
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
