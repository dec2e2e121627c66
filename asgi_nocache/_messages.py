"""What ASGI scopes and messages say, and the messages that we send ourselves.

Reading and building only; who is called, and when, is the middleware's.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ._box import Box, find_marks
from ._core.facts import ResponseFacts
from ._core.fields import Field, normalise
from ._core.policy import Policy
from ._core.selection import Mark, Selection
from ._route import Route, route_of

#: The messages that a response begins with.
STARTS = frozenset({"http.response.start", "websocket.http.response.start"})


class SelectedFields(list[Field]):
    """The fields of a response, and what an instance inside selected for it.

    A list, so that layers between two instances take it for what it is. It goes
    with this response and no other: who answers instead has a list of its own.
    """

    def __init__(self, fields: Iterable[Field], selection: Selection) -> None:
        super().__init__(fields)
        self.selection = selection


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
    inner = fields.selection if isinstance(fields, SelectedFields) else None
    # What stands inside has heard the endpoint's marks, and spoken for them.
    marks = marks_of(scope, box) if inner is None else box.get("marks", ())
    return ResponseFacts(
        message["status"],
        tuple(fields),
        endpoint=route.endpoint,
        tags=route.tags,
        marks=tuple(dict.fromkeys(marks)),
        inner=inner,
    )


def server_error(policy: Policy) -> list[dict[str, Any]]:
    """Return a plain 500 under *policy*, for an app that raised before its start."""
    body = b"Internal Server Error"
    fields = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", str(len(body)).encode()),
        *policy.fields,
    ]
    return [
        {"type": "http.response.start", "status": 500, "headers": fields},
        {"type": "http.response.body", "body": body},
    ]
