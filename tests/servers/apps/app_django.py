"""Django's ASGI handler, wrapped."""

from __future__ import annotations

import django
from app_shared import BRIEF, OWN, RULES, TAG, Gate
from django.conf import settings
from django.core.asgi import get_asgi_application
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.urls import path
from django.views.decorators.http import require_safe

from asgi_nocache import NoCacheMiddleware, cache_policy, nocache

settings.configure(
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF=__name__,
    SECRET_KEY="of a test",
    LOGGING_CONFIG=None,
)
django.setup()
gate = Gate()


@require_safe
async def plain(request: HttpRequest) -> HttpResponse:
    return HttpResponse("plain")


async def style(request: HttpRequest) -> HttpResponse:
    return HttpResponse("a {}", content_type="text/css")


async def own(request: HttpRequest) -> HttpResponse:
    return HttpResponse("own", headers={"Cache-Control": OWN})


@nocache
def marked(request: HttpRequest) -> HttpResponse:
    return HttpResponse("marked")  # in a thread, as most views of Django are


@cache_policy(BRIEF)
async def policy(request: HttpRequest) -> HttpResponse:
    return HttpResponse("policy")


async def boom(request: HttpRequest) -> HttpResponse:
    raise LookupError("boom")


async def stream(request: HttpRequest) -> StreamingHttpResponse:
    return StreamingHttpResponse(gate.chunks(), content_type="text/plain")


async def release(request: HttpRequest) -> HttpResponse:
    gate.release()
    return HttpResponse("released")


async def cookie(request: HttpRequest) -> HttpResponse:
    response = HttpResponse("cookie")
    response.set_cookie("session", "1")
    return response


async def tagged(request: HttpRequest) -> HttpResponse:
    fields = {"ETag": TAG}
    if request.headers.get("If-None-Match") == TAG:
        return HttpResponse(status=304, headers=fields)
    return HttpResponse("tagged", headers=fields)


urlpatterns = [
    path("plain", plain),
    path("static/app.css", style),
    path("own", own),
    path("marked", marked),
    path("policy", policy),
    path("boom", boom),
    path("stream", stream),
    path("release", release),
    path("static/cookie", cookie),
    path("tagged", tagged),
    path("static/tagged", tagged),
]
app = NoCacheMiddleware(get_asgi_application(), rules=RULES)
