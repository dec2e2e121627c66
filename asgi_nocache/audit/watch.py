"""Which routes the responses of a test suite exercised, and what was wrong with them.

Judges what it is shown. How responses are caught, and what becomes of a test, is the
pytest plugin's business.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from .._core.facts import RequestFacts
from ..reuse import Outcome
from .checks.sightings import confidence_in
from .effects import outcome_of
from .load import Loaded
from .matching import routes_at, takes
from .routes import find_routes
from .survey import decide_for, left_too_loose, survey
from .values import Audited, Confidence, Route


class Seen(NamedTuple):
    """One response that a test got.

    The target has its query, and is percent-encoded; ``at`` is when it came, in
    seconds since the epoch.
    """

    method: str
    target: str
    host: str
    request_fields: tuple[tuple[str, str], ...]
    status: int
    fields: tuple[tuple[str, str], ...]
    at: float


@dataclass
class Watch:
    """The app's rows, which were exercised, and what was wrong since last asked."""

    loaded: Loaded
    rows: tuple[Audited, ...] = ()
    exercised: set[int] = field(default_factory=set)
    breaches: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.rows = tuple(r for r in survey(find_routes(self.loaded.app)) if r.method)

    def concerns(self, app: Any) -> bool:
        """Tell whether *app* is the audited one, or wraps it."""
        for _ in range(20):  # no real stack is deeper, and some go in circles
            if app is self.loaded.app:
                return True
            app = getattr(app, "app", None)
            if app is None:
                break
        return False

    def saw(self, seen: Seen) -> None:
        """Take note of a response, and of what is wrong with it."""
        row = _row_of(self.rows, seen)
        if row is not None:
            self.exercised.add(id(row.route))
        if problem := _problem(seen, row, self.rows):
            self.breaches.append(f"{seen.method} {seen.target}: {problem}")

    def summary(self) -> str:
        """Return how many routes were exercised, and some that were not."""
        routes: dict[int, str] = {}
        for row in self.rows:
            routes.setdefault(id(row.route), row.key)
        idle = [key for each, key in routes.items() if each not in self.exercised]
        more = ", ..." if idle[3:] else ""
        rest = f"; not: {', '.join(idle[:3])}{more}" if idle else ""
        count = len(routes) - len(idle)
        return f"{count} of {len(routes)} routes were exercised{rest}"


def _row_of(rows: tuple[Audited, ...], seen: Seen) -> Audited | None:
    """Return the row of the route that answered."""
    routes = {id(row.route): row.route for row in rows}
    here = routes_at(routes.values(), seen.target, seen.host)
    route = next((each for each in here if takes(each, seen.method)), None)
    own = [row for row in rows if row.route is route]
    same = [row for row in own if row.method == seen.method]
    return next(iter(same or own), None)


def _problem(seen: Seen, row: Audited | None, rows: tuple[Audited, ...]) -> str:
    """Return what is wrong with a response, ``""`` if nothing is."""
    if row is not None:
        if confidence_in(row) is Confidence.GUESS:
            return ""  # set_policy: what the endpoint declared is not seen from here
        route, by = row.route, row.decided_by
    else:  # 404s and the like: the outermost middleware, if it is around all routes
        sets = {id(y.policy_set) for r in rows for y in r.route.layers[:1]}
        bare = len(sets) != 1 or not all(r.route.layers for r in rows)
        layers = () if bare else rows[0].route.layers[:1]
        route, by = Route(path=seen.target, layers=layers), "no route"
    decision = decide_for(
        replace(route, sample=seen.target),
        seen.method,
        seen.status,
        request_fields=seen.request_fields,
        sent=seen.fields,
        now=seen.at,
    )
    lines = [v for n, v in seen.fields if n == "cache-control"]
    text = ", ".join(lines) or "no Cache-Control"
    if decision is None:
        return _storable(seen, text)
    if not left_too_loose(decision, seen.fields, seen.at):
        return ""
    wanted = decision.cache_control
    return (
        f"answered {seen.status} with {text}, where the policy says {wanted} ({by}).\n"
        "  why: something outside the middleware changed the fields, or went round it\n"
        "  fix: let NoCacheMiddleware be the outermost, or declare it in a rule"
    )


def _storable(seen: Seen, text: str) -> str:
    """Return what is wrong with a response that no middleware stands around."""
    request = RequestFacts(seen.method, seen.target)
    told = outcome_of(request, seen.status, seen.fields, "private")
    if told.outcome is Outcome.NOT_STORED:
        return ""
    return (
        f"answered {seen.status} with {text}, and no middleware stands around it: a "
        f"cache may store it: {told.reason} ({told.reference}).\n"
        "  why: what is stored can be shown again after it changed\n"
        "  fix: app = NoCacheMiddleware(app)"
    )
