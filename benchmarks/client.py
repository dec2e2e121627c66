"""The load: `wrk` where it is installed, else a client in Python.

Both keep the same number of connections busy on every port at once, from one thread
per port or one in all, and count the answers.
"""

from __future__ import annotations

import asyncio
import re
import shutil
import subprocess
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmarks.workloads import SMALL_REQUEST

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

CONNECTIONS = 32


@dataclass(frozen=True, slots=True)
class Client:
    """A load generator; `load(ports, path, seconds)` gives the answers per port."""

    name: str
    load: Callable[[Sequence[int], str, int], list[int]]


def choose() -> Client:
    """Return `wrk` where it is present, else the client in Python."""
    if shutil.which("wrk"):
        return Client(f"wrk -t1 -c{CONNECTIONS}", by_wrk)
    return Client(f"Python client, {CONNECTIONS} connections", by_python)


def by_wrk(ports: Sequence[int], path: str, seconds: int) -> list[int]:
    """Return the answers that one `wrk` per port counts, all at the same time."""
    fields = [f"{name.decode()}: {value.decode()}" for name, value in SMALL_REQUEST]
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
    return [_answers(process.communicate()[0]) for process in running]


def _answers(output: str) -> int:
    found = re.search(r"(\d+) requests in", output)
    if found is None or "Non-2xx" in output:
        raise RuntimeError(f"wrk did not get its answers: {output}")
    return int(found[1])


def by_python(ports: Sequence[int], path: str, seconds: int) -> list[int]:
    """Return the answers that this process counts on all ports at the same time."""
    return asyncio.run(_load(ports, path, seconds))


async def _load(ports: Sequence[int], path: str, seconds: int) -> list[int]:
    lines = [b"GET %b HTTP/1.1" % path.encode()]
    lines += [b"%b: %b" % pair for pair in SMALL_REQUEST]
    request = b"\r\n".join([*lines, b"", b""])
    until = time.monotonic() + seconds
    counts = await asyncio.gather(
        *(
            _connection(port, request, until)
            for _ in range(CONNECTIONS)
            for port in ports
        )
    )
    return [sum(counts[at :: len(ports)]) for at in range(len(ports))]


async def _connection(port: int, request: bytes, until: float) -> int:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    count = 0
    while time.monotonic() < until:
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 200"):
            raise RuntimeError(f"unexpected answer: {head!r}")
        length = re.search(rb"content-length: (\d+)", head)
        await reader.readexactly(int(length[1]) if length else 0)
        count += 1
    writer.close()
    await writer.wait_closed()
    return count
