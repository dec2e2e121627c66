"""The table of expectations: what every pair of framework and server must show.

An expectation asks over the wire and raises ``AssertionError`` with what it saw.
What a pair cannot show, and why, is ``servers_known``'s.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from servers_wire import Answer, Fields, Wire, echoed_http1, echoed_http2, http1

NEVER = "no-store, no-cache, must-revalidate, private, max-age=0"
PUBLIC = "public, max-age=3600"
#: What leaves beside NEVER, and beside nothing else.
SIDE = {"pragma": ["no-cache"], "expires": ["Thu, 01 Jan 1970 00:00:01 GMT"]}
TAG = '"v1"'

Expectation = Callable[[int, Wire], None]


def _expect(answer: Answer, statuses: tuple[int, ...], value: str) -> None:
    """Hold *answer* to one ``cache-control`` line, then to its status."""
    # In this order, so that an explained status has the right fields all the same.
    lines = answer.values("cache-control")
    assert lines == [value], f"cache-control {lines}, not {[value]}"
    for name, wanted in SIDE.items():
        found = answer.values(name)
        wanted = wanted if value == NEVER else []
        assert found == wanted, f"{name} {found}, not {wanted}"
    named = " or ".join(map(str, statuses))
    assert answer.status in statuses, f"status {answer.status}, not {named}"


def _answered(
    port: int,
    wire: Wire,
    *,
    target: str,
    value: str,
    method: str = "GET",
    status: int = 200,
    fields: Fields = (),
) -> None:
    with wire(port, method, target, fields) as answer:
        _expect(answer, (status,), value)
        b"".join(answer.chunks)  # its end must come


def _head(port: int, wire: Wire) -> None:
    with wire(port, "HEAD", "/plain") as answer:
        # Some frameworks have no HEAD beside a GET; their 405 is held to the same.
        _expect(answer, (200, 405), NEVER)
        body = b"".join(answer.chunks)
    assert not body, f"a body: {body!r}"


def _stream(port: int, wire: Wire) -> None:
    with wire(port, "GET", "/stream") as answer:
        _expect(answer, (200,), NEVER)
        try:
            first = next(answer.chunks)
        except TimeoutError:
            raise AssertionError("the first chunk waits for the last") from None
        assert first == b"first", f"first {first!r}"
        # The app makes the last chunk only now, so the first was not held back.
        _answered(port, wire, target="/release", value=NEVER)
        rest = b"".join(answer.chunks)
    assert rest == b"last", f"then {rest!r}"


def _cookie(port: int, wire: Wire) -> None:
    with wire(port, "GET", "/static/cookie") as answer:
        _expect(answer, (200,), "private, max-age=3600")
        lines = answer.values("set-cookie")
    assert len(lines) == 1, f"set-cookie {lines}"


def _websocket(port: int, wire: Wire) -> None:
    answer = (echoed_http1 if wire is http1 else echoed_http2)(port, "héllo")
    assert answer == "héllo", f"echoed {answer!r}"


_CONDITIONAL = [("If-None-Match", TAG)]


def outcome(name: str, port: int, wire: Wire) -> str:
    """Return what was seen instead of the expectation called *name*; ``""`` if met."""
    try:
        EXPECTATIONS[name](port, wire)
    except AssertionError as why:
        return str(why)
    except Exception as why:  # noqa: BLE001 - whatever a library calls a broken answer
        return f"{type(why).__name__}: {why}"
    return ""


EXPECTATIONS: dict[str, Expectation] = {
    "a plain route": partial(_answered, target="/plain", value=NEVER),
    "a rule": partial(_answered, target="/static/app.css", value=PUBLIC),
    "the app's own is replaced": partial(_answered, target="/own", value=NEVER),
    "@nocache beats a rule": partial(_answered, target="/marked", value=NEVER),
    "@cache_policy": partial(_answered, target="/policy", value="private, max-age=60"),
    "404": partial(_answered, target="/missing", status=404, value=NEVER),
    "404 under a rule": partial(
        _answered, target="/static/missing", status=404, value=NEVER
    ),
    "405": partial(_answered, target="/plain", method="POST", status=405, value=NEVER),
    "500": partial(_answered, target="/boom", status=500, value=NEVER),
    "HEAD": _head,
    "a stream": _stream,
    "Set-Cookie under a rule": _cookie,
    "no 304 of what is never stored": partial(
        _answered, target="/tagged", fields=_CONDITIONAL, value=NEVER
    ),
    "304 under a rule": partial(
        _answered,
        target="/static/tagged",
        fields=_CONDITIONAL,
        status=304,
        value=PUBLIC,
    ),
    "WebSocket": _websocket,
}
