"""Asking a real app for what the audit lists, and seeing who answers."""

from typing import Any

import httpx

from asgi_nocache._route import Route as Told
from asgi_nocache._route import route_of
from asgi_nocache.audit.routes import find_routes
from asgi_nocache.audit.values import Route


def by_path(app: Any) -> dict[str, Route]:
    """Return the routes of *app*, the last of each path."""
    return {route.path: route for route in find_routes(app)}


def samples(app: Any) -> dict[str, str]:
    return {route.path: route.sample for route in find_routes(app)}


async def ask(app: Any, route: Route, method: str = "") -> tuple[httpx.Response, Told]:
    """Return what answers at a route's sample, and what our middleware is told."""
    scopes: list[Any] = []

    async def recorded(scope: Any, receive: Any, send: Any) -> None:
        scopes.append(scope)
        await app(scope, receive, send)

    host = route.host if route.host and not set(route.host) & set("{<") else "test"
    transport = httpx.ASGITransport(recorded, raise_app_exceptions=True)
    async with httpx.AsyncClient(transport=transport, base_url=f"http://{host}") as c:
        chosen = method or ("GET" if "GET" in (route.methods or ("GET",)) else "")
        answer = await c.request(chosen or route.methods[0], route.sample)
    return answer, route_of(scopes[0])


async def connect(app: Any, route: Route) -> dict[str, Any]:
    """Return the scope of a websocket at a route's sample, when it has ended."""
    scope = {
        "type": "websocket",
        "path": route.sample,
        "raw_path": route.sample.encode(),
        "root_path": "",
        "scheme": "ws",
        "query_string": b"",
        "headers": [(b"host", b"test")],
        "subprotocols": [],
        "asgi": {"version": "3.0"},
    }
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "websocket.connect"}

    async def send(message: Any) -> None:
        sent.append(message)

    await app(scope, receive, send)
    return {**scope, "sent": sent}
