"""Clients that read nothing, on a real server with real sockets.

Whether a pool was really full is told by its workers, not by a clock.
"""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from bridge_servers import SERVERS, asked, served, stalled
from flask import Flask, Response, send_file

from asgi_nocache.flask import as_asgi

WORKERS = 32
SIZE = 64 * 1024 * 1024
PATIENCE = 60


class Tally:
    """Counts, and tells when a number is reached."""

    def __init__(self, expected: int) -> None:
        self.expected = expected
        self.count = 0
        self.reached = threading.Event()
        self._lock = threading.Lock()

    def add(self) -> None:
        with self._lock:
            self.count += 1
            if self.count == self.expected:
                self.reached.set()

    def wait(self) -> None:
        assert self.reached.wait(PATIENCE), f"{self.count} of {self.expected}"


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file that takes no room, but more than all buffers hold."""
    path = tmp_path_factory.mktemp("files") / "large.bin"
    with path.open("wb") as file:
        file.truncate(SIZE)
    return path


class App:
    """A Flask app: a large file, a stream without an end, and a small answer."""

    def __init__(self, large: Path) -> None:
        self.began, self.closed = Tally(WORKERS), Tally(WORKERS)
        self.ended_before_plain = -1
        self.flask = Flask(__name__)
        self.flask.add_url_rule("/file", view_func=lambda: self.file(large))
        self.flask.add_url_rule("/endless", view_func=self.endless)
        self.flask.add_url_rule("/plain", view_func=self.plain)

    def file(self, path: Path) -> Response:
        self.began.add()
        return send_file(path)

    def endless(self) -> Response:
        def chunks() -> Iterator[bytes]:
            self.began.add()
            try:
                while True:
                    yield bytes(64 * 1024)
            finally:
                self.closed.add()

        return Response(chunks())

    def plain(self) -> str:
        self.ended_before_plain = self.closed.count
        return "plain"


@pytest.mark.parametrize("server", SERVERS)
def test_stalled_downloads_hold_no_worker(server: str, large: Path) -> None:
    """As many as there are workers, and one more request is answered."""
    app = App(large)
    bridge = as_asgi(app.flask, workers=WORKERS)
    with served(bridge, server) as port:
        clients = [stalled(port, "GET /file") for _ in range(WORKERS)]
        app.began.wait()
        answer = asked(port, "GET /plain")
        for client in clients:
            client.close()

    assert (answer.status, answer.body) == (200, b"plain")


@pytest.mark.parametrize("server", SERVERS)
def test_stalled_streams_hold_their_workers_for_a_time(
    server: str, large: Path
) -> None:
    """All are taken; one more request is answered when ``send_timeout`` frees one."""
    app = App(large)
    bridge = as_asgi(app.flask, workers=WORKERS, send_timeout=1)
    with served(bridge, server) as port:
        clients = [stalled(port, "GET /endless") for _ in range(WORKERS)]
        app.began.wait()  # each in a worker of its own
        answer = asked(port, "GET /plain")
        app.closed.wait()
        for client in clients:
            client.close()

    assert (answer.status, answer.body) == (200, b"plain")
    assert app.ended_before_plain > 0


@pytest.mark.parametrize("server", SERVERS)
def test_clients_that_leave_free_the_workers(server: str, large: Path) -> None:
    """At once, long before the timeout."""
    app = App(large)
    bridge = as_asgi(app.flask, workers=WORKERS, send_timeout=10 * PATIENCE)
    with served(bridge, server) as port:
        clients = [stalled(port, "GET /endless") for _ in range(WORKERS)]
        app.began.wait()
        for client in clients:
            client.close()
        app.closed.wait()
        answer = asked(port, "GET /plain")

    assert (answer.status, answer.body) == (200, b"plain")


@pytest.mark.parametrize("server", SERVERS)
def test_a_large_file_is_whole(server: str, large: Path) -> None:
    """To a client that does read."""
    with served(as_asgi(App(large).flask), server) as port:
        answer: Any = asked(port, "GET /file")

    assert (answer.status, answer.complete) == (200, True)
    assert len(answer.body) == SIZE
