"""What the middleware says of its work: counts, and one log line per route.

The logger ``asgi_nocache`` is silent until someone gives it a handler. Nothing
here decides anything.
"""

from __future__ import annotations

import inspect
import logging
import re
from collections import Counter
from collections.abc import Callable
from typing import Any

from ._core.cache_control import CacheControl
from ._core.decision import Decision
from ._core.policy import PRIVATE, PUBLIC, REVALIDATE
from ._route import route_of
from ._shortcut import Outcome, Place

logger = logging.getLogger("asgi_nocache")
logger.addHandler(logging.NullHandler())

#: So many different lines are logged; a flood of paths must not fill memory.
MAX_LOGGED = 1024
MAX_ROUTE = 200
#: Where a shadow of the path, not the path, is what a rule matched.
_AT_SHADOW = re.compile(r"""(?<=\d) at (?:'.*'|".*")(?=, Rule\()""")


class Reporter:
    """Counts what happens and logs each thing once per route."""

    def __init__(self, counts: Counter[str]) -> None:
        self._counts = counts
        self._logged: set[tuple[str, str]] = set()

    def note(
        self, outcome: Outcome, place: Place, scope: Any, *, enforced: bool = False
    ) -> None:
        """Take note of an outcome that someone would want to know of.

        Args:
            outcome: The outcome.
            place: The path that it is for.
            scope: The scope, as the router left it.
            enforced: Whether it was carried out, though the mode is report.
        """
        template = full_route(scope, place)
        route = (template or place.path)[:MAX_ROUTE]
        for name in outcome.news:
            if enforced and name == "would_change":
                self._counts["enforced"] += 1
            elif self._first(name, route):
                told = _TOLD[name](outcome.decision, route)
                extra = _extra(outcome.decision, template)
                logger.warning("%r: %s", route, told, extra=extra)

    def would_change(self, decision: Decision, route: str) -> None:
        """Take note of what a decision would do if it were carried out."""
        route = route[:MAX_ROUTE]
        changes = decision.cache_control != decision.sent.cache_control
        if changes and self._first("would_change", route):
            told = _would_send(decision, route)
            logger.warning("%r: %s", route, told, extra=_extra(decision, ""))

    def wrapped_twice(self, root_path: str) -> None:
        """Take note of an instance inside another, both around the same app."""
        if self._first("wrapped_twice", root_path):
            logger.warning(
                "the same app is wrapped twice, with no mount between: the outer "
                "instance's default gives way to the inner one; keep one of them"
            )

    def _first(self, name: str, route: str) -> bool:
        """Count *name*; tell whether it is new for *route*."""
        self._counts[name] += 1
        key = (name, route)
        if key in self._logged or len(self._logged) > MAX_LOGGED:
            return False
        self._logged.add(key)
        if len(self._logged) > MAX_LOGGED:
            logger.warning("%d lines logged; what is new is only counted", MAX_LOGGED)
            return False
        return True


def full_route(scope: Any, place: Place) -> str:
    """Return the template of the route that answered, ``""`` if none is known.

    Rules are relative to where we are mounted; a mount inside has added to the root
    path, with the values of its parameters, whose names are put back.
    """
    template = route_of(scope).template
    if not template:
        return ""
    mounts: str = scope.get("root_path", "").removeprefix(place.root_path)
    if mounts:
        for name, value in (scope.get("path_params") or {}).items():
            mounts = f"{mounts}/".replace(f"/{value}/", f"/{{{name}}}/", 1)[:-1]
    return mounts + template


def _extra(decision: Decision, template: str) -> dict[str, str]:
    """Return what a log record carries besides its text."""
    rule = decision.selection.choices[0].source  # of a spelling, so one of few
    return {"nocache_rule": rule, "http_route": template}


def without_shadow(source: str) -> str:
    """Return the *source* of a choice without a path in it, so one of a few."""
    return _AT_SHADOW.sub("", source)


def _sent(decision: Decision) -> str:
    """Return what the app sent, safe to log."""
    return "; ".join(f"{n.decode('latin-1')}: {v!r}" for n, v in decision.sent.lines)


def _would_send(decision: Decision, _: str) -> str:
    add = [(n.decode(), v.decode("latin-1")) for n, v in decision.proposed.add]
    return f"would send {add}"


def _discarded(decision: Decision, route: str) -> str:
    return f"discarded the app's {_sent(decision)}; {remedy(route, decision)}"


_TOLD: dict[str, Callable[[Decision, str], str]] = {
    "rule_raised": lambda d, _: f"{d.selection.problems[0]}; the default was joined in",
    "would_change": _would_send,
    "loosened": lambda d, _: f"mode override loosens the app's {_sent(d)}",
    "discarded": _discarded,
    "escaped_304": lambda *_: (
        "a 304 confirmed a stored copy though the policy is never-store; a layer "
        "inside answers before the endpoint"
    ),
    "age_from_origin": lambda *_: (
        "the response has an Age, which only caches say: a cache stands inside, or "
        "the app made it up; caches outside take it for older than it is"
    ),
}


def remedy(route: str, decision: Decision) -> str:
    """Return the line that would declare what the app sent, or why none can."""
    if decision.guards:
        return f"a guard decided, {decision.guards[0]}, which no rule overrules"
    deciding = decision.selection.choices[0]
    if deciding.source == "mark" or any(c.floor for c in decision.selection.choices):
        sources = ", ".join(dict.fromkeys(c.source for c in decision.selection.choices))
        return f"what decided: {sources}"
    control = decision.sent.cache_control
    said = bool(decision.sent.values(b"cache-control"))
    return f"to declare it: Rule({route!r}, {_expression(control, said=said)})"


def _expression(sent: CacheControl, *, said: bool) -> str:
    """Return a policy that says what the app said; a date is no lifetime to paste."""
    if sent.no_cache:
        return repr(REVALIDATE)
    if sent.max_age is None or not said:
        return "APP_DECIDES"
    taken = PRIVATE if sent.private else PUBLIC
    names = list(inspect.signature(taken).parameters)
    given = {n: getattr(sent, n, None) for n in names}
    arguments = [f"{n}={v!r}" for n, v in given.items() if v not in (None, False)]
    return f"{taken.__name__}({', '.join(arguments)})"
