"""One request to an edge, byte for byte as it is meant, and what came back."""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from edge_origin import ASK

#: Seconds; far above the need, it only ends a hang.
PATIENCE = 30.0

Lines = tuple[tuple[str, str], ...]


class Seen(NamedTuple):
    """What left an edge.

    Attributes:
        status: The status code; 0 where the edge hung up without a word.
        fields: The field lines, with lower-case names.
        body: The body.
    """

    status: int
    fields: Lines = ()
    body: bytes = b""

    def values(self, name: str) -> list[str]:
        """Return the values of the lines called *name*."""
        return [v for n, v in self.fields if n == name]

    @property
    def count(self) -> str:
        """The origin's number of this answer; ``""`` if the edge made it itself."""
        return next(iter(self.values("x-count")), "")


def ask(
    port: int,
    target: str,
    *,
    method: str = "GET",
    fields: Iterable[tuple[str, str]] = (),
    status: int = 200,
    answer: Sequence[tuple[str, str]] = (),
    host: str = "shop.example",
) -> Seen:
    """Ask the edge at *port* for *target*, which the origin is to answer as said."""
    wanted = json.dumps({"status": status, "fields": list(answer)})
    body = "content-length: 0\r\n" if method == "POST" else ""
    lines = "".join(f"{n}: {v}\r\n" for n, v in ((ASK, wanted), *fields))
    raw = f"{method} {target} HTTP/1.1\r\nhost: {host}\r\n{lines}{body}"
    return send(port, raw.encode("latin-1") + b"connection: close\r\n\r\n")


def send(port: int, request: bytes) -> Seen:
    """Send *request* as it is, and read until the edge hangs up."""
    with socket.create_connection(("127.0.0.1", port), PATIENCE) as connection:
        connection.sendall(request)
        answer = b""
        try:
            while part := connection.recv(65536):
                answer += part
        except ConnectionResetError:
            pass  # it did not read all of a broken request
    head, _, body = answer.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    found = re.match(r"HTTP/1\.[01] (\d{3})", first)
    pairs = (line.partition(":") for line in lines)
    fields = tuple((n.strip().lower(), v.strip()) for n, _, v in pairs)
    return Seen(int(found[1]) if found else 0, fields, body)
