"""The policies that are run, each as one app under one path prefix.

What a policy may lead to is proof_judge.py's; what the apps answer, proof_origin.py's.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from typing import Any

from proof_record import Policy

from asgi_nocache import (
    APP_DECIDES,
    LEGACY_2014,
    NO_STORE,
    NO_STORE_EDGE,
    NO_STORE_MINIMAL,
    PRIVATE,
    PUBLIC,
    REVALIDATE,
    NoCacheMiddleware,
)
from asgi_nocache import Policy as Preset

BARE = "bare"
DECIDES = "app-decides"

PRESETS: dict[str, Preset | None] = {
    BARE: None,
    "no-store": NO_STORE,
    "no-store-minimal": NO_STORE_MINIMAL,
    "no-store-edge": NO_STORE_EDGE,
    "legacy-2014": LEGACY_2014,
    "revalidate": REVALIDATE,
    "private": PRIVATE(max_age=60),
    "public": PUBLIC(max_age=60),
    DECIDES: APP_DECIDES,
}


def _record(name: str, preset: Preset | None) -> Policy:
    if preset is None:
        return Policy(name, "without the middleware", ())
    sends = tuple((n.decode(), v.decode()) for n, v in preset.fields)
    return Policy(name, repr(preset), sends)


POLICIES: tuple[Policy, ...] = tuple(_record(*item) for item in PRESETS.items())


def wrapped(app: Any, preset: Preset | None) -> Any:
    """Return *app* under *preset*, whatever the kill switch in the environment says."""
    if preset is None:
        return app
    with _no_switch():
        return NoCacheMiddleware(app, default=preset)


@contextlib.contextmanager
def _no_switch() -> Iterator[None]:
    before = os.environ.pop("ASGI_NOCACHE_MODE", None)
    try:
        yield
    finally:
        if before is not None:
            os.environ["ASGI_NOCACHE_MODE"] = before
