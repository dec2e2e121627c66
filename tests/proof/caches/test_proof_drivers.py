"""Every cache that is installed, as the proof drives it: it starts, reuses, ends.

What the caches make of each policy is measured by ``make proof``.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import sys
import tempfile
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple

import proof_process
import pytest
from proof_cache import Answer, Cache, Send
from proof_clients import CLIENTS
from proof_http import NO_ANSWER
from proof_process import Process, find, free_port
from proof_record import Lines
from proof_servers import SERVERS, Behind, hop, server

sys.path.append(str(Path(__file__).parents[2] / "browser"))
from browser_processes import wait_for

CACHES = {**SERVERS, **CLIENTS}


class Seen(NamedTuple):
    method: str
    target: str
    fields: Lines
    body: bytes

    def value(self, name: str) -> str | None:
        lowered = {key.lower(): value for key, value in self.fields}
        return lowered.get(name)


class Handler(BaseHTTPRequestHandler):
    """Answers ``/no-store/…`` with that as Cache-Control, ``/404/…`` with a status."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Origin

    def answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        lines = tuple(self.headers.items())
        self.server.seen.append(Seen(self.command, self.path, lines, body))
        said = self.path.split("/")[1]
        status = int(said) if said.isdigit() else 200
        self.send_response(status)
        self.send_header("Cache-Control", "no-store" if said.isdigit() else said)
        self.send_header("X-Twice", "a")
        self.send_header("X-Twice", "b")
        content = b"" if status in (204, 304) else f"number {self.number}".encode()
        if content:
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(b"" if self.command == "HEAD" else content)

    @property
    def number(self) -> int:
        return len(self.server.seen)

    do_GET = do_HEAD = do_POST = answer  # noqa: N815 - http.server's names

    def log_message(self, *args: Any) -> None:
        """Say nothing."""


