"""A raw ASGI client for the bridge, which may stall, trickle or leave.

No sockets here; those are ``bridge_servers``'. Nothing waits for a fixed time: what
never comes runs into ``PATIENCE``, and the test fails.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterable
from typing import Any, Self

#: Seconds after which a test that waits is a failure, never what it measures.
PATIENCE = 30

Message = dict[str, Any]
FIELDS = [("Content-Type", "text/plain")]


def scope_of(path: str = "/", **more: Any) -> Message:
    """Return an http scope as uvicorn makes it."""
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [(b"host", b"test")],
        "client": ("127.0.0.1", 50000),
        "server": ("127.0.0.1", 80),
        **more,
    }


def body_of(*parts: bytes) -> list[Message]:
    """Return the messages of a request body that comes in *parts*."""
    last = len(parts) - 1
    return [
        {"type": "http.request", "body": part, "more_body": number < last}
        for number, part in enumerate(parts)
    ]


class Exchange:
    """One request to an app, with what was sent so far.

    Args:
        app: The app.
        scope: The scope, or a path.
        messages: What ``receive`` gives before it waits for the client to leave.

    Attributes:
        sent: The messages of the app.
        asked: How often the app called ``receive``.
        reading: While clear, ``send`` waits, as for a client that reads nothing.
    """

    def __init__(
        self,
        app: Any,
        scope: Message | str = "/",
        messages: Iterable[Message] | None = None,
    ) -> None:
        self.app = app
        self.scope = scope_of(scope) if isinstance(scope, str) else scope
        self.sent: list[Message] = []
        self.asked = 0
        self.reading = asyncio.Event()
        self.reading.set()
        self._changed = asyncio.Event()
        self._requests: asyncio.Queue[Message] = asyncio.Queue()
        for message in body_of(b"") if messages is None else messages:
            self.give(message)

    def give(self, message: Message) -> None:
        """Let the client send *message*."""
        self._requests.put_nowait(message)

    def leave(self) -> None:
        """Let the client go."""
        self.give({"type": "http.disconnect"})

    async def receive(self) -> Message:
        self.asked += 1
        self._changed.set()
        return await self._requests.get()

    async def send(self, message: Message) -> None:
        await self.reading.wait()
        self.sent.append(message)
        self._changed.set()

    def begin(self) -> Self:
        """Start the app in a task of its own."""
        self.task = asyncio.ensure_future(self.app(self.scope, self.receive, self.send))
        return self

    async def until(self, reached: Callable[[], Any]) -> None:
        """Wait for messages until *reached* is true."""
        async with asyncio.timeout(PATIENCE):
            while not reached():
                self._changed.clear()
                await self._changed.wait()

    async def end(self) -> Self:
        """Wait for the app to end; raise what it raised."""
        async with asyncio.timeout(PATIENCE):
            await asyncio.shield(self.task)
        return self

    @property
    def status(self) -> int:
        """The status of the response."""
        return int(self.sent[0]["status"])

    @property
    def fields(self) -> list[tuple[bytes, bytes]]:
        """The field lines of the response."""
        return list(self.sent[0]["headers"])

    @property
    def parts(self) -> list[Message]:
        """The messages after the first, as ``(body, more_body)``."""
        assert {m["type"] for m in self.sent[1:]} <= {"http.response.body"}
        return [(m.get("body", b""), m.get("more_body", False)) for m in self.sent[1:]]

    @property
    def body(self) -> bytes:
        """The whole body of the response, which must have ended once."""
        assert [more for _, more in self.parts][-1:] == [False]
        assert all(more for _, more in self.parts[:-1])
        return b"".join(body for body, _ in self.parts)


async def ask(app: Any, scope: Message | str = "/", *parts: bytes) -> Exchange:
    """Let *app* answer one request, whose body comes in *parts*."""
    return await Exchange(app, scope, body_of(*parts or (b"",))).begin().end()


def wait_for(event: threading.Event) -> None:
    """Wait in a worker for what the test does."""
    assert event.wait(PATIENCE), "the test never set this"


async def see(event: threading.Event) -> None:
    """Wait in the test for what a worker does."""
    assert await asyncio.to_thread(event.wait, PATIENCE), "it never happened"


def answering(
    result: Any, *fields: tuple[str, str], status: str = "200 OK"
) -> Callable[..., Any]:
    """Return a WSGI app that answers *result*, or what it returns when called."""

    def app(environ: Any, start_response: Any) -> Any:
        start_response(status, [*FIELDS, *fields])
        return result() if callable(result) else result

    return app


class Closing:
    """An iterable that counts how often it was asked and closed."""

    def __init__(self, *chunks: Any) -> None:
        self.chunks = list(chunks)
        self.asked = 0
        self.closed = 0

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Any:
        self.asked += 1
        if not self.chunks:
            raise StopIteration
        chunk = self.chunks.pop(0)
        if isinstance(chunk, BaseException):
            raise chunk
        return chunk

    def close(self) -> None:
        self.closed += 1
