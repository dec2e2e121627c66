"""The long way through the middleware: decide, edit, and let all else pass.

Reads a scope and a start message into facts, applies the edits, and nothing
else: no body is read, ``receive`` is not wrapped, unknown messages pass.
"""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any, Final

from ._box import KEY, NO_BOX, Box, enter, leave
from ._core.rules import RuleSet
from ._kill_switch import Switched
from ._messages import (
    STARTS,
    SelectedFields,
    chain,
    plain_answer,
    readable,
    response_facts,
)
from ._preconditions import conditional_scope
from ._refusals import COUNTS
from ._report import Reporter
from ._shortcut import Exchange, Place, Shortcuts
from ._watch import Watch

#: ``Any``, since Starlette's, asgiref's and uvicorn's types of an app differ.
ASGIApp = Callable[[Any, Any, Any], Awaitable[None]]

_DENIAL: Final = "websocket.http.response"


class LongWay:
    """What the middleware does where no short way is known; it fills the attributes."""

    app: ASGIApp
    policy_set: RuleSet
    counts: Counter[str]
    _error_response: bool | None
    _reporter: Reporter
    _shortcuts: Shortcuts
    _switched: Switched | None
    _watch: Watch | None

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
        decision, watch = outcome.decision, self._watch
        enforced = watch is not None and watch.enforces(decision, place, scope)
        if outcome.news:
            self._reporter.note(outcome, place, scope, enforced=enforced)
        fields = list(response.fields)
        if watch is not None:
            status = message["status"]
            fields = watch.leave(
                decision, place, scope, status, fields, enforced=enforced
            )
        elif decision.mode != "report":
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