class Origin(ThreadingHTTPServer):
    """What the caches stand in front of."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.seen: list[Seen] = []

    def handle_error(self, *args: Any) -> None:
        """Say nothing of a cache that leaves without a word; a test sees the rest."""


@contextlib.contextmanager
def new_origin() -> Iterator[Origin]:
    with Origin() as origin:
        thread = threading.Thread(target=origin.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield origin
        finally:
            origin.shutdown()
            thread.join()


@contextlib.contextmanager
def new_folder() -> Iterator[Path]:
    # Not pytest's, where the servers' user may not look.
    path = Path(tempfile.mkdtemp(prefix="proof-"))
    path.chmod(0o777)
    try:
        yield path
    finally:
        shutil.rmtree(path)


class Driven(NamedTuple):
    cache: Cache
    origin: Origin

    def ask(self, path: str, method: str = "GET", **more: Any) -> Answer:
        return self.cache.send([Send(path, method, **more)])[0]

    def numbers(self, *paths: str) -> list[str | None]:
        """Return the bodies, each of a request of its own."""
        return [answer.body for answer in self.cache.send([Send(p) for p in paths])]


def need(cache: Cache) -> None:
    """Skip, or fail where it is required, if *cache* is missing."""
    missing = cache.missing()
    if missing and os.environ.get("PROOF_REQUIRE") == "all":
        pytest.fail(f"PROOF_REQUIRE=all, but {missing}")
    if missing:
        pytest.skip(missing)


@contextlib.contextmanager
def driving(cache: Cache) -> Iterator[Driven]:
    need(cache)
    with new_origin() as origin, new_folder() as folder, contextlib.closing(cache):
        cache.start(origin.server_port, folder)
        yield Driven(cache, origin)


@pytest.fixture(scope="module", params=CACHES)
def driven(request: pytest.FixtureRequest) -> Iterator[Driven]:
    with driving(CACHES[request.param]()) as driven:
        yield driven


def test_what_may_be_reused_is(driven: Driven) -> None:
    """It is a cache: a test that no cache takes part in proves nothing."""
    first, second = driven.numbers("/max-age=60/page?q=%2F", "/max-age=60/page?q=%2F")

    assert first == second
    assert first is not None
    assert driven.origin.seen[-1].target == "/max-age=60/page?q=%2F"


def test_what_may_not_is_not(driven: Driven) -> None:
    """Where a cache heeds Cache-Control; the others are here as the limit."""
    first, second = driven.numbers("/no-store/page", "/no-store/page")

    assert (first != second) is driven.cache.honours


def test_what_it_says_of_itself(driven: Driven) -> None:
    """The columns of the matrix need it."""
    assert driven.cache.version()[:1].isdigit()
    assert driven.cache.setup
    assert driven.cache.audience in ("shared", "private")
    assert CACHES[driven.cache.name]


def test_requests_pass_as_they_are(driven: Driven) -> None:
    """Target, host, credentials and what a script may ask for."""
    asked: Lines = (
        ("Authorization", "Bearer A"),
        ("Cookie", "session=A"),
        ("Accept-Language", "de"),
    )
    answer = driven.ask("/no-store/a//b;c?d=e&f=%20g", fields=asked)
    seen = driven.origin.seen[-1]

    assert answer.status == 200
    assert seen.target == "/no-store/a//b;c?d=e&f=%20g"
    assert [seen.value(name.lower()) for name, _ in asked] == [v for _, v in asked]
    port = getattr(driven.cache, "port", driven.origin.server_port)
    assert seen.value("host") == f"127.0.0.1:{port}"


def test_other_methods_pass(driven: Driven) -> None:
    """With their bodies, and each just once."""
    before = len(driven.origin.seen)
    posted = driven.ask("/no-store/save", "POST", body=b"x=1")
    head = driven.ask("/no-store/other", "HEAD")
    seen = driven.origin.seen[before:]

    assert [(s.target, s.body) for s in seen] == [
        ("/no-store/save", b"x=1"),
        ("/no-store/other", b""),
    ]
    assert seen[0].method == "POST"
    assert posted.body == f"number {before + 1}"
    assert (head.status, head.body) == (200, "")


@pytest.mark.parametrize("status", [204, 302, 404, 503])
def test_other_statuses_pass(driven: Driven, status: int) -> None:
    """Redirects are not followed, errors not asked for again."""
    before = len(driven.origin.seen)

    assert driven.ask(f"/{status}/x").status == status
    assert len(driven.origin.seen) == before + 1


def test_lines_stay_apart(driven: Driven) -> None:
    """Or one for all: no cache loses half of what was said."""
    said = [v for n, v in driven.ask("/no-store/x").fields if n.lower() == "x-twice"]

    assert ", ".join(said) == "a, b"


@pytest.mark.parametrize("name", CACHES)
def test_an_origin_that_refuses(name: str) -> None:
    """It fails at once, and the cache goes on."""
    cache = CACHES[name]()
    need(cache)
    with socket.socket() as nobody, new_folder() as folder, contextlib.closing(cache):
        nobody.bind(("127.0.0.1", 0))  # and never listens
        cache.start(nobody.getsockname()[1], folder)
        answers = cache.send([Send(f"/{number}") for number in range(20)])

    assert {answer.status for answer in answers} <= {500, 502, 503, 504, NO_ANSWER}


def test_a_hop_between() -> None:
    """It changes what the cache is told."""
    hides = hop("proxy_hide_header Cache-Control; add_header Cache-Control max-age=60;")
    with driving(Behind(server("squid"), hides)) as driven:
        first, second = driven.numbers("/no-store/x", "/no-store/x")

    assert first == second


def test_more_configuration() -> None:
    """The same server, told something on top."""
    cache = server("nginx", "add_header X-Extra yes;")
    with driving(cache) as driven:
        assert ("X-Extra", "yes") in driven.ask("/no-store/x").fields
    assert cache.setup == "proxy_cache only; add_header X-Extra yes;"


def test_a_server_that_does_not_start() -> None:
    """The error has its own words."""
    cache = server("nginx", "nonsense;")
    need(cache)
    with new_folder() as folder, pytest.raises(RuntimeError, match="nonsense"):
        cache.start(1, folder)


def test_a_port_that_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    """It takes another one, once."""
    cache = server("haproxy")
    need(cache)
    with new_origin() as origin, new_folder() as folder, contextlib.closing(cache):
        ports = iter([origin.server_port, free_port()])
        monkeypatch.setattr("proof_servers.free_port", lambda: next(ports))
        cache.start(origin.server_port, folder)

        assert cache.send([Send("/no-store/x")])[0].status == 200


def test_nothing_is_left_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither of a server that does not want to go, nor of what it started."""
    monkeypatch.setattr(proof_process, "GRACE", 0.1)
    script = 'trap "" TERM; sleep 600 & echo pids $$ $!; wait; wait'
    with new_origin() as origin, new_folder() as folder:
        command = [find("sh") or "", "-c", script]
        Process(command, folder, origin.server_port, "pids").stop()
        pids = (folder / "output").read_text().split()[1:]

    assert len(pids) == 2
    wait_for("an end of them", lambda: not any(alive(pid) for pid in pids))


def alive(pid: str) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"
