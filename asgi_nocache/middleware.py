"""NoCacheMiddleware: the ASGI shell around decide().

Reads a scope and a start message into facts, applies the edits, and nothing
else: no body is read, ``receive`` is not wrapped, unknown messages pass. What
a response may allow is the core's to say.
"""

from __future__ import annotations

import contextlib
import os
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, Final

from ._box import KEY, Box, Preconditions, Process, RoutedScope, enter, find_marks
from ._core.errors import ConfigurationError
from ._core.facts import ResponseFacts
from ._core.fields import Field, normalise
from ._core.guards import ALL_GUARDS
from ._core.policy import NO_STORE, Policy
from ._core.rules import Mode, Rule, RuleSet
from ._core.selection import Mark, Preview, nested, select
from ._report import Reporter, logger
from ._route import Route, route_of
from ._shortcut import Exchange, Outcome, Shortcuts

#: ``Any``, since Starlette's, asgiref's and uvicorn's types of an app differ.
ASGIApp = Callable[[Any, Any, Any], Awaitable[None]]

#: The environment's kill switch, read when a middleware is built.
SWITCH: Final = "ASGI_NOCACHE_MODE"
_DENIAL: Final = "websocket.http.response"
_STARTS = frozenset({"http.response.start", "websocket.http.response.start"})


