"""Small exchanges in one line each, and what ``predict`` says of them.

A table pairs each requirement with its negative twin: the same exchange but for
what the requirement is about, with another outcome. No expectations here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import formatdate
from typing import Any, Literal

import pytest

from asgi_nocache import RequestFacts, ResponseFacts
from asgi_nocache.reuse import Exchange, Outcome, Prediction, predict

NOT_STORED, FORWARDED, REVALIDATED, REUSED = Outcome

#: When every response is received: a Sunday.
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC).timestamp()

Lines = tuple[tuple[bytes, bytes], ...]
Kind = Literal["private", "shared"]


@dataclass(frozen=True)
class Case:
    """A stored exchange, the request presented now, and the cache it meets."""

    stored: Exchange
    request: RequestFacts
    cache: Kind
    elapsed: float
    now: float

    def predict(self, **options: Any) -> Prediction:
        return predict(
            self.stored,
            self.request,
            cache=self.cache,
            elapsed=self.elapsed,
            response_time=self.now,
            **options,
        )


def at(offset: float) -> str:
    """Return the HTTP-date so many seconds after the response was received."""
    return formatdate(NOW + offset, usegmt=True)


def lines(*texts: str) -> Lines:
    """Return ``Name: value`` texts as fields; one without a colon is Cache-Control."""
    pairs = [text.partition(":") for text in texts]
    return tuple(
        (name.encode("latin-1"), value.strip(" ").encode("latin-1"))
        if colon
        else (b"Cache-Control", text.encode("latin-1"))
        for text, (name, colon, value) in zip(texts, pairs, strict=True)
    )


def case(
    *response: str,
    status: int = 200,
    method: str = "GET",
    target: str = "/a",
    sent: tuple[str, ...] = (),
    then: str = "GET",
    there: str | None = None,
    asks: tuple[str, ...] = (),
    scheme: str = "http",
    cache: Kind = "shared",
    elapsed: float = 10,
    now: float = NOW,
    etag: bool = True,
) -> Case:
    """Return a case; what is not said is a plain GET of a page with an ETag.

    Args:
        response: The lines of the stored response, besides the ETag.
        status: Its status.
        method: Of the stored request.
        target: Of both requests.
        sent: The lines of the stored request.
        then: The method of the request presented now.
        there: Its target, if it is another one.
        asks: Its lines.
        scheme: Its scheme; the stored one's is http.
        cache: Which kind of cache.
        elapsed: How long ago the response was received.
        now: When that was.
        etag: Whether there is a validator.
    """
    fields = lines(*response, *(['ETag: "1"'] if etag else []))
    return Case(
        Exchange(
            RequestFacts(method, target, lines(*sent)), ResponseFacts(status, fields)
        ),
        RequestFacts(then, there or target, lines(*asks), scheme=scheme),
        cache,
        elapsed,
        now,
    )


def spec(one: Case) -> Prediction:
    """Return what a conforming cache does."""
    return one.predict()


def worst(one: Case) -> Prediction:
    """Return what the loosest known cache does."""
    return one.predict(worst_case=True)


def row(
    section: str, what: str, one: Case, outcome: Outcome, twin: Case, other: Outcome
) -> Any:
    """Return a requirement and its negative twin."""
    return pytest.param(one, outcome, twin, other, id=f"{section}: {what}")


def check(one: Case, outcome: Outcome, twin: Case, other: Outcome) -> None:
    """Hold both to what the text says."""
    assert outcome is not other, "a twin shows the difference"
    assert spec(one).outcome is outcome, spec(one)
    assert spec(twin).outcome is other, spec(twin)
