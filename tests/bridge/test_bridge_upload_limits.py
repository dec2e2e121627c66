"""Request bodies that are too large, or that never end."""

import asyncio
import threading
from typing import Any

import pytest
from bridge_driver import Exchange, answering, ask, body_of, see, wait_for
from bridge_uploads import PART, Reader, length, post, read_all
from flask import Flask, request

from asgi_nocache.flask import as_asgi

LENGTH_LIMIT = 100_000

# Too large


@pytest.mark.parametrize("size", [LENGTH_LIMIT + 1, 10**30])
async def test_what_announces_too_much_is_refused(bridged: Any, size: int) -> None:
    """Before anything of it is received, and before the app is run."""
    reader = Reader(read_all)
    bridge = bridged(reader, max_request_body=LENGTH_LIMIT)
    exchange = Exchange(bridge, post(length(size)), [])
    await exchange.begin().end()

    assert (exchange.status, exchange.asked) == (413, 0)
    assert not reader.began.is_set()
    assert (b"connection", b"close") in exchange.fields
    assert exchange.body == b"the request body is over 100000 bytes"


async def test_a_refusal_has_the_fields_of_the_policy() -> None:
    """It is a response as any other."""
    app = as_asgi(Reader(read_all), max_request_body=0)
    exchange = await ask(app, post(length(1)), b"x")

    assert exchange.status == 413
    assert b"no-store" in dict(exchange.fields)[b"cache-control"]


@pytest.mark.parametrize("sent", [[b""], [PART, bytes(LENGTH_LIMIT - len(PART))]])
async def test_as_much_as_is_allowed(bridged: Any, sent: list[bytes]) -> None:
    """The limit itself is no offence; announced or not."""
    reader = Reader(read_all)
    bridge = bridged(reader, max_request_body=LENGTH_LIMIT)
    for fields in ([], [length(len(b"".join(sent)))]):
        assert (await ask(bridge, post(*fields), *sent)).status == 200
        assert reader.result == b"".join(sent)


async def test_a_small_body_that_grows_too_large(bridged: Any) -> None:
    """Unannounced, and noticed before the app is run."""
    reader = Reader(read_all)
    bridge = bridged(reader, max_request_body=5)
    exchange = await ask(bridge, post(), b"abc", b"def")

    assert (exchange.status, reader.began.is_set()) == (413, False)


async def test_a_large_body_that_grows_too_large(bridged: Any) -> None:
    """Unannounced, and noticed while the app reads, which is told."""
    reader = Reader(read_all)
    bridge = bridged(reader, max_request_body=LENGTH_LIMIT)
    exchange = await ask(bridge, post(), PART, PART, PART)

    assert exchange.status == 413
    assert isinstance(reader.error, OSError)
    assert exchange.asked == 2


async def test_an_app_cannot_answer_what_is_too_large(bridged: Any) -> None:
    """Whatever it makes of the error, it saw half of a body."""

    def app(environ: Any, start_response: Any) -> Any:
        try:
            environ["wsgi.input"].read()
        except OSError:
            return answering([b"saved"])(environ, start_response)
        raise AssertionError("the whole body came")

    bridge = bridged(app, max_request_body=LENGTH_LIMIT)
    exchange = await ask(bridge, post(), PART, PART, PART)

    assert exchange.status == 413


async def test_flask_cannot_answer_what_is_too_large() -> None:
    """Its error page would be a 500."""
    app = Flask(__name__)

    @app.post("/")
    def upload() -> str:
        return str(len(request.get_data()))

    bridge = as_asgi(app, max_request_body=LENGTH_LIMIT)
    exchange = await ask(bridge, post(), PART, PART, PART)

    assert exchange.status == 413


# Clients that stop


async def test_a_client_that_leaves_early_runs_nothing(bridged: Any) -> None:
    """Half of a small body is no request."""
    reader = Reader(read_all)
    exchange = Exchange(bridged(reader), post(), body_of(b"abc", b"def")[:1])
    exchange.leave()
    await exchange.begin().end()

    assert (exchange.sent, reader.began.is_set()) == ([], False)


async def test_a_client_that_leaves_within_a_large_body(bridged: Any) -> None:
    """The app, which reads, is told; nothing hangs."""
    reader = Reader(read_all)
    exchange = Exchange(bridged(reader), post(), body_of(PART, PART, b"")[:2])
    exchange.leave()
    with pytest.raises(ConnectionResetError, match="before its request was complete"):
        await exchange.begin().end()

    assert isinstance(reader.error, ConnectionResetError)
    assert exchange.sent == []


async def test_a_client_that_sends_nothing_more(bridged: Any) -> None:
    """The app is told after the time that was set, and the option is named."""
    reader = Reader(read_all)
    bridge = bridged(reader, receive_timeout=0.01)
    exchange = Exchange(bridge, post(), body_of(PART, b"never sent")[:1])
    with pytest.raises(TimeoutError, match=r"0\.01 seconds; see receive_timeout"):
        await exchange.begin().end()

    assert isinstance(reader.error, TimeoutError)


async def test_a_task_that_is_cancelled_frees_its_reader(bridged: Any) -> None:
    """A worker that waits for a part is told that none will come."""
    reader = Reader(read_all)
    bridge = bridged(reader)
    exchange = Exchange(bridge, post(), body_of(PART, b"never sent")[:1]).begin()
    await exchange.until(lambda: exchange.asked == 2)
    exchange.task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await exchange.end()
    await asyncio.to_thread(bridge.pool.shutdown)

    assert isinstance(reader.error, ConnectionResetError)


async def test_a_reader_whose_client_has_left(bridged: Any) -> None:
    """An app that answers first and reads later is told, and does not wait."""
    reader = Reader(read_all)
    told = threading.Event()

    def chunks(stream: Any) -> Any:
        try:
            yield b"one"
        finally:
            try:
                wait_for(reader.go_on)
                stream.read()
            except OSError as error:
                reader.error = error
            told.set()

    def app(environ: Any, start_response: Any) -> Any:
        def endless() -> Any:
            yield from chunks(environ["wsgi.input"])
            while True:
                yield b"two"

        return answering(endless)(environ, start_response)

    exchange = Exchange(bridged(app), post(), body_of(*[PART] * 9)[:3]).begin()
    await exchange.until(lambda: len(exchange.sent) > 1)
    exchange.task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await exchange.end()
    reader.go_on.set()
    await see(told)

    assert isinstance(reader.error, ConnectionResetError)


async def test_a_server_that_sends_more_than_the_body(bridged: Any) -> None:
    """A message too many is not taken for the client's leaving."""
    go_on = threading.Event()

    def chunks() -> Any:
        yield b"one"
        wait_for(go_on)
        yield b"two"

    messages = [*body_of(b"abc"), *body_of(b"")]
    exchange = Exchange(bridged(answering(chunks)), post(), messages).begin()
    await exchange.until(lambda: exchange.asked == 2 and len(exchange.sent) == 2)
    await asyncio.sleep(0)
    go_on.set()
    await exchange.end()

    assert exchange.body == b"onetwo"
