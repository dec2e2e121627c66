"""as_asgi(): Flask, or any WSGI app, under ASGI and under the policy.

The bridge is ``_bridge``'s, the policy the middleware's; here they meet. Needs the
extra ``flask``.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from importlib.util import find_spec
from typing import Literal

if find_spec("asgiref") is None:
    raise ImportError(
        "asgi_nocache.flask needs asgiref: pip install 'asgi-nocache[flask]'"
    )

from ._bridge import WORKERS, Bridge, WSGIApp
from ._core.policy import Policy
from ._core.rules import Mode, Rule
from ._options import ConfigSource
from .middleware import NoCacheMiddleware
from .wsgi import refuse_second

__all__ = ["Bridge", "as_asgi"]


def as_asgi(
    wsgi_app: WSGIApp,
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
    workers: int = WORKERS,
    send_timeout: float = 60.0,
    receive_timeout: float = 60.0,
    max_request_body: int | None = None,
) -> NoCacheMiddleware:
    """Return *wsgi_app* as an ASGI app, with the policy around it.

    Rules can ask for Flask's endpoint names (``endpoints=["blog.show"]``), for the
    templates of its routes (``endpoints=["/posts/<int:id>"]``) and for its
    blueprints (``tags=["blog"]``).

    Args:
        wsgi_app: A Flask app, or any other WSGI app.
        rules: As for :class:`asgi_nocache.NoCacheMiddleware`, as the next ten.
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
        workers: Threads, so requests that run at the same time; more wait. 40 is
            what Starlette and FastAPI give sync endpoints.
        send_timeout: Seconds that a client may take for a block (256 KB); then a
            stream or a file ends and its worker is free.
        receive_timeout: Seconds that a view waits for a part of a large upload.
        max_request_body: Bytes; a larger body is answered with 413. ``None``: any.

    Raises:
        ConfigurationError: With everything that is wrong.
    """
    refuse_second(wsgi_app, "as_asgi()")
    bridge = Bridge(
        wsgi_app,
        workers=workers,
        send_timeout=send_timeout,
        receive_timeout=receive_timeout,
        max_request_body=max_request_body,
    )
    return NoCacheMiddleware(
        bridge,
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
    )
