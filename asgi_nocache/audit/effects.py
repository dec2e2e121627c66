"""What kinds of caches may do with a response: the letters of the report.

Everything comes from ``asgi_nocache.reuse``; here are only the questions that are
asked of it, and the words for the answers.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from email.utils import formatdate
from functools import lru_cache
from typing import Literal, NamedTuple

from .._core.facts import RequestFacts, ResponseFacts
from ..reuse import Exchange, Outcome, Prediction, predict
from .values import Effect, Route

#: When the imagined response is received; any moment does.
_NOW = 1_000_000_000.0
_DATE = formatdate(_NOW, usegmt=True)
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
    "S": "stored for {lifetime:g} s",
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
    route: Route, method: str, fields: Iterable[tuple[str, str]], status: int = 200
) -> dict[str, Effect]:
    """Return what becomes of the same request a second later, by kind of cache.

    The app's response is taken to have a validator, as any framework's may.
    """
    # Many routes answer alike, so each answer is thought through once.
    return dict(_effects(method or "GET", tuple(fields), status, bool(route.auth)))


@lru_cache(maxsize=4096)
def _effects(
    method: str, fields: tuple[tuple[str, str], ...], status: int, private: bool
) -> tuple[tuple[str, Effect], ...]:
    out = []
    for cache in CACHES:
        meant, worst = (
            outcome_of(method, fields, status, cache.audience, worst_case=worst)
            for worst in (False, True)
        )
        shown = worst if cache.worst_case else meant
        letter = letter_of(shown, fields, cache, private=private)
        words = WORDS[letter].format(lifetime=shown.lifetime)
        if shown.outcome is Outcome.FORWARDED:
            words = _FORWARDED
        out.append((cache.name, Effect(letter, words, meant, worst)))
    return tuple(out)


def outcome_of(
    method: str,
    fields: Sequence[tuple[str, str]],
    status: int,
    audience: Literal["private", "shared"],
    *,
    worst_case: bool,
) -> Prediction:
    """Return what becomes of the same request a second later."""
    request = RequestFacts(method)
    names = {name.lower() for name, _ in fields}
    lines = [*fields]
    if "date" not in names:
        lines.append(("date", _DATE))
    if not {"etag", "last-modified"} & names:
        lines.append(("etag", '"1"'))
    pairs = tuple((n.encode("latin-1"), v.encode("latin-1")) for n, v in lines)
    return predict(
        Exchange(request, ResponseFacts(status, pairs)),
        request,
        cache=audience,
        elapsed=_SOON,
        response_time=_NOW,
        worst_case=worst_case,
    )


def letter_of(
    prediction: Prediction,
    fields: Sequence[tuple[str, str]],
    cache: KindOfCache,
    *,
    private: bool,
) -> str:
    """Return the letter that the report shows."""
    shared = cache.audience == "shared"
    if prediction.outcome is Outcome.NOT_STORED:
        return "P" if shared and _says(fields, "private", but="no-store") else "N"
    if prediction.outcome is Outcome.FORWARDED:
        return "N"
    if private and shared:
        return "!"
    if not _is_explicit(fields):
        return "H"
    return "S" if prediction.outcome is Outcome.REUSED else "R"


def _is_explicit(fields: Sequence[tuple[str, str]]) -> bool:
    names = {name.lower() for name, _ in fields}
    text = _cache_control(fields)
    return "expires" in names or any(
        word in text for word in ("max-age", "s-maxage", "no-cache", "no-store")
    )


def _says(fields: Sequence[tuple[str, str]], word: str, *, but: str) -> bool:
    text = _cache_control(fields)
    return word in text and but not in text


def _cache_control(fields: Sequence[tuple[str, str]]) -> str:
    return ", ".join(v for n, v in fields if n.lower() == "cache-control").lower()
