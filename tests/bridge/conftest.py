"""Fixtures for the tests of the bridge."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from asgi_nocache.flask import Bridge


@pytest.fixture
def bridged() -> Iterator[Callable[..., Bridge]]:
    """Make bridges whose workers leave when the test is over."""
    bridges: list[Bridge] = []

    def make(app: Any, **options: Any) -> Bridge:
        bridges.append(Bridge(app, **options))
        return bridges[-1]

    yield make
    for bridge in bridges:
        bridge.pool.shutdown()
