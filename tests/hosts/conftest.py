"""Fixtures for the tests of hosts."""

import re
from importlib.metadata import version

import pytest

from asgi_nocache._box import Process

#: What Starlette below 1.7 has not, by the tests that are about it.
SINCE_STARLETTE_1_7 = {
    r"_413": "it has no limit on request bodies",
    r"declared_by_the_line_logged": "its scope does not name the route to declare",
    r"starlette_has_names": "its scope does not name the route",
    r"test_marked_streams\[trio-.*-base-http\]": (
        "its BaseHTTPMiddleware leaves a generator to the collector under trio"
    ),
}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip, with the reason, what the Starlette that is installed cannot show."""
    if tuple(map(int, version("starlette").split(".")[:2])) >= (1, 7):
        return
    for item in items:
        for pattern, reason in SINCE_STARLETTE_1_7.items():
            if re.search(pattern, item.name) and "hosts" in item.path.parts:
                item.add_marker(pytest.mark.skip(reason=f"Starlette < 1.7: {reason}"))


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
