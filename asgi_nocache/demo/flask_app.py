"""The demo as Flask apps: the page, and the same small app mounted twice.

Views and mounts belong here; state and limits in ``items``, the page in
``page``, sockets and processes in ``serve``. All that answers is Flask, bridged;
Starlette only keeps the three apart. No view may look at which side it serves:
the sides differ by one line of ``make_flask_demo_app``, or the demo proves nothing.
"""

from flask import Flask, Response, request
from flask.typing import ResponseReturnValue
from starlette.applications import Starlette
from starlette.routing import Mount

from asgi_nocache.flask import Bridge, as_asgi

from .items import MAX_BODY, NEVER_STORE, STALE_RECIPE, Items, RefusedError
from .page import PAGE_FIELDS, PAGE_FILES


def _visit() -> str:
    return request.args.get("visit", "")


def _refuse(error: RefusedError) -> Response:
    return Response(str(error), error.status, mimetype="text/plain")


def make_flask_items_app() -> Flask:
    """Build the app under test: a list that is asked for, and a save.

    Returns:
        An app with ``GET /items``, ``POST /items/save`` and ``GET /origin``,
        all of them with ``?visit=``, with state of its own.
    """
    app = Flask(__name__, static_folder=None)
    app.register_error_handler(RefusedError, _refuse)
    items = Items()

    @app.get("/items")
    def list_items() -> ResponseReturnValue:
        return items.asked_for(_visit()), STALE_RECIPE

    # A URL of its own: a browser drops what it stored for the URL it posts to
    # (RFC 9111 section 4.4), which would hide the fault.
    @app.post("/items/save")
    def save_item() -> ResponseReturnValue:
        # Not MAX_CONTENT_LENGTH: Flask would refuse in words of its own, and
        # only cut off what comes without a length.
        return items.save(_visit(), request.stream.read(MAX_BODY + 1))

    @app.get("/origin")
    def count_list_requests() -> ResponseReturnValue:
        return items.count(_visit()), NEVER_STORE

    return app


def _make_page_app() -> Flask:
    app = Flask(__name__, static_folder=None)
    served = {file.path: (file.read(), file.media_type) for file in PAGE_FILES}

    def page() -> Response:
        content, media_type = served[request.path]
        return Response(content, headers=PAGE_FIELDS, mimetype=media_type)

    for path in served:
        app.add_url_rule(path, view_func=page)
    return app


def make_flask_demo_app(*, protect: bool = True) -> Starlette:
    """Build the demo: the page, and the items app without and with the policy.

    Args:
        protect: False leaves the policy out on the right as well. Then both
            dropdowns go stale, which shows that it is the policy that helps.
    """
    left, right = make_flask_items_app(), make_flask_items_app()
    return Starlette(
        routes=[
            Mount("/without", Bridge(left)),
            Mount("/with", as_asgi(right) if protect else Bridge(right)),
            # The last, as it would take every path.
            Mount("/", Bridge(_make_page_app())),
        ]
    )
