"""The demo as an ASGI app: the page, and the same small app mounted twice.

State, endpoints and mounts belong here. Sockets and processes belong in
``serve``; what the visitor sees belongs in the page's own files. No endpoint
may look at which side it serves: the sides differ by one line of
``make_demo_app``, or the demo proves nothing.
"""

from collections import OrderedDict
from dataclasses import dataclass, field
from importlib.resources import files

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route

from asgi_nocache import NoCacheMiddleware

FIRST_ITEMS = ("Apricots", "Bread", "Coffee")
MAX_ITEMS = 50
MAX_NAME = 60  # characters; page.html says the same in maxlength
MAX_BODY = 1024  # bytes; MAX_NAME characters take 240 at most
MAX_VISITS = 200
MAX_VISIT_KEY = 40

# The whole recipe for a stale dropdown: a validator years old and no word about
# reuse. "If the response has a Last-Modified header field [...], caches are
# encouraged to use a heuristic expiration value that is no more than some
# fraction of the interval since that time. A typical setting of this fraction
# might be 10%." https://www.rfc-editor.org/rfc/rfc9111#section-4.2.2
STALE_RECIPE = {"last-modified": "Mon, 04 Jan 2016 10:00:00 GMT"}

# The frame around the experiment is never part of it.
NEVER_STORE = {"cache-control": "no-store"}
PAGE_FIELDS = NEVER_STORE | {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; "
        "connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'"
    ),
    "x-content-type-options": "nosniff",
}
PAGE_FILES = (
    ("/", "page.html", "text/html"),
    ("/page.css", "page.css", "text/css"),
    ("/page.js", "page.js", "text/javascript"),
)


@dataclass(slots=True)
class _Visit:
    """What one page load has saved, and how often its list was asked for."""

    items: list[str] = field(default_factory=lambda: list(FIRST_ITEMS))
    list_requests: int = 0

    def save(self, name: str) -> int:
        """Keep *name* and return its id, or say why not."""
        if not name:
            raise HTTPException(422, "An item needs a name.")
        if len(name) > MAX_NAME:
            raise HTTPException(422, f"A name has at most {MAX_NAME} characters.")
        if len(self.items) >= MAX_ITEMS:
            raise HTTPException(409, f"The list is full: {MAX_ITEMS} items.")
        self.items.append(name)
        return len(self.items)


class _Visits:
    """The newest visits; each starts clean and the oldest are forgotten."""

    def __init__(self) -> None:
        self._visits: OrderedDict[str, _Visit] = OrderedDict()

    def of(self, request: Request) -> _Visit:
        """The visit that the request names in its query."""
        key = request.query_params.get("visit", "")
        if not 0 < len(key) <= MAX_VISIT_KEY:
            raise HTTPException(
                400, f"Name the visit: ?visit=, 1 to {MAX_VISIT_KEY} characters."
            )
        visit = self._visits.setdefault(key, _Visit())
        self._visits.move_to_end(key)
        if len(self._visits) > MAX_VISITS:
            self._visits.popitem(last=False)
        return visit


async def _read_name(request: Request) -> str:
    """The body as one line of text, never holding more than ``MAX_BODY``."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY:
            raise HTTPException(413, f"A name has at most {MAX_NAME} characters.")
    return " ".join(body.decode(errors="replace").split())


def make_items_app() -> Starlette:
    """Build the app under test: a list that is asked for, and a save.

    Returns:
        An app with ``GET /items``, ``POST /items/save`` and ``GET /origin``,
        all of them with ``?visit=``, with state of its own.
    """
    visits = _Visits()

    async def list_items(request: Request) -> Response:
        visit = visits.of(request)
        visit.list_requests += 1
        items = [{"id": at, "name": name} for at, name in enumerate(visit.items, 1)]
        return JSONResponse({"items": items}, headers=STALE_RECIPE)

    async def save_item(request: Request) -> Response:
        # A URL of its own: a browser drops what it stored for the URL it posts
        # to (RFC 9111 section 4.4), which would hide the fault.
        name = await _read_name(request)
        return JSONResponse({"id": visits.of(request).save(name), "name": name})

    async def count_list_requests(request: Request) -> Response:
        count = visits.of(request).list_requests
        return JSONResponse({"list_requests": count}, headers=NEVER_STORE)

    return Starlette(
        routes=[
            Route("/items", list_items),
            Route("/items/save", save_item, methods=["POST"]),
            Route("/origin", count_list_requests),
        ]
    )


def _page_route(path: str, name: str, media_type: str) -> Route:
    content = files("asgi_nocache.demo").joinpath(name).read_bytes()

    async def page(_: Request) -> Response:
        return Response(content, headers=PAGE_FIELDS, media_type=media_type)

    return Route(path, page)


def make_demo_app(*, protect: bool = True) -> Starlette:
    """Build the demo: the page, and the items app without and with the policy.

    Args:
        protect: False leaves the middleware out on the right as well. Then both
            dropdowns go stale, which shows that it is the middleware that helps.
    """
    left, right = make_items_app(), make_items_app()
    return Starlette(
        routes=[
            *(_page_route(*page_file) for page_file in PAGE_FILES),
            Mount("/without", left),
            Mount("/with", NoCacheMiddleware(right) if protect else right),
        ]
    )
