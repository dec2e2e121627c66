"""The caches of Python's HTTP clients; they talk straight to the origin.

Each is made as its documentation says, without what would disturb a measurement:
cookies, proxies from the environment, redirects. The packages are those of the extra
``proof``, and are imported where they are used.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import logging
import sqlite3
from collections.abc import Callable, Sequence
from functools import partial
from http.cookiejar import DefaultCookiePolicy
from pathlib import Path
from typing import Any

from proof_cache import Answer, Cache, Send
from proof_http import PATIENCE, no_answer

Make = Callable[[], Any]
Ask = Callable[[Any, str, Send], Answer]

#: What installs all of them.
EXTRA = "pip install asgi-nocache[proof]"


class Client:
    """A client with a cache in it; a ``Cache`` of ``proof_cache``.

    Args:
        name: As given to ``CACHES=``.
        setup: What makes it, as a user would write it.
        package: What ``pip`` calls it.
        modules: What must be there to import.
        make: Makes the client.
        audience: Whether it takes itself for a private cache.
        honours: Whether it is told to heed Cache-Control at all.
    """

    packages: tuple[str, ...] = ()  # of Debian: none

    def __init__(
        self,
        name: str,
        setup: str,
        package: str,
        modules: tuple[str, ...],
        make: Make,
        *,
        audience: str = "private",
        honours: bool = True,
    ) -> None:
        self.name, self.setup = name, setup
        self.audience, self.honours = audience, honours
        self._package, self._modules, self._make = package, modules, make
        self._client: Any = None
        self._origin = ""

    def missing(self) -> str:
        """Return which module cannot be imported, ``""`` if none."""
        missing = [name for name in self._modules if not importlib.util.find_spec(name)]
        return f"{missing[0]} is not installed ({EXTRA})" if missing else ""

    def version(self) -> str:
        """Return the version of the package."""
        return importlib.metadata.version(self._package)

    def start(self, origin: int, folder: Path) -> None:
        """Make the client."""
        self._origin = f"http://127.0.0.1:{origin}"
        self._client = self._make()

    def send(self, sends: Sequence[Send]) -> list[Answer]:
        """Make all requests, one after the other."""
        ask = _ask_httpx if hasattr(self._client, "build_request") else _ask_requests
        return [self._asked(ask, send) for send in sends]

    def _asked(self, ask: Ask, send: Send) -> Answer:
        try:
            return ask(self._client, self._origin, send)
        except Exception as error:  # noqa: BLE001 - of any kind, at a field it reads
            return no_answer(error)

    def close(self) -> None:
        """End the connections, and forget what was kept."""
        if self._client is not None:
            self._client.close()


def _no_cookies() -> DefaultCookiePolicy:
    return DefaultCookiePolicy(allowed_domains=[])


def _ask_httpx(client: Any, origin: str, send: Send) -> Answer:
    response = client.request(
        send.method,
        origin + send.path,
        headers=list(send.fields),
        content=send.body or None,
    )
    fields = tuple(
        (name.decode("latin-1"), value.decode("latin-1"))
        for name, value in response.headers.raw
    )
    return Answer(response.status_code, fields, response.content.decode("latin-1"))


def _ask_requests(session: Any, origin: str, send: Send) -> Answer:
    response = session.request(
        send.method,
        origin + send.path,
        headers=dict(send.fields),
        data=send.body or None,
        allow_redirects=False,
        timeout=PATIENCE,
    )
    # requests joins repeated lines, and what is below keeps them apart.
    lines = getattr(response.raw, "headers", None) or response.headers
    body = response.content.decode("latin-1")
    return Answer(response.status_code, tuple(lines.items()), body)


def _hishel(rfc: Any) -> Any:
    from hishel import SqliteStorage
    from hishel.httpx import CacheClient

    memory = sqlite3.connect(":memory:", check_same_thread=False)
    client = CacheClient(
        storage=SqliteStorage(connection=memory),
        rfc=rfc,
        trust_env=False,
        timeout=PATIENCE,
    )
    client.cookies.jar.set_policy(_no_cookies())
    return client


def _quiet(session: Any) -> Any:
    session.trust_env = False
    session.cookies.set_policy(_no_cookies())
    return session


def _cachecontrol(heuristic: str = "") -> Any:
    import requests
    from cachecontrol import CacheControl, heuristics

    how = getattr(heuristics, heuristic)() if heuristic else None
    return CacheControl(_quiet(requests.Session()), heuristic=how)


def _requests_cache(**options: bool) -> Any:
    from requests_cache import CachedSession

    # Else each outage is a traceback on the terminal.
    logging.getLogger("requests_cache").addHandler(logging.NullHandler())
    return _quiet(CachedSession(backend="memory", **options))


_HISHEL = ("hishel", ("hishel", "httpx"))
_CACHECONTROL = ("CacheControl", ("cachecontrol", "requests"))
_REQUESTS_CACHE = ("requests-cache", ("requests_cache", "requests"))

CLIENTS: dict[str, Callable[[], Cache]] = {
    "hishel": partial(
        Client,
        "hishel",
        'CacheClient(rfc={"shared": False})',
        *_HISHEL,
        partial(_hishel, {"shared": False}),
    ),
    "hishel-shared": partial(
        Client,
        "hishel-shared",
        'CacheClient(rfc={"shared": True})',
        *_HISHEL,
        partial(_hishel, {"shared": True}),
        audience="shared",
    ),
    "hishel-blind": partial(
        Client,
        "hishel-blind",
        "CacheClient(), which heeds no field",
        *_HISHEL,
        partial(_hishel, rfc=False),
        honours=False,
    ),
    "cachecontrol": partial(
        Client,
        "cachecontrol",
        "CacheControl(Session())",
        *_CACHECONTROL,
        _cachecontrol,
    ),
    "cachecontrol-heuristic": partial(
        Client,
        "cachecontrol-heuristic",
        "CacheControl(Session(), heuristic=LastModified())",
        *_CACHECONTROL,
        partial(_cachecontrol, "LastModified"),
    ),
    "requests-cache": partial(
        Client,
        "requests-cache",
        "CachedSession(cache_control=True)",
        *_REQUESTS_CACHE,
        partial(_requests_cache, cache_control=True),
    ),
    "requests-cache-blind": partial(
        Client,
        "requests-cache-blind",
        "CachedSession(), which heeds no field",
        *_REQUESTS_CACHE,
        _requests_cache,
        honours=False,
    ),
}


def requests_cache(option: str) -> Client:
    """Return requests-cache with one more of its options turned on."""
    setup = f"CachedSession(cache_control=True, {option}=True)"
    make = partial(_requests_cache, cache_control=True, **{option: True})
    return Client("requests-cache", setup, *_REQUESTS_CACHE, make)
