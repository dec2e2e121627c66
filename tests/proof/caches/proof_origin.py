"""The origin: one app per policy, behind a real server, that remembers what it saw.

``/<policy>/<case>/<nonce>`` is answered as the case's row says. A caching field
that is neither in that row nor the policy's does not occur. Asking is proof_probe.py's.
"""

from __future__ import annotations

import re
import socket
import threading
import time
from collections import defaultdict
from collections.abc import Iterable
from email.utils import formatdate
from typing import Any, Self

import uvicorn
from proof_cases import Case, State
from proof_policies import BARE, PRESETS, wrapped
from proof_record import Exchange, Lines

#: Seconds after which a server that does not stop is a failure.
PATIENCE = 20
DAY = 86400

#: Where a browser stands while its page fetches.
PAGE = "/page"
_USER = re.compile(r"(?:Bearer |session=)(\w+)")

RawLines = list[tuple[bytes, bytes]]

#: Fields without which a status makes no sense.
_BELONG: dict[int, Lines] = {
    **dict.fromkeys((300, 301, 302, 303, 307, 308), (("Location", "/elsewhere"),)),
    401: (("WWW-Authenticate", "Bearer"),),
    405: (("Allow", "POST"),),
}


def raw(lines: Lines) -> RawLines:
    """Return *lines* as ASGI has them."""
    return [(n.encode("latin-1"), v.encode("latin-1")) for n, v in lines]


def read(lines: Iterable[tuple[bytes, bytes]]) -> Lines:
    """Return ASGI's lines as the record has them."""
    return tuple((n.decode("latin-1"), v.decode("latin-1")) for n, v in lines)


def user_of(lines: Lines) -> str:
    """Return who asks, by the credentials, ``nobody`` without."""
    for name, value in lines:
        if name.lower() in ("authorization", "cookie") and (who := _USER.search(value)):
            return who[1]
    return "nobody"


class CaseApp:
    """Answers by the table; a real app, which answers conditional requests itself."""

    def __init__(self, cases: Iterable[Case]) -> None:
        self._cases = {case.name: case for case in cases}
        self._made: dict[str, int] = defaultdict(int)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one request."""
        while (await receive()).get("more_body"):
            pass  # what is left unread spoils the connection for the next request
        path = scope["path"]
        asked = read(scope["headers"])
        case = self._cases.get(path.split("/")[2]) if path.count("/") == 3 else None
        if case is None:
            await answer(send, 404, (), "no such case", scope["method"])
            return
        fields = self._fields(case, path, self._made[path] + 1)
        if _confirmed(case, scope["method"], dict(asked), dict(fields)):
            await answer(send, 304, fields, "", scope["method"])
            return
        self._made[path] += 1
        body = f"{case.name} number {self._made[path]} for {user_of(asked)}\n"
        status = case.status
        if status == 206 and "range" not in dict(asked):
            status = 200  # some proxies ask for the whole
        elif status == 206:
            whole = f"bytes 0-{len(body) - 1}/{len(body)}"
            fields += (("Content-Range", whole),)
        await answer(send, status, fields, body, scope["method"])

    @staticmethod
    def _fields(case: Case, path: str, number: int) -> Lines:
        # No clock in what stays the same: a date must not make a difference.
        texts = {"{n}": str(number), "{url}": path}
        if any("{now}" in v or "{future}" in v for _, v in case.fields):
            now = time.time()
            texts["{now}"] = formatdate(now, usegmt=True)
            texts["{future}"] = formatdate(now + DAY, usegmt=True)
        return tuple(
            (name, _filled(value, texts))
            for name, value in (*_BELONG.get(case.status, ()), *case.fields)
        )


def _filled(value: str, texts: dict[str, str]) -> str:
    for mark, text in texts.items():
        value = value.replace(mark, text)
    return value


def _confirmed(
    case: Case, method: str, asked: dict[str, str], fields: dict[str, str]
) -> bool:
    """Tell whether the client's copy is good: RFC 9110 section 13.2.2."""
    if case.status != 200 or method not in ("GET", "HEAD"):
        return False
    if "if-none-match" in asked:
        tags = [t.strip().removeprefix("W/") for t in asked["if-none-match"].split(",")]
        return fields.get("ETag", "none").removeprefix("W/") in tags
    return asked.get("if-modified-since") == fields.get("Last-Modified", "none")


