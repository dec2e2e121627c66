"""Litestar, with the middleware in its list."""

from __future__ import annotations

from app_litestar import HANDLERS
from app_shared import RULES
from litestar import Litestar
from litestar.middleware import DefineMiddleware

from asgi_nocache import NoCacheMiddleware

app = Litestar(
    HANDLERS,
    openapi_config=None,
    middleware=[DefineMiddleware(NoCacheMiddleware, rules=RULES)],
)
