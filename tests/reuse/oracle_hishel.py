"""What hishel, an RFC 9111 cache for Python's HTTP clients, does with a case.

The real cache runs over an origin in the same process, with a clock that is set by
hand and a storage that is a list. Nothing is judged here.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterable
from unittest import mock

import httpx
from differential_cases import HOST, NOW, Case
from hishel import BaseStorage, CacheOptions, Entry, Headers, Request, Response
from hishel.httpx import CacheTransport

from asgi_nocache import RequestFacts, ResponseFacts
from asgi_nocache.reuse import Outcome

_CONDITIONS = ("if-none-match", "if-modified-since")


class Memory(BaseStorage):
    """Entries of one URL, kept for as long as the case takes."""

    def __init__(self) -> None:
        super().__init__()
        self._entries: list[Entry] = []

    def create_entry(
        self,
        request: Request,
        response: Response,
        key: str,
        *,
        ttl: float | None = None,
        tti: float | None = None,
    ) -> Entry:
        entry = Entry(uuid.uuid4(), request, response)
        self._entries.append(entry)
        return entry

    def get_entries(self, key: str) -> list[Entry]:
        return list(self._entries)

    def update_headers(self, id: uuid.UUID, headers: Headers) -> None:  # noqa: A002
        """Nothing is asked after an update."""

    def remove_entry(self, id: uuid.UUID) -> None:  # noqa: A002
        self._entries = [entry for entry in self._entries if entry.id != id]


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = float(NOW)

    def __call__(self) -> float:
        return self.now


def outcomes(cases: Iterable[Case], shared: bool) -> list[Outcome]:
    """Return what hishel does with each of *cases*."""
    clock = Clock()
    with mock.patch.object(time, "time", clock):
        return [_outcome(case, shared, clock) for case in cases]


def _outcome(case: Case, shared: bool, clock: Clock) -> Outcome:
    asked: list[httpx.Request] = []
    stored = case.exchange()

    def origin(request: httpx.Request) -> httpx.Response:
        # The headers are lent for the time of the call, so they are copied.
        asked.append(
            httpx.Request(request.method, request.url, headers=request.headers)
        )
        return _response(stored.response)

    network = httpx.MockTransport(origin)
    cache = CacheTransport(network, Memory(), CacheOptions(shared=shared))
    clock.now = float(NOW)
    first = cache.handle_request(_request(stored.request))
    if not first.extensions["caching"]["stored"]:
        return Outcome.NOT_STORED
    asked.clear()
    clock.now = float(NOW + case.elapsed)
    cache.handle_request(_request(case.request()))
    if not asked:
        return Outcome.REUSED
    conditional = any(name in asked[0].headers for name in _CONDITIONS)
    return Outcome.REVALIDATED if conditional else Outcome.FORWARDED


def _request(facts: RequestFacts) -> httpx.Request:
    url = f"http://{HOST.decode()}{facts.target}"
    return httpx.Request(facts.method, url, headers=list(facts.fields))


def _response(facts: ResponseFacts) -> httpx.Response:
    return httpx.Response(facts.status, headers=list(facts.fields))
