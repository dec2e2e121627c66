"""What the browser tests beside share: which browser may be missing, and a real server.

What a browser must do belongs in the tests; how it is measured, in the other files.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from typing import Any

import pytest
from bridge.bridge_servers import served
from proof_browsers import BROWSERS


def required(name: str) -> str:
    """Return why the browser called *name* must be there, ``""`` if it need not."""
    if os.environ.get("PROOF_REQUIRE") == "all":
        return "PROOF_REQUIRE=all"
    # The second opinion is never asked for in this way, as in tests/browser.
    if name == "chromium" and os.environ.get("ASGI_NOCACHE_REQUIRE_BROWSER") == "1":
        return "ASGI_NOCACHE_REQUIRE_BROWSER=1"
    return ""


def need(name: str) -> None:
    """Skip, or fail where it is required, if the browser called *name* is missing."""
    missing = BROWSERS[name]().missing()
    if missing and (why := required(name)):
        pytest.fail(f"{why}, but {missing}")
    if missing:
        pytest.skip(missing)


@contextlib.contextmanager
def origin_of(app: Any) -> Iterator[str]:
    """Serve *app* with uvicorn, and yield its URL without the slash at the end."""
    with served(app, "httptools", "off") as port:
        yield f"http://127.0.0.1:{port}"
