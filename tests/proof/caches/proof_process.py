"""Runs a server as a process of its own: unprivileged, on a free port, for a while.

Finding a program, starting it and leaving nothing of it behind. What the programs
are and how each is configured is in ``proof_programs``.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import random
import re
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

#: Seconds a server has to start; far above the need, it only ends a hang.
PATIENCE = 60.0
#: Seconds it has to stop by itself.
GRACE = 5.0
#: Below the ports that the kernel gives to others, which no other test can get.
PORTS = range(20000, 32000)

#: What of the environment names a folder that is the program's own.
_OURS = ("HOME", "PWD", "TMPDIR")

#: The end of what a program said, in a failure's message.
_LINES = 15
_TAKEN = re.compile(r"in use|error: 98\b", re.IGNORECASE)


class PortTakenError(RuntimeError):
    """Somebody else was quicker."""


def find(name: str) -> str | None:
    """Return where the program called *name* is; also where only root looks."""
    folders = [os.environ.get("PATH", os.defpath), "/usr/local/sbin", "/usr/sbin"]
    return shutil.which(name, path=os.pathsep.join(folders))


def version_of(*command: str) -> str:
    """Return the first version number in what *command* prints."""
    done = subprocess.run(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=PATIENCE,
    )
    found = re.search(r"\d+(\.\d+)+", done.stdout)
    return found[0] if found else ""


def free_port() -> int:
    """Return a port of the loopback interface that nobody listens on."""
    while True:
        port = random.choice(PORTS)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def give_away(folder: Path) -> None:
    """Let the unprivileged user write in *folder*, which is ours."""
    if os.geteuid() == 0:
        nobody = pwd.getpwnam("nobody")
        os.chown(folder, nobody.pw_uid, nobody.pw_gid)


def _unprivileged() -> dict[str, Any]:
    # Servers refuse to run as root, or change to a user of their own that may not
    # read here.
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


class Process:
    """A server in the foreground, with a process group of its own.

    Args:
        command: What runs it.
        folder: Its working directory; what it prints goes to ``output`` there.
        port: Where it is going to listen.
        ready: What it prints when it is ready, beside listening.

    Raises:
        RuntimeError: It ended or did not get ready, with the end of its output.
        PortTakenError: It could not have the port.
    """

    def __init__(
        self, command: Sequence[str], folder: Path, port: int, ready: str = ""
    ) -> None:
        self._output = folder / "output"
        self._port, self._ready = port, ready
        with self._output.open("wb") as sink:
            # Some open it again, by the name /dev/stderr.
            self._output.chmod(0o666)
            self._running = subprocess.Popen(
                command,
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                # PWD too: some read it, and it may be where they must not look.
                env={**os.environ, **dict.fromkeys(_OURS, str(folder))},
                **_unprivileged(),
            )
        try:
            self._wait(command[0])
        except BaseException:
            self.stop()
            raise

    def _wait(self, name: str) -> None:
        deadline = time.monotonic() + PATIENCE
        while not (self._ready in self._said() and self._answers()):
            if self._running.poll() is not None:
                raise self._failure(f"{name} ended with {self._running.returncode}")
            if time.monotonic() > deadline:
                raise self._failure(f"{name} was not ready after {PATIENCE:.0f} s")
            time.sleep(0.02)

    def _said(self) -> str:
        return self._output.read_text(errors="replace")

    def _answers(self) -> bool:
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", self._port), 1).close()
            return True
        return False

    def _failure(self, what: str) -> RuntimeError:
        said = self._said()
        kind = PortTakenError if _TAKEN.search(said) else RuntimeError
        return kind("\n".join([what, *said.splitlines()[-_LINES:]]))

    def stop(self) -> None:
        """End it and all it started."""
        # The leader first: most tell their children to go, and clean up.
        self._running.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._running.wait(GRACE)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._running.pid, signal.SIGKILL)
        self._running.wait()
