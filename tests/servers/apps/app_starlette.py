"""Starlette, with ``install()``."""

from __future__ import annotations

from app_shared import BRIEF, OWN, RULES, TAG, Gate
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

from asgi_nocache import cache_policy, nocache
from asgi_nocache.starlette import install

gate = Gate()


async def plain(request: Request) -> Response:
    return PlainTextResponse("plain")


async def style(request: Request) -> Response:
    return Response("a {}", media_type="text/css")


async def own(request: Request) -> Response:
    return PlainTextResponse("own", headers={"Cache-Control": OWN})


@nocache
async def marked(request: Request) -> Response:
    return PlainTextResponse("marked")


@cache_policy(BRIEF)
async def policy(request: Request) -> Response:
    return PlainTextResponse("policy")


async def boom(request: Request) -> Response:
    raise LookupError("boom")


async def stream(request: Request) -> Response:
    return StreamingResponse(gate.chunks(), media_type="text/plain")


async def release(request: Request) -> Response:
    gate.release()
    return PlainTextResponse("released")


async def cookie(request: Request) -> Response:
    response = PlainTextResponse("cookie")
    response.set_cookie("session", "1")
    return response


async def tagged(request: Request) -> Response:
    fields = {"ETag": TAG}
    if request.headers.get("if-none-match") == TAG:
        return Response(status_code=304, headers=fields)
    return PlainTextResponse("tagged", headers=fields)


async def echo(socket: WebSocket) -> None:
    await socket.accept()
    await socket.send_text(await socket.receive_text())
    await socket.close()


app = Starlette(
    routes=[
        Route("/plain", plain),
        Route("/static/app.css", style),
        Route("/own", own),
        Route("/marked", marked),
        Route("/policy", policy),
        Route("/boom", boom),
        Route("/stream", stream),
        Route("/release", release),
        Route("/static/cookie", cookie),
        Route("/tagged", tagged),
        Route("/static/tagged", tagged),
        WebSocketRoute("/ws", echo),
    ]
)
install(app, rules=RULES)
