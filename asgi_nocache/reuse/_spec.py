"""What one conforming cache may do: RFC 9111, section by section.

Optional is done: it stores what it may and reuses what it may. What real caches do
beyond that is in ``_worst``.
"""

from __future__ import annotations

from typing import NamedTuple

from .._core import fields as f
from .._core.directives import delta_seconds
from .._core.facts import RequestFacts, ResponseFacts
from . import _controls, _matching
from ._controls import Controls
from ._dates import seconds_of
from ._values import Exchange, Outcome, Prediction

#: RFC 9110 section 15.1.
HEURISTICALLY_CACHEABLE = frozenset(
    {200, 203, 204, 206, 300, 301, 308, 404, 405, 410, 414, 501}
)
#: Those whose caching is specified in RFC 9110, which a cache so can understand.
UNDERSTOOD = frozenset(
    {*range(200, 207), *range(300, 306), 307, 308, *range(400, 418), 421, 422, 426}
    | {*range(500, 506)}
)
#: What a heuristic takes of the time since Last-Modified (RFC 9111 section 4.2.2).
HEURISTIC_FRACTION = 0.1


class Freshness(NamedTuple):
    """How long a response is fresh, and which part of it said so."""

    lifetime: float
    reason: str
    reference: str


def evaluate(
    stored: Exchange,
    request: RequestFacts,
    shared: bool,
    elapsed: float,
    response_time: float,
) -> Prediction:
    """Return what a conforming cache may do at most."""
    controls = _controls.of_response(stored.response.fields, shared)
    if refusal := _not_stored(stored, controls, shared):
        return Prediction(Outcome.NOT_STORED, 0, *refusal)
    fresh = freshness(stored.response, controls, shared, response_time)
    if mismatch := _matching.mismatch(stored, request):
        return Prediction(Outcome.FORWARDED, fresh.lifetime, *mismatch)
    age = current_age(stored.response, response_time) + elapsed
    return _served(stored.response, controls, request, shared, fresh, age)


def _not_stored(
    stored: Exchange, controls: Controls, shared: bool
) -> tuple[str, str] | None:
    """Return why a cache must not store, with its section; None if it may."""
    return (
        _method_forbids(stored, controls, shared)
        or _status_forbids(stored.response.status, controls)
        or _directives_forbid(stored, controls, shared)
        or _nothing_allows(stored.response, controls, shared)
    )


def _method_forbids(
    stored: Exchange, controls: Controls, shared: bool
) -> tuple[str, str] | None:
    method = stored.request.method
    if method in ("GET", "HEAD"):
        return None
    if method != "POST":
        return f"a response to {method} is not cacheable", "RFC 9110 9.2.3"
    located = f.values(stored.response.fields, b"content-location")
    same = len(located) == 1 and _matching.names_target(located[0], stored.request)
    if not (same and _is_explicit(stored.response, controls, shared)):
        return (
            "a response to POST is cacheable only with explicit freshness and its "
            "own target as Content-Location",
            "RFC 9110 9.3.3",
        )
    return None


def _status_forbids(status: int, controls: Controls) -> tuple[str, str] | None:
    if status < 200:
        return f"{status} is not a final status", "RFC 9111 3"
    if status == 304:
        return "a 304 updates what is stored, no more", "RFC 9111 4.3.4"
    if "must-understand" in controls and status not in UNDERSTOOD:
        return f"must-understand, and {status} is not understood", "RFC 9111 5.2.2.3"
    return None


def _directives_forbid(
    stored: Exchange, controls: Controls, shared: bool
) -> tuple[str, str] | None:
    asked = _controls.of_lines(f.values(stored.request.fields, b"cache-control"))
    if "no-store" in asked:
        return "the request said no-store", "RFC 9111 5.2.1.5"
    # Who knows must-understand ignores the no-store that is there for the others.
    if "no-store" in controls and "must-understand" not in controls:
        return f"no-store in {controls.source}", "RFC 9111 5.2.2.5"
    if shared and "private" in controls:
        return f"private in {controls.source}, and a shared cache", "RFC 9111 5.2.2.7"
    allowing = ("public", "s-maxage", "must-revalidate")
    if (
        shared
        and stored.request.has_authorization
        and not any(name in controls for name in allowing)
    ):
        return (
            "the request carries Authorization, and nothing allows shared caching",
            "RFC 9111 3.5",
        )
    return None


def _nothing_allows(
    response: ResponseFacts, controls: Controls, shared: bool
) -> tuple[str, str] | None:
    if (
        response.status in HEURISTICALLY_CACHEABLE
        or _is_explicit(response, controls, shared)
        or _is_marked(controls, shared)
    ):
        return None
    return f"{response.status} without explicit freshness is not stored", "RFC 9111 3"


def _is_explicit(response: ResponseFacts, controls: Controls, shared: bool) -> bool:
    """Tell whether the response has an explicit expiration time, valid or not."""
    if "max-age" in controls or (shared and "s-maxage" in controls):
        return True
    targeted = controls.source != "Cache-Control"
    return not targeted and f.has(response.fields, b"expires")


def _is_marked(controls: Controls, shared: bool) -> bool:
    """Tell whether it is explicitly marked as cacheable."""
    private = "private" in controls or "private" in controls.qualified
    return "public" in controls or (private and not shared)


