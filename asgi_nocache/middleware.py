"""NoCacheMiddleware: the ASGI shell around decide().

Reads a scope and a start message into facts, applies the edits, and nothing
else: no body is read, ``receive`` is not wrapped, unknown messages pass. What
a response may allow is the core's to say.
"""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, Final

from ._box import KEY, NO_BOX, Box, Process, enter, leave
from ._core.errors import ConfigurationError
from ._core.fields import Field
from ._core.policy import Policy
from ._core.rules import Mode, Rule
from ._kill_switch import Switched, read_switch
from ._messages import (
    STARTS,
    SelectedFields,
    chain,
    marks_of,
    no_app,
    plain_answer,
    readable,
    response_facts,
)
from ._options import ConfigSource, settle
from ._preconditions import PRECONDITIONS, conditional_scope
from ._refusals import COUNTS, Refusals
from ._report import Reporter
from ._shortcut import Exchange, Place, Shortcuts

#: ``Any``, since Starlette's, asgiref's and uvicorn's types of an app differ.
ASGIApp = Callable[[Any, Any, Any], Awaitable[None]]

_DENIAL: Final = "websocket.http.response"
_INITIALS = frozenset(b"iI")
#: What was never decided.
_NOTHING: set[Field] = set()
_NO_ANSWER = (None, _NOTHING)
#: What makes the short way look for the long one.
_CAREFULLY = [(b"if-range", b"")]


