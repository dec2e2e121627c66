"""Our middleware in an app: recognising it, and making what is only declared.

Duck-typed: what holds a compiled rule set is ours, under ASGI or WSGI.
"""

from __future__ import annotations

import warnings
from typing import Any

from ..._core.errors import ConfigurationError
from ..._core.rules import RuleSet
from ...middleware import NoCacheMiddleware
from ..values import Layer
from .where import Where

#: Middleware that is part of a framework: its names on the way would tell nothing.
_PLUMBING = ("starlette.middleware.body_limit", "starlette.middleware.exceptions")


def is_ours(app: Any) -> bool:
    """Tell whether *app* is our middleware."""
    return isinstance(getattr(app, "policy_set", None), RuleSet)


def layer_of(app: Any, root_path: str, form: str = "") -> Layer:
    """Return what *app*, a middleware of ours, means to the routes inside.

    Args:
        app: The middleware.
        root_path: What is cut from paths before it sees them.
        form: How it was put there, if not by hand.
    """
    if not form:
        inner = type(getattr(app, "app", None)).__module__
        by_bridge = inner.startswith("asgi_nocache._bridge")
        form = "as_asgi()" if by_bridge else "wrapped"
        if type(app).__module__ == "asgi_nocache.wsgi":
            form = "wsgi"
    return Layer(app.policy_set, form, root_path, app)


def is_ours_to_make(cls: Any) -> bool:
    """Tell whether *cls* makes a middleware of ours."""
    return isinstance(cls, type) and issubclass(cls, NoCacheMiddleware)


def made(cls: Any, args: Any, kwargs: Any) -> Any:
    """Return the middleware that a framework will make of a declaration.

    Raises:
        ConfigurationError: It cannot be made; the framework would find out at its
            first event.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about rules: the audit has findings for it
        try:
            return cls(_unbuilt, *args, **kwargs)
        except TypeError as error:
            raise ConfigurationError(cls.__name__, [str(error)]) from error


async def _unbuilt(*_: Any) -> None:
    """Stand in for the app; nobody calls it."""


def around(app: Any, where: Where) -> Where:
    """Return the place inside the plain middleware that *app*, of a route, begins with.

    A class is the endpoint, and so is what wraps nothing.
    """
    while not isinstance(app, type) and callable(inner := getattr(app, "app", None)):
        place = where.inside(app)
        if place is None:
            break
        if is_ours(app):
            where = place.under(layer_of(app, where.root_path))
        else:
            where = place.past(*shown(type(app)))
        app = inner
    return where


def shown(cls: Any) -> tuple[str, ...]:
    """Return the name of a middleware, if it tells something."""
    if getattr(cls, "__module__", "").startswith(_PLUMBING):
        return ()
    return (getattr(cls, "__name__", type(cls).__name__),)