def freshness(
    response: ResponseFacts, controls: Controls, shared: bool, response_time: float
) -> Freshness:
    """Return the freshness lifetime (RFC 9111 section 4.2.1)."""
    for name, applies in (("s-maxage", shared), ("max-age", True)):
        if applies and name in controls:
            section = "RFC 9111 5.2.2.10" if name == "s-maxage" else "RFC 9111 5.2.2.1"
            seconds = controls.deltas[name]
            if seconds is None:
                return Freshness(0, f"{name} is invalid", "RFC 9111 4.2.1")
            return Freshness(seconds, f"{name}={seconds}", section)
    date = date_value(response, response_time)
    expires = f.values(response.fields, b"expires")
    if expires and controls.source == "Cache-Control":
        until = seconds_of(expires[0], response_time)
        if until is None:
            return Freshness(0, "Expires is not a valid date", "RFC 9111 5.3")
        return Freshness(max(0.0, until - date), "Expires", "RFC 9111 5.3")
    return _heuristic(response, controls, shared, date, response_time)


def _heuristic(
    response: ResponseFacts,
    controls: Controls,
    shared: bool,
    date: float,
    response_time: float,
) -> Freshness:
    where = "RFC 9111 4.2.2"
    permitted = response.status in HEURISTICALLY_CACHEABLE
    modified = f.values(response.fields, b"last-modified")
    if not modified or not (permitted or _is_marked(controls, shared)):
        return Freshness(0, "no expiration time is given", where)
    since = seconds_of(modified[0], response_time)
    if since is None or since >= date:
        return Freshness(0, "Last-Modified allows no heuristic", where)
    lifetime = HEURISTIC_FRACTION * (date - since)
    return Freshness(lifetime, "a heuristic from Last-Modified", where)


def date_value(response: ResponseFacts, response_time: float) -> float:
    """Return ``Date``, or the time of receipt where it is absent or invalid.

    RFC 9110 section 6.6.1.
    """
    for line in f.values(response.fields, b"date")[:1]:
        date = seconds_of(line, response_time)
        if date is not None:
            return date
    return response_time


def current_age(response: ResponseFacts, response_time: float) -> float:
    """Return the corrected initial age (RFC 9111 section 4.2.3).

    How long the request took is not known, and counts as nothing.
    """
    apparent = max(0.0, response_time - date_value(response, response_time))
    lines = f.values(response.fields, b"age")
    # The first member of a list counts, and an invalid one is ignored (5.1).
    first = lines[0].decode("latin-1").partition(",")[0].strip(" \t") if lines else ""
    return max(apparent, delta_seconds(first) or 0)


def _served(
    response: ResponseFacts,
    controls: Controls,
    request: RequestFacts,
    shared: bool,
    fresh: Freshness,
    age: float,
) -> Prediction:
    """Decide between reuse and validation for a response that matches."""
    asked = _asked(request)
    reason: tuple[str, str] | None = None
    if "no-cache" in controls:
        reason = f"no-cache in {controls.source}", "RFC 9111 5.2.2.4"
    elif "no-cache" in asked:
        section = "5.2.1.4" if asked.source == "Cache-Control" else "5.4"
        reason = f"the request said no-cache in {asked.source}", f"RFC 9111 {section}"
    elif (limit := asked.deltas.get("max-age")) is not None and age > limit:
        reason = f"the request said max-age={limit}", "RFC 9111 5.2.1.1"
    elif (margin := asked.deltas.get("min-fresh")) and fresh.lifetime < age + margin:
        reason = f"the request said min-fresh={margin}", "RFC 9111 5.2.1.3"
    elif fresh.lifetime > age:
        words = f"fresh: {fresh.reason}, of age {age:g}"
        return Prediction(Outcome.REUSED, fresh.lifetime, words, fresh.reference)
    elif allowed := _stale_allowed(controls, asked, shared, age - fresh.lifetime):
        return Prediction(Outcome.REUSED, fresh.lifetime, *allowed)
    else:
        reason = f"stale: {fresh.reason}, of age {age:g}", fresh.reference
    return _validated(response, asked, fresh.lifetime, *reason)


def _validated(
    response: ResponseFacts, asked: Controls, lifetime: float, why: str, where: str
) -> Prediction:
    if "only-if-cached" in asked:
        why += "; only-if-cached, so the cache answers 504"
        return Prediction(Outcome.FORWARDED, lifetime, why, "RFC 9111 5.2.1.7")
    if not any(f.has(response.fields, n) for n in (b"etag", b"last-modified")):
        why += "; without a validator there is nothing to ask about"
        return Prediction(Outcome.FORWARDED, lifetime, why, where)
    return Prediction(Outcome.REVALIDATED, lifetime, why, where)


def _asked(request: RequestFacts) -> Controls:
    """Return the request's directives.

    ``Pragma: no-cache`` speaks for clients that send no Cache-Control (section 5.4).
    """
    if f.has(request.fields, b"cache-control"):
        return _controls.of_lines(f.values(request.fields, b"cache-control"))
    pragma = _controls.of_lines(f.values(request.fields, b"pragma"))
    return Controls(pragma.flags & {"no-cache"}, source="Pragma")


def _stale_allowed(
    controls: Controls, asked: Controls, shared: bool, by: float
) -> tuple[str, str] | None:
    """Return what permits a response that is stale *by* so many seconds."""
    forbidding = {"must-revalidate"}
    if shared:
        forbidding |= {"proxy-revalidate", "s-maxage"}
    if any(name in controls for name in forbidding):
        return None
    window = controls.deltas.get("stale-while-revalidate")
    # A client that names an age wants nothing stale without max-stale (5.2.1.1).
    fussy = asked.deltas.get("max-age") is not None
    if window is not None and by <= window and not fussy:
        return f"stale-while-revalidate={window}", "RFC 5861 3"
    if "max-stale" in asked.flags:
        return "the request said max-stale", "RFC 9111 5.2.1.2"
    limit = asked.deltas.get("max-stale")
    if limit is not None and by <= limit:
        return f"the request said max-stale={limit}", "RFC 9111 5.2.1.2"
    return None
