"""The values of a prediction: what goes in, what comes out."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from .._core.facts import RequestFacts, ResponseFacts


class Outcome(Enum):
    """What a cache does with a request, from the least reuse to the most."""

    NOT_STORED = "not stored"  # nothing was kept; the origin is asked
    FORWARDED = "forwarded"  # kept, and of no use for this request
    REVALIDATED = "revalidated"  # the origin is asked whether what was kept is good
    REUSED = "reused"  # the origin is not asked

    @property
    def rank(self) -> int:
        """Its place in that order, from 0."""
        return list(Outcome).index(self)


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request and the response it got.

    Args:
        request: As the cache forwarded it.
        response: As the cache received it, with its field lines in order.
    """

    request: RequestFacts
    response: ResponseFacts


@dataclass(frozen=True, slots=True)
class Prediction:
    """What a cache does, for how long, and why.

    Attributes:
        outcome: What becomes of the request.
        lifetime: The freshness lifetime in seconds, 0 where nothing is stored.
        reason: One sentence.
        reference: Where that stands, such as ``"RFC 9111 5.2.2.5"``.
    """

    outcome: Outcome
    lifetime: float
    reason: str
    reference: str
