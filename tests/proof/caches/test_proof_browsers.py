"""The browsers as caches: they send what they are told, and their cache is on.

What a policy leads to in them is the proof's own matter.
"""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from bridge.bridge_servers import served
from proof_browsers import BROWSERS, PAGE, BrowserCache, drivers
from proof_cache import Answer, Cache, Send
from proof_record import Lines
from proof_stage import need

MANY = 1500

Says = tuple[int, Lines]

#: By the first segment of a path: what the origin answers with.
SAYS: dict[str, Says] = {
    "page": (200, (("cache-control", "no-store"), ("content-type", "text/html"))),
    "brief": (200, (("cache-control", "max-age=600"),)),
    "never": (200, (("cache-control", "no-store"),)),
    "moved": (301, (("location", "/never/elsewhere"),)),
    "cookie": (200, (("set-cookie", "of=server; Path=/; HttpOnly"),)),
    "basic": (401, (("www-authenticate", 'Basic realm="here"'),)),
    "varied": (200, (("cache-control", "max-age=600"), ("vary", "Cookie"))),
}


class Origin:
    """Answers "copy 1", "copy 2", ... by path, or with the body that it was sent."""

    def __init__(self) -> None:
        self.asked: Counter[str] = Counter()
        self.fields: dict[str, dict[str, str]] = {}

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        path = scope["path"]
        status, fields = (
            SAYS[path.split("/")[1]] if path != "/favicon.ico" else (404, ())
        )
        self.asked[path] += 1
        pairs = ((n.decode(), v.decode("latin-1")) for n, v in scope["headers"])
        self.fields[path] = {**dict(pairs), ":method": scope["method"]}
        sent = (await receive()).get("body", b"")
        body = sent or b"copy %d" % self.asked[path]
        lines = [*fields, ("content-length", str(len(body)))]
        headers = [(n.encode(), v.encode()) for n, v in lines]
        start = {"type": "http.response.start", "status": status, "headers": headers}
        await send(start)
        body = b"" if scope["method"] == "HEAD" else body
        await send({"type": "http.response.body", "body": body})


class Stage(NamedTuple):
    """A browser that runs in front of an origin."""

    cache: Cache
    origin: Origin

    def bodies(self, sends: Sequence[Send]) -> list[str | None]:
        return [answer.body for answer in self.cache.send(sends)]


@contextlib.contextmanager
def running(name: str, folder: Path) -> Iterator[tuple[Stage, contextlib.ExitStack]]:
    """A stage, and what ends its origin."""
    need(name)
    cache, origin = BROWSERS[name](), Origin()
    with contextlib.ExitStack() as serving, contextlib.closing(cache):
        port = serving.enter_context(served(origin, "httptools", "off"))
        cache.start(port, folder)
        yield Stage(cache, origin), serving


@pytest.fixture(scope="module", params=BROWSERS)
def stage(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stage]:
    with running(request.param, tmp_path_factory.mktemp(request.param)) as (made, _):
        yield made


browsers = pytest.mark.browser


@browsers
def test_its_cache_is_on(stage: Stage) -> None:
    """Not a DevTools switch, not a headless mode without one: it reuses."""
    sends = [Send("/brief/on?q=1"), Send("/never/on?q=1")]

    assert stage.bodies(sends) == ["copy 1", "copy 1"]
    assert stage.bodies(sends) == ["copy 1", "copy 2"]
    assert (stage.origin.asked["/brief/on"], stage.origin.asked["/never/on"]) == (1, 2)


@browsers
@pytest.mark.parametrize("kind", ["brief", "never"])
def test_a_big_batch(stage: Stage, kind: str) -> None:
    """None is lost, none is repeated, and none races the cache against the network."""
    sends = [Send(f"/{kind}/many/{number}") for number in range(MANY)]

    first, second = stage.bodies(sends), stage.bodies(sends)

    each = 1 if kind == "brief" else 2
    assert first == ["copy 1"] * MANY
    assert second == [f"copy {each}"] * MANY
    assert {stage.origin.asked[send.path] for send in sends} == {each}


@browsers
def test_cookies_are_the_requests_own(stage: Stage) -> None:
    """By batch and by request; what a response set is forgotten."""
    stage.cache.send([Send("/cookie/set")])
    given = {"1": "user=a; t=1", "2": "", "3": "user=b", "4": "user=a; t=1"}

    stage.cache.send(
        [
            Send(f"/never/cookie/{at}", fields=(("Cookie", value),) if value else ())
            for at, value in given.items()
        ]
    )

    seen = {at: stage.origin.fields[f"/never/cookie/{at}"] for at in given}
    assert {at: fields.get("cookie", "") for at, fields in seen.items()} == given


@browsers
def test_cookies_and_vary(stage: Stage) -> None:
    """They reach the cache as a visitor's would: another one is another variant."""
    a, b = (Send("/varied/1", fields=(("cookie", f"user={who}"),)) for who in "ab")

    bodies = [stage.bodies([send])[0] for send in (a, a, b)]

    assert bodies == ["copy 1", "copy 1", "copy 2"]


