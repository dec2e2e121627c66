"""What an app answers, and the messages that come of it: PEP 3333, point by point."""

from collections.abc import Iterator
from typing import Any

import pytest
from bridge_driver import FIELDS, Closing, Exchange, answering, ask

TEXT = (b"content-type", b"text/plain")

# How many messages


@pytest.mark.parametrize("kind", [list, tuple, iter])
async def test_a_whole_body_is_one_message(bridged: Any, kind: Any) -> None:
    """With Content-Length, the message that ends it is the one that holds it."""
    app = bridged(answering(lambda: kind([b"whole"]), ("Content-Length", "5")))
    exchange = await ask(app)

    assert exchange.fields == [TEXT, (b"content-length", b"5")]
    assert exchange.parts == [(b"whole", False)]


@pytest.mark.parametrize("kind", [list, tuple])
async def test_a_list_is_one_message_without_a_length(bridged: Any, kind: Any) -> None:
    """All of it is there already."""
    exchange = await ask(bridged(answering(kind([b"a", b"", b"b"]))))

    assert exchange.parts == [(b"ab", False)]


@pytest.mark.parametrize("fields", [(), (("Content-Length", "0"),)])
@pytest.mark.parametrize("result", [[], (), [b""], [b"", b""]])
async def test_no_body_is_one_message(bridged: Any, result: Any, fields: Any) -> None:
    """The start is not forgotten where no chunk brings it about."""
    exchange = await ask(bridged(answering(result, *fields)))

    assert exchange.parts == [(b"", False)]


async def test_the_chunk_that_fills_the_length_is_the_last(bridged: Any) -> None:
    """Nothing empty follows: a client would send its next request before it."""
    chunks = Closing(b"one", b"two")
    exchange = Exchange(bridged(answering(chunks, ("Content-Length", "6"))))
    exchange.reading.clear()  # so that the chunks are not one message
    exchange.begin()
    exchange.reading.set()
    await exchange.end()

    assert exchange.body == b"onetwo"
    assert exchange.parts[-1] != (b"", False)


async def test_what_exceeds_the_length_is_cut(bridged: Any) -> None:
    """A server must not send more than was announced."""
    app = bridged(answering(iter([b"abc", b"def"]), ("Content-Length", "4")))
    assert (await ask(app)).body == b"abcd"

    app = bridged(answering([b"abc", b"def"], ("Content-Length", "4")))
    assert (await ask(app)).parts == [(b"abcd", False)]


async def test_what_follows_the_length_is_not_asked_for(bridged: Any) -> None:
    """It might take for ever, and is not wanted."""
    chunks = Closing(b"abc", b"def", LookupError("never raised"))
    bridge = bridged(answering(chunks, ("Content-Length", "4")))
    exchange = await ask(bridge)
    bridge.pool.shutdown()  # the response has ended before it is closed

    assert exchange.body == b"abcd"
    assert (chunks.asked, chunks.closed) == (2, 1)


async def test_fewer_bytes_than_announced(bridged: Any) -> None:
    """The response ends; that it is short is the server's to notice."""
    exchange = await ask(bridged(answering([b"abc"], ("Content-Length", "4"))))

    assert exchange.parts == [(b"abc", False)]


async def test_head_keeps_the_length_of_the_get(bridged: Any) -> None:
    """Content-Length without a body is no reason to wait for one."""
    exchange = await ask(bridged(answering([], ("Content-Length", "5"))))

    assert exchange.fields == [TEXT, (b"content-length", b"5")]
    assert exchange.parts == [(b"", False)]


@pytest.mark.parametrize("status", ["204 No Content", "304 Not Modified"])
async def test_a_status_without_a_body(bridged: Any, status: str) -> None:
    """The body is there, and empty."""
    exchange = await ask(bridged(answering([], status=status)))

    assert (exchange.status, exchange.parts) == (int(status[:3]), [(b"", False)])


# What a chunk may be


async def test_empty_chunks_are_no_messages(bridged: Any) -> None:
    """In HTTP/1.1 an empty chunk would end the body."""
    exchange = await ask(bridged(answering(iter([b"", b"a", b"", b"b", b""]))))

    assert exchange.body == b"ab"
    assert b"" not in [body for body, more in exchange.parts if more]


async def test_a_buffer_that_is_filled_again(bridged: Any) -> None:
    """What was yielded is taken as it was then."""

    def chunks() -> Iterator[bytearray]:
        buffer = bytearray(1)
        for each in b"abc":
            buffer[0] = each
            yield buffer

    assert (await ask(bridged(answering(chunks)))).body == b"abc"


async def test_a_view_of_memory_is_a_chunk(bridged: Any) -> None:
    """As any other buffer."""
    exchange = await ask(bridged(answering(iter([memoryview(b"ab")]))))

    assert exchange.body == b"ab"


