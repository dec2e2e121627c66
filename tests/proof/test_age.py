"""Age, which only caches say: left as it is, and reported."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from asgi_driver import answer, http_scope, sending, start

from asgi_nocache import APP_DECIDES, PUBLIC, NoCacheMiddleware, Rule
from asgi_nocache._box import Process
from asgi_nocache._shortcut import Shortcuts


@pytest.mark.parametrize("status", [200, 304, 404])
@pytest.mark.parametrize("name", [b"age", b"Age", b"AGE"])
@pytest.mark.parametrize(
    "options",
    [{}, {"default": PUBLIC(max_age=60)}, {"rules": [Rule("/b", APP_DECIDES)]}],
    ids=["default", "public", "rules"],
)
def test_an_age_is_left_and_reported(
    status: int, name: bytes, options: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """RFC 9111 section 5.1: caches generate it, so one stands inside."""
    caplog.set_level(logging.WARNING, "asgi_nocache")
    app = NoCacheMiddleware(sending(start([(name, b"7")], status)), **options)
    for count in (1, 2, 3):
        assert (name, b"7") in answer(app)["headers"]
        assert app.counts["age_from_origin"] == count
    (told,) = [r for r in caplog.messages if "Age" in r]  # once per route
    assert told.startswith("'/': the response has an Age, which only caches say")


def test_without_an_age_the_short_way_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    """The negative twin: nothing is decided anew, and nothing is counted."""
    monkeypatch.setattr(Process, "marks", False)
    app = NoCacheMiddleware(sending(start([(b"x-age", b"7"), (b"date", b"x")])))
    answer(app)
    monkeypatch.setattr(Shortcuts, "outcome", None)
    answer(app, http_scope("/other"))

    assert not app.counts


def test_ages_are_not_remembered() -> None:
    """Each is another, and a memory of them would push out what is of use."""
    message = start()
    app = NoCacheMiddleware(sending(message), default=PUBLIC(max_age=60))
    for age in range(50):
        message["headers"] = [(b"age", b"%d" % age)]
        answer(app)
    held = [
        exchange.outcomes
        for place in app._shortcuts.places.values()
        for exchange in place._exchanges.values()
    ]
    assert held == [{}]