@browsers
def test_other_fields_methods_and_bodies(stage: Stage) -> None:
    """A preflight is never needed, since the page is of the origin."""
    fields = (("Authorization", "Bearer a"), ("X-Odd", "1"), ("Accept", "text/x"))
    sends = [
        Send("/never/head", "HEAD"),
        Send("/never/post", "POST", (("content-type", "text/x"),), b"h\xc3\xa5 &"),
        Send("/never/delete", "DELETE"),
        Send("/never/fields", fields=fields),
    ]

    assert stage.bodies(sends) == ["", "hå &", "copy 1", "copy 1"]
    seen = [stage.origin.fields[send.path] for send in sends]
    assert [fields[":method"] for fields in seen] == ["HEAD", "POST", "DELETE", "GET"]
    assert seen[1]["content-type"] == "text/x"
    assert {(n, seen[3][n.lower()]) for n, _ in fields} == set(fields)


@browsers
def test_redirects_are_not_followed(stage: Stage) -> None:
    """Nor shown: a script sees that there was one, and nothing of it."""
    assert stage.cache.send([Send("/moved/1")]) == [Answer(0, (), None)]
    assert stage.origin.asked["/never/elsewhere"] == 0


@browsers
def test_a_401_opens_no_dialog(stage: Stage) -> None:
    """Nobody is there to answer it, and Firefox stops the page while it is open."""
    (answer,) = stage.cache.send([Send("/basic/1")])

    assert (answer.status, answer.body) == (401, "copy 1")
    assert ("www-authenticate", 'Basic realm="here"') in answer.fields


@browsers
@pytest.mark.parametrize(
    ("send", "says"),
    [
        (Send("/never/no", fields=(("Host", "other"),)), "the field Host"),
        (Send("/never/no", fields=(("Accept-Encoding", "br"),)), "Accept-Encoding"),
        (Send("/never/no", fields=(("Sec-Purpose", "prefetch"),)), "Sec-Purpose"),
        (Send("/never/no", fields=(("no space", "x"),)), "(?i)name"),
        (Send("/never/no", "TRACE"), "TRACE"),
        (Send("/never/no", body=b"x"), "GET"),
    ],
    ids=lambda value: "" if isinstance(value, Send) else value,
)
def test_what_no_script_may_send(stage: Stage, send: Send, says: str) -> None:
    """It is said, since a browser would drop it in silence; and nothing is sent."""
    with pytest.raises(ValueError, match=says):
        stage.cache.send([Send("/never/no"), send])

    assert stage.origin.asked["/never/no"] == 0


@browsers
@pytest.mark.parametrize("name", BROWSERS)
def test_an_origin_that_is_gone(name: str, tmp_path: Path) -> None:
    """What is stored is still served; for the rest the browser has an error."""
    with running(name, tmp_path) as (stage, serving):
        stage.cache.send([Send("/brief/1"), Send("/never/1")])
        serving.close()

        kept, gone = stage.cache.send([Send("/brief/1"), Send("/never/1")])

    assert (kept.status, kept.body) == (200, "copy 1")
    assert (gone.status, gone.fields) == (599, ())
    assert "TypeError" in (gone.body or "")


@browsers
@pytest.mark.parametrize("name", BROWSERS)
def test_its_version(name: str) -> None:
    need(name)

    assert BROWSERS[name]().version()[0].isdigit()


def test_what_is_missing_is_said() -> None:
    """Before it is started, and by whoever starts it all the same."""
    gone = BrowserCache("odd", ("odd-esr",), lambda: None, drivers.Chromium)

    assert gone.missing() == "odd is not installed"
    for attempt in (gone.version, lambda: gone.start(1, Path())):
        with pytest.raises(RuntimeError, match="odd is not installed"):
            attempt()
    with pytest.raises(RuntimeError, match="odd is not started"):
        gone.send([Send("/")])


@pytest.mark.parametrize("driver", [drivers.Chromium, drivers.Firefox])
def test_a_browser_that_ends_at_once(driver: Any, tmp_path: Path) -> None:
    """It is not waited for, and what it said is told."""
    program = tmp_path / "program"
    program.write_text("#!/bin/sh\necho no display; exit 3\n")
    program.chmod(0o700)
    odd = BrowserCache(
        "odd",
        (),
        lambda: str(program),
        lambda binary, folder: driver(binary, folder=folder),
    )

    with pytest.raises(RuntimeError, match="odd does not start: ended with 3: no disp"):
        odd.start(1, tmp_path)
    assert [p for p in tmp_path.iterdir() if p != program] == []


def test_the_page_is_where_the_origin_has_it() -> None:
    origin = pytest.importorskip("proof_origin")

    assert origin.PAGE == PAGE
