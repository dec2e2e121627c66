"""Apps that fail: before the response, within it, after it."""

import logging
from collections.abc import Iterator
from typing import Any

import pytest
from bridge_driver import Closing, Exchange, answering, ask

from asgi_nocache.flask import as_asgi

NO_STORE = (
    b"cache-control",
    b"no-store, no-cache, must-revalidate, private, max-age=0",
)


def failing(environ: Any, start_response: Any) -> Any:
    raise LookupError("lost")


def failing_in_its_generator(environ: Any, start_response: Any) -> Iterator[bytes]:
    start_response("200 OK", [("Set-Cookie", "a=1")])
    raise LookupError("lost")
    yield b"never"


EARLY = {
    "in the app": failing,
    "in the generator": failing_in_its_generator,
    "at the first chunk": answering(lambda: Closing(LookupError("lost"))),
    "after an empty chunk": answering(lambda: Closing(b"", LookupError("lost"))),
}


@pytest.mark.parametrize("case", EARLY)
async def test_an_early_error_is_a_clean_500(case: str) -> None:
    """Nothing of the broken response is sent; ours is whole, and never stored."""
    exchange = Exchange(as_asgi(EARLY[case])).begin()
    with pytest.raises(LookupError, match="lost"):
        await exchange.end()

    assert exchange.status == 500
    assert NO_STORE in exchange.fields
    assert b"set-cookie" not in dict(exchange.fields)
    assert exchange.body == b"Internal Server Error"


@pytest.mark.parametrize("case", EARLY)
async def test_an_early_error_goes_on(bridged: Any, case: str) -> None:
    """The bare bridge sends nothing of its own: that is the server's."""
    exchange = Exchange(bridged(EARLY[case])).begin()
    with pytest.raises(LookupError, match="lost"):
        await exchange.end()

    assert exchange.sent == []


async def test_a_late_error_leaves_the_body_without_an_end() -> None:
    """So that the server ends the connection, and no cache takes it for whole."""
    exchange = Exchange(as_asgi(answering(Closing(b"one", LookupError("lost")))))
    with pytest.raises(LookupError, match="lost"):
        await exchange.begin().end()

    assert (exchange.status, exchange.parts) == (200, [(b"one", True)])
    assert NO_STORE in exchange.fields


@pytest.mark.parametrize("error", [SystemExit, KeyboardInterrupt, GeneratorExit])
async def test_what_ends_a_thread_does_not_end_the_server(
    bridged: Any, error: type[BaseException]
) -> None:
    """It goes on as an ordinary error that names it; the worker works on."""
    results: list[Any] = [Closing(error()), [b"fine"]]

    def app(environ: Any, start_response: Any) -> Any:
        return answering(results.pop(0))(environ, start_response)

    bridge = bridged(app, workers=1)
    with pytest.raises(RuntimeError, match=f"the app raised {error.__name__}"):
        await ask(bridge)

    assert (await ask(bridge)).body == b"fine"


async def test_the_error_is_the_apps_own(bridged: Any) -> None:
    """With its traceback, which leads into the app."""
    with pytest.raises(LookupError) as found:
        await ask(bridged(failing))

    assert found.traceback[-1].name == "failing"


# close()

OUTCOMES = {
    "whole": ([b"a", b"b"], None),
    "empty": ([], None),
    "an early error": ([LookupError("lost")], LookupError),
    "a late error": ([b"a", LookupError("lost")], LookupError),
    "a wrong chunk": ([b"a", "b"], TypeError),
    "an exit": ([b"a", SystemExit()], RuntimeError),
}


@pytest.mark.parametrize("case", OUTCOMES)
async def test_close_is_called_once(bridged: Any, case: str) -> None:
    """However the response ended."""
    chunks, error = OUTCOMES[case]
    closing = Closing(*chunks)
    bridge = bridged(answering(closing))
    exchange = Exchange(bridge).begin()
    if error is None:
        await exchange.end()
    else:
        with pytest.raises(error):
            await exchange.end()
    bridge.pool.shutdown()

    assert closing.closed == 1


async def test_close_is_called_where_nothing_was_started(bridged: Any) -> None:
    """An app that forgot ``start_response`` holds something all the same."""
    closing = Closing(b"x")
    bridge = bridged(lambda environ, start_response: closing)
    with pytest.raises(RuntimeError, match="start_response"):
        await ask(bridge)
    bridge.pool.shutdown()

    assert closing.closed == 1


async def test_close_that_fails_is_logged(
    bridged: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """The response is whole, so only the log can be told."""

    class Broken(Closing):
        def close(self) -> None:
            raise LookupError("lost")

    bridge = bridged(answering(Broken(b"x")))
    with caplog.at_level(logging.ERROR, "asgi_nocache.bridge"):
        exchange = await ask(bridge, "/where")
        bridge.pool.shutdown()

    assert exchange.body == b"x"
    assert caplog.messages == ["closing the response to '/where' failed"]
