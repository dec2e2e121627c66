"""What the loosest cache does: every deviation that was measured or is documented.

Not one cache, but all of them at once, so an upper bound. What each deviation is,
who was seen to do it and where, stands beside the line that models it; ``[m]`` was
measured in November 2026 by the project's own proof, ``CT`` is a test of the public
cache test suite, ``docs`` the vendor's word.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC
from email.utils import parsedate_to_datetime
from urllib.parse import unquote

from .._core import fields as f
from .._core.directives import DELTA_MAX, delta_seconds, split_members
from .._core.facts import RequestFacts, ResponseFacts
from . import _matching
from ._controls import of_lines
from ._dates import seconds_of
from ._spec import Freshness, date_value
from ._values import Exchange, Outcome, Prediction

#: Seconds that a bare response lives: Fastly's default (docs), Apache's and HAProxy's
#: in many a configuration. nginx's ``proxy_cache_valid any`` takes any status [m].
DEFAULT_SHARED = 3600
#: Kept for ever where nothing is said: requests-cache takes each 200, Chromium and
#: CacheControl permanent redirects, browsers a 410 [m].
FOR_EVER = frozenset({200, 203, 300, 301, 308, 410})
#: CacheControl keeps these whatever the fields say, but for no-store [m].
PERMANENT = frozenset({301, 308})
#: Seconds for which Varnish serves what has gone stale, while it asks for a new one
#: (``default_grace``) [m].
SHARED_GRACE = 10
#: Who counts whole seconds keeps a copy for up to one more.
WHOLE_SECONDS = 1
#: Seconds that http-cache-semantics makes of ``immutable`` alone [m].
IMMUTABLE = 86_400_000
#: Squid's default ``refresh_pattern`` takes a fifth of the time since Last-Modified,
#: and hishel counts up to now [m].
_FRACTION = 0.2

_AGES = re.compile(r'\b(s-maxage|max-age)[\s=":a-z+]{0,8}([0-9]{1,19})', re.IGNORECASE)
_SOURCES = "measured or documented deviation"


def evaluate(
    stored: Exchange,
    request: RequestFacts,
    shared: bool,
    elapsed: float,
    response_time: float,
) -> Prediction:
    """Return the most that any known cache does.

    Request directives, Age, Authorization, Set-Cookie and Pragma protect nothing:
    nginx passes over all but the last two [m], Squid over Set-Cookie [m], Varnish
    over Pragma [m].
    """
    response = stored.response
    if response.status < 200 or response.status == 304:
        return _no(Outcome.NOT_STORED, f"{response.status} is not kept by any cache")
    ways = _shared_ways if shared else _private_ways
    best = max(ways(response, response_time), key=lambda w: w.lifetime, default=None)
    if best is None:
        return _no(Outcome.NOT_STORED, "every known cache honours what it says")
    if not _same_resource(stored, request, shared):
        return _no(Outcome.FORWARDED, "no cache takes it for the same resource")
    if not _same_variant(stored, request, shared):
        # Squid asks with the validators of the other variants [m].
        why = "another variant, whose validators may be asked about"
        return Prediction(Outcome.REVALIDATED, best.lifetime, why, "RFC 9111 4.1")
    lifetime = _stretched(response, best.lifetime, response_time)
    window = max(_stale_window(response), _max_stale(request))
    if lifetime > 0:
        window = max(window, SHARED_GRACE if shared else WHOLE_SECONDS)
    outcome = Outcome.REVALIDATED
    if lifetime + window >= elapsed:
        outcome = Outcome.REUSED
    return Prediction(outcome, lifetime, best.reason, best.reference)


def _stretched(response: ResponseFacts, lifetime: float, now: float) -> float:
    """Return what clocks and odd words make of a lifetime in some private cache."""
    text, _ = _cache_control(response)
    if "immutable" in _names(text):
        lifetime = max(lifetime, IMMUTABLE)
    if lifetime <= 0:
        return lifetime
    # hishel takes a Date ahead, and http-cache-semantics an Age below 0, for younger.
    # (Without a Date hishel counts no age at all; but all that is not a test has one.)
    ahead = max(0.0, date_value(response, now) - now)
    lines = [v.decode("latin-1").strip() for v in f.values(response.fields, b"age")]
    below = [delta_seconds(text[1:]) or 0 for text in lines if text.startswith("-")]
    return lifetime + ahead + max(below, default=0)


def _max_stale(request: RequestFacts) -> float:
    """Return how much staleness the client takes, whatever the response forbids.

    http-cache-semantics looks at nothing else then [m].
    """
    asked = of_lines(f.values(request.fields, b"cache-control"))
    if "max-stale" in asked.flags:
        return DELTA_MAX
    return asked.deltas.get("max-stale") or 0


def _no(outcome: Outcome, reason: str) -> Prediction:
    return Prediction(outcome, 0, reason, "no known deviation")


def _way(lifetime: float, reason: str, reference: str = _SOURCES) -> Freshness:
    return Freshness(lifetime, reason, reference)


def _same_resource(stored: Exchange, request: RequestFacts, shared: bool) -> bool:
    """Tell whether any cache would look there for an answer to this request."""
    if request.method not in ("GET", "HEAD"):
        return False
    # Cloudflare, nginx, Varnish and Fastly ask the origin a GET for a HEAD (CT).
    answering = ("GET", "HEAD") if shared else (request.method, "GET")
    if stored.request.method not in answering:
        return False
    there, here = (unquote(_matching.uri(r)) for r in (stored.request, request))
    if f.has(stored.response.fields, b"no-vary-search"):
        there, here = there.partition("?")[0], here.partition("?")[0]
    return there == here


def _same_variant(stored: Exchange, request: RequestFacts, shared: bool) -> bool:
    """Tell whether any cache takes the fields that Vary names for the same."""
    lines = f.values(stored.response.fields, b"vary")
    alone = all(member == "*" for member in f.list_members(lines))
    if alone and not shared:
        return _matching.varies(stored, request) is None
    # A "*" among others is overlooked by nginx, Varnish and requests-cache [m],
    # alone by Fastly (CT).
    fields = tuple(
        (name, b",".join(m for m in value.split(b",") if m.strip(b" \t") != b"*"))
        for name, value in stored.response.fields
    )
    starless = ResponseFacts(stored.response.status, fields)
    return _matching.varies(Exchange(stored.request, starless), request) is None


def _shared_ways(response: ResponseFacts, now: float) -> Iterator[Freshness]:
    """Yield each way in which some shared cache keeps the response."""
    text, plain = _cache_control(response)
    lifetime = _shared_lifetime(response, text, plain, now)
    yield from _side_ways(response, plain, lifetime)
    undone = any(name.startswith("public") for name in _names(text))
    pragma = b",".join(f.values(response.fields, b"pragma")).lower()
    refused = {"no-store", "no-cache", "private"} & plain
    if undone and refused and b"no-cache" not in pragma:
        # HAProxy 2.6: a later "public" makes it forget the rest of the line [m].
        yield _way(max(lifetime, DEFAULT_SHARED), "public undoes what else is said")
    if "private" in plain:
        return
    if "no-store" in plain:
        if lifetime > 0:
            yield _way(lifetime, "no-store alone is for browsers only", "Fastly docs")
    elif "no-cache" in plain and lifetime > 0:
        yield _way(lifetime, "no-cache is ignored", "Fastly docs")
    else:
        yield _way(lifetime, "nothing that every shared cache honours forbids it")


def _side_ways(
    response: ResponseFacts, plain: set[str], lifetime: float
) -> Iterator[Freshness]:
    """Yield what fields beside Cache-Control make some cache do."""
    seen = False
    for raw_name, value in response.fields:
        name, text = raw_name.lower(), value.decode("latin-1")
        if name == b"cache-control":
            seen = True
        elif name.endswith(b"cdn-cache-control") or name == b"edge-control":
            if not {"no-store", "private", "no-cache", "!store"} & set(_names(text)):
                yield _way(_age_in(text, DEFAULT_SHARED), f"{name.decode()} is obeyed")
        elif name == b"surrogate-control" and "no-store" not in text.lower():
            # Varnish does not look at Cache-Control's flags beside it [m].
            yield _way(lifetime, "Surrogate-Control hides Cache-Control's flags")
            if "private" not in plain:
                yield _way(_age_in(text, 0), "Surrogate-Control is obeyed")
        elif name == b"x-accel-expires":
            seconds = DELTA_MAX if text.startswith("@") else delta_seconds(text.strip())
            # nginx takes the first that it finds [m].
            if seconds and not (seen and plain & _NGINX_MINDS):
                yield _way(seconds, "X-Accel-Expires before Cache-Control is obeyed")


_NGINX_MINDS = frozenset({"no-store", "no-cache", "private", "max-age=0"})


def _private_ways(response: ResponseFacts, now: float) -> Iterator[Freshness]:
    """Yield each way in which some private cache keeps the response."""
    text, plain = _cache_control(response)
    if "no-store" in plain:
        return
    lifetime = _private_lifetime(response, text, plain, now)
    if response.status in PERMANENT:
        yield _way(DELTA_MAX, "a permanent redirect is kept for good")
    if "no-cache" in plain:
        # CacheControl 0.14 passes over it where a lifetime is given [m].
        given = lifetime if _is_given(response, text) else 0
        yield _way(given, "no-cache is passed over beside a lifetime")
    else:
        yield _way(lifetime, "nothing that every private cache honours forbids it")


def _is_given(response: ResponseFacts, text: str) -> bool:
    return bool(_AGES.search(text)) or f.has(response.fields, b"expires")


def _shared_lifetime(
    response: ResponseFacts, text: str, plain: set[str], now: float
) -> float:
    if _AGES.search(text):
        age = _age_in(text, 0)
        # A zero in another case or form is no zero to all (Squid and others [m]).
        if age > 0 or {"max-age=0", "s-maxage=0"} & plain:
            return age
    date = date_value(response, now)
    until = [_loose_date(line) for line in f.values(response.fields, b"expires")]
    if future := [end - date for end in until if end is not None and end > date]:
        return max(future)
    if until and all(_is_plain_past(v) for v in f.values(response.fields, b"expires")):
        return 0
    # An Expires that a cache cannot read is none: Varnish's 120 s [m].
    return max(DEFAULT_SHARED, _since_modified(response, date, now, _FRACTION))


def _private_lifetime(
    response: ResponseFacts, text: str, plain: set[str], now: float
) -> float:
    ages = [a for name, a in _ages(text) if name == "max-age"]
    if ages and (max(ages) > 0 or "max-age=0" in plain):
        return max(ages)
    date = date_value(response, now)
    lines = f.values(response.fields, b"expires")
    until = [_loose_date(line) for line in lines]
    if future := [end - date for end in until if end is not None and end > date]:
        return max(future)
    if lines:
        # Chromium puts its heuristic in the place of an Expires that is no date [m].
        if all(seconds_of(line, now) is not None for line in lines):
            return 0
        return _since_modified(response, date, now, _FRACTION)
    if response.status in FOR_EVER:
        return DELTA_MAX
    return _since_modified(response, date, now, _FRACTION)


def _stale_window(response: ResponseFacts) -> int:
    """Return how long it is served stale: whoever knows that looks at nothing else."""
    text, _ = _cache_control(response)
    found = re.findall(r"stale-while-revalidate\W{0,3}([0-9]{1,19})", text.lower())
    return max((delta_seconds(digits) or 0 for digits in found), default=0)


def _cache_control(response: ResponseFacts) -> tuple[str, set[str]]:
    """Return the whole text, and the members that every cache reads alike.

    Squid and http-cache-semantics compare letter by letter [m], hishel takes an
    argument for another directive [m]. A qualified form protects nothing.
    """
    lines = f.values(response.fields, b"cache-control")
    text = b", ".join(lines).decode("latin-1")
    return text, set(split_members(text))


def _names(text: str) -> list[str]:
    return [m.partition("=")[0].strip().lower() for m in split_members(text)]


def _ages(text: str) -> list[tuple[str, int]]:
    return [(n.lower(), delta_seconds(d) or 0) for n, d in _AGES.findall(text)]


def _age_in(text: str, default: int) -> int:
    """Return the greatest lifetime in *text*: caches take the first, or the last."""
    return max((age for _, age in _ages(text)), default=default)


def _since_modified(
    response: ResponseFacts, date: float, now: float, fraction: float
) -> float:
    found = [seconds_of(v, now) for v in f.values(response.fields, b"last-modified")]
    return max((fraction * (date - t) for t in found if t is not None), default=0)


def _loose_date(line: bytes) -> float | None:
    """Read a date as leniently as caches do: any zone, any number of digits (CT)."""
    try:
        moment = parsedate_to_datetime(line.decode("latin-1"))
        # Without a zone it would be the machine's own.
        return moment.replace(tzinfo=moment.tzinfo or UTC).timestamp()
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _is_plain_past(line: bytes) -> bool:
    """Tell whether every cache reads it as a date: not Varnish's 0, not a wrong day."""
    text = line.decode("latin-1").strip()
    moment = seconds_of(line, 0)
    if not moment:
        return False
    return text[:3] == _DAYS[int(moment // 86400) % 7]


#: The first day of the epoch was a Thursday.
_DAYS = ("Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed")
