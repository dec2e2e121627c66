"""One app behind both shells, for the tests of refusals; it knows who asked.

Tests of what is refused are test_refusals.py's.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from asgi_driver import NO_STORE_FIELDS, http_scope, run, start

from asgi_nocache import NO_STORE, PUBLIC, REVALIDATE, NoCacheMiddleware, Rule
from asgi_nocache._core.readings import MAX_LENGTH
from asgi_nocache.wsgi import NoCacheWSGIMiddleware

Lines = list[tuple[bytes, bytes]]

RULES = [
    Rule("/static/**", PUBLIC(max_age=60)),
    Rule("/account/**", NO_STORE),
    Rule("/pages/**", REVALIDATE),
]
PREFETCH = [(b"sec-purpose", b"prefetch")]


#: Spellings that select different policies, and what has too many readings.
AMBIGUOUS = [
    "/static/../account",
    "/static/..;/account",
    "/static//../account/me",
    "/static/%2e%2e/account",
    "/static\\..\\account",
    "/account/..%2fstatic/x.js",
    "/pages/../items",
    "/static/;" + "x" * MAX_LENGTH,
]
#: One spelling; or several, which select the same; or a mere shadow.
CLEAR = [
    "/",
    "/static/app.css",
    "/account/",
    "/account.css",
    "/ACCOUNT",
    "/static/a%b/x.css",
    "/account/../account/me",
    "/items//1",
    "/items;v=1",
    "/static/a.",
    "/wiki/M\u00fcnchen",
]


def plain(text: bytes) -> Lines:
    length = (b"content-length", b"%d" % len(text))
    return [(b"content-type", b"text/plain; charset=utf-8"), length, *NO_STORE_FIELDS]


NOT_FOUND = (404, plain(b"Not Found"), b"Not Found")
UNAVAILABLE = (503, plain(b"Service Unavailable"), b"Service Unavailable")


class Asked:
    """One app behind both shells; it knows how often it was asked."""

    def __init__(self, shell: str, status: int = 200, **options: Any) -> None:
        self.calls, self.shell, self.status = 0, shell, status
        wsgi = shell == "wsgi"
        make: Any = NoCacheWSGIMiddleware if wsgi else NoCacheMiddleware
        self.app = make(self._wsgi if wsgi else self._asgi, **options)

    async def _asgi(self, scope: Any, receive: Any, send: Any) -> None:
        self.calls += 1
        await send(start([], self.status))
        await send({"type": "http.response.body", "body": b"app"})

    def _wsgi(self, environ: Any, start_response: Any) -> list[bytes]:
        self.calls += 1
        start_response(f"{self.status} Whatever", [])
        return [b"app"]

    def get(
        self,
        path: str,
        fields: Iterable[tuple[bytes, bytes]] = (),
        method: str = "GET",
    ) -> tuple[int, Lines, bytes]:
        """Return status, fields and body."""
        if self.shell == "asgi":
            first, body = run(self.app, http_scope(path, method, headers=list(fields)))
            return first["status"], first["headers"], body["body"]
        told: list[Any] = []
        environ = {
            "REQUEST_METHOD": method,
            "PATH_INFO": path.encode().decode("latin-1"),
            **{
                "HTTP_" + k.decode().upper().replace("-", "_"): v.decode()
                for k, v in fields
            },
        }
        body = b"".join(self.app(environ, lambda *args: told.extend(args)))
        lines = [(k.encode(), v.encode()) for k, v in told[1]]
        return int(told[0][:3]), lines, body
