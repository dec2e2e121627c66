"""The Flask app that every contender of `flask_bridge` serves, one view per workload.

It knows nothing of who serves it. Only `flask_server` imports it: Flask need not be
installed where the rest is measured.
"""

from __future__ import annotations

import os
import re
import time
from pathlib import Path
from typing import TYPE_CHECKING

from flask import Flask, Response, jsonify, request, send_file

from benchmarks.flask_client import (
    DOWNLOAD,
    MEMORY,
    PIECE,
    PLAIN,
    SLEEPING,
    STATUS,
    STREAM,
    UPLOAD,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

NAP = 0.05
CHUNKS = 100
BETWEEN_CHUNKS = 0.0003


def build(file: str) -> Flask:
    """Return the app; *file* is what it has to download."""
    app = Flask("benchmarks")

    @app.get(PLAIN)
    def plain() -> Response:
        return jsonify(item=42)

    @app.get(SLEEPING)
    def sleeping() -> Response:
        time.sleep(NAP)
        return jsonify(item=42)

    @app.get(STREAM)
    def stream() -> Response:
        return Response(_chunks(), mimetype="text/plain")

    @app.get(DOWNLOAD)
    def download() -> Response:
        return send_file(file)

    @app.post(UPLOAD)
    def upload() -> Response:
        read = iter(lambda: request.stream.read(PIECE), b"")
        return jsonify(size=sum(map(len, read)))

    @app.get(MEMORY)
    def memory() -> Response:
        return jsonify(peak=_peak())

    return app


def _chunks() -> Iterator[bytes]:
    for _ in range(CHUNKS):
        time.sleep(BETWEEN_CHUNKS)
        yield b"one of many chunks\n"


def _peak() -> int:
    """Return the most bytes that this process ever had in memory."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path(STATUS).read_text())
    if found is None:
        raise RuntimeError(f"{STATUS} of {os.getpid()} has no VmHWM")
    return int(found[1]) * 1024
