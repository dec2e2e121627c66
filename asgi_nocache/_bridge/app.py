"""Bridge: a WSGI app as an ASGI app. Its options, its workers, its life span.

Built on asgiref's ``WsgiToAsgi``. No policy here: the middleware stands around it.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from asgiref.wsgi import WsgiToAsgi

from .._core.errors import ConfigurationError
from .exchange import serve
from .outbox import Waker

WSGIApp = Callable[..., Iterable[bytes]]

#: As many as Starlette and FastAPI give sync endpoints (AnyIO's default), so
#: that a view has the same room on either side of a move.
WORKERS = 40


class Bridge(WsgiToAsgi):
    """Serve a WSGI app under ASGI, for asyncio servers.

    Where :class:`asgiref.wsgi.WsgiToAsgi` uses one thread for everything and lets
    keep-alive requests fail, this has workers of its own.

    Args:
        wsgi_application: The app: Flask, or any other.
        workers: Threads, so requests that run at the same time; more wait.
        send_timeout: Seconds that a client may take for a block (256 KB); then a
            stream or a file ends and its worker is free.
        receive_timeout: Seconds that a view waits for a part of a large upload.
        max_request_body: Bytes; a larger body is answered with 413. ``None``: any.
        duplicate_header_limit: asgiref's: request fields of one name that are too
            many, answered with 400. 0: any number.

    Raises:
        ConfigurationError: With everything that is wrong.
    """

    def __init__(
        self,
        wsgi_application: WSGIApp,
        *,
        workers: int = WORKERS,
        send_timeout: float = 60.0,
        receive_timeout: float = 60.0,
        max_request_body: int | None = None,
        duplicate_header_limit: int = 100,
    ) -> None:
        problems = [
            *_app_problems(wsgi_application),
            *_count_problems("workers", workers, least=1),
            *_seconds_problems("send_timeout", send_timeout),
            *_seconds_problems("receive_timeout", receive_timeout),
            *_count_problems("duplicate_header_limit", duplicate_header_limit),
        ]
        if max_request_body is not None:
            problems += _count_problems("max_request_body", max_request_body)
        if problems:
            raise ConfigurationError("Bridge", problems)
        super().__init__(wsgi_application, duplicate_header_limit)  # type: ignore[no-untyped-call]
        self.workers = workers
        self.send_timeout = send_timeout
        self.receive_timeout = receive_timeout
        self.max_request_body = max_request_body
        self._pool: ThreadPoolExecutor | None = None
        self._waker: Waker | None = None

    @property
    def pool(self) -> ThreadPoolExecutor:
        """The workers, hired when they are needed first."""
        if self._pool is None:
            self._pool = ThreadPoolExecutor(self.workers, "asgi-nocache")
        return self._pool

    def waker(self, loop: asyncio.AbstractEventLoop) -> Waker:
        """Return what wakes *loop*, of which there is one at a time."""
        if self._waker is None or self._waker.loop is not loop:
            self._waker = Waker(loop)
        return self._waker

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve one scope of any type."""
        if scope["type"] == "http":
            await serve(self, scope, receive, send)
        elif scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1000})  # becomes a 403
        elif scope["type"] == "lifespan":
            await self._live(receive, send)

    async def _live(self, receive: Any, send: Any) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.shutdown":
                pool, self._pool = self._pool, None
                if pool is not None:
                    await asyncio.to_thread(pool.shutdown)
                await send({"type": "lifespan.shutdown.complete"})
                return
            await send({"type": "lifespan.startup.complete"})


def _app_problems(app: Any) -> list[str]:
    if not callable(app):
        return [f"{app!r} is no WSGI app; give the Flask app itself"]
    call = app if inspect.isroutine(app) else type(app).__call__
    if inspect.iscoroutinefunction(call):
        return [f"{app!r} is an ASGI app already; write NoCacheMiddleware(app)"]
    return []


def _count_problems(name: str, value: Any, least: int = 0) -> list[str]:
    if type(value) is int and value >= least:
        return []
    return [f"{name}={value!r} is no whole number; give {least} or more"]


def _seconds_problems(name: str, value: Any) -> list[str]:
    if type(value) in (int, float) and value > 0:
        return []
    return [f"{name}={value!r} is no time; give seconds, more than 0"]
