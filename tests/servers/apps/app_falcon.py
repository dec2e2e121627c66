"""Falcon's ASGI app, wrapped."""

from __future__ import annotations

import falcon
import falcon.asgi
from app_shared import BRIEF, OWN, RULES, TAG, Gate
from falcon.asgi import Request, Response, WebSocket

from asgi_nocache import NoCacheMiddleware, cache_policy, nocache

gate = Gate()


class Plain:
    async def on_get(self, req: Request, resp: Response) -> None:
        resp.text = "plain"


class Style:
    async def on_get(self, req: Request, resp: Response) -> None:
        resp.content_type = "text/css"
        resp.text = "a {}"


class Own:
    async def on_get(self, req: Request, resp: Response) -> None:
        resp.set_header("Cache-Control", OWN)
        resp.text = "own"


class Marked:
    @nocache
    async def on_get(self, req: Request, resp: Response) -> None:
        resp.text = "marked"


class Decorated:
    @cache_policy(BRIEF)
    async def on_get(self, req: Request, resp: Response) -> None:
        resp.text = "policy"


class Boom:
    async def on_get(self, req: Request, resp: Response) -> None:
        raise LookupError("boom")


class Stream:
    async def on_get(self, req: Request, resp: Response) -> None:
        resp.content_type = "text/plain"
        resp.stream = gate.chunks()


class Release:
    async def on_get(self, req: Request, resp: Response) -> None:
        gate.release()


class Cookie:
    async def on_get(self, req: Request, resp: Response) -> None:
        resp.set_cookie("session", "1")
        resp.text = "cookie"


class Tagged:
    async def on_get(self, req: Request, resp: Response) -> None:
        resp.set_header("ETag", TAG)
        if req.get_header("If-None-Match") == TAG:
            resp.status = falcon.HTTP_304
        else:
            resp.text = "tagged"


class Echo:
    async def on_websocket(self, req: Request, ws: WebSocket) -> None:
        await ws.accept()
        await ws.send_text(await ws.receive_text())
        await ws.close()


framework = falcon.asgi.App()
framework.add_route("/plain", Plain())
framework.add_route("/static/app.css", Style())
framework.add_route("/own", Own())
framework.add_route("/marked", Marked())
framework.add_route("/policy", Decorated())
framework.add_route("/boom", Boom())
framework.add_route("/stream", Stream())
framework.add_route("/release", Release())
framework.add_route("/static/cookie", Cookie())
framework.add_route("/tagged", Tagged())
framework.add_route("/static/tagged", Tagged())
framework.add_route("/ws", Echo())
app = NoCacheMiddleware(framework, rules=RULES)
