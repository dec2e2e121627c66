"""Live URLs: what is asked, what counts as a sign of a cache, what goes wrong."""

import socket
import ssl
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from asgi_nocache import NoCacheMiddleware
from asgi_nocache.audit import live
from asgi_nocache.audit.live import Checked, check
from asgi_nocache.audit.values import Confidence

URL = "http://shop.example/items?page=2"
USERS = (
    ("user 1", (("cookie", "session=1"),)),
    ("user 2", (("cookie", "session=2"),)),
)
Fields = list[tuple[str, str]]


def checked(
    answer: Callable[[httpx.Request], httpx.Response], users: Any = (), url: str = URL
) -> Checked:
    def beside(request: httpx.Request) -> httpx.Response:
        if request.url.path == live.NOWHERE:
            return httpx.Response(404, headers={"cache-control": "no-store"})
        return answer(request)

    return check(url, users, transport=httpx.MockTransport(beside))


def answering(
    fields: Fields, text: str = "hello", status: int = 200
) -> Callable[[httpx.Request], httpx.Response]:
    return lambda request: httpx.Response(status, headers=fields, text=text)


def raising(error: Exception) -> Callable[[httpx.Request], httpx.Response]:
    def answer(request: httpx.Request) -> httpx.Response:
        raise error

    return answer


def codes(found: Checked) -> list[str]:
    return [finding.code for finding in found.findings]


# What is asked


def test_each_user_asks_twice_and_keeps_nothing() -> None:
    seen: list[tuple[str, str]] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append((str(request.url), request.headers.get("cookie", "")))
        return httpx.Response(200, headers={"set-cookie": "tracking=1"})

    checked(answer)
    assert [cookie for _, cookie in seen] == ["", ""]
    seen.clear()
    found = checked(answer, USERS)

    assert [cookie for _, cookie in seen] == ["session=1"] * 2 + ["session=2"] * 2
    assert {url for url, _ in seen} == {URL}
    assert [asked.user for asked in found.asked] == ["user 1"] * 2 + ["user 2"] * 2


def test_without_users_anyone_asks_twice() -> None:
    found = checked(answering([("Cache-Control", "no-store"), ("X", "1"), ("X", "2")]))

    assert [asked.user for asked in found.asked] == ["anyone"] * 2
    asked = found.asked[0]
    assert (asked.status, asked.version, asked.problem) == (200, "HTTP/1.1", "")
    assert asked.fields[:3] == (("cache-control", "no-store"), ("x", "1"), ("x", "2"))
    assert {name: e.letter for name, e in found.effects.items()} == {
        "browser": "N", "shared": "N", "cdn": "S",
    }  # fmt: skip
    assert not found.failed


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_reported_not_followed(status: int) -> None:
    seen = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request.url.path)
        return httpx.Response(status, headers={"location": "/login", "expires": "0"})

    found = checked(answer)

    assert seen == ["/items", "/items"]
    assert [asked.location for asked in found.asked] == ["/login", "/login"]
    assert found.asked[0].status == status


def test_a_location_without_a_redirect_is_none() -> None:
    assert checked(answering([("Location", "/x")])).asked[0].location == ""


# Signs of a cache


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Age", "17"),
        ("X-Cache", "HIT"),
        ("X-Cache", "Hit from cloudfront"),
        ("X-Cache", "RefreshHit from cloudfront"),
        ("X-Cache", "TCP_MEM_HIT from a1-2 (AkamaiGHost)"),
        ("CF-Cache-Status", "HIT"),
        ("CF-Cache-Status", "STALE"),
        ("X-Cache-Status", "REVALIDATED"),
        ("Cache-Status", "ExampleCache; hit; ttl=30"),
        ("X-Varnish", "32770 3"),
    ],
)
def test_a_cache_answered(name: str, value: str) -> None:
    found = checked(answering([(name, value), ("cache-control", "no-store")]))

    assert len(found.evidence) == 2
    assert found.evidence[1].startswith("answer 2: ")
    assert value in found.evidence[0]
    assert codes(found) == ["NC902"]
    assert value in found.findings[0].message
    assert found.findings[0].confidence is Confidence.CERTAIN
    assert found.findings[0].where == URL


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Age", "0"),  # pure pass through a cache looks so
        ("Age", "many"),
        ("Age", "-1"),
        ("X-Cache", "MISS"),
        ("X-Cache", "hit-for-pass"),
        ("X-Cache", "Miss from cloudfront"),
        ("CF-Cache-Status", "DYNAMIC"),
        ("Cache-Status", "ExampleCache; fwd=uri-miss; stored"),
        ("Cache-Status", "ExampleCache; hit=?0"),
        ("X-Varnish", "32770"),
        ("X-Other", "HIT"),
    ],
)
def test_no_cache_answered(name: str, value: str) -> None:
    found = checked(answering([(name, value), ("cache-control", "no-store")]))

    assert found.evidence == ()
    assert codes(found) == []


