"""BlackSheep, wrapped."""

from __future__ import annotations

from app_shared import BRIEF, OWN, RULES, TAG, Gate
from blacksheep import (
    Application,
    Content,
    Cookie,
    Request,
    Response,
    StreamedContent,
    WebSocket,
    text,
)

from asgi_nocache import NoCacheMiddleware, cache_policy, nocache

framework = Application()
router = framework.router
gate = Gate()


@router.get("/plain")
async def plain() -> Response:
    return text("plain")


@router.get("/static/app.css")
async def style() -> Response:
    return Response(200, content=Content(b"text/css", b"a {}"))


@router.get("/own")
async def own() -> Response:
    response = text("own")
    response.add_header(b"Cache-Control", OWN.encode())
    return response


@router.get("/marked")
@nocache
async def marked() -> Response:
    return text("marked")


@router.get("/policy")
@cache_policy(BRIEF)
async def policy() -> Response:
    return text("policy")


@router.get("/boom")
async def boom() -> Response:
    raise LookupError("boom")


@router.get("/stream")
async def stream() -> Response:
    return Response(200, content=StreamedContent(b"text/plain", gate.chunks))


@router.get("/release")
async def release() -> Response:
    gate.release()
    return text("released")


@router.get("/static/cookie")
async def cookie() -> Response:
    response = text("cookie")
    response.set_cookie(Cookie("session", "1"))
    return response


@router.get("/tagged")
@router.get("/static/tagged")
async def tagged(request: Request) -> Response:
    known = request.get_first_header(b"If-None-Match") == TAG.encode()
    response = Response(304) if known else text("tagged")
    response.add_header(b"ETag", TAG.encode())
    return response


@router.ws("/ws")
async def echo(socket: WebSocket) -> None:
    await socket.accept()
    await socket.send_text(await socket.receive_text())
    await socket.close()


app = NoCacheMiddleware(framework, rules=RULES)
