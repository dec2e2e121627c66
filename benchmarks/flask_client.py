"""What is asked of the Flask app, and the clients for what `wrk` cannot do.

Each gives one figure for one server. Who is measured how often, and what follows from
the figures, is decided in `flask_bridge`.
"""

from __future__ import annotations

import http.client
import json
import socket
import statistics
import time
from contextlib import ExitStack, closing, contextmanager
from typing import TYPE_CHECKING

from benchmarks.client import CONNECTIONS, Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PLAIN = "/plain"
SLEEPING = "/sleeping"
STREAM = "/stream"
DOWNLOAD = "/download"
UPLOAD = "/upload"
MEMORY = "/memory"

STATUS = "/proc/self/status"
"""Where the kernel says what a process had in memory; other systems have no such."""

PIECE = 64 * 1024
MB = 1_000_000

PATIENCE = 30
"""Seconds for any one answer: a server that hangs ends the benchmark."""


def connection(port: int) -> http.client.HTTPConnection:
    return http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)


def repeated(measure: Callable[[], float]) -> float:
    """Return the middle of five figures, or of as many as fit into half a second."""
    figures: list[float] = []
    until = time.monotonic() + 0.5
    while not figures or (len(figures) < 5 and time.monotonic() < until):
        figures.append(measure())
    return statistics.median(figures)


@contextmanager
def crowd(port: int) -> Iterator[Callable[[str], list[bool]]]:
    """Yield what sends many requests at once, and says which were answered well.

    The connections are kept in between, as a proxy would keep them.
    """
    with ExitStack() as stack:
        several = [
            stack.enter_context(closing(connection(port))) for _ in range(CONNECTIONS)
        ]

        def ask(path: str) -> list[bool]:
            for each in several:
                each.request("GET", path)
            return [_is_good(each) for each in several]

        yield ask


def sleepers(port: int) -> tuple[float, Outcome]:
    """Return the seconds until all of many requests are answered."""
    good: list[bool] = []
    with crowd(port) as ask:
        ask(SLEEPING)

        def timed() -> float:
            began = time.perf_counter()
            good.extend(ask(SLEEPING))
            return time.perf_counter() - began

        return repeated(timed), Outcome.of(good)


def streams(port: int, seconds: float) -> Outcome:
    """Count streams, many at once, for about so many seconds and to their ends.

    They go in step, so whoever stops in the middle loses nearly all of the last ones.
    """
    good: list[bool] = []
    until = time.monotonic() + seconds
    with crowd(port) as ask:
        while time.monotonic() < until:
            good += ask(STREAM)
    return Outcome.of(good)


def _is_good(asked: http.client.HTTPConnection) -> bool:
    try:
        response = asked.getresponse()
        response.read()
    except (http.client.HTTPException, ConnectionError):
        asked.close()  # the next request opens it again
        return False
    return response.status == 200


def download(port: int, size: int) -> float:
    """Return the seconds that the file takes, which has *size* bytes."""
    request = f"GET {DOWNLOAD} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    buffer = bytearray(1024 * 1024)
    received = 0
    began = time.perf_counter()
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as client:
        client.sendall(request.encode())
        while count := client.recv_into(buffer):
            received += count
    seconds = time.perf_counter() - began
    if received < size:
        raise RuntimeError(f"{received} of {size} bytes were downloaded")
    return seconds


def upload(port: int, size: int) -> None:
    """Send *size* bytes, and see that they arrived."""
    whole, rest = divmod(size, PIECE)
    pieces = [b"x" * PIECE] * whole + [b"x" * rest]
    with closing(connection(port)) as client:
        client.request("POST", UPLOAD, pieces, {"Content-Length": str(size)})
        received = json.load(client.getresponse())["size"]
    if received != size:
        raise RuntimeError(f"{received} of {size} bytes were uploaded")


def peak_memory(port: int) -> float:
    """Return the most megabytes that the server ever had in memory."""
    with closing(connection(port)) as client:
        client.request("GET", MEMORY)
        peak: int = json.load(client.getresponse())["peak"]
    return peak / MB
