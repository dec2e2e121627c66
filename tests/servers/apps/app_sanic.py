"""Sanic as an ASGI app, wrapped."""

from __future__ import annotations

from app_shared import BRIEF, OWN, RULES, TAG, Gate
from sanic import HTTPResponse, Request, Sanic, Websocket, empty, text

from asgi_nocache import NoCacheMiddleware, cache_policy, nocache

framework = Sanic("servers", configure_logging=False)
gate = Gate()


@framework.get("/plain")
async def plain(request: Request) -> HTTPResponse:
    return text("plain")


@framework.get("/static/app.css")
async def style(request: Request) -> HTTPResponse:
    return text("a {}", content_type="text/css")


@framework.get("/own")
async def own(request: Request) -> HTTPResponse:
    return text("own", headers={"Cache-Control": OWN})


@framework.get("/marked")
@nocache
async def marked(request: Request) -> HTTPResponse:
    return text("marked")


@framework.get("/policy")
@cache_policy(BRIEF)
async def policy(request: Request) -> HTTPResponse:
    return text("policy")


@framework.get("/boom")
async def boom(request: Request) -> HTTPResponse:
    raise LookupError("boom")


@framework.get("/stream")
async def stream(request: Request) -> None:
    response = await request.respond(content_type="text/plain")
    async for chunk in gate.chunks():
        await response.send(chunk)
    await response.eof()


@framework.get("/release")
async def release(request: Request) -> HTTPResponse:
    gate.release()
    return text("released")


@framework.get("/static/cookie")
async def cookie(request: Request) -> HTTPResponse:
    response = text("cookie")
    response.add_cookie("session", "1")
    return response


@framework.get("/tagged", name="tagged")
@framework.get("/static/tagged", name="static_tagged")
async def tagged(request: Request) -> HTTPResponse:
    fields = {"ETag": TAG}
    if request.headers.get("if-none-match") == TAG:
        return empty(304, headers=fields)
    return text("tagged", headers=fields)


@framework.websocket("/ws")
async def echo(request: Request, ws: Websocket) -> None:
    await ws.send(await ws.recv())


app = NoCacheMiddleware(framework, rules=RULES)
