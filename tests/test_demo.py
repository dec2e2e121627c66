"""The demo without a browser: what it answers, where it listens, how it stops.

The Starlette app and the Flask app answer alike, so each is asked the same. That a
browser really goes stale is shown in ``tests/browser``; options and what is said
when something is not installed, in ``tests/test_cli.py``.
"""

import contextlib
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib.resources import files

import click
import httpx
import pytest

from asgi_nocache.demo import items as demo
from asgi_nocache.demo.app import make_demo_app
from asgi_nocache.demo.flask_app import make_flask_demo_app, make_flask_items_app
from asgi_nocache.demo.page import PAGE_FILES
from asgi_nocache.demo.serve import listen, serve, url_of

Client = Callable[..., httpx.AsyncClient]

MAKERS = {"starlette": make_demo_app, "flask": make_flask_demo_app}

CACHE_FIELDS = ("cache-control", "expires", "pragma", "last-modified", "etag")
STALE = {"last-modified": "Mon, 04 Jan 2016 10:00:00 GMT"}
NEVER_STORE = {
    "cache-control": "no-store, no-cache, must-revalidate, private, max-age=0",
    "expires": "Thu, 01 Jan 1970 00:00:01 GMT",
    "pragma": "no-cache",
}


@pytest.fixture(params=MAKERS)
def client(request: pytest.FixtureRequest) -> Client:
    """What makes a client of the demo, for each app it is written in."""

    def make(**options: bool) -> httpx.AsyncClient:
        transport = httpx.ASGITransport(MAKERS[request.param](**options))
        return httpx.AsyncClient(transport=transport, base_url="http://demo")

    return make


def cache_fields(response: httpx.Response) -> dict[str, str]:
    sent = response.headers
    return {name: sent[name] for name in CACHE_FIELDS if name in sent}


def page_text(name: str) -> str:
    return files("asgi_nocache.demo").joinpath(name).read_text()


# The two sides


@pytest.mark.parametrize(
    ("side", "protect", "expected"),
    [
        ("without", True, STALE),
        ("with", True, NEVER_STORE | STALE),
        ("without", False, STALE),
        ("with", False, STALE),
    ],
)
async def test_list_fields(
    client: Client, side: str, protect: bool, expected: dict[str, str]
) -> None:
    """The sides differ by what the middleware sends, and by nothing without it."""
    async with client(protect=protect) as browser:
        response = await browser.get(f"/{side}/items?visit=1")

    assert cache_fields(response) == expected
    assert [item["name"] for item in response.json()["items"]] == [*demo.FIRST_ITEMS]


@pytest.mark.parametrize("side", ["without", "with"])
async def test_a_saved_item_is_listed(client: Client, side: str) -> None:
    """The origin never hides what was saved; only a stored copy can."""
    async with client() as browser:
        saved = await browser.post(
            f"/{side}/items/save?visit=1", content=" Rye \n <b> "
        )
        listed = await browser.get(f"/{side}/items?visit=1")

    assert saved.json() == {"id": 4, "name": "Rye <b>"}
    assert listed.json()["items"][-1] == saved.json()


@pytest.mark.parametrize("side", ["without", "with"])
async def test_the_origin_counts_list_requests(client: Client, side: str) -> None:
    """Each list request counts, no other does, and the count is never stored."""
    async with client() as browser:
        for _ in range(2):
            await browser.get(f"/{side}/items?visit=1")
        await browser.post(f"/{side}/items/save?visit=1", content="Olives")
        await browser.get(f"/{side}/items?visit=2")
        await browser.get(f"/{side}/origin?visit=1")
        counted = await browser.get(f"/{side}/origin?visit=1")

    assert counted.json() == {"list_requests": 2}
    assert "no-store" in counted.headers["cache-control"]


async def test_the_sides_share_nothing(client: Client) -> None:
    """A save on one side is no save on the other."""
    async with client() as browser:
        await browser.post("/without/items/save?visit=1", content="Olives")
        listed = await browser.get("/with/items?visit=1")

    assert len(listed.json()["items"]) == len(demo.FIRST_ITEMS)


@pytest.mark.parametrize("path", ["/", "/without/items", "/with/items"])
@pytest.mark.parametrize(("app", "status"), [("starlette", 405), ("flask", 200)])
async def test_the_framework_answers(app: str, status: int, path: str) -> None:
    """Flask answers OPTIONS by itself and Starlette does not: none stands in."""
    transport = httpx.ASGITransport(MAKERS[app]())
    async with httpx.AsyncClient(transport=transport) as browser:
        response = await browser.options(f"http://demo{path}")

    assert response.status_code == status


