"""Streams: when chunks arrive, how many wait, and what a leaving client stops.

No clock: workers and test tell each other what has happened.
"""

import asyncio
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from bridge_driver import Closing, Exchange, answering, body_of, scope_of, see, wait_for

from asgi_nocache._bridge.inbox import MAX_AHEAD
from asgi_nocache._bridge.outbox import MAX_WAITING


async def test_a_chunk_arrives_while_the_app_runs(bridged: Any) -> None:
    """The second is made only when the first has arrived."""
    arrived = threading.Event()

    def chunks() -> Iterator[bytes]:
        yield b"one"
        wait_for(arrived)
        yield b"two"

    exchange = Exchange(bridged(answering(chunks))).begin()
    await exchange.until(lambda: len(exchange.sent) == 2)
    assert exchange.parts == [(b"one", True)]
    arrived.set()
    await exchange.end()

    assert exchange.body == b"onetwo"


async def test_what_is_written_arrives_while_the_app_runs(bridged: Any) -> None:
    """The same of ``write()``."""
    arrived = threading.Event()

    def app(environ: Any, start_response: Any) -> list[bytes]:
        start_response("200 OK", [])(b"one")
        wait_for(arrived)
        return [b"two"]

    exchange = Exchange(bridged(app)).begin()
    await exchange.until(lambda: len(exchange.sent) == 2)
    arrived.set()
    await exchange.end()

    assert exchange.body == b"onetwo"


@pytest.mark.parametrize("size", [1000, 64 * 1024])
async def test_an_app_is_held_while_nobody_reads(bridged: Any, size: int) -> None:
    """It gets no further ahead than what may wait, and goes on afterwards."""
    made: list[int] = []
    held = threading.Event()
    number = 4 * MAX_WAITING // size

    def chunks() -> Iterator[bytes]:
        for _ in range(number):
            made.append(size)
            if sum(made) >= MAX_WAITING:
                held.set()
            yield bytes(size)

    bridge = bridged(answering(chunks), workers=1)
    exchange = Exchange(bridge)
    exchange.reading.clear()
    exchange.begin()
    await see(held)
    # Time in which an app that is not held would get to its end.
    await asyncio.to_thread(threading.Event().wait, 0.05)
    assert MAX_WAITING <= sum(made) <= MAX_WAITING + 2 * size
    exchange.reading.set()
    await exchange.end()

    assert exchange.body == bytes(size * number)


async def test_chunks_that_wait_are_sent_as_one(bridged: Any) -> None:
    """While the client takes one, the others gather."""
    made = threading.Event()

    def chunks() -> Iterator[bytes]:
        for each in range(100):
            yield bytes([each])
        made.set()

    exchange = Exchange(bridged(answering(chunks)))
    exchange.reading.clear()
    exchange.begin()
    await see(made)
    exchange.reading.set()
    await exchange.end()

    assert exchange.body == bytes(range(100))
    assert len(exchange.parts) <= 3


async def test_a_stream_of_many_chunks_is_whole(bridged: Any) -> None:
    """However they are merged, none is lost, none comes twice."""
    content = [number.to_bytes(4) for number in range(20000)]
    exchange = await Exchange(bridged(answering(iter(content)))).begin().end()

    assert exchange.body == b"".join(content)


# Leaving


class Endless:
    """Chunks without an end, from an app that says how it was stopped."""

    def __init__(self, size: int = 1024) -> None:
        self.size = size
        self.stopped = threading.Event()
        self.error: BaseException | None = None

    def __call__(self) -> Iterator[bytes]:
        try:
            while True:
                yield bytes(self.size)
        except BaseException as error:
            self.error = error
            raise
        finally:
            self.stopped.set()


@pytest.mark.parametrize("reading", [True, False])
@pytest.mark.parametrize(
    ("method", "parts"), [("GET", [b""]), ("POST", [b"one", b"two"])]
)
async def test_a_client_that_leaves_stops_the_app(
    bridged: Any, method: str, parts: list[bytes], reading: bool
) -> None:
    """The generator sees GeneratorExit, whether or not the client still read."""
    endless = Endless()

    def app(environ: Any, start_response: Any) -> Any:
        assert environ["wsgi.input"].read() == b"".join(parts)
        return answering(endless)(environ, start_response)

    exchange = Exchange(bridged(app), scope_of(method=method), body_of(*parts)).begin()
    await exchange.until(lambda: len(exchange.sent) > 3)
    if not reading:
        exchange.reading.clear()
    exchange.leave()
    await see(endless.stopped)
    await exchange.end()

    assert isinstance(endless.error, GeneratorExit)
    assert exchange.parts[-1][1]  # the body was not ended


