"""The origin behind every edge: answers what the request asks for, and counts.

Nothing here knows an edge or a policy. The field ``x-answer`` says what to answer.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

ASK = "x-answer"
#: Sent with all that says nothing else, so that an edge could answer 304 by itself.
VALIDATORS = (
    ("etag", '"app"'),
    ("last-modified", "Thu, 01 Jan 2015 00:00:00 GMT"),
)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def answer(self) -> None:
        length = int(self.headers.get("content-length") or 0)
        self.rfile.read(length)
        asked = json.loads(self.headers.get(ASK) or "{}")
        count = next(self.server.count)  # type: ignore[attr-defined]
        status = asked.get("status", 200)
        if status == 200 and self.command in ("GET", "HEAD") and self._confirmed():
            status = 304
        body = b"" if status in (204, 304) else b"answer %d\n" % count
        self.send_response_only(status)
        for name, value in (*VALIDATORS, *asked.get("fields", ())):
            self.send_header(name, value)
        self.send_header("x-count", str(count))
        if status not in (204, 304):
            self.send_header("content-length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _confirmed(self) -> bool:
        tags = self.headers.get("if-none-match")
        since = self.headers.get("if-modified-since")
        return tags == '"app"' or (tags is None and since is not None)

    do_GET = do_HEAD = do_POST = do_OPTIONS = do_PUT = do_DELETE = answer  # noqa: N815

    def log_message(self, *args: Any) -> None:
        """Say nothing."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self) -> None:
        self.count = itertools.count(1)
        super().__init__(("127.0.0.1", 0), _Handler)

    def handle_error(self, *args: Any) -> None:
        """An edge that hangs up is none."""


@contextlib.contextmanager
def origin() -> Iterator[int]:
    """Run the origin; yield its port on the loopback interface."""
    with _Server() as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()
