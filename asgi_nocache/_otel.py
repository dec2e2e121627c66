"""Counters of opentelemetry: imported when responses are counted, and only then.

What is counted is ``_watch``'s.
"""

from __future__ import annotations

from typing import NamedTuple

from opentelemetry.metrics import Counter, get_meter


class Counters(NamedTuple):
    """What is counted."""

    responses: Counter
    overrides: Counter


def make_counters() -> Counters:
    """Return the counters, of whatever provider there is or will be."""
    meter = get_meter("asgi_nocache")
    return Counters(
        meter.create_counter(
            "asgi_nocache.responses", "{response}", "Responses, by what decided."
        ),
        meter.create_counter(
            "asgi_nocache.overrides",
            "{response}",
            "Responses whose own caching fields were replaced.",
        ),
    )
