"""NoCacheWSGIMiddleware: the WSGI shell around decide().

For apps that gunicorn, mod_wsgi or another WSGI server runs. The same policy as
under ASGI: an environ becomes the scope that it would have come from.
"""

from __future__ import annotations

import functools
import itertools
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from http import HTTPStatus
from typing import Any

from . import _flask
from ._box import KEY, Box, Scope, enter, leave
from ._core.errors import ConfigurationError
from ._core.fields import Field
from ._core.policy import Policy
from ._core.rules import Mode, Rule
from ._environ import SCOPE, connect, scope_of
from ._kill_switch import read_switch
from ._messages import plain_answer, response_facts
from ._options import ConfigSource, settle
from ._preconditions import conditional_scope
from ._refusals import COUNTS, Refusals
from ._report import Reporter
from ._shortcut import Exchange, Place, Shortcuts

WSGIApp = Callable[..., Iterable[bytes]]
Headers = list[tuple[str, str]]


class NoCacheWSGIMiddleware:
    """Make "never reuse" the default of a WSGI app.

    ``app.wsgi_app = NoCacheWSGIMiddleware(app.wsgi_app)`` leaves a Flask app what it
    is; ``app = NoCacheWSGIMiddleware(app)`` does for any other.

    Args:
        app: The WSGI app.
        rules: What may be cached, and when. Tried in order, the first match wins.
        default: What applies where no rule and no decorator does.
        mode: How a policy meets the app's own fields, as for
            :class:`asgi_nocache.NoCacheMiddleware`.
        guards: The names of the guards that are on.
        config: A file such as ``nocache.toml``, whose rules come after these, and
            which says what is left out here.
        reject_ambiguous: Whether an ambiguous target is answered with 404.
        refuse_prefetch: Whether a prefetch of what no cache may store is answered
            with 503.
        report_until: The last day of mode ``"report"``.

    Attributes:
        policy_set: The rules, the default, the mode and the guards, compiled.
        counts: How often something worth knowing happened, by name.

    Raises:
        ConfigurationError: With everything that is wrong.
    """

    def __init__(
        self,
        app: WSGIApp,
        *,
        rules: Iterable[Rule] = (),
        default: Policy | None = None,
        mode: Mode | None = None,
        guards: Iterable[str] | None = None,
        config: ConfigSource | None = None,
        reject_ambiguous: bool | None = None,
        refuse_prefetch: bool | None = None,
        report_until: date | None = None,
    ) -> None:
        refuse_second(app, "NoCacheWSGIMiddleware")
        self.app = app
        given = settle(
            "NoCacheWSGIMiddleware", config, rules,
            default=default, mode=mode, guards=guards,
            reject_ambiguous=reject_ambiguous, refuse_prefetch=refuse_prefetch,
            report_until=report_until,
        )  # fmt: skip
        self.policy_set = given.rule_set("NoCacheWSGIMiddleware")
        #: For the audit: the last day of mode report.
        self.report_until = given.report_until
        self.counts: Counter[str] = Counter()
        self._reporter = Reporter(self.counts)
        self._switch = read_switch()
        self._shortcuts = Shortcuts(
            self.policy_set,
            refusals=Refusals(given.reject_ambiguous, given.refuse_prefetch),
        )

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Serve one request (PEP 3333)."""
        scope: Scope = scope_of(environ)
        box: Box = {}
        scope[KEY] = box
        if self._switch:
            self.counts[f"switch_{self._switch}"] += 1
        if self._switch == "off":
            return self._run(environ, scope, start_response, lambda _, given: given)
        if SCOPE in environ:
            self._reporter.wrapped_twice(environ.get("SCRIPT_NAME", ""))
        place = self._shortcuts.place(scope["path"], scope["root_path"])
        exchange = place.exchange(scope)
        if not self._switch:
            if exchange.refusal:
                return self._refuse(exchange.refusal, scope, start_response)
            taken = conditional_scope(
                scope, box, exchange.preview, conditional=exchange.conditional
            )
            environ = environ if taken is scope else {**environ}
            scope = taken
        decided = functools.partial(self._decided, place, exchange, scope, box)
        return self._run(environ, scope, start_response, decided)

    def _decided(
        self,
        place: Place,
        exchange: Exchange,
        scope: Scope,
        box: Box,
        status: str,
        given: Headers,
    ) -> Headers:
        """Return the fields that were decided for those *given*."""
        _flask.write_route(scope)
        response = response_facts(
            {"status": int(status.partition(" ")[0]), "headers": _bytes(given)},
            scope,
            box,
            named=self._shortcuts.asks_route,
        )
        outcome = self._shortcuts.outcome(place, exchange, response)
        if self._switch:
            self._reporter.would_change(outcome.decision, place.path)
            return given
        if outcome.news:
            self._reporter.note(outcome, place, scope)
        if outcome.decision.mode == "report":
            return given
        return _text(outcome.apply(list(response.fields)))

    def _run(
        self,
        environ: dict[str, Any],
        scope: Scope,
        start_response: Any,
        decided: Callable[[str, Headers], Headers],
    ) -> Iterable[bytes]:
        """Run the app, with fields as *decided* has them."""
        connect(environ, scope)
        started = False

        def start_decided(status: str, given: Headers, *exc_info: Any) -> Any:
            nonlocal started
            started = True
            return start_response(status, decided(status, given), *exc_info)

        box = scope[KEY]
        before = enter(box)
        try:
            result = self.app(environ, start_decided)
            # As it is, or a server could not send a file by the kernel.
            return result if started else _Begun(result)
        finally:
            leave(box, before)

    def _refuse(
        self, status: int, scope: Scope, start_response: Any
    ) -> Iterable[bytes]:
        """Answer for the app, as an option wants it."""
        self.counts[COUNTS[status]] += 1
        policy = self.policy_set.never_store
        start, body = plain_answer(status, policy, scope["method"])
        line = f"{status} {HTTPStatus(status).phrase}"
        start_response(line, _text(start["headers"]))
        return [body["body"]]


class _Begun:
    """The body of an app that starts its response when it is asked for it."""

    def __init__(self, result: Iterable[bytes]) -> None:
        self._result = result
        chunks = iter(result)
        first = list(itertools.islice(chunks, 1))
        self._chunks = itertools.chain(first, chunks)

    def __iter__(self) -> Iterator[bytes]:
        return self._chunks

    def close(self) -> None:
        """Close the app's own."""
        if close := getattr(self._result, "close", None):
            close()


def _bytes(headers: Headers) -> list[Field]:
    return [(k.encode("latin-1"), v.encode("latin-1")) for k, v in headers]


def _text(fields: Iterable[Field]) -> Headers:
    return [(k.decode("latin-1"), v.decode("latin-1")) for k, v in fields]


def refuse_second(app: Any, place: str) -> None:
    """Refuse what is no WSGI app, or has a policy already.

    Raises:
        ConfigurationError: For *place*.
    """
    problem = ""
    inside = [getattr(app, name, None) for name in ("app", "wsgi_app")]
    if not callable(app):
        problem = f"{app!r} is no WSGI app; give the one to wrap"
    elif any(isinstance(each, NoCacheWSGIMiddleware) for each in (app, *inside)):
        problem = (
            "the app has NoCacheWSGIMiddleware already, which would apply two "
            "policies to each response; keep one, with the rules of both"
        )
    if problem:
        raise ConfigurationError(place, [problem])
