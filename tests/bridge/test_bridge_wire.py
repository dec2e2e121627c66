"""What clients see on the wire when apps fail, and what is left when all is over."""

import gc
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from bridge_servers import SERVERS, Connection, asked, open_files, served
from flask import Flask, Response, request

from asgi_nocache.flask import as_asgi

ROUNDS = 200
NO_STORE = [b"no-store, no-cache, must-revalidate, private, max-age=0"]


class Body:
    """A response that counts, however it ends."""

    def __init__(self, counts: "Counts", chunks: Iterator[bytes]) -> None:
        self.counts = counts
        self.chunks = chunks
        counts.add("made")

    def __iter__(self) -> Iterator[bytes]:
        return self.chunks

    def close(self) -> None:
        self.chunks.close()  # type: ignore[attr-defined]
        self.counts.add("closed")


class Counts:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.changed = threading.Condition(self._lock)
        self.made = self.closed = 0

    def add(self, name: str) -> None:
        with self.changed:
            setattr(self, name, getattr(self, name) + 1)
            self.changed.notify_all()

    def wait(self, expected: int) -> None:
        """Wait until *expected* were closed."""
        with self.changed:
            assert self.changed.wait_for(lambda: self.closed >= expected, 60)


def make_app(counts: Counts) -> Any:
    """Return a WSGI app whose path says how its response goes."""

    def chunks(kind: str) -> Iterator[bytes]:
        if kind == "early":
            raise LookupError("early")
        yield b"one"
        if kind == "late":
            raise LookupError("late")
        while kind == "endless":
            yield bytes(4096)
        yield b"two"

    def app(environ: Any, start_response: Any) -> Any:
        kind = environ["PATH_INFO"].strip("/")
        fields = [("Content-Length", "6")] if kind == "whole" else []
        start_response("200 OK", [("Content-Type", "text/plain"), *fields])
        return Body(counts, chunks(kind))

    return app


@pytest.mark.parametrize("server", SERVERS)
def test_every_response_is_closed_and_nothing_is_left(server: str) -> None:
    """A thousand, of every kind of end; then no thread and no file more."""
    with served(as_asgi(make_flask()), server) as port:
        asked(port)  # what loops open once for all is open now
    gc.collect()
    threads, files = threading.active_count(), open_files()
    counts = Counts()
    with served(as_asgi(make_app(counts), workers=8), server) as port:
        for _ in range(ROUNDS):
            assert asked(port, "GET /whole").body == b"onetwo"
            assert asked(port, "GET /stream").body == b"onetwo"
            assert asked(port, "GET /early").status == 500
            assert not asked(port, "GET /late").complete
            with Connection(port) as connection:
                connection.begin("GET /endless")
                assert connection.file.readline().startswith(b"HTTP/1.1 200")
        counts.wait(counts.made)
    gc.collect()

    assert (counts.made, counts.closed) == (5 * ROUNDS, 5 * ROUNDS)
    assert threading.active_count() <= threads  # fewer, if others left meanwhile
    assert open_files() <= files


@pytest.mark.parametrize("server", SERVERS)
def test_an_early_error_is_a_clean_500(server: str) -> None:
    """With the policy's fields, a whole body, and nothing of the response."""
    with served(as_asgi(make_app(Counts())), server) as port:
        answer = asked(port, "GET /early")

    assert (answer.status, answer.complete) == (500, True)
    assert answer.values(b"cache-control") == NO_STORE
    assert b"one" not in answer.body


@pytest.mark.parametrize("server", SERVERS)
def test_a_late_error_ends_the_connection(server: str) -> None:
    """The chunked body has no end, so nobody takes it for whole."""
    with (
        served(as_asgi(make_app(Counts())), server) as port,
        Connection(port) as connection,
    ):
        answer = connection.ask("GET /late")
        assert (answer.status, answer.complete) == (200, False)
        assert answer.body in (b"", b"one")
        assert connection.ended()


@pytest.mark.parametrize("server", SERVERS)
def test_a_stream_has_an_end(server: str) -> None:
    """The twin: without the error, the same body is whole."""
    with (
        served(as_asgi(make_app(Counts())), server) as port,
        Connection(port) as connection,
    ):
        for _ in range(3):  # and the connection lives on
            answer = connection.ask("GET /stream")
            assert (answer.body, answer.complete) == (b"onetwo", True)


