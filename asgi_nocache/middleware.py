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
from typing import Any, Final, Self

from ._box import (
    KEY,
    PRECONDITIONS,
    Box,
    Preconditions,
    Process,
    RoutedScope,
    enter,
    find_marks,
    leave,
)
from ._core.errors import ConfigurationError
from ._core.facts import ResponseFacts
from ._core.fields import Field, normalise
from ._core.guards import ALL_GUARDS
from ._core.policy import NO_STORE, Policy
from ._core.rules import Mode, Rule, RuleSet
from ._core.selection import Mark, Preview, nested, select
from ._report import Reporter, logger
from ._route import Route, route_of
from ._shortcut import Exchange, Outcome, Place, Shortcuts

#: ``Any``, since Starlette's, asgiref's and uvicorn's types of an app differ.
ASGIApp = Callable[[Any, Any, Any], Awaitable[None]]

#: The environment's kill switch, read when a middleware is built.
SWITCH: Final = "ASGI_NOCACHE_MODE"
_DENIAL: Final = "websocket.http.response"
_INITIALS = frozenset(b"iI")
#: What was never decided.
_NOTHING: set[Field] = set()
_NO_ANSWER = (None, _NOTHING)
#: What makes the short way look for the long one.
_CAREFULLY = [(b"if-range", b"")]
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
        self._reporter = Reporter(self.counts)
        self._switch = _read_switch()
        self._shortcuts = Shortcuts(self.policy_set)
        self._constant = self._shortcuts.constant
        self._known = self._shortcuts.caching.known
        self._places = self._shortcuts.places
        if self._switch:
            self._constant = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve one connection.

        This is the short way, where nothing but a mark can change what is sent.
        It counts nanoseconds; ``_serve`` says the same in plain words.
        """
        if scope["type"] != "http" or KEY in scope:
            await self._choose(scope, receive, send)
            return
        constant, place = self._constant, None
        if constant is None:
            # Now, since routers change both while they work.
            where = scope["path"], scope.get("root_path", "")
            place = self._places.get(where) or self._shortcuts.place(where)
            constant = place.constant
            if constant is None or self._switch:
                await self._recall(scope, receive, send, place)
                return
        asked, careful = scope.get("headers"), True
        try:
            for name, _ in asked if type(asked) is list else _CAREFULLY:
                if name[0] in _INITIALS and name.lower() in PRECONDITIONS:
                    break
            else:
                careful = False
        except (LookupError, TypeError):  # an empty name, or one that is no bytes
            pass
        if careful:
            await self._serve(scope, receive, send, place)
            return
        box: Box = {}
        scope[KEY] = self, box
        marked = Process.marks
        before = enter(box) if marked else None
        started = False
        outermost = "app" not in scope
        known = self._known

        async def send_constant(message: Any) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                fields = message.get("headers")
                if type(fields) is list and not box:
                    try:
                        kept = [
                            (k, v if type(v) is bytes else bytes(v))
                            for k, v in fields
                            if k in known
                        ]
                    except TypeError:  # names that are no bytes
                        kept = []
                    if len(kept) == len(fields) and not (marked and _marks(scope, box)):
                        message = message.copy()
                        message["headers"] = kept + constant
                        await send(message)
                        return
                message = self._decided(message, scope, box, place)
            await send(message)

        try:
            await self.app(scope, receive, send_constant)
        except Exception:
            if not started and self._answers(outermost):
                await self._send_error(send)
            raise
        finally:
            box["closed"] = True
            if marked:
                leave(before)

    async def _recall(self, scope: Any, receive: Any, send: Any, place: Place) -> None:
        """Serve what depends, where it was decided before: the other short way."""
        scope = _readable(scope)
        exchange = place.exchange(scope)
        answers = exchange.answers
        if not answers or exchange.conditional or Process.marks or self._switch:
            await self._serve(scope, receive, send, place)
            return
        box: Box = {}
        scope[KEY] = self, box
        started = False
        outermost = "app" not in scope
        known = self._shortcuts.response_names.known

        async def send_answer(message: Any) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                fields = message.get("headers")
                if type(fields) is list and not box:
                    answer, types = answers.get(message["status"], _NO_ANSWER)
                    try:
                        kept = [
                            (k, v if type(v) is bytes else bytes(v))
                            for k, v in fields
                            if k in known or (k, v) in types
                        ]
                    except TypeError:  # names or values that are no bytes
                        kept = []
                    if len(kept) == len(fields) and answer is not None:
                        message = message.copy()
                        message["headers"] = kept + answer
                        await send(message)
                        return
                message = self._decided(message, scope, box, place, exchange)
            await send(message)

        try:
            await self.app(scope, receive, send_answer)
        except Exception:
            if not started and self._answers(outermost):
                await self._send_error(send)
            raise
        finally:
            box["closed"] = True

    async def _choose(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve what is not http, or has met an instance before."""
        kind = scope["type"]
        extensions = scope.get("extensions") or ()
        maker, outer = scope.get(KEY, (None, None))
        if kind != "http" and not (kind == "websocket" and _DENIAL in extensions):
            await self.app(scope, receive, send)
        elif outer is None or "closed" in outer or maker is self or self._switch:
            # Nobody's, a leftover, or the app asking itself something else.
            await self._serve(scope, receive, send, None)
        else:
            await self._nested(scope, receive, send, outer)

    async def _serve(
        self, scope: Any, receive: Any, send: Any, place: Place | None
    ) -> None:
        """Serve one exchange: decide at its start, edit, and let all else pass."""
        if self._switch:
            await self._switched(scope, receive, send)
            return
        scope = _readable(scope)
        box: Box = {}
        scope[KEY] = self, box
        before = enter(box)
        place = place or self._place(scope)
        exchange = place.exchange(scope)
        app_scope = self._conditional(scope, box, exchange)
        outermost = "app" not in scope and scope["type"] == "http"
        started = False

        async def send_decided(message: Any) -> None:
            nonlocal started
            if message["type"] in _STARTS:
                started = True
                message = self._decided(message, app_scope, box, place, exchange)
            await send(message)

        try:
            await self.app(app_scope, receive, send_decided)
        except Exception:
            if not started and scope["type"] == "http" and self._answers(outermost):
                await self._send_error(send)
            raise
        finally:
            box["closed"] = True
            leave(before)

    def _decided(
        self,
        message: Any,
        scope: Any,
        box: Box,
        place: Place | None,
        exchange: Exchange | None = None,
    ) -> Any:
        """Return the start *message* with the fields that were decided."""
        place = place or self._place(scope)
        exchange = exchange or place.exchange(scope)
        response = self._response_facts(message, scope, box)
        outcome = self._shortcuts.outcome(place, exchange, response)
        if outcome.noteworthy:
            self._note(outcome, exchange, response.status, scope)
        fields = list(response.fields)
        if outcome.decision.mode != "report":
            fields = outcome.apply(fields)
        return {**message, "headers": fields}

    def _response_facts(
        self, message: Any, scope: Any, box: Box, *, named: bool = False
    ) -> ResponseFacts:
        named = named or self._shortcuts.asks_route
        route = route_of(scope) if named else Route()
        return ResponseFacts(
            message["status"],
            message.get("headers", ()),
            endpoint=route.endpoint,
            tags=route.tags,
            marks=tuple(dict.fromkeys(_marks(scope, box))),
            inner=box.get("inner"),
        )

    def __deepcopy__(self, memo: Any) -> Self:
        """Return itself: a scope that is copied in depth names it as its maker."""
        return self

    def _note(
        self, outcome: Outcome, exchange: Exchange, status: int, scope: Any
    ) -> None:
        """Tell whoever wants to know."""
        template = route_of(scope).template
        request = exchange.request
        route = request.root_path + template if template else request.path
        self._reporter.note(outcome.decision, request, status, route)

    def _place(self, scope: Any) -> Place:
        return self._shortcuts.place((scope["path"], scope.get("root_path", "")))

    def _answers(self, outermost: bool) -> bool:
        chosen = self._error_response
        answers = outermost if chosen is None else chosen
        return answers and self.policy_set.mode != "report"

    def _conditional(self, scope: Any, box: Box, exchange: Exchange) -> Any:
        """Return the scope for the app, without preconditions where they go."""
        held, preview = box.get("preconditions"), exchange.preview
        if held is None:
            may_change = preview.never_store or Process.marks
            if not (exchange.conditional and may_change):
                return scope
            held = Preconditions(scope["headers"], preview)
            box["preconditions"] = held
        else:
            # An outer default gives way to what stands inside; its rules do not.
            outer = held.preview.ruled
            held.preview = Preview(
                preview.never_store or outer,
                preview.pinned or outer,
                preview.ruled or outer,
            )
        if not isinstance(scope, RoutedScope):
            scope = held.scope = RoutedScope(scope, box)
        held.settle(box.get("marks", ()))
        return scope

    async def _switched(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve with the kill switch on: change nothing, count."""
        self.counts[f"switch_{self._switch}"] += 1
        if self._switch == "off":
            await self.app(scope, receive, send)
            return
        scope = _readable(scope)
        place = self._place(scope)
        exchange = place.exchange(scope)

        async def send_as_it_is(message: Any) -> None:
            if message["type"] in _STARTS:
                response = self._response_facts(message, scope, {})
                message = {**message, "headers": list(response.fields)}
                outcome = self._shortcuts.outcome(place, exchange, response)
                self._reporter.would_change(outcome.decision, exchange.request.path)
            await send(message)

        await self.app(scope, receive, send_as_it_is)

    async def _nested(self, scope: Any, receive: Any, send: Any, box: Box) -> None:
        """Serve inside another instance: say what is selected, write nothing."""
        scope = _readable(scope)
        exchange = self._place(scope).exchange(
            scope,
        )
        if "endpoint" not in scope:  # no router has chosen to come here
            self._reporter.once(
                "wrapped_twice", scope.get("root_path", ""),
                "the same app is wrapped twice, with no mount between: the outer "
                "instance's default gives way to the inner one; keep one of them",
            )  # fmt: skip
        app_scope = self._conditional(scope, box, exchange)

        async def send_selection(message: Any) -> None:
            if message["type"] in _STARTS:
                response = self._response_facts(message, app_scope, box, named=True)
                message = {**message, "headers": list(response.fields)}
                selection = select(exchange.request, response, self.policy_set)
                box["inner"] = nested(response.inner, selection)
                box["marks"] = ()  # they are part of it
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
        with contextlib.suppress(Exception):  # what the app raised goes on
            await send(start)
            await send({"type": "http.response.body", "body": body})


def _readable(scope: Any) -> Any:
    """Return *scope* with a list of pairs of bytes, to be read more than once."""
    fields = scope.get("headers")
    if type(fields) is list and all(type(name) is bytes for name, _ in fields):
        return scope
    return {**scope, "headers": normalise(fields or ())}


def _marks(scope: Any, box: Box) -> tuple[Mark, ...]:
    """Return the marks of the endpoint that the router chose, and of its code."""
    marks, endpoint = box.get("marks", ()), scope.get("endpoint")
    if endpoint is None or "inner" in box:
        return marks
    return (*find_marks(endpoint, scope.get("method", "GET")), *marks)


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
