"""Never reuse, unless a policy says so: HTTP anti-caching for ASGI apps.

    from asgi_nocache import NoCacheMiddleware, PUBLIC, Rule

    app = NoCacheMiddleware(app, rules=[Rule("/static/**", PUBLIC(max_age=3600))])

For Starlette and FastAPI see ``asgi_nocache.starlette.install``.

This file holds the names of the public surface, and nothing else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ._core.cache_control import CacheControl
from ._core.decision import Decision, decide
from ._core.errors import ConfigurationError, NoCacheError
from ._core.facts import RequestFacts, ResponseFacts
from ._core.guards import ALL_GUARDS as ALL_GUARDS
from ._core.policy import (
    APP_DECIDES,
    LEGACY_2014,
    NO_STORE,
    NO_STORE_EDGE,
    NO_STORE_MINIMAL,
    PRIVATE,
    PUBLIC,
    REVALIDATE,
    Policy,
)
from ._core.rules import Rule
from .middleware import NoCacheMiddleware

if TYPE_CHECKING:
    from .decorators import cache_policy, nocache, set_policy

__version__ = "0.1.0"

__all__ = [
    "APP_DECIDES",
    "LEGACY_2014",
    "NO_STORE",
    "NO_STORE_EDGE",
    "NO_STORE_MINIMAL",
    "PRIVATE",
    "PUBLIC",
    "REVALIDATE",
    "CacheControl",
    "ConfigurationError",
    "Decision",
    "NoCacheError",
    "NoCacheMiddleware",
    "Policy",
    "RequestFacts",
    "ResponseFacts",
    "Rule",
    "cache_policy",
    "decide",
    "nocache",
    "set_policy",
]


# On first use only: once they are imported, endpoints may be marked, and each
# response is asked for its marks.
def __getattr__(name: str) -> Any:
    if name in ("cache_policy", "nocache", "set_policy"):
        from . import decorators

        return getattr(decorators, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
