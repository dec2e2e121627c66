"""What Flask tells: the view that was chosen, and the response to write on.

Duck-typed on a Flask that is loaded already; a process without it has no request
of Flask's. No policy here.
"""

from __future__ import annotations

import sys
from typing import Any

from ._box import Process, report
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

    Attributes:
        endpoint: The view function.
    """

    def __init__(self, endpoint: Any, request: Any) -> None:
        self.endpoint = endpoint
        self._request = request

    @property
    def path(self) -> str:
        """The template, as Flask writes it."""
        return str(self._request.url_rule.rule)

    @property
    def name(self) -> str:
        """What Flask calls the endpoint."""
        return str(self._request.endpoint)

    @property
    def tags(self) -> list[str]:
        """The blueprints that the view is in."""
        return list(self._request.blueprints)


def listen() -> None:
    """Hear from every Flask app which view it chose, before the view runs."""
    flask = sys.modules.get("flask")
    if flask is not None:
        flask.request_started.connect(_routed)


def _routed(app: Any, **_: Any) -> None:
    """Write the view into the scope, as a router would."""
    request = sys.modules["flask"].request._get_current_object()
    view = app.view_functions.get(request.endpoint)
    if view is None:
        return
    scope = request.environ.get(SCOPE)
    if scope is not None:
        scope["route"] = FlaskRoute(view, request)
        scope["endpoint"] = view
    if Process.marks:
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
