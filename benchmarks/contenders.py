"""What is compared: ours, the simplest correct hand-written middleware, the peers.

Peers are imported when asked for; one that is missing is skipped with its reason.
Each contender wraps an app and sends at least one `cache-control` line, which is
asserted before anything is timed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from asgi_nocache import APP_DECIDES, PUBLIC, NoCacheMiddleware, Rule

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from benchmarks.workloads import ASGIApp

NO_STORE_TEXT = b"no-store, no-cache, must-revalidate, private, max-age=0"
EXPIRES = b"Thu, 01 Jan 1970 00:00:01 GMT"
FIELDS = [
    (b"cache-control", NO_STORE_TEXT),
    (b"pragma", b"no-cache"),
    (b"expires", EXPIRES),
]
DROP = frozenset(name for name, _ in FIELDS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Contender:
    """A way to send the fields, by the name the table shows."""

    name: str
    build: Callable[[ASGIApp], ASGIApp]
    expects: bytes | None = None
    """The one `cache-control` value that must leave; without it, any will do."""


def _itself(app: ASGIApp) -> ASGIApp:
    return app


BARE = Contender(name="bare app", build=_itself)


class HandWritten:
    """The simplest correct middleware: closure, filter, constant fields.

    Correct means: any letter case, absent fields, a new message and a new list.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_fields(m: Any) -> None:
            if m["type"] == "http.response.start":
                kept = [
                    (k, v) for k, v in m.get("headers", ()) if k.lower() not in DROP
                ]
                await send({**m, "headers": kept + FIELDS})
            else:
                await send(m)

        await self.app(scope, receive, send_fields)


HAND_WRITTEN = Contender(name="hand-written", build=HandWritten, expects=NO_STORE_TEXT)


def ours(
    name: str, rules: Sequence[Rule] = (), expects: bytes = NO_STORE_TEXT
) -> Contender:
    """Return our middleware with *rules*, called *name* in the table."""

    def build(app: ASGIApp) -> ASGIApp:
        return NoCacheMiddleware(app, rules=rules)

    return Contender(name=name, build=build, expects=expects)


def relaxing_rule() -> Rule:
    """Return the rule of the README: static files may be kept for an hour."""
    return Rule("/static/**", PUBLIC(max_age=3600))


def app_decides_rule() -> Rule:
    """Return a rule that leaves static files to the app."""
    return Rule("/static/**", APP_DECIDES)


def mixed_rules(number: int) -> list[Rule]:
    """Return relaxing rules: half literal, 30 % with a parameter, 20 % subtrees.

    They relax, because rules that only repeat the default could be left out by a
    clever compiler, and would then cost nothing.
    """
    tails = ["list"] * 5 + ["items/{item}"] * 3 + ["files/**"] * 2
    policies = [PUBLIC(max_age=60 * (n + 1)) for n in range(10)]
    return [
        Rule(f"/area{n}/{tails[n % 10]}", policies[n // 10 % 10]) for n in range(number)
    ]


def prefix_rules(number: int) -> list[Rule]:
    """Return rules behind one prefix, so that a request walks deep into the trie."""
    policy = PUBLIC(max_age=3600)
    return [Rule(f"/api/v1/things/{n}/parts/**", policy) for n in range(number)]


def secure_three_fields(app: ASGIApp) -> ASGIApp:
    """Wrap *app* in `secure`, sending the same three fields as ours."""
    from secure import CustomHeader

    pragma = CustomHeader("Pragma", "no-cache")
    expires = CustomHeader("Expires", EXPIRES.decode())
    return _secure(app, _secure_builder(), [pragma, expires])


def secure_cache_control(app: ASGIApp) -> ASGIApp:
    """Wrap *app* in `secure`, sending `cache-control` alone."""
    return _secure(app, _secure_builder())


def secure_text(app: ASGIApp) -> ASGIApp:
    """Wrap *app* in `secure`, by its escape hatch: it need not join directives."""
    from secure import CacheControl

    return _secure(app, CacheControl().value(NO_STORE_TEXT.decode()))


def _secure_builder() -> Any:
    from secure import CacheControl

    # The way its documentation shows. It joins the directives at each response.
    return CacheControl().no_store().no_cache().must_revalidate().private().max_age(0)


def _secure(app: ASGIApp, cache: Any, custom: Any = None) -> ASGIApp:
    from secure import Secure
    from secure.middleware import SecureASGIMiddleware

    wrapped: ASGIApp = SecureASGIMiddleware(
        app, secure=Secure(cache=cache, custom=custom)
    )
    return wrapped


def secweb(app: ASGIApp) -> ASGIApp:
    """Wrap *app* in the middleware that Secweb's `Cache_Control` installs."""
    from Secweb.headers.cache_control import Cache_Control
    from Secweb.middleware import SetMiddleware

    options: Any = {
        "no-store": True,
        "no-cache": True,
        "must-revalidate": True,
        "private": True,
        "max-age": 0,
    }
    wrapped: ASGIApp = SetMiddleware(app, headers=[Cache_Control(options=options)])
    return wrapped


def mutable_headers(app: ASGIApp) -> ASGIApp:
    """Wrap *app* in the recipe of Starlette's documentation."""
    from starlette.datastructures import MutableHeaders

    class Recipe:
        def __init__(self, app: ASGIApp) -> None:
            self.app = app

        async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
            if scope["type"] != "http":
                await self.app(scope, receive, send)
                return

            async def send_fields(message: Any) -> None:
                if message["type"] == "http.response.start":
                    headers = MutableHeaders(scope=message)
                    headers["cache-control"] = NO_STORE_TEXT.decode()
                    headers["pragma"] = "no-cache"
                    headers["expires"] = EXPIRES.decode()
                await send(message)

            await self.app(scope, receive, send_fields)

    return Recipe(app)


def base_http(app: ASGIApp) -> ASGIApp:
    """Wrap *app* in Starlette's `BaseHTTPMiddleware`."""
    from starlette.middleware.base import BaseHTTPMiddleware

    class Recipe(BaseHTTPMiddleware):
        async def dispatch(self, request: Any, call_next: Any) -> Any:
            response = await call_next(request)
            response.headers["cache-control"] = NO_STORE_TEXT.decode()
            response.headers["pragma"] = "no-cache"
            response.headers["expires"] = EXPIRES.decode()
            return response

    return Recipe(app)


PEERS = (
    Contender(name="secure, the same three fields", build=secure_three_fields),
    Contender(name="secure, cache-control alone", build=secure_cache_control),
    Contender(name="secure, the same from a text", build=secure_text),
    Contender(name="Secweb, cache-control alone", build=secweb),
    Contender(name="MutableHeaders recipe", build=mutable_headers),
)
"""The peers that need no event loop; `BASE_HTTP` does."""

BASE_HTTP = Contender(name="BaseHTTPMiddleware", build=base_http)
