"""A real server, and a client that sends targets as the bytes they are."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple, Self

import uvicorn
from sloppy import RAN, WANTS

#: Seconds after which a socket that waits is a failure.
PATIENCE = 60


class Answer(NamedTuple):
    """What came back for one target.

    Attributes:
        ran: The handler that ran, empty if none did.
        caching: The values of the cache-control lines.
    """

    status: int
    ran: str
    caching: tuple[bytes, ...]


@contextlib.contextmanager
def served(app: Any, http: str, root_path: str = "") -> Iterator[int]:
    """Serve *app* with uvicorn on a free port."""
    with socket.socket(proto=socket.IPPROTO_TCP) as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(64)
        config = uvicorn.Config(
            app,
            http=http,
            loop="asyncio",
            log_level="critical",
            lifespan="off",
            timeout_keep_alive=3600,  # a busy machine must not end a connection
            root_path=root_path,
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, args=([listener],))
        thread.start()
        try:
            while thread.is_alive() and not server.started:
                time.sleep(0.01)
            yield listener.getsockname()[1]
        finally:
            server.should_exit = True
            thread.join(PATIENCE)


class Client:
    """Asks one request after the other, on a new connection where one has ended."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._socket: socket.socket | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self._close()

    def ask(self, target: bytes, mapping: Iterable[str] = ()) -> Answer:
        """Send a GET for *target* to the layers called *mapping*."""
        if self._socket is None:
            address = ("127.0.0.1", self._port)
            self._socket = socket.create_connection(address, PATIENCE)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._file = self._socket.makefile("rb")
        wanted = " ".join(mapping).encode()
        self._socket.sendall(
            b"GET %b HTTP/1.1\r\nHost: example.com\r\n%b: %b\r\n\r\n"
            % (target, WANTS.encode(), wanted)
        )
        return self._read()

    def _read(self) -> Answer:
        status = self._file.readline()
        if not status:  # the server did not like to answer
            self._close()
            return Answer(0, "", ())
        lines = iter(lambda: self._file.readline().rstrip(b"\r\n"), b"")
        fields = [(k.lower(), v) for k, _, v in (x.partition(b": ") for x in lines)]
        values = dict(fields)
        if b"content-length" not in values or values.get(b"connection") == b"close":
            self._file.read()
            self._close()
        else:
            self._file.read(int(values[b"content-length"]))
        return Answer(
            int(status.split()[1]),
            values.get(RAN.encode(), b"").decode(),
            tuple(v for k, v in fields if k == b"cache-control"),
        )

    def _close(self) -> None:
        if self._socket is not None:
            self._file.close()
            self._socket.close()
            self._socket = None
