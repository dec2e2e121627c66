"""Over the wire: real uvicorn, real sockets, the bytes that arrive.

Every case is asked of the same app with and without the middleware, and what
differs must be our lines and nothing else.
"""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator

import pytest
import uvicorn
from fastapi import FastAPI, Response
from fastapi.responses import StreamingResponse
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.staticfiles import StaticFiles

from asgi_nocache import APP_DECIDES, NoCacheMiddleware, Rule
from asgi_nocache.starlette import install

OURS = [
    b"cache-control: no-store, no-cache, must-revalidate, private, max-age=0",
    b"pragma: no-cache",
    b"expires: Thu, 01 Jan 1970 00:00:01 GMT",
]
RULES = [Rule("/static/**", APP_DECIDES)]


def make_app(directory) -> FastAPI:
    """Build an app with one route for each kind of answer."""
    app = FastAPI()

    @app.get("/item/{number}")
    def item(number: int, response: Response) -> dict[str, int]:
        response.headers["X-Mixed"] = "Ünïcode".encode().decode("latin-1")
        response.set_cookie("a", "b")
        response.set_cookie("c", "d")
        return {"number": number}

    @app.api_route("/both", methods=["GET", "HEAD"])
    def both() -> dict[str, str]:
        return {"both": "x"}

    @app.get("/stream")
    def stream() -> StreamingResponse:
        return StreamingResponse(iter([b"a" * 10, b"b" * 10]))

    @app.get("/boom")
    def boom() -> None:
        raise LookupError

    @app.put("/document")
    def document(request: Request) -> dict[str, str]:
        if request.headers.get("if-match") != '"now"':
            raise HTTPException(412)
        return {"saved": "yes"}

    @app.get("/slash/")
    def slash() -> None: ...

    app.mount("/static", StaticFiles(directory=directory))
    app.mount("/closed", StaticFiles(directory=directory))
    return app


@contextlib.contextmanager
def served(app, http: str) -> Iterator[int]:
    """Serve *app* with uvicorn on a free port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        config = uvicorn.Config(app, http=http, log_level="critical", lifespan="off")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, args=([listener],))
        thread.start()
        try:
            while not server.started:
                time.sleep(0.01)
            yield listener.getsockname()[1]
        finally:
            server.should_exit = True
            thread.join()


def ask(port: int, request: str, *fields: str) -> tuple[bytes, list[bytes], bytes]:
    """Send one request as raw bytes; return status line, field lines and body."""
    lines = [f"{request} HTTP/1.1", "Host: example.com", "Connection: close", *fields]
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall("\r\n".join((*lines, "", "")).encode())
        with connection.makefile("rb") as file:
            head, _, body = file.read().partition(b"\r\n\r\n")
    status, *field_lines = head.split(b"\r\n")
    return status, [x for x in field_lines if not x.startswith(b"date:")], body


@pytest.fixture(scope="module", params=["h11", "httptools"])
def ports(request, tmp_path_factory):
    """The same app three times: bare, with add_middleware, and installed."""
    if request.param == "httptools":
        pytest.importorskip("httptools")
    directory = tmp_path_factory.mktemp("static")
    (directory / "x.css").write_text("a {}")
    added = make_app(directory)
    added.add_middleware(NoCacheMiddleware, rules=RULES)
    installed = install(make_app(directory), rules=RULES)
    with (
        served(make_app(directory), request.param) as bare,
        served(added, request.param) as one,
        served(installed, request.param) as two,
    ):
        yield bare, one, two


CASES = {
    "200": "GET /item/1",
    "404": "GET /nowhere",
    "405": "POST /item/1",
    "422": "GET /item/x",
    "307": "GET /slash",
    "HEAD": "HEAD /both",
    "OPTIONS": "OPTIONS /both",
    "stream": "GET /stream",
    "docs": "GET /docs",
    "static never-store": "GET /closed/x.css",
}


@pytest.mark.parametrize("case", CASES)
def test_the_same_response_and_our_lines(ports, case):
    """Added or installed: our lines are at the end, all else as it was."""
    bare, *protected = (ask(port, CASES[case]) for port in ports)
    assert not any(b"cache-control" in line.lower() for line in bare[1])
    for status, lines, body in protected:
        assert (status, body) == (bare[0], bare[2])
        assert [x for x in lines if x in OURS] == OURS
        assert [x for x in lines if x not in OURS] == bare[1]


def test_static_files_under_app_decides_are_left_alone(ports):
    """Neither a line more nor less, and 304 works."""
    bare, *protected = (ask(port, "GET /static/x.css") for port in ports)
    assert protected == [bare, bare]
    (etag,) = (x[6:].decode() for x in bare[1] if x.startswith(b"etag: "))
    bare, *protected = (
        ask(port, "GET /static/x.css", f"If-None-Match: {etag}") for port in ports
    )
    assert bare[0] == b"HTTP/1.1 304 Not Modified"
    assert protected == [bare, bare]


def test_an_unhandled_500_needs_the_installed_form(ports):
    """``add_middleware`` sits inside the framework's error page."""
    bare, added, installed = (ask(port, "GET /boom") for port in ports)
    assert bare == added
    assert bare[0] == b"HTTP/1.1 500 Internal Server Error"
    assert [x for x in installed[1] if x in OURS] == OURS
    assert [x for x in installed[1] if x not in OURS] == bare[1]
    assert (installed[0], installed[2]) == (bare[0], bare[2])


def test_a_conditional_get_gets_the_whole_body(ports):
    """Promise 4: no stale copy is confirmed."""
    _, *protected = ports
    for port in protected:
        _, lines, body = ask(port, "GET /closed/x.css")
        (etag,) = (x[6:].decode() for x in lines if x.startswith(b"etag: "))
        (date,) = (x[15:].decode() for x in lines if x.startswith(b"last-modified: "))
        for field in (
            f"If-None-Match: {etag}",
            f"If-Modified-Since: {date}",
            f"Range: bytes=0-1\r\nIf-Range: {etag}",
        ):
            status, _, again = ask(port, "GET /closed/x.css", field)
            assert (status, again) == (b"HTTP/1.1 200 OK", body)
        status, _, part = ask(port, "GET /closed/x.css", "Range: bytes=0-1")
        assert (status, part) == (b"HTTP/1.1 206 Partial Content", body[:2])


def test_writes_keep_their_preconditions(ports):
    """Optimistic concurrency is none of our business."""
    for port in ports:
        for sent, status in (('"old"', b"412"), ('"now"', b"200")):
            field = f"If-Match: {sent}\r\nContent-Length: 0"
            assert ask(port, "PUT /document", field)[0].split()[1] == status
