"""What Flask tells: the view that was chosen, and the response to write on.

Duck-typed on a Flask that is loaded already; a process without it has no request
of Flask's. What a mark comes to is the core's.
"""

from __future__ import annotations

import sys
from typing import Any

from ._box import report
from ._core.decision import decide
from ._core.facts import RequestFacts, ResponseFacts
from ._core.selection import Mark
from ._endpoint_marks import find_marks
from ._environ import SCOPE, scope_of
from ._preconditions import strip_preconditions

#: The key of an environ under which the marks stand that wait for the response,
#: where no middleware serves it.
_MARKS = "asgi_nocache.marks"


class FlaskRoute:
    """The route of a request as scopes hold it, in Starlette's words.

    It must not hold the request, whose environ holds the scope: a circle for each
    request costs a tenth of all time in garbage collection.

    Args:
        endpoint: The view function.
        url_rule: Werkzeug's rule.
    """

    def __init__(self, endpoint: Any, url_rule: Any) -> None:
        self.endpoint = endpoint
        self._rule = url_rule

    @property
    def path(self) -> str:
        """The template, as Flask writes it."""
        return str(self._rule.rule)

    @property
    def name(self) -> str:
        """What Flask calls the endpoint."""
        return str(self._rule.endpoint)

    @property
    def tags(self) -> list[str]:
        """The blueprints that the view is in, the outer ones too."""
        names = self.name.split(".")[:-1]
        return [".".join(names[: n + 1]) for n in range(len(names))]


def write_route(scope: Any) -> None:
    """Write the view that Flask chose into *scope*, as a router would."""
    flask = sys.modules.get("flask")
    if flask is None or not flask.has_request_context():
        return
    request = flask.request._get_current_object()
    view = flask.current_app.view_functions.get(request.endpoint)
    if view is not None:
        scope["route"] = FlaskRoute(view, request.url_rule)
        scope["endpoint"] = view


def listen() -> None:
    """Hear from every Flask app which view it chose, before the view runs.

    That is when marks give and take preconditions. Without any, it would cost
    each request for nothing.
    """
    flask = sys.modules.get("flask")
    if flask is not None:
        flask.request_started.connect(_routed)


def _routed(app: Any, **_: Any) -> None:
    """Let the marks of the view be heard."""
    request = sys.modules["flask"].request._get_current_object()
    view = app.view_functions.get(request.endpoint)
    scope = request.environ.get(SCOPE)
    for mark in find_marks(view, request.method):
        # A copy of the scope has the same box; without any, we write.
        if scope is None or not report(mark, scope):
            apply(mark)


def apply(mark: Mark) -> bool:
    """Apply *mark* to the response of Flask's request, as no middleware will.

    Returns:
        Whether Flask has a request under way.
    """
    flask = sys.modules.get("flask")
    if flask is None or not flask.has_request_context():
        return False
    environ = flask.request.environ
    marks: list[Mark] = environ.setdefault(_MARKS, [])
    if not marks:
        flask.after_this_request(_write)
    if mark not in marks:
        marks.append(mark)
    if mark.policy is None or mark.policy.never_store:
        strip_preconditions(scope_of(environ), environ)
    return True


def _write(response: Any) -> Any:
    """Write the fields on *response*, as the marks have it."""
    environ = sys.modules["flask"].request.environ
    scope = scope_of(environ)
    request = RequestFacts(
        scope["method"], scope["path"], scope["headers"], scheme=scope["scheme"]
    )
    facts = ResponseFacts(
        response.status_code,
        response.headers.to_wsgi_list(),
        marks=tuple(environ[_MARKS]),
    )
    edits = decide(request, facts).edits
    for name in edits.remove:
        response.headers.remove(name.decode())
    for name, value in edits.add:
        response.headers.add(name.decode(), value.decode("latin-1"))
    return response
