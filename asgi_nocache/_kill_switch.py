"""The kill switch: an environment variable that stops us from changing anything.

Read when a middleware is built, said in the log, and counted per request. Marks
are heard all the same: a decorator that nobody hears would write fields itself, or
raise.
"""

from __future__ import annotations

import os
from collections import Counter
from typing import Any, Final

from ._box import KEY, Box, enter, leave
from ._core.errors import ConfigurationError
from ._messages import STARTS, readable, response_facts
from ._report import Reporter, logger
from ._shortcut import Shortcuts
from ._watch import Watch

SWITCH: Final = "ASGI_NOCACHE_MODE"


def read_switch() -> str:
    """Return ``"off"``, ``"report"`` or ``""``, from the environment.

    Raises:
        ConfigurationError: It is set to something else.
    """
    value = os.environ.get(SWITCH, "")
    if value not in ("", "off", "report"):
        raise ConfigurationError(
            f"environment variable {SWITCH}",
            [f"{value!r} is unknown; set 'report' or 'off', or unset it"],
        )
    if value:
        logger.warning("%s=%s: no response is changed", SWITCH, value)
    return value


class Switched:
    """Serves in place of an ASGI middleware whose switch is on.

    Args:
        switch: ``"off"`` or ``"report"``.
        shortcuts: What the middleware would decide by.
        reporter: Told of what would change.
        counts: Counts the requests.
        watch: Counts the responses.
    """

    def __init__(
        self,
        switch: str,
        shortcuts: Shortcuts,
        reporter: Reporter,
        counts: Counter[str],
        watch: Watch | None = None,
    ) -> None:
        self._switch = switch
        self._shortcuts = shortcuts
        self._reporter = reporter
        self._counts = counts
        self._watch = watch

    async def serve(self, app: Any, scope: Any, receive: Any, send: Any) -> None:
        """Serve one exchange, and change nothing."""
        self._counts[f"switch_{self._switch}"] += 1
        box: Box = {}
        if self._switch == "report":
            scope = readable(scope)
            send = self._looking(scope, box, send)
        elif self._watch is not None:
            send = self._watch.counting(scope, send)
        scope[KEY] = box
        before = enter(box)
        try:
            await app(scope, receive, send)
        finally:
            leave(box, before)

    def _looking(self, scope: Any, box: Box, send: Any) -> Any:
        """Return a *send* that reports what would change."""
        shortcuts = self._shortcuts
        place = shortcuts.place(scope["path"], scope.get("root_path", ""))
        exchange = place.exchange(scope)

        async def send_as_it_is(message: Any) -> None:
            if message["type"] in STARTS:
                response = response_facts(
                    message, scope, box, named=shortcuts.asks_route
                )
                message = {**message, "headers": list(response.fields)}
                outcome = shortcuts.outcome(place, exchange, response)
                self._reporter.would_change(outcome.decision, place.path)
                if self._watch is not None:
                    self._watch.count(
                        scope, message["status"], outcome.decision, place, reports=True
                    )
            await send(message)

        return send_as_it_is