@pytest.mark.parametrize(
    ("result", "found"),
    [(iter(["text"]), "str"), ("text", "str"), (iter([None, 7]), "int"), (b"x", "int")],
)
async def test_a_chunk_that_is_no_bytes(bridged: Any, result: Any, found: str) -> None:
    """A clear error, and nothing of the response is sent."""
    exchange = Exchange(bridged(answering(result))).begin()
    with pytest.raises(TypeError, match=f"the app gave {found}, not bytes"):
        await exchange.end()

    assert exchange.sent == []


async def test_text_in_a_list(bridged: Any) -> None:
    """The same where all is joined at once."""
    exchange = Exchange(bridged(answering(["text"]))).begin()
    with pytest.raises(TypeError, match="str"):
        await exchange.end()

    assert exchange.sent == []


async def test_an_app_that_answers_nothing(bridged: Any) -> None:
    """``None`` is no body."""
    exchange = Exchange(bridged(answering(None))).begin()
    with pytest.raises(TypeError, match="NoneType"):
        await exchange.end()

    assert exchange.sent == []


# write()


async def test_what_is_written_comes_first(bridged: Any) -> None:
    """``start_response`` returns a callable for it (PEP 3333)."""

    def app(environ: Any, start_response: Any) -> list[bytes]:
        write = start_response("200 OK", FIELDS)
        write(b"one ")
        write(b"")
        write(b"two ")
        return [b"three"]

    assert (await ask(bridged(app))).body == b"one two three"


async def test_what_is_written_counts_for_the_length(bridged: Any) -> None:
    """And what exceeds it is dropped, without an error."""

    def app(environ: Any, start_response: Any) -> list[bytes]:
        write = start_response("200 OK", [*FIELDS, ("Content-Length", "4")])
        write(b"abc")
        write(b"def")
        write(b"ghi")
        return [b"jkl"]

    assert (await ask(bridged(app))).body == b"abcd"


# start_response


async def test_a_status_without_a_reason(bridged: Any) -> None:
    """A number is enough."""
    assert (await ask(bridged(answering([], status="299")))).status == 299


async def test_start_response_twice(bridged: Any) -> None:
    """It is an error, told in words, and nothing of either is sent."""

    def app(environ: Any, start_response: Any) -> list[bytes]:
        start_response("200 OK", FIELDS)
        start_response("404 Not Found", FIELDS)
        return [b"x"]

    exchange = Exchange(bridged(app)).begin()
    with pytest.raises(RuntimeError, match="again without exc_info"):
        await exchange.end()

    assert exchange.sent == []


def failing_after(*chunks: bytes) -> Any:
    """Return an app that answers again when it fails after *chunks*."""

    def app(environ: Any, start_response: Any) -> Iterator[bytes]:
        start_response("200 OK", [("X-Old", "1"), ("Content-Length", "9")])
        try:
            yield from chunks
            {}["lost"]
        except LookupError as error:
            found = type(error), error, error.__traceback__
            start_response("500 Oops", [("X-New", "1")], found)
            yield b"sorry"

    return app


async def test_an_error_replaces_what_has_not_begun(bridged: Any) -> None:
    """The old fields go, and the old length with them."""
    exchange = await ask(bridged(failing_after()))

    assert (exchange.status, exchange.fields) == (500, [(b"x-new", b"1")])
    assert exchange.body == b"sorry"


async def test_an_error_goes_on_once_the_response_has_begun(bridged: Any) -> None:
    """``start_response`` raises it again; the body is left without an end."""
    exchange = Exchange(bridged(failing_after(b"abc"))).begin()
    with pytest.raises(KeyError, match="lost"):
        await exchange.end()

    assert (exchange.status, exchange.parts) == (200, [(b"abc", True)])


@pytest.mark.parametrize("result", [[b"x"], [], iter([b"x"])])
async def test_an_app_that_never_starts(bridged: Any, result: Any) -> None:
    """The error says what is missing."""
    exchange = Exchange(bridged(lambda environ, start_response: result)).begin()
    with pytest.raises(RuntimeError, match="without start_response"):
        await exchange.end()

    assert exchange.sent == []


async def test_an_app_that_starts_with_its_first_chunk(bridged: Any) -> None:
    """A generator calls ``start_response`` when it is iterated, not before."""

    def app(environ: Any, start_response: Any) -> Iterator[bytes]:
        start_response("201 Created", FIELDS)
        yield b"x"

    exchange = await ask(bridged(app))

    assert (exchange.status, exchange.body) == (201, b"x")


# Response fields


async def test_field_values_are_latin_1(bridged: Any) -> None:
    """Each character of WSGI's is a byte; names are lower case."""
    exchange = await ask(bridged(answering([], ("X-Drink", "café"))))

    assert exchange.fields == [TEXT, (b"x-drink", "café".encode("latin-1"))]


async def test_equal_fields_stay_apart_and_in_order(bridged: Any) -> None:
    """Set-Cookie cannot be joined."""
    cookies = [("Set-Cookie", "b=1"), ("X-Between", "1"), ("Set-Cookie", "a=2")]
    exchange = await ask(bridged(answering([], *cookies)))

    assert exchange.fields[1:] == [
        (b"set-cookie", b"b=1"),
        (b"x-between", b"1"),
        (b"set-cookie", b"a=2"),
    ]
