"""Fixtures for the tests of hosts."""

import pytest

from asgi_nocache._box import Process


@pytest.fixture(params=["asyncio", "trio"])
def backend(request: pytest.FixtureRequest) -> str:
    """Run the test on both event loops."""
    return str(request.param)


@pytest.fixture(params=[True, False], ids=["decorators", "no-decorators"])
def decorators_imported(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> bool:
    """Build the middleware as with, and as without, decorators in the process."""
    monkeypatch.setattr(Process, "marks", request.param)
    return bool(request.param)
