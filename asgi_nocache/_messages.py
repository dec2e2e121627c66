"""What ASGI scopes and messages say, and the messages that we send ourselves.

Reading and building only; who is called, and when, is the middleware's.
"""

from __future__ import annotations

from collections import Counter
from http import HTTPStatus
from typing import Any

from ._box import Box
from ._core.facts import ResponseFacts
from ._core.fields import Field, Fields, normalise
from ._core.policy import Policy
from ._core.selection import Mark
from ._endpoint_marks import find_marks
from ._route import Route, route_of
from ._shortcut import Outcome

#: The messages that a response begins with.
STARTS = frozenset({"http.response.start", "websocket.http.response.start"})


class SelectedFields(list[Field]):
    """What an instance inside sends, with what the app sent and why.

    A list, so that layers between two instances take it for what it is. It goes
    with this response and no other: who answers instead has a list of its own.

    Attributes:
        original: What the app sent.
        selection: What was selected for it.
    """

    def __init__(self, original: Fields, outcome: Outcome) -> None:
        reports = outcome.decision.mode == "report"
        super().__init__(original if reports else outcome.apply([*original]))
        self.edited = tuple(self)
        self.original = original
        self.selection = outcome.decision.selection

    def taken_back(self) -> tuple[Field, ...]:
        """Return what the app sent, with what layers added to this list since."""
        kept = Counter(self)
        kept.subtract(Counter(self.edited))
        added = [line for line in self if kept[line] > 0]
        gone = {line for line, count in kept.items() if count < 0}
        return (*(x for x in self.original if x not in gone), *added)


def chain(app: Any) -> list[Any]:
    """Return *app* and what plain middleware around it says it wraps."""
    apps: list[Any] = []
    while app is not None and len(apps) < 64:
        apps.append(app)
        app = getattr(app, "app", None)
    return apps


def no_app(app: Any) -> str:
    """Return what keeps *app* from being wrapped, ``""`` if nothing does."""
    if not callable(app):
        return f"app={app!r} is no app; give the one to wrap"
    if hasattr(app, "wsgi_app"):
        return f"app={app!r} is a WSGI app; write as_asgi(app), from asgi_nocache.flask"
    return ""


def readable(scope: Any) -> Any:
    """Return *scope* with a list of pairs of bytes, to be read more than once."""
    fields = scope.get("headers")
    if type(fields) is list and all(type(name) is bytes for name, _ in fields):
        return scope
    return {**scope, "headers": normalise(fields or ())}


def marks_of(scope: Any, box: Box) -> tuple[Mark, ...]:
    """Return the marks of the endpoint that the router chose, and of its code."""
    marks, endpoint = box.get("marks", ()), scope.get("endpoint")
    if endpoint is None:
        return marks
    return (*find_marks(endpoint, scope.get("method", "GET")), *marks)


def response_facts(message: Any, scope: Any, box: Box, *, named: bool) -> ResponseFacts:
    """Return what a start *message* says.

    Args:
        message: The message; its fields may be any iterable of pairs.
        scope: The scope, as the router left it.
        box: What the request gathered.
        named: Whether the endpoint's name and the route's tags are asked for.
    """
    route = route_of(scope) if named else Route()
    fields: Any = message.get("headers", ())
    inner = None
    if isinstance(fields, SelectedFields):
        inner, fields = fields.selection, fields.taken_back()
    # What stands inside has heard the endpoint's marks, and spoken for them.
    marks = marks_of(scope, box) if inner is None else box.get("marks", ())
    return ResponseFacts(
        message["status"],
        tuple(fields),
        endpoint=route.endpoint,
        names=route.names,
        tags=route.tags,
        marks=tuple(dict.fromkeys(marks)),
        inner=inner,
    )


def plain_answer(status: int, policy: Policy, method: str) -> list[dict[str, Any]]:
    """Return a plain answer of our own under *policy*; to HEAD, without its body."""
    body = HTTPStatus(status).phrase.encode()
    fields = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", str(len(body)).encode()),
        *policy.fields,
    ]
    return [
        {"type": "http.response.start", "status": status, "headers": fields},
        {"type": "http.response.body", "body": b"" if method == "HEAD" else body},
    ]
