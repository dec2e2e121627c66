"""May a private or shared cache store a response, and reuse it for a request?

RFC 9111 as a pure function::

    stored = Exchange(
        RequestFacts("GET", "/items"),
        ResponseFacts(200, [("cache-control", "max-age=60"), ("etag", '"1"')]),
    )
    predict(
        stored, RequestFacts("GET", "/items"),
        cache="shared", elapsed=61.0, response_time=time.time(),
    ).outcome  # Outcome.REVALIDATED

Only the front door is here. What the RFC says is in ``_spec``, what caches were
seen to do beyond it in ``_worst``.
"""

from __future__ import annotations

import math
from typing import Literal

from .._core.facts import RequestFacts
from . import _spec, _worst
from ._values import Exchange, Outcome, Prediction

__all__ = ["Exchange", "Outcome", "Prediction", "predict"]


def predict(
    stored: Exchange,
    request: RequestFacts,
    *,
    cache: Literal["private", "shared"],
    elapsed: float,
    response_time: float,
    worst_case: bool = False,
) -> Prediction:
    """Tell what a cache does with *request*, after it has seen *stored*.

    A cache is asked for the most that it may do: to store and to reuse is always
    optional. It has a heuristic (a tenth of the time since ``Last-Modified``), it
    understands every status of RFC 9110, it honours the request directives, and, if
    shared, it reads ``CDN-Cache-Control`` first (RFC 9213).

    Args:
        stored: The earlier exchange, its response as the cache received it.
        request: The request presented now.
        cache: ``"private"`` (a browser) or ``"shared"`` (a proxy, a CDN).
        elapsed: Seconds since the response was received.
        response_time: When it was received, in seconds since the epoch. Only
            ``Date``, ``Expires`` and ``Last-Modified`` are compared with it.
        worst_case: Answer for the loosest of all caches that were measured or whose
            vendor documents it, in place of a conforming one.

    Returns:
        The outcome, the freshness lifetime in seconds, and the reason with its
        section of an RFC or its source. Under *worst_case* it is never stricter
        than without.

    Raises:
        ValueError: *cache* is no such word, or a time is negative or not finite.
    """
    if cache not in ("private", "shared"):
        raise ValueError(f'cache={cache!r} is no kind of cache; "private" or "shared"')
    for name, value in (("elapsed", elapsed), ("response_time", response_time)):
        if not (math.isfinite(value) and value >= 0):
            raise ValueError(f"{name}={value!r} is not a number of seconds, 0 or more")
    arguments = (stored, request, cache == "shared", elapsed, response_time)
    meant = _spec.evaluate(*arguments)
    if not worst_case or meant.outcome is Outcome.REUSED:
        return meant
    return max(meant, _worst.evaluate(*arguments), key=lambda p: p.outcome.rank)