def make_flask() -> Flask:
    app = Flask(__name__)

    @app.route("/fields", methods=["GET", "POST"])
    def fields() -> Response:
        response = Response("done")
        response.headers["X-Drink"] = "café"
        response.set_cookie("b", "1")
        response.set_cookie("a", "2")
        response.headers["X-Seen"] = repr((request.args.get("q"), request.cookies))
        return response

    @app.get("/empty")
    def empty() -> tuple[str, int]:
        return "", 204

    @app.get("/exit")
    def leave() -> str:
        raise SystemExit(3)

    @app.post("/length")
    def length() -> str:
        return str(len(request.get_data()))

    return app


@pytest.fixture(scope="module", params=SERVERS)
def port(request: pytest.FixtureRequest) -> Iterator[int]:
    """A port where a Flask app is served."""
    with served(as_asgi(make_flask(), max_request_body=2_000_000), request.param) as at:
        yield at


def test_latin_1_on_the_wire(port: int) -> None:
    """As bytes, each of a character."""
    assert asked(port, "GET /fields").values(b"x-drink") == ["café".encode("latin-1")]


def test_cookies_on_the_wire(port: int) -> None:
    """Each in a line of its own, in order."""
    cookies = asked(port, "GET /fields").values(b"set-cookie")

    assert [cookie.split(b";")[0] for cookie in cookies] == [b"b=1", b"a=2"]


def test_a_query_in_utf_8(port: int) -> None:
    """Escaped, as browsers send it."""
    seen = asked(port, "GET /fields?q=%C3%A9").values(b"x-seen")[0]

    assert seen.startswith("('é',".encode("latin-1"))


def test_a_head_has_the_length_of_its_get(port: int) -> None:
    """And the next request on the connection is answered."""
    with Connection(port) as connection:
        for _ in range(3):
            answer = connection.ask("HEAD /fields")
            assert (answer.status, answer.values(b"content-length")) == (200, [b"4"])
            assert connection.ask("GET /fields").body == b"done"


def test_a_204_on_the_wire(port: int) -> None:
    """Without a body, and the connection lives on."""
    with Connection(port) as connection:
        for _ in range(3):
            assert connection.ask("GET /empty").status == 204


def test_an_exit_in_a_view(port: int) -> None:
    """It is a 500, and the server serves on."""
    assert asked(port, "GET /exit").status == 500
    assert asked(port, "GET /empty").status == 204


def test_a_large_upload(port: int) -> None:
    """It arrives whole, and the connection lives on."""
    body = bytes(1_000_000)
    with Connection(port) as connection:
        for _ in range(3):
            field = f"Content-Length: {len(body)}"
            answer = connection.ask("POST /length", field, body=body)
            assert answer.body == b"1000000"


def chunked(body: bytes, size: int) -> bytes:
    parts = [body[at : at + size] for at in range(0, len(body), size)]
    return b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in [*parts, b""])


def test_an_upload_in_chunks(port: int) -> None:
    """Flask sees all of it, though nobody says its length."""
    body = chunked(bytes(300_000), 10_000)
    with Connection(port) as connection:
        for _ in range(3):
            field = "Transfer-Encoding: chunked"
            answer = connection.ask("POST /length", field, body=body)
            assert answer.body == b"300000"


def test_an_upload_that_is_too_large(port: int) -> None:
    """Refused before it is sent; the connection ends, since the rest is not read."""
    with Connection(port) as connection:
        connection.begin("POST /length", "Content-Length: 2000001")
        answer = connection.read()
        assert (answer.status, answer.complete) == (413, True)
        assert answer.values(b"cache-control") == NO_STORE
        assert connection.ended()


def test_too_many_equal_fields(port: int) -> None:
    """Refused, as asgiref does it."""
    fields = ["X-Forwarded-For: 192.0.2.1"] * 101

    assert asked(port, "GET /fields", *fields[:100]).status == 200
    assert asked(port, "GET /fields", *fields).status == 400
