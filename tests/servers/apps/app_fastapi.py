"""FastAPI, with ``install()``."""

from __future__ import annotations

from typing import Annotated

from app_shared import BRIEF, OWN, RULES, TAG, Gate
from fastapi import FastAPI, Header, Response, WebSocket
from fastapi.responses import PlainTextResponse, StreamingResponse

from asgi_nocache import cache_policy, nocache
from asgi_nocache.starlette import install

app = FastAPI()
install(app, rules=RULES)
gate = Gate()


@app.get("/plain")
async def plain() -> str:
    return "plain"


@app.get("/static/app.css")
async def style() -> Response:
    return Response("a {}", media_type="text/css")


@app.get("/own")
async def own(response: Response) -> str:
    response.headers["Cache-Control"] = OWN
    return "own"


@app.get("/marked")
@nocache
async def marked() -> str:
    return "marked"


@app.get("/policy")
@cache_policy(BRIEF)
async def policy() -> str:
    return "policy"


@app.get("/boom")
async def boom() -> None:
    raise LookupError("boom")


@app.get("/stream")
async def stream() -> StreamingResponse:
    return StreamingResponse(gate.chunks(), media_type="text/plain")


@app.get("/release")
async def release() -> str:
    gate.release()
    return "released"


@app.get("/static/cookie")
async def cookie(response: Response) -> str:
    response.set_cookie("session", "1")
    return "cookie"


@app.get("/tagged")
@app.get("/static/tagged")
async def tagged(if_none_match: Annotated[str | None, Header()] = None) -> Response:
    if if_none_match == TAG:
        return Response(status_code=304, headers={"ETag": TAG})
    return PlainTextResponse("tagged", headers={"ETag": TAG})


@app.websocket("/ws")
async def echo(socket: WebSocket) -> None:
    await socket.accept()
    await socket.send_text(await socket.receive_text())
    await socket.close()
