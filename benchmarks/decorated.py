"""Endpoints with and without `nocache`, called by the app before it answers.

Importing this module puts a decorator into use in the process, which is what
`python -m benchmarks.inprocess --decorators` is about; no other module may.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from asgi_nocache import nocache

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from benchmarks.contenders import Contender
    from benchmarks.workloads import ASGIApp


async def plain() -> None:
    """Stand for an endpoint without a decorator."""


@nocache
async def marked() -> None:
    """Stand for an endpoint with one."""


def _calling(endpoint: Callable[[], Awaitable[None]], app: ASGIApp) -> ASGIApp:
    # What a router does: name the endpoint in the scope, call it, send its answer.
    async def routed(scope: Any, receive: Any, send: Any) -> None:
        scope["endpoint"] = endpoint
        await endpoint()
        await app(scope, receive, send)

    return routed


def calling_plain(contender: Contender) -> Contender:
    """Return *contender* around an app that calls the plain endpoint."""
    return replace(contender, build=lambda app: contender.build(_calling(plain, app)))


def calling_marked(contender: Contender) -> Contender:
    """Return *contender* around an app that calls the decorated endpoint."""
    return replace(contender, build=lambda app: contender.build(_calling(marked, app)))