# Bounds


@pytest.mark.parametrize(
    ("content", "status"),
    [
        ("", 422),
        (" \t\n", 422),
        ("x" * demo.MAX_NAME, 200),
        ("x" * (demo.MAX_NAME + 1), 422),
        ("\N{CHEESE WEDGE}" * demo.MAX_NAME, 200),
        (b"\xff", 200),
        ("x" * demo.MAX_BODY, 422),
        ("x" * (demo.MAX_BODY + 1), 413),
    ],
)
async def test_a_name_is_bounded(
    client: Client, content: str | bytes, status: int
) -> None:
    """Refusals are one sentence, which the page shows as it stands."""
    async with client() as browser:
        response = await browser.post("/with/items/save?visit=1", content=content)

    assert response.status_code == status
    assert status == 200 or is_one_sentence(response)


def is_one_sentence(response: httpx.Response) -> bool:
    plain = response.headers["content-type"] == "text/plain; charset=utf-8"
    return plain and bool(re.fullmatch(r"[A-Z][^.\n]+\.", response.text))


@pytest.mark.parametrize(
    ("parts", "status"),
    [
        (["Rye", " ", "bread"], 200),
        (["x"] * demo.MAX_BODY, 422),
        (["x"] * (demo.MAX_BODY + 1), 413),
    ],
)
async def test_a_body_without_a_length_is_bounded(
    client: Client, parts: list[str], status: int
) -> None:
    """It is read to its end, and refused rather than cut off."""

    async def content() -> AsyncIterator[bytes]:
        for part in parts:
            yield part.encode()

    async with client() as browser:
        response = await browser.post("/with/items/save?visit=1", content=content())

    assert response.status_code == status
    assert status != 200 or response.json()["name"] == "".join(parts)


async def test_the_list_is_bounded(client: Client) -> None:
    """The item after the last is refused and changes nothing."""
    async with client() as browser:
        statuses = [
            (await browser.post("/with/items/save?visit=1", content="x")).status_code
            for _ in range(demo.MAX_ITEMS - len(demo.FIRST_ITEMS) + 1)
        ]
        listed = await browser.get("/with/items?visit=1")

    assert set(statuses[:-1]) == {200}
    assert statuses[-1] == 409
    assert len(listed.json()["items"]) == demo.MAX_ITEMS


class Meeting(int):
    """A bound whose check waits, for a moment, for another thread to check too."""

    both = threading.Barrier(2)

    def __le__(self, other: int) -> bool:
        with contextlib.suppress(threading.BrokenBarrierError):
            self.both.wait(0.5)
        return int(self) <= other


