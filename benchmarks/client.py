"""The load: `wrk` where it is installed, else a client in Python.

Both keep the same number of connections busy on every port at once, from one thread
per port or one in all, and count the answers. What counts as enough is the caller's.
"""

from __future__ import annotations

import asyncio
import re
import shutil
import subprocess
import time
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING

from benchmarks.workloads import SMALL_REQUEST

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

CONNECTIONS = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The answers of one port, and how many of them were errors."""

    answers: int
    failed: int = 0

    @classmethod
    def of(cls, good: Collection[bool]) -> Outcome:
        """Return the outcome of answers that were good, or not."""
        return cls(answers=len(good), failed=len(good) - sum(good))

    def flawless(self) -> int:
        """Return the answers, all of which are good.

        Raises:
            RuntimeError: Some are not, or there are none; a rate would mean nothing.
        """
        if self.failed or not self.answers:
            raise RuntimeError(f"{self.failed} of {self.answers} answers were errors")
        return self.answers


@dataclass(frozen=True, slots=True)
class Client:
    """A load generator; `load(ports, path, seconds)` gives the outcome per port."""

    name: str
    load: Callable[[Sequence[int], str, int], list[Outcome]]


def choose() -> Client:
    """Return `wrk` where it is present, else the client in Python."""
    if shutil.which("wrk"):
        return Client(f"wrk -t1 -c{CONNECTIONS}", by_wrk)
    return Client(f"Python client, {CONNECTIONS} connections", by_python)


def by_wrk(ports: Sequence[int], path: str, seconds: int) -> list[Outcome]:
    """Return what one `wrk` per port counts, all at the same time."""
    # `wrk` adds a second `Host` to one in other letters, which some servers refuse.
    fields = [f"{k.decode().title()}: {v.decode()}" for k, v in SMALL_REQUEST]
    options = ["-t1", f"-c{CONNECTIONS}", f"-d{seconds}s"]
    options += [option for text in fields for option in ("-H", text)]
    running = [
        subprocess.Popen(
            ["wrk", *options, f"http://127.0.0.1:{port}{path}"],
            stdout=subprocess.PIPE,
            text=True,
        )
        for port in ports
    ]
    return [_outcome(process.communicate()[0]) for process in running]


def _outcome(output: str) -> Outcome:
    found = re.search(r"(\d+) requests in", output)
    if found is None:
        raise RuntimeError(f"wrk did not get its answers: {output}")
    errors = re.search(r"Non-2xx or 3xx responses: (\d+)", output)
    return Outcome(answers=int(found[1]), failed=int(errors[1]) if errors else 0)


def by_python(ports: Sequence[int], path: str, seconds: int) -> list[Outcome]:
    """Return what this process counts on all ports at the same time."""
    return asyncio.run(_load(ports, path, seconds))


async def _load(ports: Sequence[int], path: str, seconds: int) -> list[Outcome]:
    lines = [b"GET %b HTTP/1.1" % path.encode()]
    lines += [b"%b: %b" % pair for pair in SMALL_REQUEST]
    request = b"\r\n".join([*lines, b"", b""])
    until = time.monotonic() + seconds
    good = await asyncio.gather(
        *(
            _connections(port, request, until)
            for _ in range(CONNECTIONS)
            for port in ports
        )
    )
    return [
        Outcome.of([*chain.from_iterable(good[at :: len(ports)])])
        for at in range(len(ports))
    ]


async def _connections(port: int, request: bytes, until: float) -> list[bool]:
    """Return whether each answer was good, on one connection after the other."""
    good: list[bool] = []
    while time.monotonic() < until:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            while time.monotonic() < until and not writer.is_closing():
                writer.write(request)
                good.append(await _answer(reader, writer))
        except (asyncio.IncompleteReadError, ConnectionError):
            good.append(False)
        finally:
            writer.close()
    return good


async def _answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    length = re.search(rb"content-length: (\d+)", head)
    await reader.readexactly(int(length[1]) if length else 0)
    if b"connection: close" in head:
        writer.close()
    return head.startswith(b"http/1.1 200")
