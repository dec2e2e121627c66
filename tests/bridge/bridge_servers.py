"""Real servers around an app, and a client that is nothing but a socket."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any, NamedTuple, Self

import uvicorn
from hypercorn.asyncio import serve
from hypercorn.config import Config

#: Seconds after which a socket that waits is a failure.
PATIENCE = 60

SERVERS = ("httptools", "h11", "hypercorn")


@contextlib.contextmanager
def served(app: Any, server: str, lifespan: str = "on") -> Iterator[int]:
    """Serve *app* on a free port with uvicorn and this parser, or with hypercorn."""
    # With its protocol, or asyncio leaves Nagle's algorithm on: 40 ms per response.
    with socket.socket(proto=socket.IPPROTO_TCP) as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(256)
        port = listener.getsockname()[1]
        with _run(app, server, lifespan, listener):
            yield port


@contextlib.contextmanager
def _run(app: Any, server: str, lifespan: str, listener: Any) -> Iterator[None]:
    if server == "hypercorn":
        stop = threading.Event()
        work, args = _run_hypercorn, (app, listener.detach(), stop)
        leave = stop.set
    else:
        # uvloop, if it is there, and asyncio's loop: both must be able to.
        loop = "auto" if server == "httptools" else "asyncio"
        config = uvicorn.Config(
            app, http=server, loop=loop, log_level="critical", lifespan=lifespan
        )
        uvicorn_server = uvicorn.Server(config)
        work, args = uvicorn_server.run, ([listener],)

        def leave() -> None:
            uvicorn_server.should_exit = True

    thread = threading.Thread(target=work, args=args)
    thread.start()
    try:
        if server != "hypercorn":
            while thread.is_alive() and not uvicorn_server.started:
                time.sleep(0.01)
        yield
    finally:
        leave()
        thread.join(PATIENCE)
        assert not thread.is_alive(), "the server does not stop"


def _run_hypercorn(app: Any, number: int, stop: threading.Event) -> None:
    config = Config()
    config.bind = [f"fd://{number}"]
    config.keep_alive_max_requests = 10**6
    config.loglevel = "CRITICAL"
    config.graceful_timeout = 1

    async def stopped() -> None:
        while not stop.is_set():  # noqa: ASYNC110 - it is a thread's
            await asyncio.sleep(0.01)

    asyncio.run(serve(app, config, shutdown_trigger=stopped))


class Answer(NamedTuple):
    """A response, as far as it came.

    Attributes:
        complete: Whether its end was seen.
    """

    status: int
    fields: list[bytes]
    body: bytes
    complete: bool = True

    def values(self, name: bytes) -> list[bytes]:
        """Return the values of the field lines called *name*."""
        pairs = [line.split(b": ", 1) for line in self.fields]
        return [value for key, value in pairs if key.lower() == name]


class Connection:
    """One connection of a client; requests one after the other."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), PATIENCE)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.file = self.socket.makefile("rb")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        """Go, whatever is on its way."""
        self.file.close()
        self.socket.close()

    def begin(self, request: str = "GET /", *fields: str, body: bytes = b"") -> None:
        """Send a request, and read nothing yet."""
        lines = [f"{request} HTTP/1.1", "Host: test", *fields, "", ""]
        self.socket.sendall("\r\n".join(lines).encode("latin-1") + body)

    def ask(self, request: str = "GET /", *fields: str, body: bytes = b"") -> Answer:
        """Send a request and read its response."""
        self.begin(request, *fields, body=body)
        return self.read(head=request.startswith("HEAD"))

    def read(self, *, head: bool = False) -> Answer:
        """Read a response, to its end or to the connection's."""
        line = self.file.readline()
        if not line:
            raise ConnectionResetError("the connection ended before a response")
        status = int(line.split()[1])
        fields = list(iter(lambda: self.file.readline().rstrip(b"\r\n"), b""))
        answer = Answer(status, fields, b"")
        lengths = answer.values(b"content-length")
        if head or status in (204, 304):
            return answer
        if lengths:
            body = self.file.read(int(lengths[0]))
            return answer._replace(body=body, complete=len(body) == int(lengths[0]))
        body, complete = b"", False
        while size := int(self.file.readline().strip() or b"-1", 16):
            if size < 0:  # the connection has ended
                break
            body += self.file.read(size)
            self.file.readline()
        else:
            complete = self.file.readline() == b"\r\n"
        return answer._replace(body=body, complete=complete)

    def ended(self) -> bool:
        """Wait for the server to close, and tell whether nothing came before."""
        with contextlib.suppress(ConnectionResetError):
            return self.file.read() == b""
        return True


def asked(port: int, request: str = "GET /", *fields: str, body: bytes = b"") -> Answer:
    """Send one request on a connection of its own."""
    with Connection(port) as connection:
        return connection.ask(request, *fields, body=body)


def stalled(port: int, request: str) -> Connection:
    """Return a connection that asked and never reads."""
    connection = Connection(port)
    connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.begin(request)
    return connection


def open_files() -> int:
    """Return how many file descriptors this process holds; 0 if nobody knows."""
    try:
        return len(os.listdir("/proc/self/fd"))
    except OSError:
        return 0
