"""Running browsers and running demos, for the tests beside this file.

What is started and when it is skipped belongs here; how a browser is driven is
in ``drivers``.
"""

import contextlib
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import drivers
import pytest

# The demo with the middleware left out on the right: the control.
UNPROTECTED = """
from asgi_nocache.demo.{} as make
from asgi_nocache.demo.serve import serve
serve(make(protect=False), "127.0.0.1", 0)
"""
MAKERS = {
    "starlette": "app import make_demo_app",
    "flask": "flask_app import make_flask_demo_app",
}


def _chromium() -> drivers.Browser:
    binary = drivers.chromium_binary()
    if binary is None and os.environ.get("ASGI_NOCACHE_REQUIRE_BROWSER") == "1":
        pytest.fail("ASGI_NOCACHE_REQUIRE_BROWSER=1, but Chromium is not installed")
    return drivers.Chromium(binary or pytest.skip("Chromium is not installed"))


def _firefox() -> drivers.Browser:
    # A second opinion, so never required.
    binary = drivers.firefox_binary()
    return drivers.Firefox(binary or pytest.skip("Firefox is not installed"))


@pytest.fixture(
    scope="module", params=[_chromium, _firefox], ids=["chromium", "firefox"]
)
def browser(request: pytest.FixtureRequest) -> Iterator[drivers.Browser]:
    """Each browser that is installed, with a profile used by nobody before."""
    with contextlib.closing(request.param()) as running:
        yield running


def _serve(output: Path, *arguments: str) -> Iterator[str]:
    with drivers.process(sys.executable, *arguments, output=output) as server:

        def look() -> re.Match[str] | None:
            said = output.read_text()
            assert server.poll() is None, said
            return re.search(r"http://\S+/(?=\n)", said)

        yield drivers.wait_for("the demo's URL", look)[0]


@pytest.fixture(scope="module", params=MAKERS)
def app(request: pytest.FixtureRequest) -> str:
    """What the demo is written in, which no browser may notice."""
    return str(request.param)


@pytest.fixture(scope="module")
def demo_url(app: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The demo as anyone starts it."""
    output = tmp_path_factory.mktemp("demo") / "output"
    yield from _serve(output, "-m", "asgi_nocache.demo", "--app", app, "--port", "0")


@pytest.fixture(scope="module")
def unprotected_url(
    app: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """The demo whose right side has no middleware either."""
    output = tmp_path_factory.mktemp("unprotected") / "output"
    yield from _serve(output, "-c", UNPROTECTED.format(MAKERS[app]))
