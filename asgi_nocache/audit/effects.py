"""What kinds of caches may do with a response: the letters of the report.

Everything comes from ``asgi_nocache.reuse``; here are only the questions that are
asked of it, and the words for the answers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from email.utils import formatdate
from functools import lru_cache
from typing import Literal, NamedTuple

from .._core.cache_control import CacheControl
from .._core.facts import RequestFacts, ResponseFacts
from .._core.policy import is_side_field
from ..reuse import Exchange, Outcome, Prediction, predict
from .values import Effect, Route

#: When an imagined response is received, in seconds since the epoch.
SOME_DAY = 1_000_000_000.0
#: What is asked for a second time soon after.
_SOON = 1.0  # second


class KindOfCache(NamedTuple):
    """A kind of cache that the report has a column for."""

    name: str
    audience: Literal["private", "shared"]
    worst_case: bool


#: A CDN is asked for the loosest that is known, the others by the RFC.
CACHES = (
    KindOfCache("browser", "private", False),
    KindOfCache("shared", "shared", False),
    KindOfCache("cdn", "shared", True),
)
_BY_NAME = {cache.name: cache for cache in CACHES}
WORDS = {
    "N": "never stored",
    "R": "stored, and revalidated each time",
    "P": "private caches only",
    "S": "stored for {lifetime:.15g} s",
    "H": "heuristic: nothing is said, so the cache decides",
    "!": "private data, and a shared cache may store it",
}

_FORWARDED = "never reused for such a request"


def told(name: str, effect: Effect) -> Prediction:
    """Return the prediction that the letter of the cache *name* comes from."""
    return effect.worst if _BY_NAME[name].worst_case else effect.prediction


#: From the strictest to what should not be.
LETTERS = "NPRSH!"


def effects_of(
    route: Route,
    method: str,
    fields: Iterable[tuple[str, str]],
    status: int = 200,
    *,
    now: float = SOME_DAY,
) -> dict[str, Effect]:
    """Return what becomes of the same request a second later, by kind of cache.

    The app's response is taken to have a validator, as any framework's may.

    Args:
        route: Whose ``auth`` tells whether the answer is for one user.
        method: The method.
        fields: What leaves.
        status: The status.
        now: When it leaves, in seconds since the epoch; matters to ``Expires``
            without ``Date``.
    """
    # Many routes answer alike, so each answer is thought through once.
    private = bool(route.auth)
    return dict(_effects(method or "GET", tuple(fields), status, private, now))


@lru_cache(maxsize=4096)
def _effects(
    method: str,
    fields: tuple[tuple[str, str], ...],
    status: int,
    private: bool,
    now: float,
) -> tuple[tuple[str, Effect], ...]:
    out = []
    for cache in CACHES:
        meant, worst = (
            outcome_of(
                RequestFacts(method),
                status,
                (*fields, *_imagined(fields, now)),
                cache.audience,
                now=now,
                worst_case=worst,
            )
            for worst in (False, True)
        )
        shown = worst if cache.worst_case else meant
        letter = letter_of(shown, fields, cache, private=private)
        words = WORDS[letter].format(lifetime=shown.lifetime)
        if shown.outcome is Outcome.FORWARDED:
            words = _FORWARDED
        out.append((cache.name, Effect(letter, words, meant, worst)))
    return tuple(out)


def _imagined(
    fields: Iterable[tuple[str, str]], now: float
) -> Iterator[tuple[str, str]]:
    """Yield what servers and frameworks add to what is known."""
    names = {name.lower() for name, _ in fields}
    if "date" not in names:
        yield "date", formatdate(now, usegmt=True)
    if not {"etag", "last-modified"} & names:
        yield "etag", '"1"'


def outcome_of(
    request: RequestFacts,
    status: int,
    fields: Iterable[tuple[str, str]],
    audience: Literal["private", "shared"],
    *,
    now: float = SOME_DAY,
    worst_case: bool = False,
) -> Prediction:
    """Return what becomes of the same request a second after this answer to it."""
    lines = ((n.encode("latin-1"), v.encode("latin-1", "replace")) for n, v in fields)
    return predict(
        Exchange(request, ResponseFacts(status, tuple(lines))),
        request,
        cache=audience,
        elapsed=_SOON,
        response_time=now,
        worst_case=worst_case,
    )


def letter_of(
    prediction: Prediction,
    fields: Iterable[tuple[str, str]],
    cache: KindOfCache,
    *,
    private: bool,
) -> str:
    """Return the letter that the report shows."""
    shared = cache.audience == "shared"
    control, others = _read(fields)
    if prediction.outcome is Outcome.NOT_STORED:
        return "P" if shared and control.private and not control.no_store else "N"
    if prediction.outcome is Outcome.FORWARDED:
        return "N"
    if private and shared:
        return "!"
    # Fields of its own are read by a CDN, the loosest of all.
    aside = cache.worst_case and any(is_side_field(n.encode()) for n in others)
    lifetimes = (control.max_age, control.s_maxage if shared else None)
    said = control.no_cache or control.no_store or lifetimes != (None, None)
    if not (said or aside or "expires" in others):
        return "H"
    return "S" if prediction.outcome is Outcome.REUSED else "R"


def _read(fields: Iterable[tuple[str, str]]) -> tuple[CacheControl, set[str]]:
    """Return what Cache-Control says, and the names of all fields."""
    lines = [(name.lower(), value) for name, value in fields]
    said = [v.encode("latin-1", "replace") for n, v in lines if n == "cache-control"]
    return CacheControl.parse(said), {name for name, _ in lines}
