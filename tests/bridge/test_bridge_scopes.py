"""What is no request: the life span, websockets, and what nobody knows yet."""

import threading
from typing import Any

import pytest
from bridge_driver import Exchange, answering, ask
from fastapi import FastAPI

from asgi_nocache import ConfigurationError, NoCacheMiddleware
from asgi_nocache.flask import Bridge, as_asgi

STARTUP = {"type": "lifespan.startup"}
SHUTDOWN = {"type": "lifespan.shutdown"}
COMPLETE = [
    {"type": "lifespan.startup.complete"},
    {"type": "lifespan.shutdown.complete"},
]


def workers() -> int:
    """Return how many of our threads there are."""
    return sum(t.name.startswith("asgi-nocache") for t in threading.enumerate())


async def live(app: Any, *messages: Any) -> list[Any]:
    exchange = Exchange(app, {"type": "lifespan"}, messages)
    return (await exchange.begin().end()).sent


async def test_the_life_span_is_answered(bridged: Any) -> None:
    """Servers that insist on it are served."""
    assert await live(bridged(answering([])), STARTUP, SHUTDOWN) == COMPLETE


async def test_no_worker_is_hired_before_it_is_needed(bridged: Any) -> None:
    """An app that serves nothing costs nothing, and shuts down all the same."""
    before = workers()
    await live(bridged(answering([])), STARTUP, SHUTDOWN)

    assert workers() == before


async def test_workers_leave_at_shutdown(bridged: Any) -> None:
    """All of them, before it is said to be complete."""
    bridge = bridged(answering([]))
    before = workers()
    await ask(bridge)
    assert workers() == before + 1
    await live(bridge, STARTUP, SHUTDOWN)

    assert workers() == before


async def test_an_app_can_start_again(bridged: Any) -> None:
    """Tests start and stop one app many times."""
    bridge = bridged(answering([b"x"]))
    for _ in range(3):
        assert await live(bridge, STARTUP, SHUTDOWN) == COMPLETE
        assert (await ask(bridge)).body == b"x"


async def test_the_life_span_passes_the_policy() -> None:
    """``as_asgi`` answers it, too."""
    assert await live(as_asgi(answering([])), STARTUP, SHUTDOWN) == COMPLETE


@pytest.mark.parametrize("wrap", [Bridge, as_asgi])
async def test_a_websocket_is_closed(wrap: Any) -> None:
    """Flask has none; a server makes a 403 of it, the app is not run."""
    scope = {"type": "websocket", "path": "/", "headers": []}
    app = wrap(lambda environ, start_response: 1 / 0)
    exchange = Exchange(app, scope, [{"type": "websocket.connect"}])
    await exchange.begin().end()

    assert exchange.sent == [{"type": "websocket.close", "code": 1000}]


@pytest.mark.parametrize("wrap", [Bridge, as_asgi])
async def test_what_nobody_knows_is_ignored(wrap: Any) -> None:
    """A type of scope that is yet to be invented is no error."""
    exchange = Exchange(wrap(answering([])), {"type": "telepathy"}, [])
    await exchange.begin().end()

    assert (exchange.sent, exchange.asked) == ([], 0)


# Configuration


WRONG = {
    "workers": [0, -1, True, "4", 4.0, None],
    "send_timeout": [0, -1, "x", True, None],
    "receive_timeout": [0, -1, "x", True, None],
    "max_request_body": [-1, "1", 1.5, True],
}


@pytest.mark.parametrize("make", [Bridge, as_asgi])
@pytest.mark.parametrize(
    ("name", "value"), [(name, value) for name in WRONG for value in WRONG[name]]
)
def test_a_wrong_option(make: Any, name: str, value: Any) -> None:
    """It is named, with its value and what to give instead."""
    with pytest.raises(ConfigurationError) as found:
        make(answering([]), **{name: value})

    (problem,) = found.value.problems
    assert problem.startswith(f"{name}={value!r} is no ")
    assert "; give " in problem


@pytest.mark.parametrize(
    "options",
    [
        {"workers": 1},
        {"send_timeout": 0.5, "receive_timeout": 1},
        {"max_request_body": 0},
        {"max_request_body": None},
    ],
)
def test_a_right_option(options: dict[str, Any]) -> None:
    """The twin: the least that is allowed."""
    as_asgi(answering([]), **options)


@pytest.mark.parametrize("make", [Bridge, as_asgi])
def test_an_asgi_app(make: Any) -> None:
    """It needs no bridge, and is told what it needs."""
    with pytest.raises(ConfigurationError, match=r"write NoCacheMiddleware\(app\)"):
        make(FastAPI())


async def asgi_function(scope: Any, receive: Any, send: Any) -> None: ...


@pytest.mark.parametrize(
    "app", [asgi_function, NoCacheMiddleware(asgi_function)], ids=["function", "ours"]
)
def test_other_asgi_apps(app: Any) -> None:
    """A function and an instance, which have nothing else in common."""
    with pytest.raises(ConfigurationError, match="is an ASGI app already"):
        Bridge(app)


@pytest.mark.parametrize("app", [None, "module:app"])
def test_what_is_no_app(app: Any) -> None:
    """What cannot be called answers nothing."""
    with pytest.raises(ConfigurationError, match="give the Flask app itself"):
        Bridge(app)


@pytest.mark.parametrize("make", [Bridge, as_asgi])
def test_all_problems_at_once(make: Any) -> None:
    """Nobody mends them one restart at a time."""
    with pytest.raises(ConfigurationError) as found:
        make(
            FastAPI(),
            workers=0,
            send_timeout=-1,
            receive_timeout="x",
            max_request_body=-1,
        )

    assert found.value.place == "Bridge"
    assert len(found.value.problems) == 5
