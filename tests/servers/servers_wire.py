"""Clients of one request: HTTP/1.1, HTTP/2, WebSocket; every field line is kept.

They speak with sans-IO libraries over a plain socket, since a client with comfort
merges the lines that these tests count. What an answer should be is not said here.
"""

from __future__ import annotations

import socket
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any, NamedTuple, Protocol, Self

import h2.config
import h2.connection
import h2.events
import h2.exceptions
import h11
import wsproto.connection
import wsproto.events
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

#: Seconds; far above the need, it only ends a hang.
PATIENCE = 10.0

Fields = Sequence[tuple[str, str]]


class Answer(NamedTuple):
    """A response; its body may still be coming.

    Attributes:
        fields: The field lines, with lower-case names.
        chunks: The body, as it comes.
    """

    status: int
    fields: list[tuple[str, str]]
    chunks: Iterator[bytes]

    def values(self, name: str) -> list[str]:
        """Return the values of the lines called *name*."""
        return [v for n, v in self.fields if n == name]


class Wire(Protocol):
    """Sends one request on a connection of its own."""

    def __call__(
        self, port: int, method: str, target: str, fields: Fields = ()
    ) -> AbstractContextManager[Answer]: ...


def _connected(port: int) -> socket.socket:
    made = socket.create_connection(("127.0.0.1", port), PATIENCE)
    made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return made


@contextmanager
def http1(port: int, method: str, target: str, fields: Fields = ()) -> Iterator[Answer]:
    """Ask over HTTP/1.1."""
    client = h11.Connection(h11.CLIENT)
    headers = [("Host", "test"), ("Connection", "close"), *fields]
    request = h11.Request(method=method, target=target, headers=headers)
    with _connected(port) as stream:
        stream.sendall(client.send(request) + client.send(h11.EndOfMessage()))

        def event() -> object:
            while (found := client.next_event()) is h11.NEED_DATA:
                client.receive_data(stream.recv(65536))
            return found

        def chunks() -> Iterator[bytes]:
            while isinstance(found := event(), h11.Data):
                yield bytes(found.data)
            assert isinstance(found, h11.EndOfMessage), found

        head = event()
        assert isinstance(head, h11.Response), head
        yield Answer(head.status_code, _text(head.headers), chunks())


@contextmanager
def http2(port: int, method: str, target: str, fields: Fields = ()) -> Iterator[Answer]:
    """Ask over HTTP/2, without TLS and without an upgrade."""
    with _Http2(port) as link:
        link.ask([(":method", method), (":path", target), *fields], end_stream=True)
        (_, status), *lines = _text(link.head().headers or ())
        yield Answer(int(status), lines, link.data())


class _Http2:
    """A connection with one stream."""

    def __init__(self, port: int) -> None:
        self.client = h2.connection.H2Connection(h2.config.H2Configuration())
        self.client.initiate_connection()
        self.socket = _connected(port)
        self.file = self.socket.makefile("rb")
        self.events = self._events()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.file.close()
        self.socket.close()

    def _events(self) -> Iterator[h2.events.Event]:
        while True:
            self.socket.sendall(self.client.data_to_send())
            # Frame by frame, or a bad one hides the good ones before it.
            frame = self.file.read(9)
            frame += self.file.read(int.from_bytes(frame[:3]))
            assert frame, "the connection ended before the response did"
            try:
                yield from self.client.receive_data(frame)
            except h2.exceptions.ProtocolError as why:
                raise AssertionError(f"not HTTP/2: {why}") from why

    def ask(self, headers: Fields, *, end_stream: bool) -> None:
        """Open the stream."""
        common = [(":scheme", "http"), (":authority", "test")]
        pseudo = [each for each in headers if each[0].startswith(":")]
        rest = [(n.lower(), v) for n, v in headers if not n.startswith(":")]
        self.client.send_headers(1, [*pseudo, *common, *rest], end_stream)

    def head(self) -> h2.events.ResponseReceived:
        """Wait for the response."""
        for found in self.events:
            assert not isinstance(found, h2.events.StreamReset), found
            if isinstance(found, h2.events.ResponseReceived):
                return found
        raise AssertionError("unreachable: the events end with an error")

    def data(self) -> Iterator[bytes]:
        """Yield what comes, up to the end of the stream."""
        for found in self.events:
            assert not isinstance(found, h2.events.StreamReset), found
            if isinstance(found, h2.events.DataReceived) and found.data:
                self.client.acknowledge_received_data(
                    found.flow_controlled_length or 0, 1
                )
                yield bytes(found.data)
            if isinstance(found, h2.events.StreamEnded):
                return


def echoed_http1(port: int, text: str) -> str | bytes:
    """Return what ``/ws`` makes of *text*, over HTTP/1.1."""
    address = f"ws://127.0.0.1:{port}/ws"
    try:
        with connect(address, open_timeout=PATIENCE, proxy=None) as client:
            client.send(text)
            return client.recv(PATIENCE)
    except InvalidStatus as refused:
        raise AssertionError(f"status {refused.response.status_code}") from refused


def echoed_http2(port: int, text: str) -> str | bytes:
    """Return what ``/ws`` makes of *text*, over HTTP/2 (RFC 8441)."""
    with _Http2(port) as link:
        for found in link.events:
            if isinstance(found, h2.events.RemoteSettingsChanged):
                break
        allowed = link.client.remote_settings.enable_connect_protocol
        assert allowed, "the server offers no WebSocket over HTTP/2"
        headers = [
            (":method", "CONNECT"), (":protocol", "websocket"), (":path", "/ws"),
            ("sec-websocket-version", "13"),
        ]  # fmt: skip
        link.ask(headers, end_stream=False)
        status = dict(_text(link.head().headers or ()))[":status"]
        assert status == "200", f"status {status}"
        talk = wsproto.connection.Connection(wsproto.connection.ConnectionType.CLIENT)
        link.client.send_data(1, talk.send(wsproto.events.TextMessage(text)))
        for chunk in link.data():
            talk.receive_data(chunk)
            for said in talk.events():
                if isinstance(said, wsproto.events.TextMessage):
                    return said.data
    raise AssertionError("nothing came back")


def _text(lines: Iterable[Any]) -> list[tuple[str, str]]:
    def text(part: str | bytes) -> str:
        return part if isinstance(part, str) else part.decode("latin-1")

    return [(text(n).lower(), text(v)) for n, v in lines]
