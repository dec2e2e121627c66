"""One exchange on the event loop: receives for a worker, sends for it.

What the app does in its worker is the call's.
"""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import functools
import io
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from .call import Body, Call
from .files import FileWrapper, blocks, close
from .inbox import (
    MAX_AHEAD,
    BodyStream,
    DisconnectedError,
    Inbox,
    TooLargeError,
    refuse_announced,
)
from .outbox import Batch, Outbox, refusal

if TYPE_CHECKING:
    from .app import Bridge

#: Seconds that a worker waits for a loop which has died, beyond the timeout.
_GRACE = 5


async def serve(bridge: Bridge, scope: Any, receive: Any, send: Any) -> None:
    """Serve one http scope.

    Raises:
        Exception: What the app raised.
        TimeoutError: The client took nothing for ``send_timeout`` seconds.
    """
    loop = asyncio.get_running_loop()
    most = bridge.max_request_body
    body: Body
    stream = None
    gone: Callable[[], Awaitable[None]] = functools.partial(_disconnected, receive)
    try:
        if most is not None:
            refuse_announced(scope.get("headers", ()), most)
        first = await receive()
        whole = first["type"] == "http.request" and not first.get("more_body")
        if whole and most is None:
            body = io.BytesIO(first.get("body", b""))
        else:
            inbox = Inbox(first, receive, most)
            gone = inbox.disconnected
            body = io.BytesIO(await inbox.beginning())
            if not inbox.complete:
                stream = BodyStream(
                    body.getvalue(), inbox, loop, bridge.receive_timeout
                )
                body = io.BufferedReader(stream, MAX_AHEAD)
    except DisconnectedError:
        return
    except TooLargeError as error:
        for message in refusal(413, error):
            await send(message)
        return
    outbox = Outbox(bridge.waker(loop), bridge.send_timeout + _GRACE)
    call = Call(bridge.wsgi_application, bridge.duplicate_header_limit, scope,
                outbox, stream)  # fmt: skip
    # The box of the request travels in the context, and the user's variables.
    job = bridge.pool.submit(contextvars.copy_context().run, call.run, body)
    try:
        await _Response(bridge, outbox, gone, send).run()
    finally:
        job.cancel()
        if stream is not None:
            stream.stop()
        if (file := outbox.stop()) is not None:
            close(file, bridge.pool)


async def _disconnected(receive: Any) -> None:
    """Wait until the client has gone."""
    if (await receive())["type"] == "http.request":  # of a body that was complete
        await asyncio.get_running_loop().create_future()


class _Response:
    """Sends what an outbox holds, until it ends or the client has gone."""

    def __init__(
        self,
        bridge: Bridge,
        outbox: Outbox,
        gone: Callable[[], Awaitable[None]],
        send: Any,
    ) -> None:
        self._bridge = bridge
        self._outbox = outbox
        self._gone = gone
        self._send = send

    async def run(self) -> None:
        """Send the response, in one go if it is there as a whole."""
        outbox = self._outbox
        batch = await outbox.take()
        if outbox.start is None and batch.error is not None:
            raise batch.error
        if batch.last:
            await self._send(outbox.start)
            await self._send({"type": "http.response.body", "body": batch.body})
            return
        # Only now: for most requests, more tasks would cost more than they do.
        gone = asyncio.ensure_future(self._gone())
        patience = _Patience(self._bridge.send_timeout)
        sending = asyncio.ensure_future(self._send_parts(batch, patience))
        tasks = (gone, sending, patience.out_of_time)
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            if sending.done():
                await sending
            elif patience.out_of_time.done():
                raise TimeoutError(
                    f"the client took nothing for {patience.seconds:g} seconds; "
                    "see send_timeout"
                )
        finally:
            patience.end()
            gone.cancel()
            sending.cancel()
            await asyncio.gather(gone, sending, return_exceptions=True)

    async def _send_parts(self, batch: Batch, patience: _Patience) -> None:
        with patience:
            await self._send(self._outbox.start)
        while not batch.last:
            if batch.body:
                with patience:
                    await self._send(_chunk(batch.body, more=True))
                self._outbox.sent(len(batch.body))
            if batch.error is not None:
                raise batch.error
            if batch.file:
                await self._send_file(self._outbox.take_file(), patience)
                return
            batch = await self._outbox.take()
        with patience:
            await self._send(_chunk(batch.body, more=False))

    async def _send_file(self, file: FileWrapper, patience: _Patience) -> None:
        """Send *file*, ending with its last block where its length is known."""
        left = self._outbox.length
        async with contextlib.aclosing(blocks(file, self._bridge.pool)) as found:
            async for block in found:
                part = block if left is None else block[:left]
                left = None if left is None else left - len(part)
                with patience:
                    await self._send(_chunk(part, more=left != 0))
                if left == 0:
                    return
        await self._send(_chunk(b"", more=False))


def _chunk(body: bytes, *, more: bool) -> dict[str, Any]:
    return {"type": "http.response.body", "body": body, "more_body": more}


class _Patience:
    """Says when a client has taken nothing for *seconds*.

    One timer for a whole response: one for each message costs more than sending.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._loop = asyncio.get_running_loop()
        #: Done when time is up.
        self.out_of_time: asyncio.Future[None] = self._loop.create_future()
        self._waiting_since: float | None = None
        self._timer = self._loop.call_later(seconds, self._look)

    def __enter__(self) -> None:
        self._waiting_since = self._loop.time()

    def __exit__(self, *exc: object) -> None:
        self._waiting_since = None

    def end(self) -> None:
        """Look no more."""
        self._timer.cancel()

    def _look(self) -> None:
        since = self._waiting_since
        left = (
            self.seconds if since is None else since + self.seconds - self._loop.time()
        )
        if left > 0:
            self._timer = self._loop.call_later(left, self._look)
        else:
            self.out_of_time.set_result(None)