async def test_a_client_that_leaves_before_it_has_sent_all(bridged: Any) -> None:
    """The same while the app answers without reading."""
    endless = Endless()
    messages = body_of(bytes(70000), b"more", b"never sent")[:2]
    scope = scope_of(method="POST")
    exchange = Exchange(bridged(answering(endless)), scope, messages).begin()
    await exchange.until(lambda: len(exchange.sent) > 3)
    exchange.leave()
    await see(endless.stopped)
    await exchange.end()

    assert isinstance(endless.error, GeneratorExit)


async def test_a_client_that_leaves_after_a_slow_reader(bridged: Any) -> None:
    """Who had to wait for room hears of it once the app has read."""
    endless = Endless()
    go_on = threading.Event()
    part = bytes(MAX_AHEAD)

    def app(environ: Any, start_response: Any) -> Any:
        def chunks() -> Iterator[bytes]:
            yield b"one"
            wait_for(go_on)
            assert len(environ["wsgi.input"].read()) == 4 * len(part)
            yield from endless()

        return answering(chunks)(environ, start_response)

    messages = body_of(*[part] * 4)
    exchange = Exchange(bridged(app), scope_of(method="POST"), messages).begin()
    await exchange.until(lambda: exchange.asked == 2 and len(exchange.sent) == 2)
    go_on.set()
    await exchange.until(lambda: len(exchange.sent) > 3)
    exchange.leave()
    await see(endless.stopped)
    await exchange.end()

    assert isinstance(endless.error, GeneratorExit)


async def test_a_client_that_leaves_lets_close_be_called(bridged: Any) -> None:
    """Once, of an iterable that is no generator."""
    chunks = Closing(*[bytes(MAX_WAITING)] * 100)
    bridge = bridged(answering(chunks))
    exchange = Exchange(bridge).begin()
    await exchange.until(lambda: len(exchange.sent) > 3)
    exchange.leave()
    await exchange.end()
    bridge.pool.shutdown()

    assert chunks.closed == 1
    assert chunks.asked < 100


async def test_a_client_that_leaves_stops_an_app_that_sends_nothing(
    bridged: Any,
) -> None:
    """Empty chunks are how an app waits for news; it may wait for ever."""
    endless = Endless(size=0)

    def chunks() -> Iterator[bytes]:
        yield b"hello"
        yield from endless()

    exchange = Exchange(bridged(answering(chunks))).begin()
    try:
        await exchange.until(lambda: len(exchange.sent) == 2)
        exchange.leave()
        await exchange.end()
        assert await asyncio.to_thread(endless.stopped.wait, 5)
    finally:
        endless.size = 1  # lets the worker notice, so that the test can end


async def test_send_that_fails_stops_the_app(bridged: Any) -> None:
    """As a middleware's may; its error goes on, and nothing hangs."""
    endless = Endless()
    bridge = bridged(answering(endless))

    async def send(message: Any) -> None:
        if message["type"] == "http.response.body":
            raise LookupError("lost")

    exchange = Exchange(bridge)
    with pytest.raises(LookupError, match="lost"):
        await bridge(exchange.scope, exchange.receive, send)
    await see(endless.stopped)

    assert isinstance(endless.error, GeneratorExit)


async def test_a_task_that_is_cancelled_stops_the_app(bridged: Any) -> None:
    """As servers do when they shut down."""
    endless = Endless()
    exchange = Exchange(bridged(answering(endless))).begin()
    await exchange.until(lambda: len(exchange.sent) > 3)
    exchange.task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await exchange.end()
    await see(endless.stopped)

    assert isinstance(endless.error, GeneratorExit)


async def test_a_client_that_takes_nothing_is_given_up(bridged: Any) -> None:
    """The app is stopped, and the error names the option."""
    endless = Endless()
    exchange = Exchange(bridged(answering(endless), send_timeout=0.05))
    exchange.reading.clear()
    exchange.begin()
    with pytest.raises(TimeoutError, match=r"0\.05 seconds; see send_timeout"):
        await exchange.end()
    await see(endless.stopped)

    assert isinstance(endless.error, GeneratorExit)


async def test_an_app_that_makes_nothing_is_not_given_up(bridged: Any) -> None:
    """It is the client's time that is limited, not the app's."""
    go_on = threading.Event()

    def chunks() -> Iterator[bytes]:
        yield b"one"
        wait_for(go_on)
        yield b"two"

    exchange = Exchange(bridged(answering(chunks), send_timeout=0.01)).begin()
    await exchange.until(lambda: len(exchange.sent) == 2)
    await asyncio.sleep(0.05)  # several times the limit
    go_on.set()
    await exchange.end()

    assert exchange.body == b"onetwo"
