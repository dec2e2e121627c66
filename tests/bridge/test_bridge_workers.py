"""Workers: how many, what waits for them, and what they see of the caller."""

import asyncio
import threading
from contextvars import ContextVar
from typing import Any

import pytest
from bridge_driver import PATIENCE, Exchange, answering, ask, see, wait_for

said: ContextVar[str] = ContextVar("said", default="nothing")


class Blocking:
    """An app whose calls wait until they are let go.

    Attributes:
        running: The calls at this moment.
        most: The most that ever ran at once.
        paths: Of the calls that began, in order.
    """

    def __init__(self, expected: int) -> None:
        self.expected = expected
        self.full = threading.Event()
        self.go_on = threading.Event()
        self.running = self.most = 0
        self.paths: list[str] = []
        self._lock = threading.Lock()

    def __call__(self, environ: Any, start_response: Any) -> Any:
        with self._lock:
            self.paths.append(environ["PATH_INFO"])
            self.running += 1
            self.most = max(self.most, self.running)
            if self.running == self.expected:
                self.full.set()
        wait_for(self.go_on)
        with self._lock:
            self.running -= 1
        return answering([b"done"])(environ, start_response)


async def test_as_many_calls_at_a_time_as_workers(bridged: Any) -> None:
    """The others wait, and all are answered."""
    app = Blocking(expected=4)
    bridge = bridged(app, workers=4)
    asked = [Exchange(bridge).begin() for _ in range(12)]
    await see(app.full)
    assert len(app.paths) == 4
    app.go_on.set()
    for exchange in asked:
        assert (await exchange.end()).body == b"done"

    assert (app.most, len(app.paths)) == (4, 12)


async def test_all_workers_work(bridged: Any) -> None:
    """The twin: with as many workers as requests, none waits."""
    app = Blocking(expected=12)
    bridge = bridged(app, workers=12)
    asked = [Exchange(bridge).begin() for _ in range(12)]
    await see(app.full)
    app.go_on.set()
    for exchange in asked:
        await exchange.end()

    assert app.most == 12


async def test_what_was_cancelled_while_it_waited_never_runs(bridged: Any) -> None:
    """Nobody is there to hear its answer."""
    app = Blocking(expected=1)
    bridge = bridged(app, workers=1)
    first = Exchange(bridge, "/first").begin()
    await see(app.full)
    second, third = (Exchange(bridge, each).begin() for each in ("/second", "/third"))
    await second.until(lambda: second.asked)
    second.task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await second.end()
    app.go_on.set()
    await first.end()
    await third.end()

    assert app.paths == ["/first", "/third"]


async def test_a_call_that_was_cancelled_frees_its_worker(bridged: Any) -> None:
    """It runs to its end, and hands over to nobody."""
    app = Blocking(expected=1)
    bridge = bridged(app, workers=1)
    first = Exchange(bridge, "/first").begin()
    await see(app.full)
    first.task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first.end()
    app.go_on.set()

    assert (await ask(bridge, "/second")).body == b"done"
    assert first.sent == []


async def test_the_file_of_a_cancelled_call_is_closed(bridged: Any) -> None:
    """Though nobody asked for it any more."""
    blocking = Blocking(expected=1)
    closed: list[str] = []

    class File:
        def read(self, size: int) -> bytes:
            raise AssertionError("nobody wants it")

        def close(self) -> None:
            closed.append("closed")

    def app(environ: Any, start_response: Any) -> Any:
        blocking(environ, start_response)
        return environ["wsgi.file_wrapper"](File())

    def starts_once(environ: Any, start_response: Any) -> Any:
        return app(environ, lambda *args: once.append(start_response(*args)))

    once: list[Any] = []
    bridge = bridged(starts_once, workers=1)
    exchange = Exchange(bridge).begin()
    await see(blocking.full)
    exchange.task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await exchange.end()
    blocking.go_on.set()
    await asyncio.to_thread(bridge.pool.shutdown)

    assert closed == ["closed"]


async def test_an_app_that_blocks_does_not_block_the_loop(bridged: Any) -> None:
    """That is what workers are for."""
    app = Blocking(expected=1)
    exchange = Exchange(bridged(app, workers=1)).begin()
    await see(app.full)  # which needs the loop
    app.go_on.set()

    assert (await exchange.end()).body == b"done"


# Context


def saying(environ: Any, start_response: Any) -> Any:
    """Answer what the variable says, and set it."""
    heard = said.get().encode()
    said.set("dirty")
    return answering([heard])(environ, start_response)


async def test_a_variable_set_outside_is_seen(bridged: Any) -> None:
    """Of the task that called the app."""
    said.set("outside")

    assert (await ask(bridged(saying))).body == b"outside"


async def test_a_variable_set_in_the_app_does_not_leak(bridged: Any) -> None:
    """Neither to the caller nor to the next request of the same worker."""
    bridge = bridged(saying, workers=1)
    for _ in range(3):
        assert (await ask(bridge)).body == b"nothing"

    assert said.get() == "nothing"


async def test_a_stream_sees_the_context_of_its_app(bridged: Any) -> None:
    """It is iterated where the app ran."""

    def app(environ: Any, start_response: Any) -> Any:
        said.set("the app")
        return answering(lambda: iter(lambda: said.get().encode(), b"x"))(
            environ, start_response
        )

    exchange = Exchange(bridged(app)).begin()
    await exchange.until(lambda: len(exchange.sent) > 1)
    exchange.leave()
    async with asyncio.timeout(PATIENCE):
        await exchange.end()

    assert exchange.parts[0][0].startswith(b"the app")
