"""Request bodies: whole or in parts, as slow and as large as they are."""

from typing import Any

import pytest
from bridge_driver import Exchange, answering, ask, body_of, see, wait_for
from bridge_uploads import PART, Reader, post, read_all
from flask import Flask, request

from asgi_nocache.flask import as_asgi

READS = {
    "at once": read_all,
    "in pieces": lambda stream: b"".join(iter(lambda: stream.read(10_000), b"")),
    "in odd pieces": lambda stream: b"".join(iter(lambda: stream.read(65_537), b"")),
    "as lines": b"".join,
    "read1": lambda stream: b"".join(iter(lambda: stream.read1(9), b"")),
}
BODIES = {
    "none": [b""],
    "one message": [b"abc"],
    "an empty last message": [b"abc", b""],
    "many small messages": [bytes([n % 256]) for n in range(1000)],
    "just as much as is awaited": [PART],
    "a part more than that": [PART, b"x"],
    "a megabyte": [PART] * 16,
    "a megabyte, with empty messages": [PART, b"", b""] * 16,
}


@pytest.mark.parametrize("how", READS)
@pytest.mark.parametrize("case", BODIES)
async def test_a_body_arrives_whole(bridged: Any, case: str, how: str) -> None:
    """However it is sent, and however it is read."""
    reader = Reader(READS[how])
    await ask(bridged(reader), post(), *BODIES[case])

    assert reader.result == b"".join(BODIES[case])


@pytest.mark.parametrize("case", BODIES)
async def test_a_body_without_a_length_reaches_flask(case: str) -> None:
    """As HTTP/1.1 sends it in chunks, whose length nobody knows before."""
    app = Flask(__name__)
    seen: list[bytes] = []

    @app.post("/")
    def upload() -> str:
        seen.append(request.get_data())
        return "done"

    exchange = await ask(as_asgi(app), post(), *BODIES[case])

    assert (exchange.status, seen) == (200, [b"".join(BODIES[case])])


async def test_a_form_without_a_length_reaches_flask() -> None:
    """Parsed as any other."""
    app = Flask(__name__)

    @app.post("/")
    def upload() -> dict[str, str]:
        return request.form.to_dict()

    scope = post((b"content-type", b"application/x-www-form-urlencoded"))

    assert (await ask(as_asgi(app), scope, b"a=1", b"&b=2")).body == (
        b'{"a":"1","b":"2"}\n'
    )


async def test_a_small_body_is_awaited_without_a_worker(bridged: Any) -> None:
    """A client that trickles takes nobody's time but its own."""
    reader = Reader(read_all)
    first, last = body_of(b"abc", b"def")
    exchange = Exchange(bridged(reader), post(), [first]).begin()
    await exchange.until(lambda: exchange.asked == 2)
    assert not reader.began.is_set()
    exchange.give(last)
    await exchange.end()

    assert reader.result == b"abcdef"


async def test_a_large_body_is_not_gathered(bridged: Any) -> None:
    """While the app has not read, no more is received than the beginning."""
    messages = body_of(*[PART] * 100)

    def read(stream: Any) -> bytes:
        wait_for(reader.go_on)
        return stream.read()

    reader = Reader(read)
    exchange = Exchange(bridged(reader), post(), messages).begin()
    await see(reader.began)
    assert exchange.asked == 1
    reader.go_on.set()
    await exchange.end()

    assert reader.result == PART * 100


async def test_a_part_is_received_when_it_is_read(bridged: Any) -> None:
    """One after the other, not ahead."""
    asked: list[int] = []

    def read(stream: Any) -> None:
        for _ in range(10):
            stream.read(len(PART))
            asked.append(exchange.asked)

    exchange = Exchange(bridged(Reader(read)), post(), body_of(*[PART] * 10))
    await exchange.begin().end()

    assert asked == list(range(1, 11))


async def test_a_large_body_is_not_gathered_while_the_app_streams(bridged: Any) -> None:
    """Who waits for the client to leave holds little of what it sends."""
    reader = Reader(read_all)

    def chunks(stream: Any) -> Any:
        yield b"one"
        wait_for(reader.go_on)
        reader.result = stream.read()
        yield b"two"

    def app(environ: Any, start_response: Any) -> Any:
        return answering(lambda: chunks(environ["wsgi.input"]))(environ, start_response)

    exchange = Exchange(bridged(app), post(), body_of(*[PART] * 100)).begin()
    await exchange.until(lambda: exchange.asked == 2 and len(exchange.sent) == 2)
    reader.go_on.set()
    await exchange.end()

    assert reader.result == PART * 100
    assert exchange.body == b"onetwo"


async def test_a_body_that_is_not_read_is_left(bridged: Any) -> None:
    """The app answers without it."""
    exchange = Exchange(bridged(answering([b"no"])), post(), body_of(*[PART] * 9))
    await exchange.begin().end()

    assert (exchange.body, exchange.asked) == (b"no", 1)
