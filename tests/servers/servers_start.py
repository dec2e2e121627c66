"""Starts each server as its users do, with an app, on a free port, and ends it.

A server here is a command line and what it speaks. What it answers is judged
elsewhere.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, NamedTuple

from servers_wire import Wire, http1, http2

APPS = Path(__file__).parent / "apps"
#: Seconds that a server may take to start on a busy machine, and to stop.
STARTING, STOPPING = 60.0, 10.0


class Server(NamedTuple):
    """A server.

    Attributes:
        needs: Its distributions; the first says its version.
        command: The arguments after ``python -m``, for an app and a port or, if
            *inherits*, the descriptor of a listening socket.
        inherits: Whether it takes over a listening socket.
    """

    needs: tuple[str, ...]
    command: Callable[[str, int], list[str]]
    inherits: bool = True

    def missing(self) -> list[str]:
        """Return the distributions that are not installed."""
        return [name for name in self.needs if not installed(name)]


class Column(NamedTuple):
    """A column of the table: a server, and what is spoken to it."""

    server: str
    wire: Wire


def _uvicorn(parser: str) -> Server:
    def command(app: str, number: int) -> list[str]:
        return [
            "uvicorn", app, "--fd", str(number), "--http", parser,
            "--log-level", "critical",
        ]  # fmt: skip

    return Server(("uvicorn", parser, "websockets"), command)


def _hypercorn(app: str, number: int) -> list[str]:
    return ["hypercorn", app, "--bind", f"fd://{number}", "--graceful-timeout", "1"]


def _granian(app: str, port: int) -> list[str]:
    return [
        "granian", app, "--interface", "asgi",
        "--host", "127.0.0.1", "--port", str(port),
    ]  # fmt: skip


def _daphne(app: str, number: int) -> list[str]:
    return ["daphne", app, "--fd", str(number), "-v", "0"]


def _gunicorn(app: str, number: int) -> list[str]:
    return [
        "gunicorn", app, "--worker-class", "asgi", "--bind", f"fd://{number}",
        "--graceful-timeout", "1", "--no-control-socket",
    ]  # fmt: skip


SERVERS = {
    "uvicorn-httptools": _uvicorn("httptools"),
    "uvicorn-h11": _uvicorn("h11"),
    "hypercorn": Server(("hypercorn",), _hypercorn),
    "granian": Server(("granian",), _granian, inherits=False),
    "daphne": Server(("daphne",), _daphne),
    "gunicorn": Server(("gunicorn",), _gunicorn),
}

COLUMNS = {
    "uvicorn httptools": Column("uvicorn-httptools", http1),
    "uvicorn h11": Column("uvicorn-h11", http1),
    "hypercorn HTTP/1.1": Column("hypercorn", http1),
    "hypercorn HTTP/2": Column("hypercorn", http2),
    "granian HTTP/1.1": Column("granian", http1),
    "granian HTTP/2": Column("granian", http2),
    "daphne": Column("daphne", http1),
    "gunicorn asgi": Column("gunicorn", http1),
}

#: The app of each row, and its distributions; the first says its version.
FRAMEWORKS = {
    "starlette": ("starlette",),
    "fastapi": ("fastapi",),
    "litestar": ("litestar",),
    "litestar_list": ("litestar",),
    "quart": ("quart",),
    "django": ("django",),
    "falcon": ("falcon",),
    "blacksheep": ("blacksheep",),
    "sanic": ("sanic",),
    "flask": ("flask", "asgiref"),
}


def installed(distribution: str) -> str:
    """Return the version of *distribution*; ``""`` if it is not there."""
    try:
        return version(distribution)
    except PackageNotFoundError:
        return ""


@contextlib.contextmanager
def served(framework: str, name: str) -> Iterator[int]:
    """Run the app of *framework* under the server called *name*; its port."""
    server = SERVERS[name]
    app = f"app_{framework}:app"
    with socket.socket() as listener, tempfile.TemporaryFile() as log:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
        number, handed = port, []
        if server.inherits:
            listener.listen(64)
            number, handed = listener.fileno(), [listener.fileno()]
        else:
            listener.close()  # it binds the port itself
        process = subprocess.Popen(
            [sys.executable, "-m", *server.command(app, number)],
            cwd=APPS,
            pass_fds=handed,
            start_new_session=True,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
        listener.close()
        try:
            _await(process, port, f"{name} with {framework}", log)
            yield port
        finally:
            _end(process)


def _await(process: subprocess.Popen[bytes], port: int, who: str, log: Any) -> None:
    """Wait until a request is answered, with whatever."""
    end = time.monotonic() + STARTING
    while True:
        try:
            with http1(port, "GET", "/plain"):
                return
        except (OSError, AssertionError):  # nobody listens yet
            pass
        if process.poll() is not None or time.monotonic() > end:
            log.seek(0)
            said = log.read()[-2000:].decode(errors="replace")
            raise RuntimeError(f"{who} does not start:\n{said}")
        time.sleep(0.05)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the server and all that it started."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(STOPPING)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
