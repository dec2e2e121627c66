"""What the checks that readers do not see may use: an app, and one request to it.

Nothing that a page itself shows belongs here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import httpx


def ask(
    app: Any,
    path: str,
    fields: Mapping[str, str] | None = None,
    *,
    method: str = "GET",
) -> httpx.Response:
    """Let *app*, ASGI or WSGI, answer one request."""
    base = "http://127.0.0.1"
    if callable(getattr(app, "wsgi_app", None)):
        with httpx.Client(transport=httpx.WSGITransport(app), base_url=base) as client:
            return client.request(method, path, headers=fields)

    async def once() -> httpx.Response:
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url=base) as client:
            return await client.request(method, path, headers=fields)

    return asyncio.run(once())


async def bare_app(scope: Any, receive: Any, send: Any) -> None:
    """Answer everything with 200 and no field: the app that a page begins with."""
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"bare"})