def test_a_hit_of_what_may_be_stored_is_fine() -> None:
    found = checked(
        answering([("age", "3"), ("cache-control", "public, max-age=60")]), USERS
    )

    assert len(found.evidence) == 4
    assert codes(found) == []


def test_private_from_a_cache_in_front() -> None:
    found = checked(answering([("age", "3"), ("cache-control", "private, max-age=9")]))

    assert codes(found) == ["NC902"]


# Two users


def test_two_users_one_body_from_a_cache() -> None:
    found = checked(answering([("age", "3")]), USERS)

    assert codes(found) == ["NC904"]
    assert found.findings[0].confidence is Confidence.LIKELY
    assert "CWE" in found.findings[0].reference


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ([], 200),  # no sign of a cache: a page that is the same for all
        ([("age", "3"), ("cache-control", "public, max-age=60")], 200),
        ([("age", "3"), ("cache-control", "S-MaxAge=60")], 200),
        ([("age", "3"), ("expires", "0")], 404),
    ],
)
def test_two_users_one_body_and_nothing_wrong(fields: Fields, status: int) -> None:
    assert codes(checked(answering(fields, status=status), USERS)) == []


def test_two_users_two_bodies() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        cookie = request.headers["cookie"]
        return httpx.Response(200, headers={"age": "3"}, text=cookie)

    assert codes(checked(answer, USERS)) == []
    assert codes(checked(answering([("age", "3")]), USERS[:1])) == []


# Answers of the proxy's own


def test_an_error_that_says_nothing() -> None:
    found = checked(answering([("server", "nginx")], status=502))

    assert codes(found) == ["NC903"]
    assert "status 502" in found.findings[0].message
    for said in (("cache-control", "no-store"), ("expires", "0")):
        assert codes(checked(answering([said], status=502))) == []


def test_a_server_that_does_not_answer_is_asked_for_no_error_page() -> None:
    asked: list[str] = []

    def refusing(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path)
        raise httpx.ConnectError("refused")

    assert check(URL, transport=httpx.MockTransport(refusing)).failed
    assert asked == ["/items", "/items"]


def test_the_error_page_of_what_stands_in_front() -> None:
    """It is asked for what is nowhere: the app never sees that, or nobody asked."""

    def proxy(request: httpx.Request) -> httpx.Response:
        nowhere = request.url.path == live.NOWHERE
        return httpx.Response(404) if nowhere else answering([("age", "0")])(request)

    network = httpx.MockTransport(proxy)
    (found,) = check("https://shop.example:8443/items?a=b", transport=network).findings

    assert found.code == "NC903"
    assert found.where == f"https://shop.example:8443{live.NOWHERE}"
    assert "status 404" in found.message


# What goes wrong


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (httpx.ReadTimeout("slow"), "no answer in time (ReadTimeout); raise --timeout"),
        (httpx.ConnectTimeout(""), "no answer in time (ConnectTimeout)"),
        (
            httpx.ConnectError("[SSL: CERTIFICATE_VERIFY_FAILED] self-signed"),
            "TLS failed: [SSL: CERTIFICATE_VERIFY_FAILED] self-signed",
        ),
        (ssl.SSLError("wrong version number"), "TLS failed: "),
        (
            httpx.ConnectError("Connection refused"),
            "no connection: Connection refused; is the server running there?",
        ),
        (httpx.RemoteProtocolError(""), "RemoteProtocolError: RemoteProtocolError"),
    ],
)
def test_problems_are_told(error: Exception, expected: str) -> None:
    found = checked(raising(error))

    assert found.failed
    assert found.asked[0].problem.startswith(expected)
    assert (found.effects, found.notes, found.findings) == ({}, (), ())


