"""What stands around and inside our middleware, by dotted name.

Duck-typed: plain middleware says what it wraps, Starlette lists what it will build.
What is wrong with it is ``wiring``'s business.
"""

from __future__ import annotations

import inspect
from typing import Any, NamedTuple


class Standing(NamedTuple):
    """The middleware around ours, outermost first, and what is between us and routes.

    With none of ours, all of it is inside.
    """

    outside: tuple[str, ...] = ()
    inside: tuple[str, ...] = ()


def standing(app: Any) -> Standing:
    """Return what stands around our outermost middleware in *app*, and within."""
    names: list[str | None] = []  # None: ours
    apps = _chain(app)
    for at, each in enumerate(apps, 1):
        listed = _listed(each)
        if listed is not None:
            names += listed
        elif _is_ours(type(each)):
            names.append(None)
        elif at < len(apps) and not _is_app(each):
            names.append(_name(each))
    if None not in names:
        return Standing((), tuple(filter(None, names)))
    ours = names.index(None)
    inside = tuple(name for name in names[ours:] if name is not None)
    return Standing(tuple(filter(None, names[:ours])), inside)


def _is_ours(cls: Any) -> bool:
    """Tell whether *cls* is one of our middleware classes, under ASGI or WSGI."""
    return cls.__module__ in ("asgi_nocache.middleware", "asgi_nocache.wsgi")


def _is_app(each: Any) -> bool:
    """Tell whether it is an app, or a bridge to one, rather than middleware."""
    return hasattr(each, "wsgi_app") or hasattr(each, "wsgi_application")


def _chain(app: Any) -> list[Any]:
    """Return *app* and what it says it wraps, outermost first."""
    apps: list[Any] = []
    while app is not None and len(apps) < 64:
        apps.append(app)
        if _listed(app) is not None:
            break
        app = _wrapped(app)
    return apps


def _wrapped(app: Any) -> Any:
    inner = getattr(app, "app", None)
    if inner is None:
        inner = getattr(app, "wsgi_application", None)  # a bridge
    if inner is None:
        inner = getattr(app, "wsgi_app", None)  # Flask's own is a method
        inner = None if inspect.ismethod(inner) else inner
    return inner


def _listed(app: Any) -> list[str | None] | None:
    """Return what Starlette would build around *app*, ``None`` if it is no such app."""
    entries = getattr(app, "user_middleware", None)
    if not isinstance(entries, list):
        return None
    build = getattr(app, "build_middleware_stack", None)
    installed = type(getattr(build, "__self__", None)).__module__.startswith(
        "asgi_nocache."
    )
    names = [_entry(each) for each in entries]
    return [None, *names] if installed else names


def _entry(entry: Any) -> str | None:
    cls: Any = getattr(entry, "cls", None)
    if _is_ours(cls):
        return None
    options = getattr(entry, "kwargs", None) or getattr(entry, "options", None) or {}
    return _name(options.get("dispatch") or cls)


def _name(each: Any) -> str:
    named = each if hasattr(each, "__qualname__") else type(each)
    return f"{named.__module__}.{named.__qualname__}"