async def answer(send: Any, status: int, fields: Lines, body: str, method: str) -> None:
    """Send a whole response."""
    kind = "text/html" if body.startswith("<") else "text/plain"
    lines: Lines = (("Content-Type", kind),) if body else ()
    content = body.encode()
    if status not in (204, 304):
        lines = (*lines, ("Content-Length", str(len(content))))
    else:
        content = b""
    headers = raw((*lines, *fields))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    content = b"" if method == "HEAD" else content
    await send({"type": "http.response.body", "body": content})


class Origin:
    """A server on a port of its own; use it in a ``with``, once.

    Attributes:
        port: Where it listens.
        state: What it is like; ``refuse()`` is the last of them.
    """

    def __init__(self, cases: Iterable[Case], http: str = "h11") -> None:
        # h11, since with httptools uvicorn sends all names in lower case.
        app = CaseApp(cases)
        self._apps = {name: wrapped(app, preset) for name, preset in PRESETS.items()}
        self._bare = self._apps[BARE]
        self._seen: dict[str, list[Exchange]] = defaultdict(list)
        self._http = http
        self.state = State.UP
        self.port = 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve one request, and remember it as it came and as it went."""
        if scope["path"] == PAGE:
            await answer(
                send, 200, (("Cache-Control", "no-store"),), "<!doctype html>", "GET"
            )
            return
        send = self._remembering(scope, send)
        if self.state is State.BROKEN:
            await answer(send, 503, (), "outage", scope["method"])
            return
        app = self._apps.get(scope["path"].split("/")[1], self._bare)
        if self.state is State.BEFORE:
            app = self._bare
        await app({**scope, "headers": list(scope["headers"])}, receive, send)

    def _remembering(self, scope: Any, send: Any) -> Any:
        method, path, asked = scope["method"], scope["path"], read(scope["headers"])
        start: Any = None

        async def send_and_remember(message: Any) -> None:
            nonlocal start
            if message["type"] == "http.response.start":
                # The server's own Date would not be seen here.
                date = (b"date", formatdate(usegmt=True).encode())
                start = {**message, "headers": [date, *message["headers"]]}
                return
            # Before anything leaves: whoever has the answer may ask for the record.
            lines, body = read(start["headers"]), message.get("body", b"").decode()
            seen = Exchange(method, asked, start["status"], lines, body)
            self._seen[path].append(seen)
            await send(start)
            await send(message)

        return send_and_remember

    def take(self, path: str) -> tuple[Exchange, ...]:
        """Return what was asked for *path* since the last time."""
        return tuple(self._seen.pop(path, ()))

    def __enter__(self) -> Self:
        listener = socket.socket(proto=socket.IPPROTO_TCP)
        listener.bind(("127.0.0.1", 0))
        listener.listen(512)
        self.port = listener.getsockname()[1]
        config = uvicorn.Config(
            self,
            http=self._http,
            loop="asyncio",
            lifespan="off",
            log_config=None,  # two origins at a time would set up the same loggers
            log_level="critical",
            access_log=False,
            server_header=False,
            date_header=False,
            timeout_keep_alive=3600,  # a connection must not end between two steps
        )
        self._listener, self._server = listener, uvicorn.Server(config)
        self._thread = threading.Thread(
            target=self._server.run, args=([listener],), daemon=True
        )
        self._thread.start()
        while self._thread.is_alive() and not self._server.started:
            time.sleep(0.01)
        return self

    def refuse(self) -> None:
        """Stop listening, and end every connection."""
        self.state = State.REFUSING
        self._server.should_exit = self._server.force_exit = True
        self._thread.join(PATIENCE)
        self._listener.close()
        if self._thread.is_alive():
            raise RuntimeError("the origin does not stop")

    def __exit__(self, *exc: object) -> None:
        self.refuse()
