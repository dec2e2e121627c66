"""What tests of uploads share: scopes, and an app that reads."""

from __future__ import annotations

import threading
from typing import Any

from bridge_driver import answering, scope_of

PART = bytes(range(256)) * 256  # 64 KB, what servers give at once


def post(*fields: tuple[bytes, bytes]) -> dict[str, Any]:
    """Return the scope of an upload."""
    return scope_of(method="POST", headers=list(fields))


def length(size: int) -> tuple[bytes, bytes]:
    return b"content-length", str(size).encode()


class Reader:
    """An app that reads its body as it is told, and keeps what came of it."""

    def __init__(self, read: Any) -> None:
        self.read = read
        self.began = threading.Event()
        self.go_on = threading.Event()
        self.result: Any = None
        self.error: Exception | None = None

    def __call__(self, environ: Any, start_response: Any) -> Any:
        self.began.set()
        try:
            self.result = self.read(environ["wsgi.input"])
        except Exception as error:
            self.error = error
            raise
        return answering([b"done"])(environ, start_response)


def read_all(stream: Any) -> Any:
    return stream.read()
