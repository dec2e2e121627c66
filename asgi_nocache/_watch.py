"""What is done with each response besides the decision: counted, shown, enforced.

Metrics by opentelemetry, the field that names the deciding rule, and the share of
routes that is enforced under mode report. With none of these on there is no watch, and
the middleware's short ways pay nothing.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final

from ._core.conditions import METHODS
from ._core.decision import Decision
from ._core.fields import Field, without
from ._messages import STARTS
from ._report import full_route, without_shadow
from ._rollout import is_enforced
from ._shortcut import Place

if TYPE_CHECKING:
    from ._otel import Counters

DEBUG_FIELD: Final = b"nocache-decision"

#: Where a deployment says what it is, and the words for production.
STAGES: Final = (
    "ENV",
    "ENVIRONMENT",
    "APP_ENV",
    "PYTHON_ENV",
    "FLASK_ENV",
    "FASTAPI_ENV",
)
PRODUCTION: Final = frozenset({"prod", "production", "live"})

#: What becomes of a response, as a metric's attribute. The first that holds counts.
OUTCOMES: Final = {
    "switched_off": "the kill switch is off: nothing was decided",
    "report_only": "decided, and left as the app sent it",
    "conflict": "the app's own words said something else, and gave way",
    "missing": "no rule and no decorator spoke for it, so the default did",
    "kept": "what the app sent stands",
    "applied": "a rule or a decorator decided",
}


class Watch:
    """Looks at every response of one middleware.

    Args:
        counters: What counts; ``None``: nothing is counted.
        debug: Whether a field names what decided.
        percent: The share of routes that is enforced under mode report.
    """

    def __init__(
        self, counters: Counters | None, *, debug: bool, percent: int | None
    ) -> None:
        self._counters = counters
        self._debug = debug
        self._percent = percent

    def enforces(self, decision: Decision, place: Place, scope: Any) -> bool:
        """Tell whether *decision*, under mode report, is enforced for its route."""
        if self._percent is None or decision.mode != "report":
            return False
        route = full_route(scope, place) or place.path
        return is_enforced(route, self._percent)

    def leave(
        self,
        decision: Decision,
        place: Place,
        scope: Any,
        status: int,
        fields: list[Field],
        *,
        enforced: bool,
    ) -> list[Field]:
        """Return *fields* as they are to leave, and count the response."""
        reports = decision.mode == "report" and not enforced
        if not reports:
            fields = decision.proposed.apply(fields)
        self.count(scope, status, decision, place, reports=reports)
        if self._debug:
            fields = without(fields, {DEBUG_FIELD})
            fields.append((DEBUG_FIELD, decision_field(decision, enforced=not reports)))
        return fields

    def count(
        self,
        scope: Any,
        status: int,
        decision: Decision | None,
        place: Place | None,
        *,
        reports: bool,
    ) -> None:
        """Count one response; no *decision*: the kill switch is off."""
        if self._counters is None:
            return
        method = scope.get("method", "GET")
        attributes: dict[str, str | int] = {
            "asgi_nocache.outcome": outcome_of(decision, reports=reports),
            "http.request.method": method if method in METHODS else "_OTHER",
            "http.response.status_code": status,
        }
        if decision is not None:
            attributes["asgi_nocache.rule"] = decision.selection.choices[0].source
        if template := place is not None and full_route(scope, place):
            attributes["http.route"] = template
        self._counters.responses.add(1, attributes)
        told = decision is not None and decision.sent.lines and not reports
        if decision is not None and told and decision.proposed.add:
            self._counters.overrides.add(1, attributes)

    def counting(self, scope: Any, send: Any) -> Any:
        """Return a *send* that counts the responses of a switch that is off."""

        async def send_counted(message: Any) -> None:
            if message["type"] in STARTS:
                self.count(scope, message["status"], None, None, reports=False)
            await send(message)

        return send_counted


def problems(
    metrics: Any, debug_field: Any, environ: Mapping[str, str] = os.environ
) -> Iterable[str]:
    """Yield what is wrong with the options of a watch."""
    if not isinstance(metrics, bool):
        yield f"metrics={metrics!r} is not a flag; give True or False"
    elif metrics and find_spec("opentelemetry") is None:
        yield ("metrics=True needs opentelemetry-api: pip install 'asgi-nocache[otel]'")
    if debug_field not in (True, False, "always"):
        yield f"debug_field={debug_field!r} is unknown; give True, False or 'always'"
    elif debug_field is True:
        for name in STAGES:
            if environ.get(name, "").strip().lower() in PRODUCTION:
                yield (
                    f"debug_field=True shows the policy to everybody, and the "
                    f"environment says {name}={environ[name]}; drop it, or write "
                    "debug_field='always'"
                )


def outcome_of(decision: Decision | None, *, reports: bool) -> str:
    """Return the word of ``OUTCOMES`` for a response."""
    if decision is None:
        return "switched_off"
    if reports:
        return "report_only"
    if decision.discards or decision.loosens:
        return "conflict"
    choices = decision.selection.choices
    if all(choice.source.startswith("default") for choice in choices):
        return "missing"
    return "applied" if decision.proposed.add else "kept"


def decision_field(decision: Decision, *, enforced: bool) -> bytes:
    """Return what decided, as a dictionary of RFC 9651 section 3.2."""
    names = " ".join(
        _string(without_shadow(choice.source)) for choice in decision.selection.choices
    )
    said = [f"by=({names})", f"mode={decision.mode}"]
    if decision.guards:
        said.append(f"guards=({' '.join(decision.guards)})")
    said.append(f"enforced={'?1' if enforced else '?0'}")
    return ", ".join(said).encode("ascii")


def _string(text: str) -> str:
    """Return *text* as a string of RFC 9651 section 3.3.3, which is ASCII."""
    plain = "".join(c if " " <= c <= "~" else "?" for c in text)
    escaped = plain.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
