"""Two caches made of nothing, to test the proof itself: none at all, and a bad one."""

from __future__ import annotations

import http.client
from collections.abc import Sequence
from pathlib import Path

from proof_cache import Answer, Send


class Direct:
    """No cache: every request reaches the origin."""

    name = "direct"
    setup = "no cache"
    audience = "private"
    honours = True
    packages: tuple[str, ...] = ()

    def missing(self) -> str:
        return ""

    def version(self) -> str:
        return "0"

    def start(self, origin: int, folder: Path) -> None:
        self._origin = http.client.HTTPConnection("127.0.0.1", origin, timeout=20)

    def send(self, sends: Sequence[Send]) -> list[Answer]:
        return [self._ask(send) for send in sends]

    def _ask(self, send: Send) -> Answer:
        try:
            self._origin.request(
                send.method, send.path, send.body or None, dict(send.fields)
            )
            response = self._origin.getresponse()
            body = response.read().decode()
        except OSError:
            self._origin.close()
            return Answer(0, (), None)
        return Answer(response.status, tuple(response.getheaders()), body)

    def close(self) -> None:
        self._origin.close()


class Careless(Direct):
    """Keeps whatever was a GET, for ever, and shows it to everybody."""

    name = "careless"
    setup = "keeps everything"

    def start(self, origin: int, folder: Path) -> None:
        super().start(origin, folder)
        self._kept: dict[str, Answer] = {}

    def _ask(self, send: Send) -> Answer:
        if send.method != "GET":
            return super()._ask(send)
        if send.path not in self._kept:
            self._kept[send.path] = super()._ask(send)
        return self._kept[send.path]
