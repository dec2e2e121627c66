"""A plain HTTP/1.1 client: what it is told to send, and all that comes back.

It stands before the servers; a cache that is itself a client needs none.
"""

from __future__ import annotations

import http.client
import select
from collections.abc import Iterable

from proof_cache import Answer, Send

#: Seconds after which an answer is missing.
PATIENCE = 10.0
#: The status of an answer that did not come; its body says why.
NO_ANSWER = 599

_WITH_BODY = ("POST", "PUT", "PATCH")


def no_answer(error: Exception) -> Answer:
    """Return what stands for an answer where there was none."""
    return Answer(NO_ANSWER, (), f"{type(error).__name__}: {error}")


def ask_all(port: int, sends: Iterable[Send]) -> list[Answer]:
    """Make *sends* one after the other, on one connection as long as it lasts."""
    # A new one for each batch: some servers end one that waits for a few seconds, and
    # a request that meets the end may not be made again.
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    try:
        return [_ask(connection, send) for send in sends]
    finally:
        connection.close()


def _ask(connection: http.client.HTTPConnection, send: Send) -> Answer:
    if _ended(connection):
        connection.close()  # the next request opens it again
    try:
        _write(connection, send)
        response = connection.getresponse()
        body = response.read().decode("latin-1")
    except (OSError, http.client.HTTPException) as error:
        connection.close()
        return no_answer(error)
    return Answer(response.status, tuple(response.getheaders()), body)


def _ended(connection: http.client.HTTPConnection) -> bool:
    """Tell whether the other side has closed: there is nothing else to read."""
    if connection.sock is None:
        return False
    return bool(select.select([connection.sock], [], [], 0)[0])


def _write(connection: http.client.HTTPConnection, send: Send) -> None:
    named = {name.lower() for name, _ in send.fields}
    connection.putrequest(
        send.method,
        send.path,
        skip_host="host" in named,
        skip_accept_encoding=True,
    )
    for name, value in send.fields:
        connection.putheader(name, value)
    if send.body or send.method in _WITH_BODY:
        connection.putheader("Content-Length", str(len(send.body)))
    connection.endheaders(send.body or None)