@pytest.mark.parametrize(
    "url", ["shop.example/items", "ftp://shop.example/", "http://shop.example:port/"]
)
def test_what_is_no_url(url: str) -> None:
    found = check(url)

    assert found.failed
    assert found.asked[0].problem.startswith("not a URL to ask: ")
    assert "https://host/path" in found.asked[0].problem


def test_one_of_two_may_fail() -> None:
    answers = iter([httpx.ReadTimeout("slow"), httpx.Response(200)])

    def answer(request: httpx.Request) -> httpx.Response:
        each = next(answers)
        if isinstance(each, Exception):
            raise each
        return each

    found = checked(answer)

    assert not found.failed
    assert found.effects["browser"].letter == "H"


class Stream(httpx.SyncByteStream):
    """A body that ends as it is told to."""

    def __init__(self, blocks: Callable[[], Iterator[bytes]]) -> None:
        self.blocks = blocks

    def __iter__(self) -> Iterator[bytes]:
        return self.blocks()


def without_end() -> Iterator[bytes]:
    for _ in range(100_000):
        yield b"x" * 1000
    pytest.fail("it is read on and on")


def pausing() -> Iterator[bytes]:
    yield b"data: x\n\n"
    raise httpx.ReadTimeout("nothing more")


@pytest.mark.parametrize(
    ("blocks", "most", "longest"),
    [
        (without_end, 5000, float("inf")),
        (without_end, float("inf"), 0.01),
        (pausing, float("inf"), float("inf")),
    ],
)
def test_a_body_without_end(
    blocks: Any, most: float, longest: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "_MOST", most)
    monkeypatch.setattr(live, "_LONGEST", longest)
    found = checked(lambda request: httpx.Response(200, stream=Stream(blocks)))

    assert not found.failed
    assert found.asked[0].digest


# httplint


def test_notes_where_it_is_installed() -> None:
    found = checked(answering([("cache-control", "max-age=abc"), ("expires", "0")]))

    assert any("(" in note and ": " in note for note in found.notes), found.notes
    assert any("max-age" in note.lower() for note in found.notes), found.notes


def test_no_notes_where_it_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "find_spec", lambda name: None)
    monkeypatch.setitem(sys.modules, "httplint", None)

    assert checked(answering([("cache-control", "max-age=abc")])).notes == ()


# A real server


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    async def me(request: Request) -> Response:
        return PlainTextResponse(request.headers.get("cookie", "nobody"))

    app = NoCacheMiddleware(Starlette(routes=[Route("/me", me)]))
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        config = uvicorn.Config(app, log_level="critical", lifespan="off", ws="none")
        running = uvicorn.Server(config)
        thread = threading.Thread(target=running.run, args=([listening],), daemon=True)
        thread.start()
        while not running.started:
            thread.join(0.01)
        yield f"127.0.0.1:{listening.getsockname()[1]}"
        running.should_exit = True
        thread.join(10)


def test_a_real_server(server: str) -> None:
    found = check(f"http://{server}/me", USERS)

    assert [asked.status for asked in found.asked] == [200] * 4
    assert len({asked.digest for asked in found.asked}) == 2
    assert {e.letter for e in found.effects.values()} == {"N"}
    assert (found.evidence, found.findings) == ((), ())


def test_no_tls_there(server: str) -> None:
    found = check(f"https://{server}/me", timeout=5)

    assert found.asked[0].problem.startswith("TLS failed: ")


def test_nobody_listens() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        found = check(f"http://127.0.0.1:{unused.getsockname()[1]}/", timeout=5)

    assert found.failed
    assert found.asked[0].problem.startswith("no connection: ")


def test_nobody_answers() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        found = check(f"http://127.0.0.1:{silent.getsockname()[1]}/", timeout=0.2)

    assert found.asked[0].problem == "no answer in time (ReadTimeout); raise --timeout"