def test_two_threads_share_the_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of two saves at once only one takes the last place."""
    monkeypatch.setattr(demo, "MAX_ITEMS", Meeting(len(demo.FIRST_ITEMS) + 1))
    app = make_flask_items_app()

    def save(name: str) -> int:
        url = "/items/save?visit=1"
        return app.test_client().post(url, data=name.encode()).status_code

    with ThreadPoolExecutor(2) as workers:
        statuses = sorted(workers.map(save, ["Olives", "Dates"]))

    assert statuses == [200, 409]


@pytest.mark.parametrize("key", ["", "x" * (demo.MAX_VISIT_KEY + 1)])
async def test_a_visit_needs_a_short_name(client: Client, key: str) -> None:
    """Without one there is no list to answer with."""
    async with client() as browser:
        response = await browser.get("/without/items", params={"visit": key})

    assert response.status_code == 400
    assert "?visit=, 1 to 40 characters." in response.text


async def test_the_oldest_visit_is_forgotten(client: Client) -> None:
    """The visit not seen for longest goes, one that is still used stays."""
    async with client() as browser:
        for visit in ("used", "old"):
            await browser.get(f"/without/items?visit={visit}")
        for number in range(demo.MAX_VISITS - 1):
            await browser.get("/without/origin?visit=used")
            await browser.get(f"/without/items?visit={number}")
        used = await browser.get("/without/origin?visit=used")
        old = await browser.get("/without/origin?visit=old")

    assert used.json() == {"list_requests": 1}
    assert old.json() == {"list_requests": 0}


# The page


@pytest.mark.parametrize(("path", "name", "media_type"), PAGE_FILES)
async def test_page_files(
    client: Client, path: str, name: str, media_type: str
) -> None:
    """The frame is never stored, so that it cannot be stale itself."""
    async with client() as browser:
        response = await browser.get(path)

    assert response.text == page_text(name)
    assert response.headers["content-type"] == f"{media_type}; charset=utf-8"
    assert cache_fields(response) == {"cache-control": "no-store"}
    assert "default-src 'none'" in response.headers["content-security-policy"]


def test_the_page_loads_nothing_from_elsewhere() -> None:
    """It works without a network: the only absolute URL is a link to read."""
    page = page_text("page.html")
    loaded = re.findall(r'<(?:link|script|img)[^>]*(?:href|src)="([^"]*)"', page)
    in_css = re.findall(r"url\(([^)]*)", page_text("page.css"))

    assert [url for url in loaded if not url.startswith("data:")] == [
        "page.css",
        "page.js",
    ]
    assert all(url.startswith('"data:') for url in in_css)
    assert "http" not in page_text("page.js")


def test_what_is_typed_never_becomes_markup() -> None:
    """The script has no way to turn text into elements."""
    script = page_text("page.js")

    assert not re.search(r"innerHTML|outerHTML|insertAdjacent|document\.write", script)


def test_script_and_page_agree() -> None:
    """Every part that the script asks for is there, and bounded alike."""
    page = page_text("page.html")
    asked_for = set(re.findall(r'part\("([^"]+)"\)', page_text("page.js")))

    assert asked_for
    assert asked_for <= set(re.findall(r'data-role="([^"]+)"', page))
    assert f'maxlength="{demo.MAX_NAME}"' in page


# Listening and serving


@pytest.fixture
def taken() -> Iterator[socket.socket]:
    """A port that is in use."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments], capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize(
    "start",
    [
        ("-m", "asgi_nocache.demo"),
        ("-c", "from asgi_nocache.cli import main; main()", "demo"),
    ],
)
def test_a_port_in_use_is_told_in_one_line(
    taken: socket.socket, start: tuple[str, ...]
) -> None:
    """Host, port and remedy on stderr, status 1, no traceback."""
    port = str(taken.getsockname()[1])

    ended = run(*start, "--port", port)

    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr == (
        f"Error: cannot listen on 127.0.0.1 port {port}: Address already in use; "
        "choose another --port (--port 0 takes a free one) or another --host\n"
    )


@pytest.mark.parametrize(
    "host",
    [
        "203.0.113.1",  # an address for documentation, nobody's
        "a" * 64 + ".test",  # longer than a label may be
    ],
)
def test_a_host_that_is_not_ours(host: str) -> None:
    """Names nobody can listen on are told the same way."""
    with pytest.raises(click.ClickException, match=f"{host} port 0: .+; choose"):
        listen(host, 0)


def test_a_taken_port_is_refused_before_uvicorn_starts(taken: socket.socket) -> None:
    """The refused socket is closed: pytest turns a leak into an error."""
    with pytest.raises(click.ClickException, match="--port 0 takes a free one"):
        serve(make_demo_app(), "127.0.0.1", taken.getsockname()[1])


@pytest.mark.parametrize(
    ("host", "shown"),
    [("127.0.0.1", "127.0.0.1"), ("0.0.0.0", "127.0.0.1"), ("::1", "[::1]")],
)
def test_the_url_can_be_opened(host: str, shown: str) -> None:
    """Every address becomes one, and IPv6 is bracketed."""
    if host == "::1" and not has_ipv6():
        pytest.skip("this machine has no IPv6 loopback")
    with listen(host, 0) as sock:
        assert url_of(sock) == f"http://{shown}:{sock.getsockname()[1]}/"


def has_ipv6() -> bool:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        return False
    return True


@pytest.mark.parametrize("app", MAKERS)
def test_ctrl_c_stops_in_good_order(app: str) -> None:
    """The real thing: start, answer, interrupt; status 0 and nothing on stderr."""
    with subprocess.Popen(
        [sys.executable, "-m", "asgi_nocache.demo", "--app", app, "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as server:
        assert server.stdout is not None
        try:
            said = server.stdout.readline()
            page = httpx.get(said.split()[-1], trust_env=False)
        finally:
            server.send_signal(signal.SIGINT)
        _, errors = server.communicate(timeout=60)

    assert page.text == page_text("page.html")
    assert (server.returncode, errors) == (0, "")
