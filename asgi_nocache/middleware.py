"""NoCacheMiddleware: the ASGI shell around decide(), and its short ways.

Here it is made, and serves what needs no second look; the long way, which says the
same in plain words, is ``_long_way``'s. What a response may allow is the core's to say.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import date
from typing import Any, Literal

from ._box import KEY, NO_BOX, Box, Process, enter, leave
from ._core.errors import ConfigurationError
from ._core.fields import Field
from ._core.policy import Policy
from ._core.rules import Mode, Rule
from ._kill_switch import Switched, read_switch
from ._long_way import ASGIApp, LongWay
from ._messages import (
    chain,
    marks_of,
    no_app,
)
from ._options import ConfigSource, settle
from ._preconditions import PRECONDITIONS
from ._refusals import Refusals
from ._report import Reporter
from ._shortcut import Place, Shortcuts

_INITIALS = frozenset(b"iI")
#: What was never decided.
_NOTHING: set[Field] = set()
_NO_ANSWER = (None, _NOTHING)
#: What makes the short way look for the long one.
_CAREFULLY = [(b"if-range", b"")]


class NoCacheMiddleware(LongWay):
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
        report_until: The last day of mode ``"report"``; then a warning is logged and
            the audit fails (NC307). Nothing is switched by itself.
        enforce_percent: Under mode ``"report"``, the share of routes, by a stable hash
            of the route's template, that is enforced all the same; of the path where
            the framework names no route. Requests are left as they are, so such a
            route may still confirm a copy with 304.
        metrics: Whether responses are counted with opentelemetry. Takes the long way
            for each response.
        debug_field: Whether ``NoCache-Decision`` names the deciding rule. ``True`` is
            refused where the environment says production, ``"always"`` is not.

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
        report_until: date | None = None,
        enforce_percent: int | None = None,
        metrics: bool | None = None,
        debug_field: bool | Literal["always"] | None = None,
    ) -> None:
        refuse_second(app)
        self.app = app
        given = settle(
            "NoCacheMiddleware", config, rules,
            default=default, mode=mode, guards=guards, error_response=error_response,
            reject_ambiguous=reject_ambiguous, refuse_prefetch=refuse_prefetch,
            report_until=report_until, enforce_percent=enforce_percent,
            metrics=metrics, debug_field=debug_field,
        )  # fmt: skip
        self.policy_set = given.rule_set("NoCacheMiddleware")
        #: For the audit: the last day of mode report.
        self.report_until = given.report_until
        self.counts: Counter[str] = Counter()
        self._error_response = given.error_response
        self._reporter = Reporter(self.counts)
        self._watch = given.watch()
        switch = read_switch()
        self._shortcuts = Shortcuts(
            self.policy_set,
            constants=not (switch or self._watch),
            refusals=Refusals(given.reject_ambiguous, given.refuse_prefetch),
        )
        self._switched = (
            Switched(switch, self._shortcuts, self._reporter, self.counts, self._watch)
            if switch
            else None
        )
        self._constant = self._shortcuts.constant
        #: Whether each response is looked at in full.
        self._looks = bool(switch or self._watch)
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
        nanoseconds; ``_serve``, the long way, says the same in plain words.
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
        if type(scope.get("headers")) is list and not self._looks:
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