class NoCacheMiddleware:
    """Make "never reuse" the default of an ASGI app.

    Args:
        app: The app.
        rules: What may be cached, and when. Tried in order, the first match wins.
        default: What applies where no rule and no decorator does; ``None``: what
            *config* says, else ``NO_STORE``.
        mode: How a policy meets the app's own fields: ``"stricter"`` (the default)
            joins them, ``"override"`` ignores them, ``"if-missing"`` yields to them,
            ``"report"`` changes nothing and says what would change.
        guards: The names of the guards that are on; all of them by default.
        config: A file such as ``nocache.toml``, whose rules come after these, and
            which says what is left out here.
        error_response: Whether an exception before the response starts is
            answered with a never-store 500 before it goes on. ``None``: yes,
            unless a framework or another instance stands outside.
        reject_ambiguous: Whether a target whose spellings select different
            policies is answered with 404 (ASVS 5.0, 14.2.5).
        refuse_prefetch: Whether a prefetch of what no cache may store is answered
            with 503: a browser keeps what it prefetched whatever Cache-Control says.

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
        default: Policy | None = None,
        mode: Mode | None = None,
        guards: Iterable[str] | None = None,
        config: ConfigSource | None = None,
        error_response: bool | None = None,
        reject_ambiguous: bool | None = None,
        refuse_prefetch: bool | None = None,
    ) -> None:
        refuse_second(app)
        self.app = app
        given = settle(
            "NoCacheMiddleware", config, rules,
            default=default, mode=mode, guards=guards, error_response=error_response,
            reject_ambiguous=reject_ambiguous, refuse_prefetch=refuse_prefetch,
        )  # fmt: skip
        self.policy_set = given.rule_set("NoCacheMiddleware")
        self.counts: Counter[str] = Counter()
        self._error_response = given.error_response
        self._reporter = Reporter(self.counts)
        switch = read_switch()
        self._shortcuts = Shortcuts(
            self.policy_set,
            constants=not switch,
            refusals=Refusals(given.reject_ambiguous, given.refuse_prefetch),
        )
        self._switched = (
            Switched(switch, self._shortcuts, self._reporter, self.counts)
            if switch
            else None
        )
        self._constant = self._shortcuts.constant
        self._known = self._shortcuts.caching.known
        self._places = self._shortcuts.places
        Process.waiting.add(self)
        if Process.marks:
            self.expect_marks()

    def expect_marks(self) -> None:
        """Take no answer for settled before the endpoint is known."""
        self._constant = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve one connection.

        This is the short way, where nothing can change what is sent. It counts
        nanoseconds; ``_serve`` says the same in plain words.
        """
        if scope["type"] != "http" or KEY in scope:
            if scope["type"] == "lifespan":
                await self.app(scope, receive, send)
            else:
                await self._choose(scope, receive, send)
            return
        constant, place = self._constant, None
        if constant is None:
            # Now, since routers change both while they work.
            path, root_path = scope["path"], scope.get("root_path", "")
            where = (path, root_path) if root_path else path
            place = self._places.get(where) or self._shortcuts.place(path, root_path)
            constant = place.constant
            if constant is None or Process.marks:
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
        scope[KEY] = NO_BOX
        started = False

        async def send_constant(message: Any) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                fields = message.get("headers")
                if type(fields) is list:
                    known = self._known
                    odd = True
                    try:
                        for line in fields:  # a comprehension costs more
                            if line[0] not in known or type(line) is not tuple:
                                break
                        else:
                            odd = False
                    except TypeError:  # a name that is no bytes
                        pass
                    if not odd:
                        message = message.copy()
                        message["headers"] = fields + constant
                        await send(message)
                        return
                message = self._decided(message, scope, {}, place)
            await send(message)

        try:
            await self.app(scope, receive, send_constant)
        except Exception:
            if not started:
                await self._answer_for_app(scope, send)
            raise

    async def _recall(self, scope: Any, receive: Any, send: Any, place: Place) -> None:
        """Serve what depends, where it was decided before: the other short way."""
        answers = None
        if type(scope.get("headers")) is list and self._switched is None:
            try:
                exchange = place.exchange(scope)
                answers = None if exchange.conditional else exchange.answers
            except TypeError:  # names that are no bytes
                pass
        if not answers:
            await self._serve(scope, receive, send, place)
            return
        marked = Process.marks
        box: Box = {} if marked else NO_BOX
        scope[KEY] = box
        before = enter(box) if marked else None
        started = False
        known = self._shortcuts.response_names.known

        async def send_answer(message: Any) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                fields = message.get("headers")
                answer, types = answers.get(message["status"], _NO_ANSWER)
                if answer is not None and type(fields) is list:
                    odd = True
                    try:
                        for line in fields:
                            settled = line[0] in known or line in types
                            if not settled or type(line) is not tuple:
                                break
                        else:
                            odd = False
                    except TypeError:  # a name or a value that is no bytes
                        pass
                    if not (odd or (marked and marks_of(scope, box))):
                        message = message.copy()
                        message["headers"] = fields + answer
                        await send(message)
                        return
                message = self._decided(message, scope, box, place)
            await send(message)

        try:
            await self.app(scope, receive, send_answer)
        except Exception:
            if not started:
                await self._answer_for_app(scope, send)
            raise
        finally:
            if marked:
                leave(box, before)

    async def _choose(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve what is not http, or has met an instance before."""
        kind = scope["type"]
        extensions = scope.get("extensions") or ()
        outer = scope.get(KEY)
        if kind != "http" and not (kind == "websocket" and _DENIAL in extensions):
            await self.app(scope, receive, send)
        elif outer is None or "closed" in outer or self._switched is not None:
            # Nobody's, or a leftover.
            await self._serve(scope, receive, send, None)
        else:
            await self._nested(scope, receive, send, outer)

    async def _serve(
        self, scope: Any, receive: Any, send: Any, place: Place | None
    ) -> None:
        """Serve one exchange: decide at its start, edit, and let all else pass."""
        if self._switched is not None:
            await self._switched.serve(self.app, scope, receive, send)
            return
        scope = readable(scope)
        box: Box = {}
        scope[KEY] = box
        before = enter(box)
        place = place or self._place(scope)
        exchange = place.exchange(scope)
        if exchange.refusal and scope["type"] == "http":
            leave(box, before)
            await self._refuse(exchange.refusal, scope, send)
            return
        app_scope = conditional_scope(
            scope, box, exchange.preview, conditional=exchange.conditional
        )
        started = False

        async def send_decided(message: Any) -> None:
            nonlocal started
            if message["type"] in STARTS:
                started = True
                message = self._decided(message, app_scope, box, place, exchange)
            await send(message)

        try:
            await self.app(app_scope, receive, send_decided)
        except Exception:
            if not started and scope["type"] == "http":
                await self._answer_for_app(scope, send)
            raise
        finally:
            leave(box, before)

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
        exchange = exchange or place.exchange(readable(scope))
        response = response_facts(message, scope, box, named=self._shortcuts.asks_route)
        outcome = self._shortcuts.outcome(place, exchange, response)
        if outcome.news:
            self._reporter.note(outcome, place, scope)
        fields = list(response.fields)
        if outcome.decision.mode != "report":
            fields = outcome.apply(fields)
        return {**message, "headers": fields}

    def _place(self, scope: Any) -> Place:
        return self._shortcuts.place(scope["path"], scope.get("root_path", ""))

    async def _nested(self, scope: Any, receive: Any, send: Any, box: Box) -> None:
        """Serve inside another instance, which will hear what is selected here.

        The fields are written all the same: whoever stands outside takes the
        app's own instead, and if nobody does, nothing leaves open.
        """
        scope = readable(scope)
        if box is NO_BOX:
            box = Box()
            scope[KEY] = box
        place = self._place(scope)
        exchange = place.exchange(scope)
        if exchange.refusal and scope["type"] == "http":
            await self._refuse(exchange.refusal, scope, send)
            return
        if "endpoint" not in scope:  # no router has chosen to come here
            self._reporter.wrapped_twice(scope.get("root_path", ""))
        app_scope = conditional_scope(
            scope, box, exchange.preview, conditional=exchange.conditional
        )

        async def send_selection(message: Any) -> None:
            if message["type"] in STARTS:
                response = response_facts(message, app_scope, box, named=True)
                outcome = self._shortcuts.outcome(place, exchange, response)
                fields = SelectedFields(response.fields, outcome)
                message = {**message, "headers": fields}
                box["marks"] = ()  # they are part of it
            await send(message)

        await self.app(app_scope, receive, send_selection)

    async def _answer_for_app(self, scope: Any, send: Any) -> None:
        """Send a 500 for an app that raised before its start, if nobody else will."""
        framework = scope.get("app")  # one that we wrap has put itself there
        inside = any(each is framework for each in chain(self.app))
        outermost = framework is None or inside
        wanted = outermost if self._error_response is None else self._error_response
        if wanted and self.policy_set.mode != "report":
            with contextlib.suppress(Exception):  # what the app raised goes on
                await self._answer(500, scope, send)

    async def _answer(self, status: int, scope: Any, send: Any) -> None:
        policy = self.policy_set.never_store
        for message in plain_answer(status, policy, scope["method"]):
            await send(message)

    async def _refuse(self, status: int, scope: Any, send: Any) -> None:
        """Answer for the app, as an option wants it."""
        self.counts[COUNTS[status]] += 1
        await self._answer(status, scope, send)


def refuse_second(app: Any) -> None:
    """Refuse what cannot be wrapped, or is wrapped already.

    Raises:
        ConfigurationError: *app* is no app, an instance, or middleware around one.
    """
    problem = no_app(app)
    if any(isinstance(each, NoCacheMiddleware) for each in chain(app)):
        problem = (
            "the app is wrapped already, which would apply two policies to each "
            "response; keep one, with the rules of both"
        )
    if problem:
        raise ConfigurationError("NoCacheMiddleware", [problem])
