"""A server in a process of its own: both ends of the pipe that controls it.

`Server` is the parent's end and `obey` the child's. A line on the pipe is answered
with the CPU seconds used so far, and its end stops the server, so none outlives the
benchmark. What is served, and what is measured, is decided elsewhere.
"""

from __future__ import annotations

import http.client
import os
import socket
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class ServerError(RuntimeError):
    """A server did not come up."""


class MissingError(ServerError):
    """Something that the server imports is not installed; the only reason to skip."""


class Server:
    """A module run with *words* and the socket it is to serve; *path* answers 200."""

    def __init__(self, module: str, *words: str, path: str) -> None:
        self._path = path
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            listener.listen(1024)
            self.port: int = listener.getsockname()[1]
            file = listener.fileno()
            self._process = subprocess.Popen(
                [sys.executable, "-m", module, *words, str(file)],
                pass_fds=[file],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )

    def __enter__(self) -> Self:
        try:
            self._come_up()
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(self, *exc: object) -> None:
        self._stop()

    def cpu_seconds(self) -> float:
        """Return the CPU time that the server has used."""
        if self._process.stdin is None or self._process.stdout is None:
            raise ServerError("it was started without pipes")
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return float(self._process.stdout.readline())

    def _come_up(self) -> None:
        deadline = time.monotonic() + 30
        while not self._answers():
            if self._process.poll() is not None:
                errors = self._stop()
                reason = errors.strip().rpartition("\n")[2]
                missing = reason.startswith(("ImportError", "ModuleNotFoundError"))
                raise MissingError(reason) if missing else ServerError(errors)
            if time.monotonic() > deadline:
                raise ServerError("it did not answer within 30 seconds")
            time.sleep(0.05)

    def _stop(self) -> str:
        """Stop it if it runs, and return what it wrote to standard error."""
        try:
            # The end of its input stops it.
            _, errors = self._process.communicate(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            _, errors = self._process.communicate()
        return errors

    def _answers(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request("GET", self._path)
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()


def obey(stop: Callable[[], object]) -> None:
    """Heed the parent from now on, in a thread; call *stop* when it says so."""
    threading.Thread(target=_obey, args=[stop], daemon=True).start()


def _obey(stop: Callable[[], object]) -> None:
    # Not through `sys.stdin`: at its end, a process waits for who holds its lock.
    while os.read(0, 1):
        print(time.process_time(), flush=True)
    stop()


@contextmanager
def on_core(place: int) -> Iterator[int | None]:
    """Keep this process and those it starts on one core, and yield its number.

    Where that cannot be said, they stay where they are, and it is `None`.
    """
    if not hasattr(os, "sched_setaffinity"):
        yield None
        return
    allowed = os.sched_getaffinity(0)
    core = sorted(allowed)[place]
    os.sched_setaffinity(0, {core})
    try:
        yield core
    finally:
        os.sched_setaffinity(0, allowed)


def idle_seconds(core: int | None) -> float | None:
    """Return how long *core* has had nothing to do, if the system tells."""
    try:
        lines = Path("/proc/stat").read_text().splitlines()
    except OSError:
        return None
    times = next((x.split()[1:] for x in lines if x.startswith(f"cpu{core} ")), None)
    # user, nice, system, idle, iowait
    return sum(map(int, times[3:5])) / os.sysconf("SC_CLK_TCK") if times else None
