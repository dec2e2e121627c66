"""Quart, with the middleware at ``app.asgi_app``."""

from __future__ import annotations

from app_shared import BRIEF, OWN, RULES, TAG, Gate
from quart import Quart, Response, request, websocket

from asgi_nocache import NoCacheMiddleware, cache_policy, nocache

app = Quart(__name__, static_folder=None)
app.asgi_app = NoCacheMiddleware(app.asgi_app, rules=RULES)
gate = Gate()


@app.get("/plain")
async def plain() -> str:
    return "plain"


@app.get("/static/app.css")
async def style() -> Response:
    return Response("a {}", mimetype="text/css")


@app.get("/own")
async def own() -> Response:
    return Response("own", headers={"Cache-Control": OWN})


@app.get("/marked")
@nocache
async def marked() -> str:
    return "marked"


@app.get("/policy")
@cache_policy(BRIEF)
async def policy() -> str:
    return "policy"


@app.get("/boom")
async def boom() -> str:
    raise LookupError("boom")


@app.get("/stream")
async def stream() -> Response:
    return Response(gate.chunks(), mimetype="text/plain")


@app.get("/release")
async def release() -> str:
    gate.release()
    return "released"


@app.get("/static/cookie")
async def cookie() -> Response:
    response = Response("cookie")
    response.set_cookie("session", "1")
    return response


@app.get("/tagged")
@app.get("/static/tagged")
async def tagged() -> Response:
    fields = {"ETag": TAG}
    if request.headers.get("If-None-Match") == TAG:
        return Response(status=304, headers=fields)
    return Response("tagged", headers=fields)


@app.websocket("/ws")
async def echo() -> None:
    await websocket.send(await websocket.receive())
