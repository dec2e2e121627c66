"""Flask, with ``as_asgi()``."""

from __future__ import annotations

from app_shared import BRIEF, OWN, RULES, TAG, Gate
from flask import Flask, Response, request

from asgi_nocache import cache_policy, nocache
from asgi_nocache.flask import as_asgi

framework = Flask(__name__, static_folder=None)
gate = Gate()


@framework.get("/plain")
def plain() -> str:
    return "plain"


@framework.get("/static/app.css")
def style() -> Response:
    return Response("a {}", mimetype="text/css")


@framework.get("/own")
def own() -> Response:
    return Response("own", headers={"Cache-Control": OWN})


@framework.get("/marked")
@nocache
def marked() -> str:
    return "marked"


@framework.get("/policy")
@cache_policy(BRIEF)
def policy() -> str:
    return "policy"


@framework.get("/boom")
def boom() -> str:
    raise LookupError("boom")


@framework.get("/stream")
def stream() -> Response:
    return Response(gate.blocking_chunks(), mimetype="text/plain")


@framework.get("/release")
def release() -> str:
    gate.release()
    return "released"


@framework.get("/static/cookie")
def cookie() -> Response:
    response = Response("cookie")
    response.set_cookie("session", "1")
    return response


@framework.get("/tagged")
@framework.get("/static/tagged")
def tagged() -> Response:
    fields = {"ETag": TAG}
    if request.headers.get("If-None-Match") == TAG:
        return Response(status=304, headers=fields)
    return Response("tagged", headers=fields)


app = as_asgi(framework, rules=RULES)
