"""Litestar, wrapped: its own 404 and 405 are inside too."""

from __future__ import annotations

from app_shared import BRIEF, OWN, RULES, TAG, Gate
from litestar import Litestar, MediaType, Request, Response, WebSocket, get, websocket
from litestar.response import Stream

from asgi_nocache import NoCacheMiddleware, cache_policy, nocache

gate = Gate()


@get("/plain", media_type=MediaType.TEXT)
async def plain() -> str:
    return "plain"


@get("/static/app.css", media_type=MediaType.CSS)
async def style() -> str:
    return "a {}"


@get("/own")
async def own() -> Response[str]:
    return Response("own", headers={"Cache-Control": OWN})


@get("/marked")
@nocache
async def marked() -> str:
    return "marked"


@get("/policy")
@cache_policy(BRIEF)
async def policy() -> str:
    return "policy"


@get("/boom")
async def boom() -> str:
    raise LookupError("boom")


@get("/stream")
async def stream() -> Stream:
    return Stream(gate.chunks())


@get("/release")
async def release() -> str:
    gate.release()
    return "released"


@get("/static/cookie")
async def cookie() -> Response[str]:
    response = Response("cookie")
    response.set_cookie("session", "1")
    return response


@get(["/tagged", "/static/tagged"])
async def tagged(request: Request) -> Response[str | None]:
    fields = {"ETag": TAG}
    if request.headers.get("if-none-match") == TAG:
        return Response(None, status_code=304, headers=fields)
    return Response("tagged", headers=fields)


@websocket("/ws")
async def echo(socket: WebSocket) -> None:
    await socket.accept()
    await socket.send_text(await socket.receive_text())
    await socket.close()


HANDLERS = [
    plain, style, own, marked, policy, boom, stream, release, cookie, tagged, echo
]  # fmt: skip
app = NoCacheMiddleware(Litestar(HANDLERS, openapi_config=None), rules=RULES)
