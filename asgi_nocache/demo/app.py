"""The demo as a Starlette app: the page, and the same small app mounted twice.

Endpoints and mounts belong here; state and limits in ``items``, the page in
``page``, sockets and processes in ``serve``. No endpoint may look at which side
it serves: the sides differ by one line of ``make_demo_app``, or the demo proves
nothing.
"""

from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Mount, Route

from asgi_nocache import NoCacheMiddleware

from .items import MAX_BODY, NEVER_STORE, STALE_RECIPE, Items, RefusedError
from .page import PAGE_FIELDS, PAGE_FILES, PageFile


def _visit(request: Request) -> str:
    return request.query_params.get("visit", "")


async def _read_body(request: Request) -> bytes:
    """The body, or just so much of it that it is refused."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY:
            break
    return body


# Any, because Starlette's own type for a handler has the widest exception.
async def _refuse(_: Request, error: Any) -> Response:
    return PlainTextResponse(str(error), error.status)


def make_items_app() -> Starlette:
    """Build the app under test: a list that is asked for, and a save.

    Returns:
        An app with ``GET /items``, ``POST /items/save`` and ``GET /origin``,
        all of them with ``?visit=``, with state of its own.
    """
    items = Items()

    async def list_items(request: Request) -> Response:
        return JSONResponse(items.asked_for(_visit(request)), headers=STALE_RECIPE)

    async def save_item(request: Request) -> Response:
        # A URL of its own: a browser drops what it stored for the URL it posts
        # to (RFC 9111 section 4.4), which would hide the fault.
        return JSONResponse(items.save(_visit(request), await _read_body(request)))

    async def count_list_requests(request: Request) -> Response:
        return JSONResponse(items.count(_visit(request)), headers=NEVER_STORE)

    return Starlette(
        routes=[
            Route("/items", list_items),
            Route("/items/save", save_item, methods=["POST"]),
            Route("/origin", count_list_requests),
        ],
        exception_handlers={RefusedError: _refuse},
    )


def _page_route(file: PageFile) -> Route:
    content = file.read()

    async def page(_: Request) -> Response:
        return Response(content, headers=PAGE_FIELDS, media_type=file.media_type)

    return Route(file.path, page)


def make_demo_app(*, protect: bool = True) -> Starlette:
    """Build the demo: the page, and the items app without and with the policy.

    Args:
        protect: False leaves the middleware out on the right as well. Then both
            dropdowns go stale, which shows that it is the middleware that helps.
    """
    left, right = make_items_app(), make_items_app()
    return Starlette(
        routes=[
            *(_page_route(file) for file in PAGE_FILES),
            Mount("/without", left),
            Mount("/with", NoCacheMiddleware(right) if protect else right),
        ]
    )
