"""install(): the policy around a whole Starlette or FastAPI app, in place.

Duck-typed on ``build_middleware_stack``, so nothing is imported. The policy
itself is the middleware's.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any, Literal, TypeVar

from ._core.errors import ConfigurationError
from ._core.policy import Policy
from ._core.rules import Mode, Rule
from ._options import ConfigSource
from .middleware import NoCacheMiddleware, refuse_second

App = TypeVar("App")


def install(
    app: App,
    *,
    rules: Iterable[Rule] = (),
    default: Policy | None = None,
    mode: Mode | None = None,
    guards: Iterable[str] | None = None,
    config: ConfigSource | None = None,
    reject_ambiguous: bool | None = None,
    refuse_prefetch: bool | None = None,
    report_until: date | None = None,
    enforce_percent: int | None = None,
    metrics: bool | None = None,
    debug_field: bool | Literal["always"] | None = None,
) -> App:
    """Wrap all that *app* answers, its error pages too; *app* stays what it is.

    ``app.add_middleware`` sits inside ``ServerErrorMiddleware`` and the limit on
    request bodies, so their 500 and 413 leave without our fields. This sits
    outside of both, and reports a wrong configuration here, not at the first
    request. ``TestClient``, ``app.state``, ``app.routes`` and the docs keep working.

    Args:
        app: A Starlette or FastAPI app that has not served yet.
        rules: As for :class:`asgi_nocache.NoCacheMiddleware`, as all that follow.
        default: What applies where no rule and no decorator does.
        mode: How a policy meets the app's own fields.
        guards: The names of the guards that are on.
        config: A file such as ``nocache.toml``, whose rules come after these, and
            which says what is left out here.
        reject_ambiguous: Whether an ambiguous target is answered with 404.
        refuse_prefetch: Whether a prefetch of what no cache may store is answered
            with 503.
        report_until: The last day of mode ``"report"``.
        enforce_percent: The share of routes that mode ``"report"`` enforces.
        metrics: Whether responses are counted with opentelemetry.
        debug_field: Whether ``NoCache-Decision`` names the deciding rule.

    Returns:
        *app*.

    Raises:
        ConfigurationError: The configuration is wrong, *app* is something else,
            has served already, or has the middleware already.
    """
    target: Any = app
    build = getattr(target, "build_middleware_stack", None)
    if build is None:
        raise _wrong(
            f"{app!r} is not a Starlette or FastAPI app; write NoCacheMiddleware(app)"
        )
    if isinstance(getattr(build, "__self__", None), _Stack) or _has_ours(target):
        raise _wrong(
            "the app has NoCacheMiddleware already, which would apply two policies "
            "to each response; keep one, with the rules of both"
        )
    if target.middleware_stack is not None:
        raise _wrong("the app has served already; install before its first request")
    target.build_middleware_stack = _Stack(
        build,
        rules=rules,
        default=default,
        mode=mode,
        guards=guards,
        config=config,
        reject_ambiguous=reject_ambiguous,
        refuse_prefetch=refuse_prefetch,
        report_until=report_until,
        enforce_percent=enforce_percent,
        metrics=metrics,
        debug_field=debug_field,
    ).build
    return app


class _Stack:
    """Builds the app's own stack, inside one middleware made beforehand."""

    def __init__(self, build: Any, **options: Any) -> None:
        self._build = build
        self._middleware = NoCacheMiddleware(_unbuilt, **options)

    def build(self) -> NoCacheMiddleware:
        """Return the stack, as Starlette asks for it at the first event."""
        stack = self._build()
        refuse_second(stack)
        self._middleware.app = stack
        return self._middleware


async def _unbuilt(*_: Any) -> None:
    """Stand in for the app until its stack is built."""
    raise RuntimeError("the stack is not built")


def _has_ours(app: Any) -> bool:
    classes = [getattr(m, "cls", None) for m in getattr(app, "user_middleware", ())]
    return NoCacheMiddleware in classes


def _wrong(problem: str) -> ConfigurationError:
    return ConfigurationError("install()", [problem])
