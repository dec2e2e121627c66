"""The bridge where the loop is gone, the time is up, or nothing is left to do."""

import asyncio
import importlib
import importlib.util
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from bridge_driver import FIELDS, ask
from flask import Flask

import asgi_nocache.flask
from asgi_nocache import ConfigurationError, NoCacheMiddleware, _flask
from asgi_nocache._bridge import inbox as inboxes
from asgi_nocache._bridge.files import FileWrapper, close
from asgi_nocache._bridge.inbox import (
    BodyStream,
    DisconnectedError,
    Inbox,
    TooLargeError,
)
from asgi_nocache._bridge.outbox import (
    MAX_WAITING,
    ClientGoneError,
    Outbox,
    Waker,
)
from asgi_nocache.flask import Bridge

PART = {"type": "http.request", "body": b"x", "more_body": True}


@pytest.fixture
def closed_loop() -> asyncio.AbstractEventLoop:
    loop = asyncio.new_event_loop()
    loop.close()
    return loop


def test_a_worker_that_outlives_its_loop(closed_loop) -> None:
    """It hears of it, each time, and so ends."""
    waker = Waker(closed_loop)

    for _ in range(2):
        with pytest.raises(ClientGoneError, match="the server has stopped"):
            Outbox(waker, 1).put(b"x")


async def test_a_worker_whose_loop_takes_nothing() -> None:
    """It is not held for ever."""
    outbox = Outbox(Waker(asyncio.get_running_loop()), 0.001)

    with pytest.raises(ClientGoneError, match="takes nothing any more"):
        outbox.put(bytes(MAX_WAITING))


def stream_of(loop: Any, *messages: Any, patience: float = 30, most: Any = None) -> Any:
    """Return a stream whose client sends *messages* and then nothing."""
    rest = iter(messages)

    async def receive() -> Any:
        for message in rest:
            return message
        return await asyncio.get_running_loop().create_future()

    inbox = Inbox(PART, receive, most)
    return inbox, BodyStream(b"", inbox, loop, patience)


async def test_reading_when_the_loop_is_closed(closed_loop) -> None:
    """An error, and no coroutine that was never awaited."""
    _, stream = stream_of(closed_loop)

    with pytest.raises(DisconnectedError, match="the server has stopped"):
        stream.readinto(bytearray(1))


async def test_a_client_that_sends_nothing() -> None:
    """The view gets an error that names the option."""
    _, stream = stream_of(asyncio.get_running_loop(), patience=0.01)
    assert await asyncio.to_thread(stream.readinto, bytearray(1)) == 1

    with pytest.raises(TimeoutError, match="seconds; see receive_timeout"):
        await asyncio.to_thread(stream.readinto, bytearray(1))


async def test_a_body_that_grows_too_large_while_it_is_read() -> None:
    """The view gets an error, and the exchange knows why."""
    _, stream = stream_of(asyncio.get_running_loop(), PART, most=1)
    await asyncio.to_thread(stream.readinto, bytearray(1))

    with pytest.raises(TooLargeError, match="over 1 bytes"):
        await asyncio.to_thread(stream.readinto, bytearray(1))
    assert isinstance(stream.too_large, TooLargeError)


async def test_a_body_too_large_for_the_view_is_413() -> None:
    """Whatever the app makes of the error, if it has not begun to answer."""

    def app(environ: Any, start_response: Any) -> Any:
        try:
            environ["wsgi.input"].read()
        except OSError:
            start_response("200 OK", FIELDS)
        return [b"fine"]

    exchange = await ask(
        Bridge(app, max_request_body=100_000), "/", *[bytes(60_000)] * 4
    )

    assert exchange.status == 413


async def test_an_exchange_that_ends_just_as_a_part_is_asked_for(monkeypatch) -> None:
    """The worker is let go, though there was nothing to cancel yet."""
    loop = asyncio.get_running_loop()
    _, stream = stream_of(loop)
    await asyncio.to_thread(stream.readinto, bytearray(1))
    ask = asyncio.run_coroutine_threadsafe

    def ask_and_end(*args: Any) -> Any:
        future = ask(*args)
        stream.stop()
        return future

    monkeypatch.setattr(inboxes.asyncio, "run_coroutine_threadsafe", ask_and_end)

    with pytest.raises(DisconnectedError, match="the exchange is over"):
        await asyncio.to_thread(stream.readinto, bytearray(1))
    with pytest.raises(DisconnectedError, match="the exchange is over"):
        await asyncio.to_thread(stream.readinto, bytearray(1))


def test_a_file_that_cannot_be_closed() -> None:
    """Anything with ``read`` will do (PEP 3333)."""

    class Source:
        def read(self, size: int) -> bytes:
            return b""

    wrapper = FileWrapper(Source())
    wrapper.close()

    assert list(wrapper) == []


@pytest.mark.parametrize("fails", [False, True])
def test_a_file_is_closed_after_the_workers_have_gone(fails: bool) -> None:
    """By whoever is there; an error of it is nobody's any more."""
    closed = []

    class Source:
        def read(self, size: int) -> bytes:
            return b""

        def close(self) -> None:
            closed.append(True)
            if fails:
                raise OSError

    pool = ThreadPoolExecutor(1)
    pool.shutdown()
    close(FileWrapper(Source()), pool)

    assert closed == [True]


async def test_a_body_that_was_all_written() -> None:
    """What is returned after it is empty, and nothing follows."""

    def app(environ: Any, start_response: Any) -> Any:
        write = start_response("200 OK", [*FIELDS, ("Content-Length", "2")])
        write(b"ab")
        return iter(())

    exchange = await ask(Bridge(app))

    assert exchange.body == b"ab"
    assert len(exchange.sent) == 2


def test_flask_by_the_wrong_door() -> None:
    """The error names the right one."""
    with pytest.raises(ConfigurationError, match=r"write as_asgi\(app\), from"):
        NoCacheMiddleware(Flask("x"))


def test_without_asgiref_in_this_process(monkeypatch) -> None:
    """The same as in a process of its own, where nothing is measured."""
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)

    with pytest.raises(ImportError, match="asgi-nocache\\[flask\\]"):
        importlib.reload(asgi_nocache.flask)


def test_without_flask_nobody_is_heard(monkeypatch) -> None:
    """A process that has not loaded it has no request of it."""
    monkeypatch.delitem(sys.modules, "flask")

    _flask.listen()
    _flask.write_route({})
