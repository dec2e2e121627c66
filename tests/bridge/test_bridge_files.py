"""Files: sent by the loop, in blocks, and closed whatever happens."""

import io
from typing import Any

import pytest
from bridge_driver import FIELDS, Exchange, ask


class File(io.BytesIO):
    """A file that says whether it was closed."""

    def __init__(self, size: int) -> None:
        super().__init__(bytes(range(256)) * (size // 256))
        self.size = size


def sending_file(file: Any, *fields: tuple[str, str]) -> Any:
    """Return an app that answers with *file*, wrapped."""

    def app(environ: Any, start_response: Any) -> Any:
        start_response("200 OK", [*FIELDS, *fields])
        return environ["wsgi.file_wrapper"](file, 8192)

    return app


@pytest.mark.parametrize("size", [0, 256, 256 * 1024, 1024 * 1024])
@pytest.mark.parametrize("announced", [True, False])
async def test_a_file_is_sent_whole(bridged: Any, size: int, announced: bool) -> None:
    """In blocks, the last of which ends the body where its length is known."""
    file = File(size)
    fields = [("Content-Length", str(size))] if announced else []
    content = file.getvalue()
    bridge = bridged(sending_file(file, *fields))
    exchange = await ask(bridge)
    bridge.pool.shutdown()

    assert exchange.body == content
    assert file.closed
    assert not announced or not size or exchange.parts[-1] != (b"", False)


async def test_a_file_is_cut_to_its_length(bridged: Any) -> None:
    """A file may have grown since its size was taken."""
    file = File(1024 * 1024)
    content = file.getvalue()
    exchange = await ask(bridged(sending_file(file, ("Content-Length", "300000"))))

    assert exchange.body == content[:300000]


async def test_a_file_that_is_iterated(bridged: Any) -> None:
    """As by a middleware that looks at each block."""
    file = File(1024 * 1024)
    content = file.getvalue()

    def app(environ: Any, start_response: Any) -> Any:
        wrapped = sending_file(file)(environ, start_response)
        return (block for block in wrapped)

    assert (await ask(bridged(app))).body == content


# What goes wrong


class Broken:
    """A file that is closed, or fails."""

    def __init__(self, *blocks: Any) -> None:
        self.blocks = list(blocks)
        self.closed = 0

    def read(self, size: int) -> bytes:
        block = self.blocks.pop(0) if self.blocks else b""
        if isinstance(block, Exception):
            raise block
        return block

    def close(self) -> None:
        self.closed += 1


def sending_broken(file: Any, *, started: bool = True) -> Any:
    def app(environ: Any, start_response: Any) -> Any:
        if started:
            start_response("200 OK", [])
        return environ["wsgi.file_wrapper"](file)

    return app


async def test_a_file_that_cannot_be_read_further(bridged: Any) -> None:
    """As any late error: the body has no end, the file is closed."""
    file = Broken(b"one", OSError("gone"))
    bridge = bridged(sending_broken(file))
    exchange = Exchange(bridge).begin()
    with pytest.raises(OSError, match="gone"):
        await exchange.end()
    bridge.pool.shutdown()

    assert exchange.parts == [(b"one", True)]
    assert file.closed == 1


async def test_a_file_is_closed_once(bridged: Any) -> None:
    """When it was sent."""
    file = Broken(b"one", b"two")
    bridge = bridged(sending_broken(file))
    exchange = await ask(bridge)
    bridge.pool.shutdown()

    assert (exchange.body, file.closed) == (b"onetwo", 1)


async def test_a_file_without_a_start_is_closed(bridged: Any) -> None:
    """The app forgot ``start_response``, and is told so."""
    file = Broken(b"one")
    bridge = bridged(sending_broken(file, started=False))
    with pytest.raises(RuntimeError, match="without start_response"):
        await ask(bridge)
    bridge.pool.shutdown()

    assert file.closed == 1


@pytest.mark.parametrize("kind", ["http.response.start", "http.response.body"])
async def test_a_file_whose_send_fails_is_closed(bridged: Any, kind: str) -> None:
    """At whatever message."""
    file = Broken(b"one", b"two")
    bridge = bridged(sending_broken(file))

    async def send(message: Any) -> None:
        if message["type"] == kind:
            raise LookupError("lost")

    exchange = Exchange(bridge)
    with pytest.raises(LookupError, match="lost"):
        await bridge(exchange.scope, exchange.receive, send)
    bridge.pool.shutdown()

    assert file.closed == 1


@pytest.mark.parametrize("messages", [0, 1])
async def test_a_file_whose_client_leaves_is_closed(
    bridged: Any, messages: int
) -> None:
    """Whether or not its first block was taken."""
    file = Broken(*[b"one"] * 1000)
    bridge = bridged(sending_broken(file))
    exchange = Exchange(bridge)
    exchange.reading.clear()
    exchange.begin()
    await exchange.until(lambda: exchange.asked == 2)  # now it watches
    if messages:
        exchange.reading.set()
        await exchange.until(lambda: len(exchange.sent) > 1)
        exchange.reading.clear()
    exchange.leave()
    await exchange.end()
    bridge.pool.shutdown()

    assert file.closed == 1
