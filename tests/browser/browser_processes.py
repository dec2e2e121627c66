"""A process that leaves nothing behind, and waiting for what it says.

Nothing here knows a browser; drivers are in ``drivers``.
"""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

DEADLINE = 60.0  # seconds; far above the need, ends a hang and decides nothing else

T = TypeVar("T")


def wait_for(what: str, look: Callable[[], T | None]) -> T:
    """What *look* returns as soon as that is true; fails when it never is."""
    deadline = time.monotonic() + DEADLINE
    while not (seen := look()):
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {DEADLINE:.0f} s for {what}")
        time.sleep(0.05)
    return seen


@contextlib.contextmanager
def process(*command: str, output: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process with a group of its own; at the end nothing of it is left."""
    with (
        output.open("wb") as sink,
        subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        ) as running,
    ):
        try:
            yield running
        finally:
            # The leader first: browsers tell their children to go.
            running.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                running.wait(10)
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(running.pid, signal.SIGKILL)


def unless_ended(
    running: subprocess.Popen[bytes], output: Path, look: Callable[[], T | None]
) -> Callable[[], T | None]:
    """*look*, which ends the wait at once when the browser has ended."""

    def look_alive() -> T | None:
        if running.poll() is not None:
            said = output.read_text(errors="replace")
            raise AssertionError(f"ended with {running.returncode}: {said}")
        return look()

    return look_alive