class NoCacheMiddleware:
    """Make "never reuse" the default of an ASGI app.

    Args:
        app: The app.
        rules: What may be cached, and when. Tried in order, the first match wins.
        default: What applies where no rule and no decorator does.
        mode: How a policy meets the app's own fields: ``"stricter"`` joins them,
            ``"override"`` ignores them, ``"if-missing"`` yields to them,
            ``"report"`` changes nothing and says what would change.
        guards: The names of the guards that are on.
        error_response: Whether an exception before the response starts is
            answered with a never-store 500 before it goes on. ``None``: yes,
            unless a framework or another instance stands outside.

    Attributes:
        policy_set: The rules, the default, the mode and the guards, compiled.
        counts: How often something worth knowing happened, by name.

    Raises:
        ConfigurationError: With everything that is wrong.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        rules: Iterable[Rule] = (),
        default: Policy = NO_STORE,
        mode: Mode = "stricter",
        guards: Iterable[str] = ALL_GUARDS,
        error_response: bool | None = None,
    ) -> None:
        refuse_second(app)
        self.app = app
        self.policy_set = RuleSet(
            rules, default=default, mode=mode, guards=guards, place="NoCacheMiddleware"
        )
        self.counts: Counter[str] = Counter()
        self._error_response = error_response
        self._shortcuts = Shortcuts(self.policy_set)
        self._reporter = Reporter(self.counts)
        self._switch = _read_switch()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve one connection."""
        kind = scope["type"]
        if kind != "http" and not (
            kind == "websocket" and _DENIAL in (scope.get("extensions") or ())
        ):
            await self.app(scope, receive, send)
            return
        outer = scope.get(KEY)
        if self._switch or (outer is not None and outer.open):
            await self._unusual(scope, receive, send, outer)
            return
        box = scope[KEY] = Box()
        if Process.marks:
            enter(box)
        answer_errors = self._error_response
        if answer_errors is None:
            answer_errors = kind == "http" and "app" not in scope
        # Routers change both while they work.
        path, root_path = scope["path"], scope.get("root_path", "")
        shortcuts = self._shortcuts
        constant = shortcuts.constant
        if constant is None:
            constant = shortcuts.constant_for(path, root_path)
        exchange = None
        app_scope = scope
        if constant is None or shortcuts.preconditions.any_in(scope["headers"]):
            box.root_path = root_path
            exchange = shortcuts.exchange(scope, path, root_path)
            app_scope = self._conditional(scope, box, exchange)
        caching = shortcuts.caching
        plain = caching.known

        async def send_fields(message: Any) -> None:
            if message["type"] in _STARTS:
                box.started = True
                marks = _marks(app_scope, box) if Process.marks else ()
                fields = message.get("headers")
                if (
                    constant is not None
                    and type(fields) is list
                    and not (marks or box.inner or message["status"] == 304)
                ):
                    # Equal to the general way below; a property test says so.
                    with_names = [
                        (k, v) for k, v in fields if k in plain or caching.learn(k)
                    ]
                    if len(with_names) == len(fields):
                        await send({**message, "headers": with_names + constant})
                        return
                message = self._decided(
                    message,
                    exchange or shortcuts.exchange(scope, path, root_path),
                    app_scope,
                    marks,
                    box,
                )
            await send(message)

        try:
            await self.app(app_scope, receive, send_fields)
        except Exception:
            if answer_errors and not box.started:
                await self._send_error(send)
            raise
        finally:
            box.open = False

    def _decided(
        self,
        message: Any,
        exchange: Exchange,
        scope: Any,
        marks: tuple[Mark, ...],
        box: Box,
    ) -> Any:
        """Return *message* with the fields that were decided."""
        fields = normalise(message.get("headers", ()))
        outcome = self._outcome(message, fields, exchange, scope, marks, box)
        if outcome.decision.mode == "report":
            return {**message, "headers": fields}
        return {**message, "headers": outcome.apply(fields)}

    def _outcome(
        self,
        message: Any,
        fields: list[Field],
        exchange: Exchange,
        scope: Any,
        marks: tuple[Mark, ...],
        box: Box,
    ) -> Outcome:
        """Return what was decided, and tell whoever wants to know."""
        names = self._shortcuts.response_names
        odd = [(k, v) for k, v in fields if k not in names.known and not names.learn(k)]
        response = _response_facts(
            message, odd, scope, marks, box, named=self._shortcuts.asks_route
        )
        outcome = self._shortcuts.outcome(exchange, response, odd)
        if outcome.noteworthy:
            template = route_of(scope).template
            label = exchange.request.root_path + template or exchange.request.path
            self._reporter.note(
                outcome.decision, exchange.request, response.status, label
            )
        return outcome

    def _conditional(self, scope: Any, box: Box, exchange: Exchange) -> Any:
        """Return the scope for the app, without preconditions where they go."""
        held = box.preconditions
        if held is None:
            may_change = exchange.preview.never_store or Process.marks
            if not (exchange.conditional and may_change):
                return scope
            held = Preconditions(normalise(scope["headers"]), exchange.preview)
            box.preconditions = held
        else:
            # The outer instance's default gives way to what stands inside it.
            held.preview = Preview(
                exchange.preview.never_store or held.preview.pinned,
                exchange.preview.pinned or held.preview.pinned,
            )
        if isinstance(scope, RoutedScope):
            held.settle(box.marks, scope)
            return scope
        held.scope = RoutedScope(scope, box, held.fields(box.marks))
        return held.scope

    async def _unusual(self, scope: Any, receive: Any, send: Any, outer: Any) -> None:
        """Serve with the kill switch on, or inside another instance."""
        if self._switch:
            self.counts[f"switch_{self._switch}"] += 1
        if self._switch == "off":
            await self.app(scope, receive, send)
        elif self._switch == "report":
            await self._observe(scope, receive, send)
        else:
            await self._nested(scope, receive, send, outer)

    async def _observe(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve as if the mode were ``report`` everywhere."""
        exchange = self._shortcuts.exchange(
            scope, scope["path"], scope.get("root_path", "")
        )
        box = Box()

        async def send_as_it_is(message: Any) -> None:
            if message["type"] in _STARTS:
                fields = normalise(message.get("headers", ()))
                message = {**message, "headers": fields}
                self._outcome(message, fields, exchange, scope, (), box)
            await send(message)

        await self.app(scope, receive, send_as_it_is)

    async def _nested(self, scope: Any, receive: Any, send: Any, box: Box) -> None:
        """Serve inside another instance: say what is selected, write nothing."""
        root_path = scope.get("root_path", "")
        exchange = self._shortcuts.exchange(
            scope, scope["path"], root_path, nested=True
        )
        if root_path == box.root_path:
            self._reporter.once(
                "wrapped_twice", root_path,
                "the same app is wrapped twice, with no mount between: the outer "
                "instance's default gives way to the inner one; keep one of them",
            )  # fmt: skip
        app_scope = self._conditional(scope, box, exchange)

        async def send_selection(message: Any) -> None:
            if message["type"] in _STARTS:
                fields = normalise(message.get("headers", ()))
                message = {**message, "headers": fields}
                marks = _marks(app_scope, box) if Process.marks else ()
                response = _response_facts(message, fields, app_scope, marks, box)
                selection = select(exchange.request, response, self.policy_set)
                box.inner = (nested(box.inner, selection),)
            await send(message)

        await self.app(app_scope, receive, send_selection)

    async def _send_error(self, send: Any) -> None:
        """Answer for an app that raised before its start."""
        body = b"Internal Server Error"
        fields = [
            (b"content-type", b"text/plain; charset=utf-8"),
            (b"content-length", str(len(body)).encode()),
            *self.policy_set.never_store.fields,
        ]
        start = {"type": "http.response.start", "status": 500, "headers": fields}
        with contextlib.suppress(OSError):  # the client may be gone
            await send(start)
            await send({"type": "http.response.body", "body": body})


def _marks(scope: Any, box: Box) -> tuple[Mark, ...]:
    """Return the marks of the endpoint that the router chose, and of its code."""
    endpoint = scope.get("endpoint")
    if endpoint is None:
        return box.marks
    return (*find_marks(endpoint, scope.get("method", "GET")), *box.marks)


def _response_facts(
    message: Any,
    fields: list[Field],
    scope: Any,
    marks: tuple[Mark, ...],
    box: Box,
    *,
    named: bool = True,
) -> ResponseFacts:
    route = route_of(scope) if named else Route()
    return ResponseFacts(
        message["status"],
        tuple(fields),
        endpoint=route.endpoint,
        tags=route.tags,
        marks=tuple(dict.fromkeys(marks)),
        inner=box.inner,
    )


def refuse_second(app: Any) -> None:
    """Refuse an app that is wrapped already.

    Raises:
        ConfigurationError: *app* is an instance, or plain middleware around one.
    """
    for _ in range(64):
        if isinstance(app, NoCacheMiddleware):
            raise ConfigurationError(
                "NoCacheMiddleware",
                [
                    "the app is wrapped already, which would apply two policies to "
                    "each response; keep one, with the rules of both"
                ],
            )
        app = getattr(app, "app", None)


def _read_switch() -> str:
    """Return ``"off"``, ``"report"`` or ``""``, from the environment."""
    value = os.environ.get(SWITCH, "")
    if value not in ("", "off", "report"):
        raise ConfigurationError(
            f"environment variable {SWITCH}",
            [f"{value!r} is unknown; set 'report' or 'off', or unset it"],
        )
    if value:
        logger.warning("%s=%s: no response is changed", SWITCH, value)
    return value
