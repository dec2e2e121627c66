"""The requests and responses that are driven: as a server and an app would hand them.

Every call gets its own scope, message, lists, tuples and byte strings. Reusing them
would flatter whoever hashes field names (a byte string remembers its hash), and
middlewares write into the scope.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    ASGIApp = Callable[[Any, Any, Any], Awaitable[None]]

Pairs = tuple[tuple[bytes, bytes], ...]

SMALL_REQUEST: Pairs = (
    (b"host", b"shop.example"),
    (b"user-agent", b"python-httpx/0.28.1"),
    (b"accept", b"*/*"),
    (b"accept-encoding", b"gzip, deflate"),
)
SMALL_RESPONSE: Pairs = (
    (b"content-type", b"application/json"),
    (b"content-length", b"13"),
    (b"x-request-id", b"0a6f4f1e6c3d4a3d"),
)
STATIC_RESPONSE: Pairs = (
    (b"content-type", b"text/css; charset=utf-8"),
    (b"content-length", b"13"),
    (b"etag", b'"5f2a9c"'),
)
BROWSER_REQUEST: Pairs = (
    (b"host", b"shop.example"),
    (b"user-agent", b"Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Firefox/140.0"),
    (b"accept", b"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"),
    (b"accept-language", b"en-GB,en;q=0.5"),
    (b"accept-encoding", b"gzip, deflate, br, zstd"),
    (b"referer", b"https://shop.example/items"),
    (b"connection", b"keep-alive"),
    (b"cookie", b"session=9f86d081884c7d659a2feaa0c55ad015; theme=dark"),
    (b"upgrade-insecure-requests", b"1"),
    (b"sec-fetch-dest", b"document"),
    (b"sec-fetch-mode", b"navigate"),
    (b"sec-fetch-site", b"same-origin"),
)
PAGE_RESPONSE: Pairs = (
    (b"content-type", b"text/html; charset=utf-8"),
    (b"content-length", b"13"),
    (b"etag", b'"5f2a9c"'),
    (b"vary", b"accept-encoding"),
    (b"set-cookie", b"session=9f86d081884c7d65; Path=/; HttpOnly; SameSite=Lax"),
    (b"x-content-type-options", b"nosniff"),
    (b"strict-transport-security", b"max-age=63072000"),
    (b"x-request-id", b"0a6f4f1e6c3d4a3d"),
)

ITEM = "/items/42"
"""A path that no generated rule matches."""

CHUNKS = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """One shape of exchange; `scopes` and `starts` make any number of fresh ones."""

    kind: Literal["http", "websocket", "lifespan"] = "http"
    path: str = ITEM
    distinct: bool = False
    request: Pairs = SMALL_REQUEST
    response: Pairs = SMALL_RESPONSE
    chunks: int = 1
    extensions: tuple[str, ...] = ()
    on_loop: bool = False
    """Drive it on an event loop: `BaseHTTPMiddleware` cannot do without."""

    _numbers: count[int] = field(default_factory=count)

    def scopes(self, number: int) -> list[dict[str, Any]]:
        """Return *number* scopes that share nothing."""
        if self.kind == "lifespan":
            return [self._lifespan() for _ in range(number)]
        return [self._scope() for _ in range(number)]

    def starts(self, number: int) -> list[dict[str, Any]]:
        """Return *number* first messages of the app."""
        if self.kind == "http":
            return [self._start() for _ in range(number)]
        if self.kind == "websocket":
            return [{"type": "websocket.accept"} for _ in range(number)]
        return [{"type": "lifespan.startup.complete"} for _ in range(number)]

    def app(self, starts: list[dict[str, Any]]) -> ASGIApp:
        """Return an app that answers with the last of *starts*, used up."""
        if self.kind != "http":

            async def accepting(scope: Any, receive: Any, send: Any) -> None:
                await send(starts.pop())

            return accepting

        last = {"type": "http.response.body", "body": b"hello, world\n"}
        if self.chunks == 1:

            async def answering(scope: Any, receive: Any, send: Any) -> None:
                await send(starts.pop())
                await send(last)

            return answering

        chunk = {**last, "more_body": True}
        chunks = self.chunks

        async def streaming(scope: Any, receive: Any, send: Any) -> None:
            await send(starts.pop())
            for _ in range(chunks - 1):
                await send(chunk)
            await send(last)

        return streaming

    def _scope(self) -> dict[str, Any]:
        path = f"{self.path}-{next(self._numbers)}" if self.distinct else self.path
        raw = path.encode()
        return {
            "type": self.kind,
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "server": ("127.0.0.1", 8000),
            "client": ("127.0.0.1", 50000),
            "scheme": "http" if self.kind == "http" else "ws",
            "root_path": "",
            "headers": _fresh(self.request),
            "state": {},
            "method": "GET",
            "path": raw.decode(),
            "raw_path": raw,
            "query_string": b"",
            **(
                {"extensions": {n: {} for n in self.extensions}}
                if self.extensions
                else {}
            ),
        }

    def _extensions(self) -> dict[str, Any]:
        # uvicorn leaves the key out where it has none to offer.
        names = self.extensions
        return {"extensions": {name: {} for name in names}} if names else {}

    def _lifespan(self) -> dict[str, Any]:
        return {
            "type": "lifespan",
            "asgi": {"version": "3.0", "spec_version": "2.0"},
            "state": {},
        }

    def _start(self) -> dict[str, Any]:
        return {
            "type": "http.response.start",
            "status": 200,
            "headers": _fresh(self.response),
        }


def _fresh(pairs: Pairs) -> list[tuple[bytes, bytes]]:
    # bytes(x) of a bytes object is the object itself; through a bytearray it is new.
    return [(bytes(bytearray(name)), bytes(bytearray(value))) for name, value in pairs]
